import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../../functions/domain/journal.ts';
import type { ResizeWork } from '../../../functions/domain/resize/resize-record.ts';
import { attentionIn, inTheEndOnly, toOutput } from '../../../functions/domain/telling/attention.ts';
import { composeMessages } from '../../../functions/domain/telling/compose-messages.ts';
import type { Place } from '../../../functions/domain/telling/console-links.ts';
import { type HolderNow, heldNow, tellHeldNow } from '../../../functions/domain/telling/held-now.ts';
import { instancesWith } from '../../../functions/domain/telling/instances-with.ts';
import { metricsOf } from '../../../functions/domain/telling/metrics.ts';
import {
  type Notice,
  type NoticeFacts,
  noticeKinds,
  toNotice,
} from '../../../functions/domain/telling/notice.ts';
import {
  boundedLine,
  foldLines,
  lineOf,
  tellLine,
  todoOf,
} from '../../../functions/domain/telling/sentence-of.ts';
import { needsAction, tellGroups, toSubject } from '../../../functions/domain/telling/subject.ts';
import { aHold, aRecord, later, now } from '../holds/group-fixtures.ts';
import { someWork } from '../resize/resize-fixtures.ts';
import { expectPage } from './book.ts';
import { execution, place } from './telling-fixtures.ts';

const notice = (facts: Partial<NoticeFacts> = {}): Notice =>
  toNotice({
    kind: 'acted',
    at: now,
    incidentId: execution('loss-1'),
    headline: 'Something happened',
    done: [{ groups: ['web'], text: 'something was done' }],
    groups: ['web'],
    ...facts,
  });
const told = (notices: Notice[], held?: ReturnType<typeof heldNow>): string[] =>
  composeMessages(place, notices, held).map(({ subject, text }) => `Subject: ${subject}\n\n${text}\n`);
const inChat = (notices: Notice[]): string[] =>
  composeMessages(place, notices).map(({ chat }) => JSON.stringify(chat, undefined, 1));

