import {
  NotFoundException,
  PublishCommand,
  paginateListSubscriptionsByTopic,
  type SNSClient,
  type Subscription,
} from '@aws-sdk/client-sns';
import type { SubscriptionCounts } from '../domain/readiness/readiness-facts.ts';
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

/** Who gets what is told over a topic. */
export interface Subscriptions {
  /** Counts them, in calls of 100. */
  countSubscriptions(): Promise<SubscriptionCounts>;
}

/** Until somebody confirms it a subscription has a word instead of an ARN (SNS API reference, ListSubscriptionsByTopic). */
const isConfirmed = ({ SubscriptionArn = '' }: Subscription): boolean => SubscriptionArn.startsWith('arn:');

/** Wraps the SNS client for looking only. */
export const createSubscriptions = (client: SNSClient, topicArn: string): Subscriptions => ({
  countSubscriptions: async () => {
    const found: Subscription[] = [];
    try {
      for await (const page of paginateListSubscriptionsByTopic({ client }, { TopicArn: topicArn })) {
        found.push(...(page.Subscriptions ?? []));
      }
    } catch (error) {
      if (error instanceof NotFoundException) return 'NO_TOPIC';
      throw error;
    }
    const confirmed = found.filter(isConfirmed).length;
    return { confirmed, pending: found.length - confirmed };
  },
});
