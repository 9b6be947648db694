import { SNSClient } from '@aws-sdk/client-sns';
import { createTopic } from '../aws/sns.ts';
import { noticeRecords } from '../events/notice-records.ts';
import { placeOf } from '../lambda/config.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createMeasure } from '../lambda/measure.ts';
import { createTellPeople } from '../tasks/telling/tell-people.ts';

/** Reads the notices from the table's stream. */
export const definition = defineFunction({
  name: 'tellPeople',
  input: noticeRecords,
  wire: ({ config, connect, store, clock, measure = createMeasure(config.stage) }, log) => {
    const { topicArn, place } = placeOf(config);
    return createTellPeople({
      // The topic is not the fleet: people are told in every mode, of a dry run too.
      topic: createTopic(connect(SNSClient, 'live'), topicArn),
      place,
      store,
      clock,
      measure,
      log,
    });
  },
});

export const handler = createHandler(definition);
