import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createEc2 } from '../aws/ec2.ts';
import { createStepFunctions } from '../aws/step-functions.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { planHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createPlanDrain } from '../tasks/drain/plan-drain.ts';

/** Task PlanDrain of `statemachines/drain-pending-wait.asl.yml`. */
export const definition = defineFunction({
  name: 'planDrain',
  input: planHoldState,
  wire: ({ config, connect, store, clock, policy }) =>
    createPlanDrain({
      autoScaling: (mode) => createAutoScaling(connect(AutoScalingClient, mode)),
      ec2: (mode) => createEc2(connect(EC2Client, mode)),
      stepFunctions: createStepFunctions(connect(SFNClient, config.stageMode)),
      killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
      store,
      clock,
      policy: policy(),
      stageMode: config.stageMode,
    }),
});

export const handler = createHandler(definition);
