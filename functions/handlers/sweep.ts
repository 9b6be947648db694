import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod/mini';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createCloudWatch } from '../aws/cloudwatch.ts';
import { createEc2 } from '../aws/ec2.ts';
import { createStepFunctions } from '../aws/step-functions.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { logged } from '../lambda/logged.ts';
import { createMeasure } from '../lambda/measure.ts';
import { createSweep } from '../tasks/signals/sweep.ts';

/** Runs on a schedule; its event says nothing. */
export const definition = defineFunction({
  name: 'sweep',
  input: z.unknown(),
  wire: (
    {
      config,
      connect,
      store,
      clock,
      newOwner,
      policy,
      stateMachineArns,
      measure = createMeasure(config.stage),
    },
    log,
  ) =>
    logged(
      log,
      'swept',
      createSweep({
        autoScaling: (mode) => createAutoScaling(connect(AutoScalingClient, mode)),
        ec2: createEc2(connect(EC2Client, 'dry-run')),
        cloudWatch: createCloudWatch(connect(CloudWatchClient, config.stageMode)),
        // Holdfast's own state machines are not the fleet: an execution may start in dry run, and then only plans.
        stepFunctions: createStepFunctions(connect(SFNClient, 'live')),
        killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
        store,
        clock,
        newOwner,
        policy: policy(),
        measure,
        stage: config.stage,
        stateMachineArns: stateMachineArns(),
        stageMode: config.stageMode,
      }),
    ),
});

export const handler = createHandler(definition);
