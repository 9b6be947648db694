import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createEc2 } from '../aws/ec2.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { drainRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createKeepEvidence } from '../tasks/drain/keep-evidence.ts';

/** Task KeepEvidence of `statemachines/drain-pending-wait.asl.yml`. */
export const definition = defineFunction({
  name: 'keepEvidence',
  input: drainRoundState,
  wire: ({ config, connect, store, clock }) =>
    createKeepEvidence({
      autoScaling: (mode) => createAutoScaling(connect(AutoScalingClient, mode)),
      ec2: (mode) => createEc2(connect(EC2Client, mode)),
      killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
      store,
      clock,
      stageMode: config.stageMode,
    }),
});

export const handler = createHandler(definition);