describe('a message', () => {
  it('of each kind, alone and with another, of an incident and of none', async () => {
    await expectPage('messages', {
      Alone: noticeKinds.flatMap((kind) => told([notice({ kind })])),
      'In chat': (['acted', 'needs-a-person'] as const).flatMap((kind) => inChat([notice({ kind })])),
      'With another that says something else': noticeKinds.flatMap((kind) =>
        told([
          notice({ kind }),
          notice({ kind, at: later(90_000), incidentId: execution('loss-2'), headline: 'Something else' }),
        ]),
      ),
      'Of no incident': noticeKinds.flatMap((kind) => told([notice({ kind, incidentId: '', groups: [] })])),
    });
  });

  it('of each remediation, and of what becomes of it until it is sent', async () => {
    const machines = ['pause-scaling', 'protect-instances', 'drain-pending-wait', 'resize-in-place'];
    const records = (stage: 'HELD' | 'SETTLING' | undefined, machine: string) => [
      {
        ...aRecord(),
        holds: stage === undefined ? [] : [aHold({ incidentId: execution('loss-1', machine), stage })],
      },
    ];
    const of = (machine: string) => notice({ incidentId: execution('loss-1', machine), todo: ['do: this'] });
    await expectPage('messages-in-time', {
      'Held still': machines.flatMap((machine) =>
        told([of(machine)], heldNow(records('HELD', machine), later(60))),
      ),
      'Being given back': machines.flatMap((machine) =>
        told([of(machine)], heldNow(records('SETTLING', machine), later(60))),
      ),
      'Ended since': machines.flatMap((machine) =>
        told([of(machine)], heldNow(records(undefined, machine), later(60))),
      ),
    });
  });

  it('is about something that ends only where that ends in every group', () => {
    const subjectOf = (...stages: ('HELD' | 'SETTLING')[]) =>
      composeMessages(
        place,
        [notice({ groups: ['web', 'api'] })],
        heldNow(
          stages.map((stage, n) => ({
            ...aRecord({ autoScalingGroupName: n === 0 ? 'web' : 'api' }),
            holds: [aHold({ incidentId: execution('loss-1'), stage })],
          })),
          later(60),
        ),
      )[0]?.subject;
    expect(subjectOf('SETTLING', 'SETTLING')).toContain(', ending now');
    expect(subjectOf('SETTLING', 'HELD')).not.toContain('ending');
  });

  it('that is late says of which groups it is no longer so', () => {
    const two = notice({ groups: ['web', 'api'] });
    const held = heldNow(
      [
        { ...aRecord(), holds: [aHold({ incidentId: execution('loss-1') })] },
        { ...aRecord(), autoScalingGroupName: 'api' },
      ],
      later(60),
    );
    const [message] = composeMessages(place, [two], held);
    expect(message?.text).toContain('web: something was done\n  No longer held at 03:01 UTC: api.');
    expect(message?.subject).not.toContain('ended');
  });

  it('that is late says when it was sent, from ten minutes on', () => {
    const sentAfter = (seconds: number) =>
      composeMessages(
        place,
        [notice({ at: later(-3600) }), notice()],
        heldNow([aRecord()], later(seconds)),
      )[0]?.text.split('\n')[1];
    const late = (sent: string) =>
      ` This message is late: it was sent at ${sent}, and some of it may have changed.`;
    expect(sentAfter(599)).not.toContain('late');
    expect(sentAfter(600)).toContain(late('03:10 UTC'));
    expect(sentAfter(86_400)).toContain(late('2026-03-03 03:00 UTC'));
  });

  describe('that groups cannot be given back', () => {
    const stuck = notice({
      kind: 'needs-a-person',
      headline: 'Cannot be given back',
      cannotGiveBack: true,
      groups: ['web', 'api'],
      done: [{ text: 'two could not' }, { groups: ['web', 'api'], text: 'no tag' }],
      todo: [
        { groups: ['web'], untilGivenBack: true, text: 'tag web' },
        { groups: ['api'], untilGivenBack: true, text: 'tag api' },
      ],
    });
    const sent = (facts: Partial<Notice>, ...held: string[]) => {
      const records = ['web', 'api'].map((autoScalingGroupName) => ({
        ...aRecord({ autoScalingGroupName }),
        holds: [
          aHold({ incidentId: execution('loss-2') }),
          ...(held.includes(autoScalingGroupName) ? [aHold({ incidentId: execution('loss-1') })] : []),
        ],
      }));
      const [message, ...others] = composeMessages(
        place,
        [{ ...stuck, ...facts }],
        heldNow(records, later(60)),
      );
      expect(others).toEqual([]);
      return { kind: message?.kind, subject: message?.subject ?? '', text: message?.text ?? '' };
    };
    const mustDo = ({ text }: { text: string }) => text.split('\n\n')[1]?.split('\n').slice(1);

    it('asks for what has to be done for as long as one of them is held', () => {
      expect(sent({}, 'web', 'api')).toMatchObject({ kind: 'needs-a-person' });
      expect(sent({}, 'web', 'api').text).not.toContain('No longer held');
      const one = sent({}, 'api');
      expect(one).toMatchObject({ kind: 'needs-a-person' });
      expect(mustDo(one)).toEqual(['  api: tag api']);
      expect(one.text).toContain('no tag\n  No longer held at 03:01 UTC: web.');
    });

    it('asks for nothing once they are', () => {
      const none = sent({});
      expect(none).toMatchObject({ kind: 'gave-back' });
      expect(none.subject).toContain('[Holdfast prod] Could not be given back at first: web, api');
      expect(mustDo(none)).toEqual(['  Nothing now.']);
      expect(none.text).toContain('At 03:00 UTC: two could not\n  web, api: At 03:00 UTC: no tag');
      expect(none.text).toContain(
        'Holdfast no longer holds the groups. Another message says what came of it.',
      );
    });

    it('keeps everything else that a person must do', () => {
      const more = sent({ todo: [...stuck.todo, { groups: ['web'], text: 'make a new version' }] });
      expect(more).toMatchObject({ kind: 'needs-a-person' });
      expect(more.subject).toContain('ACTION NEEDED] Could not be given back at first');
      expect(mustDo(more)).toEqual(['  web: make a new version']);
      const failed = sent({ headline: 'The execution failed', todo: [{ text: 'look at the execution' }] });
      expect(failed.subject).toContain('ACTION NEEDED] The execution failed: web');
      expect(mustDo(failed)).toEqual(['  look at the execution']);
    });

    it('says nothing of groups or lines that there was no room for', () => {
      expect(mustDo(sent({ groupsLeftOut: 1 }))).toEqual(['  web: tag web', '  api: tag api']);
      const cut = sent({ leftOut: { todo: 2, done: 0, details: 0 } });
      expect(cut).toMatchObject({ kind: 'needs-a-person' });
      expect(mustDo(cut)).toEqual(['  web: tag web', '  api: tag api', '  and 2 more']);
    });
  });

  it('shows the first of many lines, and how many more there are', () => {
    const many = (count: number, what: string) => Array.from({ length: count }, (_, n) => `${what} ${n}`);
    const notices = many(12, 'n').map((name) =>
      notice({
        kind: 'needs-a-person',
        incidentId: execution(name.replace(' ', '-')),
        alarmName: `alarm ${name}`,
        todo: many(2, `todo of ${name}`),
        done: many(2, `done of ${name}`),
        details: many(2, `detail of ${name}`),
        seen: `seen by ${name}`,
        next: `next of ${name}`,
        groups: [`group ${name}`],
      }),
    );
    const text = composeMessages(place, notices)[0]?.text ?? '';
    const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
    expect([
      count(/^ {2}todo of/gm),
      count(/^ {2}done of/gm),
      count(/^ {2}detail of/gm),
      count(/^ {2}seen by/gm),
      count(/^ {2}next of/gm),
      count(/^ {2}Alarm /gm),
      count(/^ {2}Execution /gm),
      count(/^ {2}Group /gm),
      count(/^ {2}To stop /gm),
    ]).toEqual([10, 15, 15, 5, 12, 5, 5, 5, 3]);
    for (const more of ['and 14 more', 'and 9 more', 'and 7 more', 'and likewise 9 more executions']) {
      expect(text).toContain(`  ${more}\n`);
    }
  });

  it('says in how many of the groups that were asked for, where that is of one incident', () => {
    const some = notice({ inSomeGroups: { held: 1, asked: 3 } });
    expect(composeMessages(place, [some])[0]?.subject).toContain('Something happened in 1 of 3 groups: web');
    const two = [some, notice({ inSomeGroups: { held: 1, asked: 3 }, incidentId: execution('loss-2') })];
    expect(composeMessages(place, two)[0]?.subject).toContain('Something happened, not in all groups: web');
    expect(composeMessages(place, [some, some])[0]?.subject).toContain('in 1 of 3 groups');
  });

  it('counts what notices left out themselves', () => {
    const lines = (what: string, count: number) => Array.from({ length: count }, (_, n) => `${what} ${n}`);
    const long = notice({
      kind: 'needs-a-person',
      todo: lines('todo', 11),
      done: lines('done', 23),
      details: lines('detail', 14),
    });
    const text = composeMessages(place, [long])[0]?.text ?? '';
    expect(text).toContain('  todo 9\n  and 1 more\n');
    expect(text).toContain('  done 14\n  and 8 more\n');
    expect(text).toContain('  detail 9\n  and 4 more\n');
  });

  it('says when everything in it was so', () => {
    const when = (...seconds: number[]) =>
      composeMessages(
        place,
        seconds.map((each) => notice({ at: later(each) })),
      )[0]
        ?.text.split('\n')[1]
        ?.split('. ')[0];
    expect(when(0, 59)).toBe('As of 2026-03-02 03:00 UTC');
    expect(when(3600, 60)).toBe('As of 2026-03-02 03:01 UTC to 04:00 UTC');
    expect(when(0, 86_400)).toBe('As of 2026-03-02 03:00 UTC to 2026-03-03 03:00 UTC');
  });

  it('of a dry run says who holds its groups, where somebody does', () => {
    const planned = notice({ kind: 'would-act', groups: ['web', 'api'] });
    const held = (names: string[]) =>
      heldNow(
        ['web', 'api'].map((autoScalingGroupName) =>
          aRecord({
            autoScalingGroupName,
            holds: names.includes(autoScalingGroupName) ? [aHold({ incidentId: execution('loss-9') })] : [],
          }),
        ),
        later(60),
      );
    expect(composeMessages(place, [planned], held(['api']))[0]?.text).toContain('WHO HOLDS THESE GROUPS AT');
    expect(composeMessages(place, [planned], held([]))[0]?.text).not.toContain('WHO HOLDS');
  });

  it('names for programs who holds the first twenty groups, and what is not held', () => {
    const names = Array.from({ length: 22 }, (_, n) => `web-${n}`);
    const records = names.map((autoScalingGroupName) => aRecord({ autoScalingGroupName }));
    const notices = names.map((name) => notice({ kind: 'gave-back', groups: [name] }));
    const [message] = composeMessages(place, notices, heldNow(records, later(60)));
    const chat = message?.chat as
      | { metadata: { additionalContext: { heldBy: string; notHeld?: string } } }
      | undefined;
    const context = chat?.metadata.additionalContext;
    expect(Object.keys(JSON.parse(context?.heldBy ?? ''))).toEqual(names.slice(0, 20));
    expect(context).not.toHaveProperty('notHeld');
    const failed = notice({ kind: 'failed', notHeld: ['web'] });
    expect(composeMessages(place, [failed])[0]?.chat).toMatchObject({
      metadata: { additionalContext: { notHeld: '["web"]' } },
    });
    expect(composeMessages(place, [notice({ kind: 'not-ready', incidentId: '' })])[0]?.chat).toMatchObject({
      metadata: { threadId: 'holdfast-prod-hourly-check', relatedResources: [] },
    });
  });

  it('tells lines that differ by their instances once, where they are more than three', () => {
    const lines = (count: number, groups: boolean) =>
      composeMessages(place, [
        notice({
          done: Array.from({ length: count }, (_, n) => ({
            ...(groups ? { groups: [`web-${n}`] } : {}),
            text: `i-${n} is gone`,
          })),
        }),
      ])[0]
        ?.text.split('\n\n')[2]
        ?.split('\n')
        .slice(1);
    expect(lines(3, true)).toEqual(['  web-0: i-0 is gone', '  web-1: i-1 is gone', '  web-2: i-2 is gone']);
    expect(lines(4, true)).toEqual([
      '  web-0: i-0 is gone',
      '  The same, with other instances, in web-1, web-2, web-3.',
    ]);
    expect(lines(5, false)).toEqual(['  i-0 is gone', '  The same of 4 other instances.']);
  });
});

