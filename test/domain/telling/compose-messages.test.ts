import { describe, expect, it } from 'vitest';
import { composeMessages } from '../../../functions/domain/telling/compose-messages.ts';
import { heldNow } from '../../../functions/domain/telling/held-now.ts';
import { type Notice, noticeKinds, toNotice } from '../../../functions/domain/telling/notice.ts';
import { aRecord, later, now } from '../holds/group-fixtures.ts';
import { execution, place } from './telling-fixtures.ts';

const aNotice = (over: Partial<Notice> = {}): Notice => ({
  ...toNotice({
    kind: 'acted',
    at: now,
    incidentId: execution('loss-1'),
    seen: 'the alarm loss is in ALARM',
    headline: 'Scaling paused',
    alarmName: 'loss of web/a',
    done: ['Holdfast holds 2 groups.'],
    next: 'Given back at ten.',
    groups: ['web a', 'web-b'],
    details: ['03:00 UTC a detail'],
  }),
  ...over,
});

/** Records of these groups, fully held by an incident. */
const heldBy = (incidentId: string, names: string[]) =>
  names.map((autoScalingGroupName) => ({
    ...aRecord(),
    autoScalingGroupName,
    holds: [
      {
        incidentId,
        processes: [],
        protectsInstances: false,
        reason: 'loss',
        heldAt: now,
        stage: 'HELD' as const,
        stageAt: now,
      },
    ],
    imposed: [],
  }));

/** What a message says under a title. */
const section = (text: string | undefined, title: string): string[] | undefined =>
  text
    ?.split('\n\n')
    .find((part) => part.startsWith(title))
    ?.split('\n')
    .slice(1)
    .map((line) => line.trim());

const listHeld =
  "aws autoscaling describe-auto-scaling-groups --region eu-west-1 --filters 'Name=tag-key,Values=holdfast-hold' --output text --query 'AutoScalingGroups[].[AutoScalingGroupName,Tags[?Key==`holdfast-hold`]|[0].Value]'";

