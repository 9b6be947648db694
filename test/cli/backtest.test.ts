import { describe, expect, it } from 'vitest';
import { deedsOf, type PastDeed } from '../../cli/backtest/deeds.ts';
import { toAlarmChange, toPastActivity } from '../../functions/aws/history.ts';
import {
  decideBacktest,
  type PastHold,
  secondsHeld,
} from '../../functions/domain/backtest/decide-backtest.ts';
import type {
  AlarmChange,
  History,
  PastActivity,
  TakenBecause,
} from '../../functions/domain/backtest/history.ts';
import { executionNameOf } from '../../functions/domain/execution-arn.ts';
import type { TrailEvent } from '../../functions/domain/holds/explain-overrides.ts';
import { parsePolicy, type Rule } from '../../functions/events/policy.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { aGroup } from '../domain/holds/group-fixtures.ts';

const policy = parsePolicy(
  {
    rules: [
      {
        name: 'loss',
        when: { alarm: 'loss-*' },
        do: 'pause-scaling',
        targets: { tags: { tier: 'web' } },
        with: { coolOff: '10m', expiresAfter: '2h', holdAtMost: '6h' },
      },
      {
        name: 'failing',
        when: { launchFailures: { count: 3, within: '60m' } },
        do: 'protect-instances',
        targets: { tags: { tier: 'api' } },
      },
      {
        name: 'stuck',
        when: { stuckInstances: 1 },
        do: 'drain-pending-wait',
        targets: { tags: { tier: 'api' } },
      },
    ],
  },
  'policy.yml',
);
const group = (name: string, tier: string, over: object = {}) =>
  aGroup({ autoScalingGroupName: name, tags: { tier, holdfast: 'true' }, ...over });
const groups = [group('web', 'web'), group('api', 'api'), group('legacy', 'web', { tags: { tier: 'web' } })];

/** A moment of the day that is told. */
const at = (clock: string): string => `2026-03-02T${clock}:00.000Z`;
const alarm = (value: AlarmChange['value'], clock: string, over: Partial<AlarmChange> = {}): AlarmChange => ({
  alarmName: 'loss-a',
  at: at(clock),
  value,
  ...over,
});
let activities = 0;
const taken = (because: TakenBecause, clock: string, name = 'web'): PastActivity => {
  activities += 1;
  return {
    autoScalingGroupName: name,
    activityId: `a-${activities}`,
    kind: 'termination',
    startedAt: at(clock),
    endedAt: at(clock),
    hasFailed: false,
    because,
  };
};
const launch = (clock: string, hasFailed: boolean, name = 'api'): PastActivity => ({
  ...taken('scale-in', clock, name),
  kind: 'launch',
  hasFailed,
});
const history = (over: Partial<History> = {}): History => ({
  from: at('00:00'),
  until: at('23:00'),
  alarms: [],
  activities: [],
  alarmNames: ['loss-a'],
  ...over,
});
const played = (over: Partial<History> = {}) => decideBacktest(policy, history(over), groups);
const holdsOf = (rule: string, over: Partial<History>): PastHold[] =>
  played(over).find((each) => each.rule === rule)?.holds ?? [];
const minutesOf = ({ from, until }: PastHold): number => (Date.parse(until) - Date.parse(from)) / 60_000;

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

  it('starts what the rehearsal of the same history starts', async () => {
    const shipped = loadPolicy();
    const result = await rehearse({
      incident: packetLoss,
      seed: 1,
      policy: shipped,
      withHoldfast: true,
      dryRun: false,
    });
    const startsAt = Date.parse(packetLoss.startsAt);
    const alarms = result.timeline.flatMap(({ seconds, text }): AlarmChange[] => {
      const [, alarmName, value] = /^alarm (\S+) is (OK|ALARM|INSUFFICIENT_DATA): /.exec(text) ?? [];
      return alarmName === undefined
        ? []
        : [
            {
              alarmName,
              at: new Date(startsAt + seconds * 1000).toISOString(),
              value: value as AlarmChange['value'],
            },
          ];
    });
    const [past] = decideBacktest(
      { rules: shipped.rules.slice(0, 1) },
      {
        from: packetLoss.startsAt,
        until: new Date(startsAt + packetLoss.durationSeconds * 1000).toISOString(),
        alarms,
        activities: [],
        alarmNames: packetLoss.alarms.map(({ alarmName }) => alarmName),
      },
      packetLoss.groups.map(({ name, tags }) => aGroup({ autoScalingGroupName: name, tags })),
    );
    // Those that found another one at work opened nothing.
    const begun = result.journals
      .filter(({ entries }) => entries.some(({ event }) => event === 'opened'))
      .map(({ incidentId }) => /-(\d{12})\d{2}-/.exec(executionNameOf(incidentId))?.[1]);
    expect(begun.length).toBeGreaterThan(0);
    expect(past?.holds.map(({ from }) => from.replaceAll(/[-T:]/g, '').slice(0, 12))).toEqual(begun);
  });
});

