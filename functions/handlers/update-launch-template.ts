import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { resizeDependencies } from '../resize-dependencies.ts';
import { createUpdateLaunchTemplate } from '../tasks/update-launch-template.ts';

/** Task UpdateLaunchTemplate of `statemachines/resize-in-place.asl.json`. */
export const definition = defineFunction({
  name: 'updateLaunchTemplate',
  input: resizeRoundState,
  wire: (runtime) => createUpdateLaunchTemplate(resizeDependencies(runtime)),
});

export const handler = createHandler(definition);
