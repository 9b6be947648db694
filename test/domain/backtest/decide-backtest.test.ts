import { describe, expect, it } from 'vitest';
import {
  alarmPatternsOf,
  decideBacktest,
  type PastHold,
  secondsHeld,
} from '../../../functions/domain/backtest/decide-backtest.ts';
import { scoreOf } from '../../../functions/domain/backtest/decide-score.ts';
import type { History } from '../../../functions/domain/backtest/history.ts';
import { parsePolicy } from '../../../functions/events/policy.ts';
import {
  alarm,
  aPastHold,
  at,
  group,
  groups,
  history,
  holdsOf,
  launch,
  minutesOf,
  played,
  policy,
  taken,
} from './backtest-fixtures.ts';

describe('decideBacktest, of ten histories', () => {
  it('1: an alarm that never fired held nothing', () => {
    expect(played({ alarms: [alarm('OK', '01:00')] })[0]).toEqual({
      rule: 'loss',
      holds: [],
      silentAlarms: ['loss-a'],
    });
  });

  it('2: an alarm of an hour holds until it was OK for the cool-off, and keeps what scale-in took', () => {
    const [hold, ...others] = holdsOf('loss', {
      alarms: [alarm('ALARM', '03:00'), alarm('OK', '04:00')],
      activities: [
        taken('scale-in', '02:59'),
        taken('scale-in', '03:20'),
        taken('unhealthy', '03:30'),
        taken('rebalance', '03:40'),
        taken('a person', '03:50'),
        taken('scale-in', '03:20', 'legacy'),
        taken('scale-in', '05:00'),
      ],
    });
    expect(others).toEqual([]);
    expect(hold).toMatchObject({
      from: at('03:00'),
      endedBecause: 'COOLED_OFF',
      startedBy: 'loss-a',
      groups: ['web'],
      taken: { 'scale-in': 1, unhealthy: 1, rebalance: 1, 'a person': 1 },
      wouldHaveKept: 3,
    });
    if (hold === undefined) throw new Error('no hold');
    expect(minutesOf(hold)).toBeGreaterThanOrEqual(70);
    expect(minutesOf(hold)).toBeLessThanOrEqual(80);
  });

  it('3: an alarm that flaps within its cool-off is one hold', () => {
    const alarms = ['03:00', '03:10', '03:20'].flatMap((clock, index) => [
      alarm('ALARM', clock),
      alarm('OK', `03:${index * 10 + 5 < 10 ? '0' : ''}${index * 10 + 5}`),
    ]);
    expect(holdsOf('loss', { alarms })).toHaveLength(1);
  });

  it('4: an alarm that comes back hours later is two holds', () => {
    const alarms = [
      alarm('ALARM', '03:00'),
      alarm('OK', '03:10'),
      alarm('ALARM', '09:00'),
      alarm('OK', '09:10'),
    ];
    expect(holdsOf('loss', { alarms }).map(({ from }) => from)).toEqual([at('03:00'), at('09:00')]);
  });

  it('5: an alarm that stays in ALARM is held as long as a hold may last, and no longer', () => {
    const [hold] = holdsOf('loss', { alarms: [alarm('ALARM', '03:00')] });
    expect(hold?.endedBecause).toBe('HELD_AT_MOST');
    expect(minutesOf(hold as PastHold)).toBeGreaterThanOrEqual(360);
    expect(minutesOf(hold as PastHold)).toBeLessThanOrEqual(370);
  });

  it('6: an OK for want of data keeps the hold until it expires', () => {
    const [hold] = holdsOf('loss', {
      alarms: [alarm('ALARM', '03:00'), alarm('OK', '03:10', { lacksData: true })],
    });
    expect(hold?.endedBecause).toBe('EXPIRED');
    expect(minutesOf(hold as PastHold)).toBeGreaterThanOrEqual(120);
  });

  it('7: a hold that lasts still has no end', () => {
    expect(holdsOf('loss', { alarms: [alarm('ALARM', '22:00')] })[0]).toMatchObject({
      endedBecause: 'STILL_HELD',
      until: at('23:00'),
    });
  });

  it('8: three failed launches within an hour protect the group until launches succeed', () => {
    const [hold, ...others] = holdsOf('failing', {
      activities: [
        launch('03:00', true),
        launch('03:10', true),
        launch('03:20', true),
        taken('scale-in', '03:30', 'api'),
        launch('04:00', false),
        launch('04:01', false),
        launch('04:02', false),
      ],
    });
    expect(others).toEqual([]);
    expect(hold).toMatchObject({
      from: at('03:20'),
      startedBy: 'api',
      endedBecause: 'LAUNCHES_SUCCEED',
      wouldHaveKept: 1,
    });
  });

  it('9: failures that are too few, or too far apart, hold nothing', () => {
    const apart = ['03:00', '04:30', '06:00'].map((clock) => launch(clock, true));
    expect(holdsOf('failing', { activities: apart })).toEqual([]);
    expect(holdsOf('failing', { activities: apart.slice(0, 2) })).toEqual([]);
  });

  it('10: what nobody keeps is not known, and an alarm that there is not is said', () => {
    const results = played({ alarmNames: ['other'] });
    expect(results.map(({ unknownBecause }) => unknownBecause)).toEqual([
      'no alarm here is called loss-*',
      undefined,
      'nobody keeps since when instances waited in launch hooks',
    ]);
    expect(results.every((result) => secondsHeld(result) === 0)).toBe(true);
  });

  it('begins nothing before the history does, and looks at an alarm of then all the same', () => {
    expect(holdsOf('loss', { from: at('04:00'), alarms: [alarm('ALARM', '03:00')] })).toEqual([]);
    expect(holdsOf('loss', { from: at('03:00'), alarms: [alarm('ALARM', '03:00')] })).toHaveLength(1);
  });

  it('counts what was taken from the start of a hold on, and not what failed to be', () => {
    const [hold] = holdsOf('loss', {
      alarms: [alarm('ALARM', '03:00'), alarm('OK', '04:00')],
      activities: [
        taken('scale-in', '03:00'),
        { ...taken('scale-in', '03:10'), hasFailed: true },
        { ...taken('instance refresh', '03:10') },
        launch('03:20', false, 'web'),
      ],
    });
    expect(hold?.taken).toEqual({ 'scale-in': 1, 'instance refresh': 1 });
    expect(hold?.wouldHaveKept).toBe(2);
  });

  it('counts as taken for something else what says no reason, and keeps none of it', () => {
    const { because: _because, ...silent } = taken('scale-in', '03:10');
    const [hold] = holdsOf('loss', { alarms: [alarm('ALARM', '03:00')], activities: [silent] });
    expect([hold?.taken, hold?.wouldHaveKept]).toEqual([{ 'something else': 1 }, 0]);
  });

  it('knows the holds of two alarms by their times, and which of them was silent', () => {
    const [loss] = played({
      alarmNames: ['loss-a', 'loss-b', 'loss-c', 'cpu'],
      alarms: [
        alarm('ALARM', '09:00'),
        alarm('OK', '09:10'),
        alarm('ALARM', '03:00', { alarmName: 'loss-b' }),
        alarm('OK', '03:10', { alarmName: 'loss-b' }),
        alarm('ALARM', '05:00', { alarmName: 'cpu' }),
      ],
    });
    expect(loss?.holds.map(({ startedBy }) => startedBy)).toEqual(['loss-b', 'loss-a']);
    expect(loss?.silentAlarms).toEqual(['loss-c']);
    expect(loss?.unknownBecause).toBeUndefined();
  });

  it('protects each group for failures of its own, and again once others failed after the hold', () => {
    const failing = (name: string, hour: string) =>
      ['00', '10', '20'].map((minute) => launch(`${hour}:${minute}`, true, name));
    const succeeding = (name: string, hour: string) =>
      ['40', '41', '42'].map((minute) => launch(`${hour}:${minute}`, false, name));
    const holds = decideBacktest(
      policy,
      history({
        activities: [
          ...failing('api', '03'),
          ...succeeding('api', '03'),
          ...failing('api', '09'),
          ...failing('other', '05'),
          ...succeeding('other', '05'),
        ],
      }),
      [...groups, group('other', 'api')],
    ).find(({ rule }) => rule === 'failing')?.holds;
    expect(holds?.map(({ startedBy, from }) => [startedBy, from])).toEqual([
      ['api', at('03:20')],
      ['other', at('05:20')],
      ['api', at('09:20')],
    ]);
    expect(holds?.map((hold) => hold.groups)).toEqual([['api'], ['other'], ['api']]);
  });

  it('goes on while one of three launches has failed since, and while too few have succeeded', () => {
    const three = ['03:00', '03:10', '03:20'].map((clock) => launch(clock, true));
    const endOf = (...more: ReturnType<typeof launch>[]) =>
      holdsOf('failing', { activities: [...three, ...more] })[0]?.endedBecause;
    const [one, two, all] = ['04:00', '04:01', '04:02'].map((clock) => launch(clock, false));
    if (one === undefined || two === undefined || all === undefined) throw new Error('three launches');
    expect(endOf(one, two, all)).toBe('LAUNCHES_SUCCEED');
    expect(endOf()).toBe('HELD_AT_MOST');
    expect(endOf(one, launch('04:03', true))).toBe('HELD_AT_MOST');
  });

  it.each<[string, Parameters<typeof group>[2][], string | undefined]>([
    ['nobody opted in', [{ tags: { tier: 'web' } }], 'no group with its tags has opted in'],
    [
      'each is being deleted',
      [{ status: 'Delete in progress' }],
      'each of its groups would be left alone; holdfast check says why',
    ],
    ['one can be held', [{ status: 'Delete in progress' }, {}], undefined],
  ])('says of a rule where %s', (_what, overs, because) => {
    const own = overs.map((over, index) => group(`web-${index}`, 'web', over));
    const [loss] = decideBacktest(policy, history({ alarms: [alarm('ALARM', '03:00')] }), own);
    expect(loss?.unknownBecause).toBe(because);
    expect(loss?.holds.flatMap((hold) => hold.groups)).toEqual(because === undefined ? ['web-1'] : []);
  });

  it('plays each round as a hold does, to the minute', () => {
    const end = (over: Partial<History>, rule = 'loss') =>
      holdsOf(rule, over).map(({ from, until, endedBecause }) => [
        from.slice(11, 16),
        until.slice(11, 16),
        endedBecause,
      ]);
    const lacksData = { lacksData: true };
    expect(end({ alarms: [alarm('ALARM', '03:00'), alarm('OK', '04:00')] })).toEqual([
      ['03:00', '04:10', 'COOLED_OFF'],
    ]);
    // Rounds are three minutes apart by then.
    expect(end({ alarms: [alarm('ALARM', '03:00')] })).toEqual([['03:00', '09:01', 'HELD_AT_MOST']]);
    // Renewed until the last round in which it was in ALARM.
    expect(end({ alarms: [alarm('ALARM', '03:00'), alarm('OK', '03:10', lacksData)] })).toEqual([
      ['03:00', '05:09', 'EXPIRED'],
    ]);
    expect(
      end({ alarms: [alarm('ALARM', '03:00'), alarm('OK', '03:10', lacksData), alarm('OK', '03:40')] }),
    ).toEqual([['03:00', '03:52', 'COOLED_OFF']]);
    // The cool-off begins anew with each OK, and with what is OK for want of data.
    expect(
      end({
        alarms: [
          alarm('ALARM', '03:00'),
          alarm('OK', '03:05'),
          alarm('ALARM', '03:12'),
          alarm('OK', '03:20'),
          alarm('OK', '03:25', lacksData),
          alarm('OK', '03:35'),
          alarm('ALARM', '03:48'),
        ],
      }),
    ).toEqual([
      ['03:00', '03:46', 'COOLED_OFF'],
      ['03:48', '09:49', 'HELD_AT_MOST'],
    ]);
    // An alarm that fires after its hold has ended is another affair.
    expect(
      end({
        alarms: [
          alarm('ALARM', '03:00'),
          alarm('OK', '04:00'),
          alarm('ALARM', '04:11'),
          alarm('OK', '04:12'),
        ],
      }),
    ).toEqual([
      ['03:00', '04:10', 'COOLED_OFF'],
      ['04:11', '04:24', 'COOLED_OFF'],
    ]);
    expect(end({ alarms: [alarm('ALARM', '22:49'), alarm('OK', '22:50')], until: at('23:00') })).toEqual([
      ['22:49', '23:00', 'STILL_HELD'],
    ]);
  });

  describe('a hold of failing launches', () => {
    const three = ['03:00', '03:10', '03:20'].map((clock) => launch(clock, true));
    const endOf = (...more: ReturnType<typeof launch>[]) => {
      const [hold, ...others] = holdsOf('failing', { activities: [...three, ...more] });
      expect(others).toEqual([]);
      return [hold?.until.slice(11, 16), hold?.endedBecause];
    };
    const succeeded = (clock: string, endedAt = clock) => ({ ...launch(clock, false), endedAt: at(endedAt) });

    it('ends once as many launches have come into service as the rule asks for', () => {
      // Nothing fails any more from 04:00 on: it is renewed no longer.
      expect(endOf(succeeded('04:00'), succeeded('04:01'))).toEqual(['05:59', 'EXPIRED']);
      expect(endOf(succeeded('04:00'), succeeded('04:01'), succeeded('04:02'))).toEqual([
        '04:02',
        'LAUNCHES_SUCCEED',
      ]);
    });

    it('counts a launch when it came into service, and none that has not', () => {
      expect(endOf(succeeded('04:00'), succeeded('04:01'), succeeded('04:02', '04:31'))).toEqual([
        '04:31',
        'LAUNCHES_SUCCEED',
      ]);
      const { endedAt: _endedAt, ...pending } = launch('04:02', false);
      expect(endOf(succeeded('04:00'), succeeded('04:01'), pending)).toEqual(['05:59', 'EXPIRED']);
    });

    it('counts none that came before the hold, or before the last failure began', () => {
      const [first, second, third] = three;
      if (first === undefined || second === undefined || third === undefined) throw new Error('three');
      expect(
        holdsOf('failing', {
          activities: [first, second, succeeded('03:15'), third, succeeded('03:20'), succeeded('04:01')],
        })[0]?.endedBecause,
      ).toBe('EXPIRED');
      expect(
        endOf(
          succeeded('04:00'),
          succeeded('04:01'),
          launch('04:02', true),
          succeeded('04:03'),
          succeeded('04:04'),
          succeeded('04:05'),
        ),
      ).toEqual(['04:05', 'LAUNCHES_SUCCEED']);
    });

    it('counts no termination for a launch', () => {
      const ended = ['04:00', '04:01', '04:02'].map((clock) => taken('scale-in', clock, 'api'));
      expect(endOf(...ended)).toEqual(['15:20', 'HELD_AT_MOST']);
    });
  });

  it('says of a resize that only a plan tells, and holds the first of too many groups', () => {
    const resizing = parsePolicy(
      {
        rules: [
          {
            name: 'larger',
            when: { alarm: 'loss-a' },
            do: 'resize-in-place',
            targets: { tags: { tier: 'web' } },
            with: { instanceTypes: ['m7i.xlarge'] },
          },
          {
            name: 'few',
            when: { alarm: 'loss-a' },
            do: 'pause-scaling',
            targets: { tags: { tier: 'web' } },
            with: { groupsMax: 1 },
          },
        ],
      },
      'policy.yml',
    );
    const [larger, few] = decideBacktest(resizing, history({ alarms: [alarm('ALARM', '03:00')] }), [
      group('web-b', 'web'),
      group('web-a', 'web'),
    ]);
    expect(larger?.unknownBecause).toBe('what a resize would have done only a plan can say, of now');
    expect(few?.holds.map((hold) => hold.groups)).toEqual([['web-a']]);
    expect(alarmPatternsOf(resizing)).toEqual(['loss-a', 'loss-a']);
    expect(alarmPatternsOf(policy)).toEqual(['loss-*']);
  });
});

describe('scoreOf', () => {
  const score = (...kept: number[]) =>
    scoreOf({
      rule: 'loss',
      holds: kept.map((wouldHaveKept) => aPastHold({ wouldHaveKept })),
      silentAlarms: [],
    });

  it('counts holds, what they would have kept, and those that would have kept nothing', () => {
    expect(score(3, 0, 2)).toEqual({
      rule: 'loss',
      holds: 3,
      secondsHeld: 10_800,
      kept: 5,
      idle: 1,
      proposal: 'GO_LIVE',
    });
  });

  it.each([
    ['half of them would have kept something', [1, 0], 'GO_LIVE'],
    ['more than half would have kept nothing', [1, 0, 0], 'NARROW'],
    ['it would not have begun', [], 'WAIT'],
  ])('proposes, where %s', (_what, kept, proposal) => {
    expect(score(...kept).proposal).toBe(proposal);
  });

  it('waits, and says why, where nobody can know', () => {
    const unknown = { rule: 'loss', holds: [], silentAlarms: [], unknownBecause: 'nobody knows' };
    expect(scoreOf(unknown)).toMatchObject({ proposal: 'WAIT', unknownBecause: 'nobody knows' });
    expect(score()).not.toHaveProperty('unknownBecause');
  });
});
