import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { resizeDependencies } from '../lambda/resize-dependencies.ts';
import { createReserveCapacity } from '../tasks/resize/reserve-capacity.ts';

/** Task ReserveCapacity of `statemachines/resize-in-place.asl.yml`. */
export const definition = defineFunction({
  name: 'reserveCapacity',
  input: resizeRoundState,
  wire: (runtime) => createReserveCapacity(resizeDependencies(runtime)),
});

export const handler = createHandler(definition);
