import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Message } from '../domain/telling/compose-messages.ts';

/** The topic, as far as Holdfast tells over it. */
export interface Topic {
  /** Publishes a message in the form that each kind of subscriber reads: mail gets text, chat and programs get JSON. */
  publish(message: Message): Promise<void>;
}

/**
 * Wraps the SNS client.
 * Source: Amazon SNS API reference, Publish (`MessageStructure`, `Subject`).
 */
export const createTopic = (client: SNSClient, topicArn: string): Topic => ({
  publish: async ({ kind, remediation, subject, text, chat }) => {
    const json = JSON.stringify(chat);
    await client.send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: subject,
        MessageStructure: 'json',
        Message: JSON.stringify({
          default: text,
          sms: subject,
          https: json,
          lambda: json,
          sqs: json,
        }),
        // So that a subscription can choose: who is woken up by what only a person can mend.
        MessageAttributes: {
          kind: { DataType: 'String', StringValue: kind },
          remediation: { DataType: 'String', StringValue: remediation },
        },
      }),
    );
  },
});
