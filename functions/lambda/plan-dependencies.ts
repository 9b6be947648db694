import { SFNClient } from '@aws-sdk/client-sfn';
import { createStepFunctions } from '../aws/step-functions.ts';
import type { PlanDependencies } from '../tasks/holds/plan-hold.ts';
import type { Runtime } from './runtime.ts';
import { taskDependencies } from './task-dependencies.ts';

/** What every function is wired with that plans. */
export const planDependencies = (runtime: Runtime): PlanDependencies => ({
  ...taskDependencies(runtime),
  stepFunctions: createStepFunctions(runtime.connect(SFNClient, runtime.config.stageMode)),
  policy: runtime.policy(),
});
