import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createEc2 } from '../aws/ec2.ts';
import { createStepFunctions } from '../aws/step-functions.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { chooseDrainsState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createChooseDrains } from '../tasks/drain/choose-drains.ts';

/** Task ChooseDrains of `statemachines/drain-pending-wait.asl.yml`. */
export const definition = defineFunction({
  name: 'chooseDrains',
  input: chooseDrainsState,
  wire: ({ config, connect, store, clock, stateMachineArns }) =>
    createChooseDrains({
      autoScaling: (mode) => createAutoScaling(connect(AutoScalingClient, mode)),
      ec2: (mode) => createEc2(connect(EC2Client, mode)),
      // Holdfast's own state machines are not the fleet.
      stepFunctions: createStepFunctions(connect(SFNClient, 'live')),
      killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
      store,
      clock,
      stateMachineArns: stateMachineArns(),
      stageMode: config.stageMode,
    }),
});

export const handler = createHandler(definition);
