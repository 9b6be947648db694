import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { resizeDependencies } from '../lambda/resize-dependencies.ts';
import { createChooseWave } from '../tasks/resize/choose-wave.ts';

/** Task ChooseWave of `statemachines/resize-in-place.asl.yml`. */
export const definition = defineFunction({
  name: 'chooseWave',
  input: resizeRoundState,
  wire: (runtime) => createChooseWave(resizeDependencies(runtime)),
});

export const handler = createHandler(definition);
