import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod/mini';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createCloudWatch } from '../aws/cloudwatch.ts';
import { createStepFunctions } from '../aws/step-functions.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { logged } from '../lambda/logged.ts';
import { createRouteSignal } from '../tasks/signals/route-signal.ts';

/** Takes every event of the rules in `serverless.yml`; a person may send it a test event too. */
export const definition = defineFunction({
  name: 'routeSignal',
  input: z.unknown(),
  wire: ({ config, connect, store, clock, policy, stateMachineArns }, log) =>
    logged(
      log,
      'signal routed',
      createRouteSignal({
        autoScaling: createAutoScaling(connect(AutoScalingClient, 'dry-run')),
        cloudWatch: createCloudWatch(connect(CloudWatchClient, config.stageMode)),
        // Holdfast's own state machines are not the fleet: an execution may start in dry run, and then only plans.
        stepFunctions: createStepFunctions(connect(SFNClient, 'live')),
        killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
        store,
        clock,
        policy: policy(),
        stateMachineArns: stateMachineArns(),
        stageMode: config.stageMode,
      }),
    ),
});

export const handler = createHandler(definition);
