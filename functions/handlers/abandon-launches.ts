import { drainRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { taskDependencies } from '../lambda/task-dependencies.ts';
import { createAbandonLaunches } from '../tasks/drain/abandon-launches.ts';

/** Task AbandonLaunches of `statemachines/drain-pending-wait.asl.yml`. */
export const definition = defineFunction({
  name: 'abandonLaunches',
  input: drainRoundState,
  wire: (runtime) => createAbandonLaunches(taskDependencies(runtime)),
});

export const handler = createHandler(definition);
