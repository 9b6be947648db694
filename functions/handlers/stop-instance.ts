import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { resizeDependencies } from '../lambda/resize-dependencies.ts';
import { createTakeResizeStep } from '../tasks/resize/take-resize-step.ts';

/** Task StopInstance of `statemachines/resize-in-place.asl.yml`. */
export const definition = defineFunction({
  name: 'stopInstance',
  input: resizeRoundState,
  wire: (runtime) => createTakeResizeStep(resizeDependencies(runtime), 'StopInstance'),
});

export const handler = createHandler(definition);
