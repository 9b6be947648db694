import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EC2Client } from '@aws-sdk/client-ec2';
import { createCloudFormation } from '../aws/cloudformation.ts';
import { createEc2 } from '../aws/ec2.ts';
import { planHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { planDependencies } from '../lambda/plan-dependencies.ts';
import { createPlanDrain } from '../tasks/drain/plan-drain.ts';

/** Task PlanDrain of `statemachines/drain-pending-wait.asl.yml`. */
export const definition = defineFunction({
  name: 'planDrain',
  input: planHoldState,
  wire: (runtime) =>
    createPlanDrain({
      ...planDependencies(runtime),
      ec2: (mode) => createEc2(runtime.connect(EC2Client, mode)),
      cloudFormation: createCloudFormation(runtime.connect(CloudFormationClient, 'dry-run')),
    }),
});

export const handler = createHandler(definition);