describe('deedsOf', () => {
  const hold: PastHold = {
    rule: 'loss',
    from: at('03:00'),
    until: at('04:00'),
    endedBecause: 'COOLED_OFF',
    startedBy: 'loss-a',
    groups: ['web'],
    taken: {},
    wouldHaveKept: 0,
  };
  const event = (over: Partial<TrailEvent>): TrailEvent => ({
    at: at('03:30'),
    eventName: 'SuspendProcesses',
    who: 'the role sre',
    tool: 'the AWS CLI',
    autoScalingGroupName: 'web',
    processes: ['Terminate'],
    instanceIds: [],
    ...over,
  });
  const [loss, failing] = policy.rules;

  it.each<[string, Partial<TrailEvent>, PastDeed['verdict'] | undefined, Rule | undefined]>([
    ['did the same', {}, 'agrees', loss],
    ['did it with every process', { processes: [] }, 'agrees', loss],
    ['did the opposite', { eventName: 'ResumeProcesses' }, 'conflicts', loss],
    ['did something else', { processes: ['ScheduledActions'] }, undefined, loss],
    ['did it to another group', { autoScalingGroupName: 'api' }, undefined, loss],
    ['did it afterwards', { at: at('04:30') }, undefined, loss],
    ['are Holdfast itself', { isOurs: true }, undefined, loss],
    ['protected', { eventName: 'SetInstanceProtection', protectedFromScaleIn: true }, 'agrees', failing],
    [
      'unprotected',
      { eventName: 'SetInstanceProtection', protectedFromScaleIn: false },
      'conflicts',
      failing,
    ],
    ['protected where the rule does not', { eventName: 'SetInstanceProtection' }, undefined, loss],
  ])('judges who %s', (_what, over, verdict, rule) => {
    if (rule === undefined) throw new Error('no rule');
    expect(deedsOf(rule, hold, [event(over)]).map((deed) => deed.verdict)).toEqual(
      verdict === undefined ? [] : [verdict],
    );
  });
});

describe('what AWS remembers', () => {
  it.each<[string, TakenBecause]>([
    [
      'At 2026-03-02T03:00:00Z a monitor alarm cpu in state ALARM triggered policy cpu-50 changing the desired capacity from 3 to 2. At 2026-03-02T03:00:10Z an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from 3 to 2. At 2026-03-02T03:00:11Z instance i-1 was selected for termination.',
      'scale-in',
    ],
    [
      'At 2026-03-02T03:00:00Z an instance was taken out of service in response to an ELB system health check failure.',
      'unhealthy',
    ],
    [
      'At 2026-03-02T03:00:00Z an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.',
      'something else',
    ],
    [
      'At 2026-03-02T03:00:00Z an instance was taken out of service in response to a user health-check.',
      'unhealthy',
    ],
    [
      'At 2026-03-02T03:00:00Z instances were launched to balance instances in zones us-east-1a with other zones resulting in more than desired number of instances in the group. At 2026-03-02T03:00:10Z an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from 4 to 3.',
      'rebalance',
    ],
    [
      'At 2026-03-02T03:00:00Z an instance was taken out of service in response to a user request.',
      'a person',
    ],
    [
      'At 2026-03-02T03:00:00Z an instance was taken out of service in response to an instance refresh.',
      'instance refresh',
    ],
    ['At 2026-03-02T03:00:00Z something new happened.', 'something else'],
  ])('tells from the sentence of a termination why it was: %s', (Cause, because) => {
    const activity = toPastActivity({
      AutoScalingGroupName: 'web',
      ActivityId: 'a',
      Description: 'Terminating EC2 instance: i-1',
      Cause,
      StatusCode: 'Successful',
      StartTime: new Date(at('03:00')),
    });
    expect(activity).toMatchObject({ kind: 'termination', because, hasFailed: false });
  });

  it('reads a change of state, and an OK for want of data', () => {
    const item = (newState: object) => ({
      AlarmName: 'loss-a',
      Timestamp: new Date(at('03:00')),
      HistoryData: JSON.stringify({ version: '1.0', newState }),
    });
    expect(toAlarmChange(item({ stateValue: 'ALARM', stateReason: 'x' }))).toEqual({
      alarmName: 'loss-a',
      at: at('03:00'),
      value: 'ALARM',
    });
    const reason =
      'Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [NonBreaching].';
    expect(toAlarmChange(item({ stateValue: 'OK', stateReason: reason }))?.lacksData).toBe(true);
    expect(toAlarmChange({ ...item({}), HistoryData: 'no JSON' })).toBeUndefined();
  });
});
