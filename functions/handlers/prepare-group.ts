import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { groupDependencies } from '../lambda/group-dependencies.ts';
import { createPrepareGroup } from '../tasks/resize/prepare-group.ts';

/** Task PrepareGroup of `statemachines/resize-in-place.asl.yml`. */
export const definition = defineFunction({
  name: 'prepareGroup',
  input: resizeRoundState,
  wire: (runtime) => createPrepareGroup(groupDependencies(runtime)),
});

export const handler = createHandler(definition);
