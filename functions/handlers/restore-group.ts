import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { giveBackDependencies } from '../lambda/give-back-dependencies.ts';
import { createRestoreGroup } from '../tasks/resize/restore-group.ts';

/** Task RestoreGroup of `statemachines/resize-in-place.asl.yml`. */
export const definition = defineFunction({
  name: 'restoreGroup',
  input: resizeRoundState,
  wire: (runtime) => createRestoreGroup(giveBackDependencies(runtime)),
});

export const handler = createHandler(definition);
