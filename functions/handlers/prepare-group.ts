import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { taskDependencies } from '../lambda/task-dependencies.ts';
import { createPrepareGroup } from '../tasks/resize/prepare-group.ts';

/** Task PrepareGroup of `statemachines/resize-in-place.asl.yml`. */
export const definition = defineFunction({
  name: 'prepareGroup',
  input: resizeRoundState,
  wire: (runtime) => createPrepareGroup(taskDependencies(runtime)),
});

export const handler = createHandler(definition);
