import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createEc2Resize } from '../aws/ec2-resize.ts';
import { createElasticLoadBalancing } from '../aws/elastic-load-balancing.ts';
import { createStepFunctions } from '../aws/step-functions.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { planHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createPlanResize } from '../tasks/resize/plan-resize.ts';

/** Task PlanResize of `statemachines/resize-in-place.asl.yml`. It only reads, in every mode. */
export const definition = defineFunction({
  name: 'planResize',
  input: planHoldState,
  wire: ({ config, connect, store, clock, policy }) =>
    createPlanResize({
      autoScaling: () => createAutoScaling(connect(AutoScalingClient, 'dry-run')),
      ec2: () => createEc2Resize(connect(EC2Client, 'dry-run')),
      elasticLoadBalancing: () =>
        createElasticLoadBalancing(connect(ElasticLoadBalancingV2Client, 'dry-run')),
      stepFunctions: createStepFunctions(connect(SFNClient, config.stageMode)),
      killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
      store,
      clock,
      policy: policy(),
      stageMode: config.stageMode,
    }),
});

export const handler = createHandler(definition);