describe('who holds groups', () => {
  const holder = (over: Partial<HolderNow> = {}): HolderNow => ({
    remediation: 'pause-scaling',
    executionName: 'loss-1',
    isBeingGivenBack: false,
    ...over,
  });

  it('is told by holder', () => {
    const holders = new Map([
      ['a', [holder()]],
      ['b', [holder(), holder({ executionName: 'loss-2', endsAtLatest: later(3600) })]],
      ['c', [holder({ isBeingGivenBack: true, endsAtLatest: later(3600) })]],
      ['d', []],
    ]);
    const held = { at: now, holders, inForceOf: new Map() };
    expect(tellHeldNow(held, 'eu-west-1', ['a', 'b', 'c', 'd'], 0)).toEqual([
      'pause-scaling, for as long as it is needed: a, b (execution loss-1)',
      'pause-scaling, until 2026-03-02 04:00 UTC at the latest: b (execution loss-2)',
      'pause-scaling, to be given back: c (execution loss-1)',
      'No hold of this stage: d',
    ]);
    const unknown = (groups: string[], leftOut: number, mayBeMore?: boolean) =>
      tellHeldNow(held, 'eu-west-1', groups, leftOut, mayBeMore)[0]?.replace(/ To list.*/, '');
    expect(unknown(['x'], 0)).toBe('1 more group was not looked up.');
    expect(unknown(['x'], 2)).toBe('3 more groups were not looked up.');
    expect(unknown([], 2, true)).toBe('At least 2 more groups were not looked up.');
  });

  it('is, of a resize that ends or has ended in the group, to be given back', () => {
    const incidentId = execution('loss-1', 'resize-in-place');
    const holds = [aHold({ incidentId }), aHold({ incidentId: execution('loss-2') })];
    const isBeingGivenBack = (work?: ResizeWork, autoScalingGroupName = 'web') =>
      heldNow([aRecord({ holds })], now, new Set(), [
        { autoScalingGroupName, version: 1, ...(work === undefined ? {} : { work }) },
      ])
        .holders.get('web')
        ?.map((holder) => holder.isBeingGivenBack);
    expect(isBeingGivenBack(someWork({ incidentId }))).toEqual([false, false]);
    expect(isBeingGivenBack(someWork({ incidentId, endsBecause: { because: 'NOT_OPTED_IN' } }))).toEqual([
      true,
      false,
    ]);
    expect(isBeingGivenBack(someWork({ incidentId, restoringSince: now }))).toEqual([true, false]);
    expect(isBeingGivenBack(someWork({ incidentId, restoredAt: now }))).toEqual([true, false]);
    expect(isBeingGivenBack()).toEqual([true, false]);
    expect(isBeingGivenBack(someWork())).toEqual([true, false]);
    expect(isBeingGivenBack(undefined, 'api')).toEqual([false, false]);
  });

  it('is known of records: what is in force, and what is being given back', () => {
    const one = { incidentId: execution('loss-1'), endsAtLatest: later(60) };
    const records = [
      aRecord({
        holds: [aHold(one), aHold({ incidentId: 'odd' })],
        imposed: [{ setting: 'Launch', recordedAt: now }],
      }),
      aRecord({ autoScalingGroupName: 'api', holds: [aHold({ ...one, stage: 'SETTLING' as never })] }),
      aRecord({
        autoScalingGroupName: 'db',
        holds: [aHold({ incidentId: execution('loss-3') })],
        imposed: [{ setting: 'Launch', recordedAt: now, appliedAt: now }],
      }),
    ];
    const known = heldNow(records, now, new Set([execution('loss-3')]));
    expect(known.holders.get('web')).toEqual([
      {
        remediation: 'pause-scaling',
        executionName: 'loss-1',
        endsAtLatest: later(60),
        isBeingGivenBack: false,
      },
      { remediation: '', executionName: 'odd', isBeingGivenBack: false },
    ]);
    expect(known.holders.get('api')?.[0]?.isBeingGivenBack).toBe(true);
    expect(known.holders.get('db')?.[0]?.isBeingGivenBack).toBe(true);
    expect([...known.inForceOf]).toEqual([
      ['web', []],
      ['api', [execution('loss-1')]],
      ['db', [execution('loss-3')]],
    ]);
  });
});

