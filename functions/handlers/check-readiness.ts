import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod/mini';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createCloudWatch } from '../aws/cloudwatch.ts';
import { createReadHistory } from '../aws/history.ts';
import { createSubscriptions } from '../aws/sns.ts';
import { placeOf } from '../lambda/config.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { killSwitchOf } from '../lambda/kill-switch.ts';
import { logged } from '../lambda/logged.ts';
import { planResizeDependencies } from '../lambda/plan-resize-dependencies.ts';
import { createCheckReadiness } from '../tasks/readiness/check-readiness.ts';
import { explainBriefly } from '../tasks/readiness/note-unreadable.ts';
import { createTryResize } from '../tasks/readiness/try-resize.ts';

/** Runs every hour and after a deploy; its event says nothing. It only reads, in every mode. */
export const definition = defineFunction({
  name: 'checkReadiness',
  input: z.unknown(),
  wire: (runtime, log) => {
    const { config, connect, store, clock } = runtime;
    const { topicArn, place } = placeOf(config);
    const autoScaling = connect(AutoScalingClient, 'dry-run');
    const cloudWatch = connect(CloudWatchClient, 'dry-run');
    const check = createCheckReadiness({
      autoScaling: createAutoScaling(autoScaling),
      cloudWatch: createCloudWatch(cloudWatch),
      readHistory: createReadHistory(autoScaling, cloudWatch),
      killSwitch: killSwitchOf(runtime),
      topic: createSubscriptions(connect(SNSClient, 'dry-run'), topicArn),
      tryResize: createTryResize({
        ...planResizeDependencies(runtime),
        stateMachineArns: runtime.stateMachineArns(),
      }),
      explain: explainBriefly,
      store,
      clock,
      policy: runtime.policy(),
      policyText: runtime.policyText(),
      stage: config.stage,
      stageMode: config.stageMode,
      region: place.region,
      pause: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    });
    return logged(log, 'checked', check);
  },
});

export const handler = createHandler(definition);
