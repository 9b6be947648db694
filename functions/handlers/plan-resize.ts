import { planHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { planResizeDependencies } from '../lambda/plan-resize-dependencies.ts';
import { createPlanResize } from '../tasks/resize/plan-resize.ts';

/** Task PlanResize of `statemachines/resize-in-place.asl.yml`. It only reads, in every mode. */
export const definition = defineFunction({
  name: 'planResize',
  input: planHoldState,
  wire: (runtime) => createPlanResize(planResizeDependencies(runtime)),
});

export const handler = createHandler(definition);