describe('a subject', () => {
  const subject = (over: Partial<Parameters<typeof toSubject>[1]>, at: Partial<Place> = {}): string =>
    toSubject(
      { ...place, ...at },
      { kind: 'acted', headline: 'Scaling paused', groups: [], groupsLeftOut: 0, mayBeMore: false, ...over },
    );

  it.each(noticeKinds)('says whether %s waits for a person', (kind) => {
    expect(needsAction(kind)).toBe(/^(needs-a-person|failed|breaker-opened|not-ready)$/.test(kind));
  });

  it('says the stage, what, which groups and where', async () => {
    const long = Array.from({ length: 9 }, (_, n) => `a-group-with-a-long-name-${n}`);
    await expectPage('subjects', {
      Subjects: [
        ...noticeKinds.map((kind) => subject({ kind })),
        subject({ groups: ['web'] }),
        subject({ groups: ['web', 'api'], groupsLeftOut: 3 }),
        subject({ groups: ['web', 'api'], groupsLeftOut: 3, mayBeMore: true }),
        subject({ groups: ['web', 'api'], mayBeMore: true }),
        subject({ groups: long }),
        subject({ groups: long, mayBeMore: true }),
        subject({ groups: ['g'.repeat(90)] }),
        subject({ groups: ['g'.repeat(90), 'h'], groupsLeftOut: 0, mayBeMore: true }),
        subject({ headline: 'w'.repeat(60), groups: ['web'] }),
        subject({ headline: `${'word '.repeat(30)}` }),
        subject({ headline: `${'many words '.repeat(5)}, and more of them to come` }),
        subject({ headline: 'é\n\tin lines' }),
        subject({}, { accountAlias: 'shop' }),
        subject({}, { accountAlias: 'an-account-with-a-very-long-alias-of-its-own' }),
        subject({ headline: 'x'.repeat(70) }),
      ],
    });
  });

  it('names the first groups', () => {
    const of = (groupsLeftOut: number, mayBeMore: boolean, shown: number) =>
      tellGroups({ groups: ['a', 'b', 'c'], groupsLeftOut, mayBeMore }, shown);
    expect([of(0, false, 3), of(0, false, 2), of(4, false, 5), of(0, true, 3), of(4, true, 2)]).toEqual([
      'a, b, c',
      'a, b and 1 more',
      'a, b, c and 4 more',
      'a, b, c and perhaps more',
      'a, b and at least 5 more',
    ]);
  });
});

