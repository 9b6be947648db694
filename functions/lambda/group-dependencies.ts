import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import type { GroupWorkDependencies } from '../tasks/resize/look-at-resizes.ts';
import type { Runtime } from './runtime.ts';

/** What every function is wired with that changes a group alone, and none of its instances. */
export const groupDependencies = ({
  config,
  connect,
  store,
  clock,
  newOwner,
}: Runtime): GroupWorkDependencies => ({
  autoScaling: (mode) => createAutoScaling(connect(AutoScalingClient, mode)),
  killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
  store,
  clock,
  newOwner,
  stageMode: config.stageMode,
});
