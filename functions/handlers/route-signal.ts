import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createCloudWatch } from '../aws/cloudwatch.ts';
import { createStepFunctions } from '../aws/step-functions.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { killSwitchOf } from '../lambda/kill-switch.ts';
import { logged } from '../lambda/logged.ts';
import { createRouteSignal } from '../tasks/signals/route-signal.ts';

/** Takes every event of the rules in `serverless.yml`; a person may send it a test event too. */
export const definition = defineFunction({
  name: 'routeSignal',
  input: z.unknown(),
  wire: (runtime, log) => {
    const { config, connect, store, clock } = runtime;
    const routeSignal = createRouteSignal({
      autoScaling: createAutoScaling(connect(AutoScalingClient, 'dry-run')),
      cloudWatch: createCloudWatch(connect(CloudWatchClient, config.stageMode)),
      // Holdfast's own state machines are not the fleet: an execution may start in dry run, and then only plans.
      stepFunctions: createStepFunctions(connect(SFNClient, 'live')),
      killSwitch: killSwitchOf(runtime),
      store,
      clock,
      policy: runtime.policy(),
      stateMachineArns: runtime.stateMachineArns(),
      ...(runtime.groupsFailingAlone === undefined ? {} : { groupsFailingAlone: runtime.groupsFailingAlone }),
      stageMode: config.stageMode,
    });
    return logged(log, 'signal routed', routeSignal);
  },
});

export const handler = createHandler(definition);
