import { releaseHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { taskDependencies } from '../lambda/task-dependencies.ts';
import { createReleaseHold } from '../tasks/holds/release-hold.ts';

/** Task ReleaseHold of `statemachines/hold.asl.yml`. */
export const definition = defineFunction({
  name: 'releaseHold',
  input: releaseHoldState,
  wire: (runtime) => createReleaseHold(taskDependencies(runtime)),
});

export const handler = createHandler(definition);
