import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { resizeDependencies } from '../resize-dependencies.ts';
import { createRestoreGroup } from '../tasks/restore-group.ts';

/** Task RestoreGroup of `statemachines/resize-in-place.asl.json`. */
export const definition = defineFunction({
  name: 'restoreGroup',
  input: resizeRoundState,
  wire: (runtime, log) => createRestoreGroup(resizeDependencies(runtime, log)),
});

export const handler = createHandler(definition);
