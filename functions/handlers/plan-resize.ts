import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createCloudFormation } from '../aws/cloudformation.ts';
import { createEc2Resize } from '../aws/ec2-resize.ts';
import { createElasticLoadBalancing } from '../aws/elastic-load-balancing.ts';
import { planHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { planDependencies } from '../lambda/plan-dependencies.ts';
import { createPlanResize } from '../tasks/resize/plan-resize.ts';

/** Task PlanResize of `statemachines/resize-in-place.asl.yml`. It only reads, in every mode. */
export const definition = defineFunction({
  name: 'planResize',
  input: planHoldState,
  wire: (runtime) =>
    createPlanResize({
      ...planDependencies(runtime),
      changesLaunchTemplates: runtime.config.changesLaunchTemplates,
      autoScaling: () => createAutoScaling(runtime.connect(AutoScalingClient, 'dry-run')),
      ec2: () => createEc2Resize(runtime.connect(EC2Client, 'dry-run')),
      elasticLoadBalancing: () =>
        createElasticLoadBalancing(runtime.connect(ElasticLoadBalancingV2Client, 'dry-run')),
      cloudFormation: createCloudFormation(runtime.connect(CloudFormationClient, 'dry-run')),
    }),
});

export const handler = createHandler(definition);
