import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { resizeDependencies } from '../lambda/resize-dependencies.ts';
import { createUpdateLaunchTemplate } from '../tasks/resize/update-launch-template.ts';

/** Task UpdateLaunchTemplate of `statemachines/resize-in-place.asl.yml`. */
export const definition = defineFunction({
  name: 'updateLaunchTemplate',
  input: resizeRoundState,
  wire: (runtime) => createUpdateLaunchTemplate(resizeDependencies(runtime)),
});

export const handler = createHandler(definition);
