import { releaseHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { giveBackDependencies } from '../lambda/give-back-dependencies.ts';
import { createReleaseHold } from '../tasks/holds/release-hold.ts';

/** Task ReleaseHold of `statemachines/hold.asl.yml`. */
export const definition = defineFunction({
  name: 'releaseHold',
  input: releaseHoldState,
  wire: (runtime) => createReleaseHold(giveBackDependencies(runtime)),
});

export const handler = createHandler(definition);
