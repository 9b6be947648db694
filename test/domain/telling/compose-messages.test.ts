import { describe, expect, it } from 'vitest';
import { composeMessages } from '../../../functions/domain/telling/compose-messages.ts';
import { type Notice, type NoticeKind, toNotice } from '../../../functions/domain/telling/notice.ts';
import { now } from '../holds/group-fixtures.ts';

const place = {
  stage: 'prod',
  accountId: '123456789012',
  partition: 'aws',
  region: 'eu-west-1',
  tableName: 'holdfast-prod',
  killSwitchParameter: '/holdfast/prod/mode',
};
const execution = (name: string, machine = 'pause-scaling'): string =>
  `arn:aws:states:eu-west-1:123456789012:execution:holdfast-prod-${machine}:${name}`;
const aNotice = (over: Partial<Notice> = {}): Notice => ({
  ...toNotice({
    kind: 'acted',
    at: now,
    incidentId: execution('loss-1'),
    seen: 'the alarm loss is in ALARM',
    done: '2 of 2 groups are held',
    next: 'given back at ten',
    groups: ['web a', 'web-b'],
    lines: ['a line'],
  }),
  ...over,
});
const kinds: NoticeKind[] = [
  'would-act',
  'acted',
  'gave-back',
  'refused',
  'overridden',
  'breaker-opened',
  'failed',
  'needs-a-person',
];

describe('composeMessages', () => {
  it('says what was seen, what was done, what comes next, how to undo it, and where to look', () => {
    const [message, ...others] = composeMessages(place, [aNotice()]);
    expect(others).toEqual([]);
    expect(message?.subject).toBe(
      'Holdfast prod, pause-scaling, acted: 2 of 2 groups are held (123456789012, eu-west-1)',
    );
    expect(message?.text.split('\n')).toEqual([
      'Holdfast prod, pause-scaling, acted',
      '',
      'Account 123456789012, Region eu-west-1, stage prod',
      '',
      'What was seen',
      '  the alarm loss is in ALARM',
      'What was done',
      '  2 of 2 groups are held',
      'What to read',
      '  a line',
      'What happens next',
      '  given back at ten',
      'To undo it',
      expect.stringContaining(
        'aws ssm put-parameter --region eu-west-1 --name /holdfast/prod/mode --type String --value off',
      ),
      'Links',
      `  Execution: https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/${execution('loss-1')}`,
      '  Group web a: https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#AutoScalingGroupDetails:id=web%20a;view=details',
      '  Group web-b: https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#AutoScalingGroupDetails:id=web-b;view=details',
      `  Journal: https://eu-west-1.console.aws.amazon.com/dynamodbv2/home?region=eu-west-1#item-explorer?table=holdfast-prod with the partition key incident#${execution('loss-1')}`,
    ]);
  });

  it('says the same as a custom notification, in a thread of the incident', () => {
    const [message] = composeMessages(place, [aNotice()]);
    expect(message?.chat).toMatchObject({
      version: '1.0',
      source: 'custom',
      content: {
        textType: 'client-markdown',
        title: message?.subject,
        description: 'Seen: the alarm loss is in ALARM\nDone: 2 of 2 groups are held\n- a line',
        keywords: ['holdfast', 'prod', '123456789012', 'eu-west-1', 'pause-scaling', 'acted'],
      },
      metadata: {
        threadId: 'loss-1',
        relatedResources: [execution('loss-1')],
        additionalContext: { stage: 'prod', account: '123456789012', region: 'eu-west-1' },
      },
    });
  });

  it('calls the account by its alias, with its number in the text', () => {
    const [message] = composeMessages({ ...place, accountAlias: 'shop' }, [aNotice()]);
    expect(message?.subject).toBe(
      'Holdfast prod, pause-scaling, acted: 2 of 2 groups are held (shop, eu-west-1)',
    );
    expect(message?.text).toContain('Account 123456789012 (shop), Region eu-west-1, stage prod');
    expect(message?.chat).toMatchObject({
      metadata: { additionalContext: { account: '123456789012', accountAlias: 'shop' } },
    });
  });

  it.each(kinds)('has a subject that SNS takes and a way to undo for %s', (kind) => {
    const [message] = composeMessages(place, [aNotice({ kind, done: `é\n${'long '.repeat(40)}` })]);
    expect(message?.subject).toMatch(/^[!-~][ -~]{0,98}$/);
    expect(message?.text).toContain('To undo it\n  ');
  });

  it('makes one message of a storm, and keeps other kinds and remediations apart', () => {
    const storm = Array.from({ length: 200 }, (_, index) =>
      aNotice({
        incidentId: execution(`launches-${index}`, 'protect-instances'),
        groups: [`api-${index}`],
      }),
    );
    const messages = composeMessages(place, [
      ...storm,
      aNotice(),
      aNotice({ kind: 'overridden', done: 'a person took back Terminate' }),
    ]);
    expect(messages.map(({ kind, remediation, notices }) => [kind, remediation, notices.length])).toEqual([
      ['acted', 'protect-instances', 200],
      ['acted', 'pause-scaling', 1],
      ['overridden', 'pause-scaling', 1],
    ]);
    expect(messages[0]?.subject).toMatch(/acted: 200 times, the first: /);
    expect(messages[0]?.text).toContain('And 195 more of the same: api-5; api-6');
    expect(messages[0]?.text.length).toBeLessThan(20_000);
  });

  it('keeps within what a custom notification and a message may have, however long the lines are', () => {
    const long = toNotice({
      kind: 'acted',
      at: now,
      incidentId: execution('loss'),
      lines: Array.from({ length: 10 }, () => 'x'.repeat(1000)),
      groups: Array.from({ length: 20 }, () => 'g'.repeat(255)),
      seen: 's'.repeat(2000),
      done: 'd'.repeat(2000),
    });
    const [message] = composeMessages(
      place,
      Array.from({ length: 100 }, () => long),
    );
    const chat = message?.chat as { content: { title: string; description: string } } | undefined;
    expect(chat?.content.title.length).toBeLessThanOrEqual(250);
    expect(chat?.content.description.length).toBeLessThanOrEqual(8000);
    const sent = JSON.stringify(JSON.stringify(chat)).length * 3 + (message?.text.length ?? 0);
    expect(sent).toBeLessThan(250_000);
  });
});
