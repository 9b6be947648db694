import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SFNClient } from '@aws-sdk/client-sfn';
import { createCloudWatch } from '../aws/cloudwatch.ts';
import { createStepFunctions } from '../aws/step-functions.ts';
import { checkHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { killSwitchOf } from '../lambda/kill-switch.ts';
import { createCheckHold } from '../tasks/holds/check-hold.ts';

/** Task CheckHold of `statemachines/hold.asl.yml`. */
export const definition = defineFunction({
  name: 'checkHold',
  input: checkHoldState,
  wire: (runtime) =>
    createCheckHold({
      cloudWatch: createCloudWatch(runtime.connect(CloudWatchClient, runtime.config.stageMode)),
      killSwitch: killSwitchOf(runtime),
      store: runtime.store,
      clock: runtime.clock,
      stageMode: runtime.config.stageMode,
      stepFunctions: createStepFunctions(runtime.connect(SFNClient, 'live')),
      stateMachineArns: runtime.stateMachineArns(),
    }),
});

export const handler = createHandler(definition);
