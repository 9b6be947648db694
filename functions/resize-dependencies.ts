import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from './aws/auto-scaling.ts';
import { createEc2Resize } from './aws/ec2-resize.ts';
import { createElasticLoadBalancing } from './aws/elastic-load-balancing.ts';
import { createKillSwitch } from './aws/systems-manager.ts';
import type { Log } from './middleware/define-function.ts';
import type { Runtime } from './runtime.ts';
import type { ResizeDependencies } from './tasks/look-at-resizes.ts';

/** What every function of a resize is wired with. */
export const resizeDependencies = (
  { config, connect, store, clock, newOwner }: Runtime,
  log: Log,
): ResizeDependencies => ({
  autoScaling: (mode) => createAutoScaling(connect(AutoScalingClient, mode)),
  ec2: (mode) => createEc2Resize(connect(EC2Client, mode)),
  elasticLoadBalancing: (mode) => createElasticLoadBalancing(connect(ElasticLoadBalancingV2Client, mode)),
  killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
  store,
  clock,
  newOwner,
  stageMode: config.stageMode,
  tell: log.info.bind(log),
});
