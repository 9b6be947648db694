import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createCloudWatch } from '../aws/cloudwatch.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { checkHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createCheckHold } from '../tasks/holds/check-hold.ts';

/** Task CheckHold of `statemachines/hold.asl.yml`. */
export const definition = defineFunction({
  name: 'checkHold',
  input: checkHoldState,
  wire: ({ config, connect, store, clock }) =>
    createCheckHold({
      cloudWatch: createCloudWatch(connect(CloudWatchClient, config.stageMode)),
      killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
      store,
      clock,
      stageMode: config.stageMode,
    }),
});

export const handler = createHandler(definition);