describe('composeMessages', () => {
  it('says what to do, what happened, why, what comes next, how to undo it, and where to look', () => {
    const [message, ...others] = composeMessages(place, [aNotice()]);
    expect(others).toEqual([]);
    expect(message?.subject).toBe('[Holdfast prod] Scaling paused: web a, web-b (123456789012, eu-west-1)');
    expect(message?.text.split('\n')).toEqual([
      'Scaling paused: web a, web-b',
      'As of 2026-03-02 03:00 UTC. pause-scaling, stage prod, account 123456789012, Region eu-west-1.',
      '',
      'WHAT YOU MUST DO',
      '  Nothing now.',
      '',
      'WHAT HAPPENED',
      '  Holdfast holds 2 groups.',
      '',
      'WHY',
      '  the alarm loss is in ALARM',
      '',
      'WHO HOLDS THESE GROUPS',
      '  This could not be looked up, and what is said above may have changed since. To list every group that is held:',
      `    ${listHeld}`,
      '',
      'WHAT HAPPENS NEXT',
      '  Given back at ten.',
      '',
      'HOW TO UNDO IT',
      '  Stop the execution: within six minutes Holdfast gives back the groups of this execution, and Auto Scaling may terminate instances again.',
      '  To stop it:',
      `    aws stepfunctions stop-execution --region eu-west-1 --execution-arn ${execution('loss-1')}`,
      '  Emergency only. To turn Holdfast off in stage prod (it releases every hold, of other incidents too, so that Auto Scaling may terminate instances at once; it starts nothing until the value is live again):',
      '    aws ssm put-parameter --region eu-west-1 --name /holdfast/prod/mode --type String --value off --overwrite',
      '',
      'MORE TO KNOW',
      '  03:00 UTC a detail',
      '',
      'WHERE TO LOOK',
      '  What this message means: docs/messages.md#acted, in the repository of Holdfast',
      '  Alarm loss of web/a: https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/loss%20of%20web%2Fa',
      `  Execution loss-1: https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/${execution('loss-1')}`,
      '  Group web a: https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#AutoScalingGroupDetails:id=web%20a;view=details',
      '  Group web-b: https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#AutoScalingGroupDetails:id=web-b;view=details',
      '  Journal of loss-1, everything that was seen, decided and done:',
      `    aws dynamodb query --region eu-west-1 --table-name holdfast-prod --key-condition-expression 'pk = :incident AND begins_with(sk, :journal)' --expression-attribute-values '{":incident":{"S":"incident#${execution('loss-1')}"},":journal":{"S":"journal#"}}'`,
    ]);
  });

  it('says who holds each group when it is sent, whoever the message is about', () => {
    const hold = (executionName: string, stage: 'HELD' | 'SETTLING' = 'HELD') => ({
      incidentId: execution(executionName),
      processes: [],
      protectsInstances: false,
      reason: 'x',
      heldAt: now,
      endsAtLatest: later(3600),
      stage,
      stageAt: now,
    });
    const records = [
      { ...aRecord(), autoScalingGroupName: 'web a', holds: [hold('loss-1', 'SETTLING'), hold('loss-2')] },
      { ...aRecord(), autoScalingGroupName: 'web-b', holds: [] },
    ];
    const over = aNotice({ kind: 'gave-back', groupsLeftOut: 3, undo: 'NOTHING' });
    const [message] = composeMessages(place, [over], heldNow(records, later(60)));
    expect(section(message?.text, 'WHO HOLDS')).toEqual([
      'pause-scaling, to be given back: web a (execution loss-1)',
      'pause-scaling, until 2026-03-02 04:00 UTC at the latest: web a (execution loss-2)',
      'No hold of this stage: web-b',
      '3 more groups were not looked up. To list every group that is held:',
      listHeld,
    ]);
    expect(message?.text).toContain('WHO HOLDS THESE GROUPS AT 03:01 UTC');
    expect(message?.text).not.toContain('HOW TO UNDO IT');
    expect(message?.chat).toMatchObject({
      metadata: {
        additionalContext: { heldAt: later(60), heldBy: '{"web a":["loss-1","loss-2"],"web-b":[]}' },
      },
    });
  });

  it('does not send what is no longer so, and corrects what is so in part', () => {
    const record = (name: string, isHeld: boolean) => ({
      ...aRecord(),
      autoScalingGroupName: name,
      holds: isHeld
        ? [
            {
              incidentId: execution('loss-1'),
              processes: [],
              protectsInstances: false,
              reason: 'x',
              heldAt: now,
              stage: 'HELD' as const,
              stageAt: now,
            },
          ]
        : [],
    });
    const failed = aNotice({
      kind: 'failed',
      headline: '2 of 3 groups not held yet',
      notHeld: ['web a', 'web-b'],
      done: [{ text: 'After 10 rounds, 2 of 3 groups are still not held: web a, web-b.' }],
    });
    const sent = (heldA: boolean, heldB: boolean) =>
      composeMessages(place, [failed], heldNow([record('web a', heldA), record('web-b', heldB)], later(30)));
    expect(sent(true, true)).toEqual([]);
    expect(section(sent(false, false)[0]?.text, 'WHAT HAPPENED')).toEqual(
      failed.done.map(({ text }) => text),
    );
    const [corrected] = sent(true, false);
    expect(corrected?.subject).toBe(
      '[Holdfast prod: ACTION NEEDED] Not held yet: web-b (123456789012, eu-west-1)',
    );
    expect(section(corrected?.text, 'WHAT HAPPENED')).toEqual(['Still not held: web-b.']);
    // What cannot be looked up is said as it was written.
    expect(composeMessages(place, [failed])).toHaveLength(1);
  });

  it('says what is to be done first, of every notice, before anything else', () => {
    const left = (id: string) =>
      aNotice({
        kind: 'needs-a-person',
        headline: 'Instance left for you',
        todo: [{ groups: ['web'], text: `look at ${id}` }],
      });
    const [message] = composeMessages(place, [left('i-1'), left('i-2')]);
    expect(message?.text.split('\n').slice(2, 6)).toEqual([
      '',
      'WHAT YOU MUST DO',
      '  web: look at i-1',
      '  web: look at i-2',
    ]);
    const [acted] = composeMessages(place, [aNotice({ todo: [{ text: 'set it back: aws …' }] })]);
    expect(section(acted?.text, 'WHAT YOU CAN DO')).toEqual(['set it back: aws …']);
  });

  it('says once what is so of many groups', () => {
    const notice = (group: string) =>
      aNotice({ groups: [group], done: [{ groups: [group], text: 'left alone' }] });
    const [message] = composeMessages(
      place,
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => notice(name)),
    );
    expect(section(message?.text, 'WHAT HAPPENED')).toEqual(['a, b, c, d, e and 2 more: left alone']);
    expect(message?.text.split('\n')[0]).toBe('Scaling paused: a, b, c, d, e and 2 more');
  });

  it('says the same as a custom notification, in a thread of the incident', () => {
    const [message] = composeMessages(place, [aNotice()]);
    expect(message?.chat).toMatchObject({
      version: '1.0',
      source: 'custom',
      content: {
        textType: 'client-markdown',
        title: message?.subject,
        description: expect.stringContaining(
          '*WHAT HAPPENED*\n- Holdfast holds 2 groups.\n*WHY*\n- the alarm',
        ),
        keywords: ['holdfast', 'prod', '123456789012', 'eu-west-1', 'pause-scaling', 'acted'],
      },
      metadata: {
        threadId: 'loss-1',
        relatedResources: [execution('loss-1')],
        additionalContext: { stage: 'prod', account: '123456789012', region: 'eu-west-1' },
      },
    });
  });

  it('calls the account by its alias, with its number in the text, and links to the docs where they are', () => {
    const [message] = composeMessages(
      { ...place, accountAlias: 'shop', docsUrl: 'https://wiki.example.com/holdfast' },
      [aNotice()],
    );
    expect(message?.subject).toBe('[Holdfast prod] Scaling paused: web a, web-b (shop, eu-west-1)');
    expect(message?.text).toContain('stage prod, account 123456789012 (shop), Region eu-west-1');
    expect(message?.text).toContain(
      'What this message means: https://wiki.example.com/holdfast/messages.md#acted',
    );
    expect(message?.chat).toMatchObject({
      metadata: { additionalContext: { account: '123456789012', accountAlias: 'shop' } },
    });
  });

  it.each(noticeKinds)('has a subject that SNS takes for %s', (kind) => {
    const [message] = composeMessages(place, [aNotice({ kind, headline: `é\n${'long '.repeat(40)}` })]);
    expect(message?.subject).toMatch(/^[!-~][ -~]{0,98}$/);
    expect(message?.subject).toMatch(/long \(eu-west-1\)$/);
  });

  it('makes one message of a storm, and keeps other noticeKinds and remediations apart', () => {
    const storm = Array.from({ length: 200 }, (_, index) =>
      aNotice({
        incidentId: execution(`launches-${index}`, 'protect-instances'),
        headline: 'Instances protected',
        done: [{ text: `Holdfast holds 1 group: api-${index}.` }],
        groups: [`api-${index}`],
      }),
    );
    const messages = composeMessages(place, [
      ...storm,
      aNotice(),
      aNotice({ kind: 'overridden', headline: 'Somebody took back part of a hold' }),
    ]);
    expect(messages.map(({ kind, remediation, notices }) => [kind, remediation, notices.length])).toEqual([
      ['acted', 'protect-instances', 200],
      ['acted', 'pause-scaling', 1],
      ['overridden', 'pause-scaling', 1],
    ]);
    const [first] = messages;
    expect(first?.subject).toBe(
      '[Holdfast prod] Instances protected: api-0, api-1, api-2 and 197 more (123456789012, eu-west-1)',
    );
    expect(section(first?.text, 'WHAT HAPPENED')?.at(-1)).toBe('and 185 more');
    expect(section(first?.text, 'HOW TO UNDO')).toContainEqual('and likewise 197 more executions');
    expect(first?.text.length).toBeLessThan(20_000);
  });

  it('keeps within what a custom notification and a message may have, however long the lines are', () => {
    const long = toNotice({
      kind: 'acted',
      at: now,
      incidentId: execution('loss'),
      headline: 'h'.repeat(1000),
      todo: Array.from({ length: 30 }, (_, index) => `${index} ${'t'.repeat(3000)}`),
      details: Array.from({ length: 30 }, (_, index) => `${index} ${'x'.repeat(3000)}`),
      groups: Array.from({ length: 30 }, (_, index) => `${index}${'é'.repeat(253)}`),
      seen: 's'.repeat(2000),
      done: Array.from({ length: 30 }, (_, index) => `${index} ${'d'.repeat(2000)}`),
    });
    const [message] = composeMessages(
      place,
      Array.from({ length: 100 }, (_, index) => ({ ...long, incidentId: execution(`loss-${index}`) })),
    );
    const chat = message?.chat as { content: { title: string; description: string } } | undefined;
    expect(chat?.content.title.length).toBeLessThanOrEqual(250);
    expect(chat?.content.description.length).toBeLessThanOrEqual(8000);
    const sent = JSON.stringify({
      default: message?.text,
      ...JSON.parse(`{"a":${JSON.stringify(JSON.stringify(chat))}}`),
    });
    const bytes = Buffer.byteLength(sent) + 2 * Buffer.byteLength(JSON.stringify(JSON.stringify(chat)));
    expect(bytes).toBeLessThan(250_000);
  });

  it('counts groups that several notices leave out once, and says that there may be more', () => {
    const many = (name: string, from: number) =>
      aNotice({
        incidentId: execution(name),
        groups: Array.from({ length: 20 }, (_, index) => `web-${from + index}`),
        groupsLeftOut: 80,
      });
    const [same] = composeMessages(place, [many('one', 0), many('two', 0)]);
    expect(same?.text.split('\n')[0]).toMatch(/: web-0, web-1, web-2, web-3, web-4 and at least 95 more$/);
    const [some] = composeMessages(place, [many('one', 0), many('two', 90)]);
    expect(some?.subject).toMatch(/ and at least 9\d more /);
    const all = (name: string, from: number) => ({ ...many(name, from), groupsLeftOut: 20 });
    const [perhaps] = composeMessages(place, [all('one', 0), all('two', 20)]);
    expect(perhaps?.text.split('\n')[0]).toMatch(/web-4 and at least 35 more$/);
  });

  it('cuts no line in chat: a command that is half there is worse than none', () => {
    const command = `aws ec2 terminate-instances --region eu-west-1 --instance-ids ${'i-0123456789abcdef0 '.repeat(90)}`;
    const todo = Array.from({ length: 8 }, (_, index) => ({ text: `Number ${index}: ${command}` }));
    const [message] = composeMessages(place, [aNotice({ kind: 'needs-a-person', todo })]);
    const chat = message?.chat as { content: { description: string } } | undefined;
    const description = chat?.content.description ?? '';
    const lines = description.split('\n').filter((line) => line.startsWith('- Number'));
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.every((line) => line.endsWith(command))).toBe(true);
    expect(description.split('\n').at(-1)).toBe('- and more, which the mail and the journal have');
  });

  it('links no group that there is not', () => {
    const [message] = composeMessages(place, [
      aNotice({ kind: 'refused', groups: ['wbe', 'web'], notThere: ['wbe'] }),
    ]);
    const links = section(message?.text, 'WHERE TO LOOK') ?? [];
    expect(links.filter((line) => line.startsWith('Group '))).toEqual([
      expect.stringMatching(/^Group web: /),
    ]);
  });

  it('says of two incidents with numbers of their own no number, and not that all groups are held', () => {
    const some = (name: string, group: string) =>
      aNotice({
        headline: 'Scale-in paused',
        inSomeGroups: { held: 1, asked: 2 },
        incidentId: execution(name),
        groups: [group],
      });
    const [message] = composeMessages(place, [some('one', 'api'), some('two', 'web')]);
    expect(message?.subject).toBe(
      '[Holdfast prod] Scale-in paused, not in all groups: api, web (123456789012, eu-west-1)',
    );
  });

  it.each([
    [
      'prod',
      '2 left for you, 3 stuck launches terminated',
      '2 left for you, 3 stuck launches terminated: api',
    ],
    ['a-stage-with-a-long-name', '2 left for you, 3 stuck launches terminated', '2 left for you: api'],
  ])('keeps whole phrases and the Region in a subject of stage %s', (stage, headline, kept) => {
    const notice = aNotice({ kind: 'needs-a-person', headline, groups: ['api'] });
    const [message] = composeMessages({ ...place, stage }, [notice]);
    expect(message?.subject).toBe(`[Holdfast ${stage}: ACTION NEEDED] ${kept} (eu-west-1)`);
  });

  it('does not forget groups that are not held because the first of them are by now', () => {
    const names = Array.from({ length: 300 }, (_, index) => `web-${index}`);
    const notice = toNotice({
      kind: 'failed',
      at: now,
      incidentId: execution('loss-1'),
      headline: '300 of 300 groups not held yet',
      done: ['After 10 rounds, 300 of 300 groups are still not held.'],
      groups: names,
      notHeld: names.slice(0, 20),
      undo: 'STOP',
    });
    const held = heldNow(heldBy(execution('loss-1'), names.slice(0, 20)), later(600));
    const [message] = composeMessages(place, [notice], held);
    expect(message?.subject).toContain('Groups not held yet: web-0');
    expect(section(message?.text, 'WHAT HAPPENED')).toEqual([
      'After 10 rounds, 300 of 300 groups are still not held.',
      '03:10 UTC: of these web-0, web-1, web-2, web-3, web-4, web-5, web-6, web-7, web-8, web-9 and 10 more are held by now.',
    ]);
  });

  it('gives each command a line of its own, to the letter', () => {
    const notice = toNotice({
      kind: 'needs-a-person',
      at: now,
      incidentId: execution('loss-1'),
      headline: 'Left for you',
      todo: [
        'End it:  now: aws ec2 terminate-instances --region eu-west-1 --instance-ids i-1',
        "Resume: aws autoscaling resume-processes --region eu-west-1 --auto-scaling-group-name 'my  group'",
      ],
    });
    expect(section(composeMessages(place, [notice])[0]?.text, 'WHAT YOU MUST DO')).toEqual([
      'End it: now:',
      'aws ec2 terminate-instances --region eu-west-1 --instance-ids i-1',
      'Resume:',
      "aws autoscaling resume-processes --region eu-west-1 --auto-scaling-group-name 'my  group'",
    ]);
  });

  it('tells of a day and not only of a time, where two days are meant', () => {
    const text = composeMessages(place, [
      aNotice({ at: '2026-03-02T23:58:00.000Z' }),
      aNotice({ at: '2026-03-04T00:03:00.000Z', incidentId: execution('loss-2') }),
    ])[0]?.text;
    expect(text).toContain('As of 2026-03-02 23:58 UTC to 2026-03-04 00:03 UTC.');
  });
});