describe('a line', () => {
  it('is told with its groups, and folded with its likes', () => {
    expect(tellLine({ text: 'x' })).toBe('x');
    expect(tellLine({ groups: ['a', 'b'], text: 'x' })).toBe('a, b: x');
    expect(tellLine({ groups: ['a'], moreGroups: 2, text: 'x' })).toBe('a and 2 more: x');
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(
      foldLines([...names.map((name) => ({ groups: [name], text: 'x' })), { text: 'y' }, { text: 'y' }]),
    ).toEqual([{ groups: ['a', 'b', 'c', 'd', 'e'], moreGroups: 1, text: 'x' }, { text: 'y' }]);
    expect(
      foldLines([
        { groups: ['a'], moreGroups: 2, text: 'x' },
        { groups: ['a', 'b'], text: 'x' },
      ]),
    ).toEqual([{ groups: ['a', 'b'], moreGroups: 2, text: 'x' }]);
    expect(foldLines([{ groups: names.slice(1), text: 'x' }])).toEqual([
      { groups: names.slice(1), text: 'x' },
    ]);
  });

  it('is made of a line of a journal', () => {
    const entry: JournalEntry = { at: now, event: 'held', autoScalingGroupName: 'web', text: 'x' };
    expect(lineOf(entry)).toEqual({ groups: ['web'], text: 'x' });
    expect(lineOf({ ...entry, instanceId: 'i-1' })).toEqual({ groups: ['web'], text: 'i-1: x' });
    expect(lineOf({ at: now, event: 'held' })).toEqual({ text: '' });
    expect(lineOf({ ...entry, message: 'as a release before wrote it' })).toEqual({
      text: 'as a release before wrote it',
    });
    expect(todoOf({ ...entry, todo: ['do it'] })).toEqual([{ groups: ['web'], text: 'do it' }]);
    expect(todoOf(entry)).toEqual([]);
  });

  it('is bounded, but for the command in it', () => {
    const command = ': aws ec2 start-instances --region eu-west-1 --instance-ids i-1';
    const bounded = (text: string, max: number) => boundedLine({ groups: ['web'], text }, max);
    expect(bounded('short', 100)).toEqual({ groups: ['web'], text: 'short' });
    expect(bounded('x'.repeat(101), 100).text).toMatch(/^x{100}… \(101 characters\)$/);
    expect(bounded(`a  b${command}`, 100).text).toBe(`a b${command}`);
    expect(bounded(`${'x'.repeat(90)}${command}`, 100).text).toMatch(/… \(\d+ characters\)$/);
  });
});

