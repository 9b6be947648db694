import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import type { GiveBackDependencies } from '../tasks/incidents/task-dependencies.ts';
import type { Runtime } from './runtime.ts';

/** What a function is wired with that gives back: no client that it does not need, for it is loaded at each start. */
export const giveBackDependencies = (runtime: Runtime): GiveBackDependencies => ({
  autoScaling: (mode) => createAutoScaling(runtime.connect(AutoScalingClient, mode)),
  store: runtime.store,
  clock: runtime.clock,
  newOwner: runtime.newOwner,
});
