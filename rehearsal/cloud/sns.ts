import { CloudError } from './cloud-error.ts';

/** A message that the topic took, in the forms in which its subscribers get it. */
export interface PublishedMessage {
  seconds: number;
  subject: string;
  /** Of mail. */
  text: string;
  /** Of chat: the custom notification. */
  chat: string;
  kind: string;
}

const invalid = (message: string): CloudError =>
  new CloudError('InvalidParameter', `Invalid parameter: ${message}`);

/**
 * Amazon SNS, simulated as far as one topic goes: what it refuses is as the API reference of Publish says. A subject is
 * ASCII without line breaks or control characters, begins with a letter, a number or a mark, and has fewer than 100
 * characters; a message has at most 256 KB; with `MessageStructure` json it is an object of texts with a `default`.
 */
export const createSnsService = (
  topicArn: string,
  elapsedSeconds: () => number,
  onMessage: (message: PublishedMessage) => void,
  subscriptions: string[] = [`${topicArn}:00000000-0000-4000-8000-000000000000`],
) => ({
  handle: (operation: string, input: Record<string, unknown>): object => {
    if (input.TopicArn !== topicArn) throw new CloudError('NotFound', 'Topic does not exist', 404);
    if (operation === 'ListSubscriptionsByTopic') {
      return {
        Subscriptions: subscriptions.map((SubscriptionArn) => ({ SubscriptionArn, TopicArn: topicArn })),
      };
    }
    if (operation !== 'Publish') throw new Error(`The simulated SNS does not know ${operation} yet`);
    const subject = String(input.Subject);
    if (!/^[!-~][ -~]{0,98}$/.test(subject)) throw invalid('Subject');
    const message = String(input.Message);
    if (Buffer.byteLength(message) > 262_144) throw invalid('Message too long');
    if (input.MessageStructure !== 'json') throw new Error('The simulated SNS knows messages as json only');
    let forms: Record<string, unknown>;
    try {
      forms = JSON.parse(message) as Record<string, unknown>;
    } catch {
      throw invalid('Message Structure - JSON message body failed to parse');
    }
    if (typeof forms.default !== 'string') {
      throw invalid('Message Structure - No default entry in JSON message body');
    }
    const attributes = input.MessageAttributes as Record<string, { StringValue: string }>;
    onMessage({
      seconds: elapsedSeconds(),
      subject,
      text: forms.default,
      chat: String(forms.https),
      kind: attributes.kind?.StringValue ?? '',
    });
    return { MessageId: '00000000-0000-4000-8000-000000000000' };
  },
});