describe('what a person should read in the end', () => {
  const entry = (event: JournalEntry['event'], over: Partial<JournalEntry> = {}): JournalEntry => ({
    at: now,
    event,
    autoScalingGroupName: 'web',
    text: `${event} it`,
    ...over,
  });
  const read = (...journal: JournalEntry[]) =>
    attentionIn(journal, { outcome: ['not-given-back', 'left'], onTheWay: ['overridden', 'warned'] });

  it('is how things are in the end, and what happened on the way with its time', () => {
    expect(
      read(
        entry('overridden', { text: 'x' }),
        entry('left', { instanceId: 'i-1', todo: ['look at it', 'look at it'] }),
        entry('not-given-back'),
        entry('held'),
      ),
    ).toEqual({
      todo: [{ groups: ['web'], text: 'look at it' }],
      attention: [
        { groups: ['web'], text: 'not-given-back it' },
        { groups: ['web'], text: 'i-1: left it' },
      ],
      details: ['03:00 UTC web: x'],
      attentionLeftOut: 0,
    });
  });

  it('is the latest of each group, instance and event, and every thing that was overridden or warned of', () => {
    const { attention, details } = read(
      entry('left', { instanceId: 'i-1', text: 'first' }),
      entry('left', { instanceId: 'i-1', text: 'second' }),
      entry('left', { instanceId: 'i-2', text: 'first' }),
      entry('left', { instanceId: 'i-1', autoScalingGroupName: 'api', text: 'first' }),
      entry('overridden', { text: 'one' }),
      entry('overridden', { text: 'two' }),
      entry('overridden', { text: 'two', at: later(60) }),
      entry('warned', { because: 'A', text: 'a' }),
      entry('warned', { because: 'A', text: 'a again' }),
      entry('warned', { because: 'B', text: 'b' }),
    );
    expect(attention.map(({ text }) => text)).toEqual(['i-1: second', 'i-2: first', 'i-1: first']);
    expect(details).toEqual([
      '03:00 UTC web: one',
      '03:01 UTC web: two',
      '03:00 UTC web: a again',
      '03:00 UTC web: b',
    ]);
  });

  it('leaves out what could not be given back and then was', () => {
    const journal = [
      entry('not-given-back', { text: 'early' }),
      entry('not-given-back', { autoScalingGroupName: 'api' }),
      entry('given-back'),
      entry('not-given-back', { text: 'late' }),
    ];
    expect(inTheEndOnly(journal)).toEqual(journal.slice(1));
    expect(inTheEndOnly(journal.slice(0, 3))).toEqual(journal.slice(1, 3));
    const { autoScalingGroupName: _name, ...ofAll } = entry('not-given-back', { text: '2 groups' });
    expect(inTheEndOnly([ofAll])).toEqual([ofAll]);
    expect(inTheEndOnly([ofAll, entry('given-back')])).toEqual([entry('given-back')]);
    expect(inTheEndOnly([entry('given-back'), ofAll])).toHaveLength(2);
  });

  it('counts what failed and was repeated', () => {
    expect(read(entry('failed')).details).toEqual([
      '1 attempt failed and was repeated; the journal says which',
    ]);
    expect(read(entry('failed'), entry('failed'), entry('failed', { because: 'X' })).details).toEqual([
      '2 attempts failed and were repeated; the journal says which',
    ]);
  });

  it('is fifty lines of each at most, each bounded, and says how many are left out', () => {
    const many = Array.from({ length: 52 }, (_, n) =>
      entry('left', { instanceId: `i-${n}`, text: 'x'.repeat(2000), todo: [`${n} ${'y'.repeat(3000)}`] }),
    );
    const details = Array.from({ length: 53 }, (_, n) =>
      entry('overridden', { text: `${n} ${'z'.repeat(2000)}` }),
    );
    const all = read(...many, ...details);
    expect([all.todo.length, all.attention.length, all.details.length]).toEqual([50, 50, 50]);
    expect(all.attentionLeftOut).toBe(5);
    expect(all.attention[0]?.text.length).toBeLessThan(1050);
    expect(all.details[0]?.length).toBeLessThan(1080);
    expect(all.todo[0]?.text.length).toBeLessThan(2050);
  });

  it('is in an output as people read it', () => {
    const output = toOutput(read(entry('left', { todo: ['look'] })));
    expect([output.todo, output.attention]).toEqual([['web: look'], ['web: left it']]);
  });
});

