import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import { createCloudTrail } from '../aws/cloudtrail.ts';
import { createCloudWatch } from '../aws/cloudwatch.ts';
import { createEc2 } from '../aws/ec2.ts';
import { createStepFunctions } from '../aws/step-functions.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { logged } from '../lambda/logged.ts';
import { createMeasure } from '../lambda/measure.ts';
import { taskDependencies } from '../lambda/task-dependencies.ts';
import { createSweep } from '../tasks/signals/sweep.ts';

/** Runs on a schedule; its event says nothing. */
export const definition = defineFunction({
  name: 'sweep',
  input: z.unknown(),
  wire: (runtime, log) => {
    const { config, connect, measure = createMeasure(config.stage) } = runtime;
    const sweep = createSweep({
      ...taskDependencies(runtime),
      cloudTrail: createCloudTrail(connect(CloudTrailClient, config.stageMode)),
      ec2: createEc2(connect(EC2Client, 'dry-run')),
      cloudWatch: createCloudWatch(connect(CloudWatchClient, config.stageMode)),
      // Holdfast's own state machines are not the fleet: an execution may start in dry run, and then only plans.
      stepFunctions: createStepFunctions(connect(SFNClient, 'live')),
      policy: runtime.policy(),
      measure,
      stage: config.stage,
      stateMachineArns: runtime.stateMachineArns(),
      ...(runtime.groupsFailingAlone === undefined ? {} : { groupsFailingAlone: runtime.groupsFailingAlone }),
    });
    return logged(log, 'swept', sweep);
  },
});

export const handler = createHandler(definition);
