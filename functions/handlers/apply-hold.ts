import { applyHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { taskDependencies } from '../lambda/task-dependencies.ts';
import { createApplyHold } from '../tasks/holds/apply-hold.ts';

/** Task ApplyHold of `statemachines/hold.asl.yml`. */
export const definition = defineFunction({
  name: 'applyHold',
  input: applyHoldState,
  wire: (runtime) => createApplyHold(taskDependencies(runtime)),
});

export const handler = createHandler(definition);
