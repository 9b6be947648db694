import { describe, expect, it } from 'vitest';
import { deedsOf, type PastDeed } from '../../cli/backtest/deeds.ts';
import { toAlarmChange, toPastActivity } from '../../functions/aws/history.ts';
import { decideBacktest } from '../../functions/domain/backtest/decide-backtest.ts';
import type { AlarmChange, TakenBecause } from '../../functions/domain/backtest/history.ts';
import { executionNameOf } from '../../functions/domain/execution-arn.ts';
import type { TrailEvent } from '../../functions/domain/holds/explain-overrides.ts';
import type { Rule } from '../../functions/events/policy.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { aPastHold, at, policy } from '../domain/backtest/backtest-fixtures.ts';
import { aGroup } from '../domain/holds/group-fixtures.ts';

describe('decideBacktest', () => {
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
  const hold = aPastHold();
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
