import { resizeRoundState } from '../events/hold-state.ts';
import { groupDependencies } from '../group-dependencies.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { createPrepareGroup } from '../tasks/prepare-group.ts';

/** Task PrepareGroup of `statemachines/resize-in-place.asl.json`. */
export const definition = defineFunction({
  name: 'prepareGroup',
  input: resizeRoundState,
  wire: (runtime) => createPrepareGroup(groupDependencies(runtime)),
});

export const handler = createHandler(definition);
