import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import type { TaskDependencies } from '../tasks/incidents/task-dependencies.ts';
import { killSwitchOf } from './kill-switch.ts';
import type { Runtime } from './runtime.ts';

/** What every function is wired with that may change groups. */
export const taskDependencies = (runtime: Runtime): TaskDependencies => ({
  autoScaling: (mode) => createAutoScaling(runtime.connect(AutoScalingClient, mode)),
  killSwitch: killSwitchOf(runtime),
  store: runtime.store,
  clock: runtime.clock,
  newOwner: runtime.newOwner,
  stageMode: runtime.config.stageMode,
});
