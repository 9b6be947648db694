import { resizeRoundState } from '../events/hold-state.ts';
import { groupDependencies } from '../group-dependencies.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { createRestoreGroup } from '../tasks/restore-group.ts';

/** Task RestoreGroup of `statemachines/resize-in-place.asl.json`. */
export const definition = defineFunction({
  name: 'restoreGroup',
  input: resizeRoundState,
  wire: (runtime) => createRestoreGroup(groupDependencies(runtime)),
});

export const handler = createHandler(definition);
