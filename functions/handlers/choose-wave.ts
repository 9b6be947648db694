import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { resizeDependencies } from '../resize-dependencies.ts';
import { createChooseWave } from '../tasks/choose-wave.ts';

/** Task ChooseWave of `statemachines/resize-in-place.asl.json`. */
export const definition = defineFunction({
  name: 'chooseWave',
  input: resizeRoundState,
  wire: (runtime) => createChooseWave(resizeDependencies(runtime)),
});

export const handler = createHandler(definition);
