import { planHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { planDependencies } from '../lambda/plan-dependencies.ts';
import { createPlanHold } from '../tasks/holds/plan-hold.ts';

/** Task PlanHold of `statemachines/hold.asl.yml`. */
export const definition = defineFunction({
  name: 'planHold',
  input: planHoldState,
  wire: (runtime) => createPlanHold(planDependencies(runtime)),
});

export const handler = createHandler(definition);
