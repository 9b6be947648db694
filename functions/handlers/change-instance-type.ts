import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { resizeDependencies } from '../resize-dependencies.ts';
import { createTakeResizeStep } from '../tasks/take-resize-step.ts';

/** Task ChangeInstanceType of `statemachines/resize-in-place.asl.json`. */
export const definition = defineFunction({
  name: 'changeInstanceType',
  input: resizeRoundState,
  wire: (runtime) => createTakeResizeStep(resizeDependencies(runtime), 'ChangeInstanceType'),
});

export const handler = createHandler(definition);
