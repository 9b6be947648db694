import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { resizeDependencies } from '../resize-dependencies.ts';
import { createTakeResizeStep } from '../tasks/take-resize-step.ts';

/** Task ExitStandby of `statemachines/resize-in-place.asl.json`. */
export const definition = defineFunction({
  name: 'exitStandby',
  input: resizeRoundState,
  wire: (runtime) => createTakeResizeStep(resizeDependencies(runtime), 'ExitStandby'),
});

export const handler = createHandler(definition);