describe('numbers', () => {
  it('count each instance once, by its event', () => {
    const entry = (event: JournalEntry['event'], instanceId?: string): JournalEntry => ({
      at: now,
      event,
      ...(instanceId === undefined ? {} : { instanceId }),
    });
    const journal = [
      entry('drained', 'i-1'),
      entry('drained', 'i-1'),
      entry('drained', 'i-2'),
      entry('drained'),
      entry('left', 'i-3'),
    ];
    expect(instancesWith(journal, 'drained')).toBe(2);
  });

  it('become metrics', () => {
    const counts = { instancesDrained: 1, instancesResized: 2, groupsHeld: 3, secondsFromAlarmToHold: 4 };
    expect(metricsOf(notice({ counts }))).toEqual({
      InstancesDrained: 1,
      InstancesResized: 2,
      GroupsHeld: 3,
      SecondsFromAlarmToHold: 4,
    });
    expect(metricsOf(notice())).toEqual({});
    expect(metricsOf(notice({ kind: 'needs-a-person' }))).toEqual({ NeedsAPerson: 1 });
  });

  it('of a notice are bounded, and what is left out is counted', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, n) => `${n} ${'x'.repeat(3000)}`);
    const all = notice({
      headline: 'h'.repeat(150),
      seen: 's'.repeat(600),
      todo: lines(11),
      done: lines(22),
      doneLeftOut: 3,
      details: lines(13),
      groups: lines(24),
    });
    expect(all.headline).toMatch(/^h{100}…/);
    expect(all.seen).toMatch(/^s{500}…/);
    expect([all.todo.length, all.done.length, all.details.length, all.groups.length]).toEqual([
      10, 20, 10, 20,
    ]);
    expect(all.leftOut).toEqual({ todo: 1, done: 5, details: 3 });
    expect(all.groupsLeftOut).toBe(4);
    expect(all.todo[0]?.text.length).toBeLessThan(2050);
    expect(all.done[0]?.text.length).toBeLessThan(550);
    expect(all.details[0]?.length).toBeLessThan(550);
    expect(notice().leftOut).toEqual({ todo: 0, done: 0, details: 0 });
    expect(notice()).not.toHaveProperty('seen');
    expect(noticeKinds.map((kind) => notice({ kind }).undo)).toEqual([
      'NOTHING',
      'STOP',
      'NOTHING',
      'NOTHING',
      'STOP',
      'STOP',
      'ENDED',
      'STOP',
      'NOTHING',
      'NOTHING',
    ]);
    expect(notice({ identity: 'a' }).identity).not.toBe(notice({ identity: 'b' }).identity);
  });
});
