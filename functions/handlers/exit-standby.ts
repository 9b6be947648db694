import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { resizeDependencies } from '../lambda/resize-dependencies.ts';
import { createTakeResizeStep } from '../tasks/resize/take-resize-step.ts';

/** Task ExitStandby of `statemachines/resize-in-place.asl.yml`. */
export const definition = defineFunction({
  name: 'exitStandby',
  input: resizeRoundState,
  wire: (runtime) => createTakeResizeStep(resizeDependencies(runtime), 'ExitStandby'),
});

export const handler = createHandler(definition);
