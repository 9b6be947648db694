import { drainRoundState } from '../events/hold-state.ts';
import { groupDependencies } from '../group-dependencies.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { createAbandonLaunches } from '../tasks/abandon-launches.ts';

/** Task AbandonLaunches of `statemachines/drain-pending-wait.asl.json`. */
export const definition = defineFunction({
  name: 'abandonLaunches',
  input: drainRoundState,
  wire: (runtime) => createAbandonLaunches(groupDependencies(runtime)),
});

export const handler = createHandler(definition);
