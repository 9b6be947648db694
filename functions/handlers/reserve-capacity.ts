import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { resizeDependencies } from '../resize-dependencies.ts';
import { createReserveCapacity } from '../tasks/reserve-capacity.ts';

/** Task ReserveCapacity of `statemachines/resize-in-place.asl.json`. */
export const definition = defineFunction({
  name: 'reserveCapacity',
  input: resizeRoundState,
  wire: (runtime) => createReserveCapacity(resizeDependencies(runtime)),
});

export const handler = createHandler(definition);
