import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createCloudFormation } from '../aws/cloudformation.ts';
import { createEc2Resize } from '../aws/ec2-resize.ts';
import { createElasticLoadBalancing } from '../aws/elastic-load-balancing.ts';
import type { PlanResizeDependencies } from '../tasks/resize/plan-resize.ts';
import { planDependencies } from './plan-dependencies.ts';
import type { Runtime } from './runtime.ts';

/** What planning a resize is wired with: it only reads, in every mode. */
export const planResizeDependencies = (runtime: Runtime): PlanResizeDependencies => ({
  ...planDependencies(runtime),
  changesLaunchTemplates: runtime.config.changesLaunchTemplates,
  autoScaling: () => createAutoScaling(runtime.connect(AutoScalingClient, 'dry-run')),
  ec2: () => createEc2Resize(runtime.connect(EC2Client, 'dry-run')),
  elasticLoadBalancing: () =>
    createElasticLoadBalancing(runtime.connect(ElasticLoadBalancingV2Client, 'dry-run')),
  cloudFormation: createCloudFormation(runtime.connect(CloudFormationClient, 'dry-run')),
});
