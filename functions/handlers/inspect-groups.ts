import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createCloudFormation } from '../aws/cloudformation.ts';
import { createEc2Health } from '../aws/ec2-health.ts';
import { createElasticLoadBalancing } from '../aws/elastic-load-balancing.ts';
import { inspectGroupsState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createInspectGroups } from '../tasks/holds/inspect-groups.ts';

/** Task InspectGroups of `statemachines/hold.asl.yml`. It only reads, in every mode. */
export const definition = defineFunction({
  name: 'inspectGroups',
  input: inspectGroupsState,
  wire: (runtime) =>
    createInspectGroups({
      autoScaling: createAutoScaling(runtime.connect(AutoScalingClient, 'dry-run')),
      cloudFormation: createCloudFormation(runtime.connect(CloudFormationClient, 'dry-run')),
      ec2: createEc2Health(runtime.connect(EC2Client, 'dry-run')),
      elasticLoadBalancing: createElasticLoadBalancing(
        runtime.connect(ElasticLoadBalancingV2Client, 'dry-run'),
      ),
      store: runtime.store,
      clock: runtime.clock,
    }),
});

export const handler = createHandler(definition);
