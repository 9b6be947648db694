import { drainRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { taskDependencies } from '../lambda/task-dependencies.ts';
import { createTendBreakers } from '../tasks/drain/tend-breakers.ts';

/** Task TendBreakers of `statemachines/drain-pending-wait.asl.yml`. */
export const definition = defineFunction({
  name: 'tendBreakers',
  input: drainRoundState,
  wire: (runtime) => createTendBreakers(taskDependencies(runtime)),
});

export const handler = createHandler(definition);
