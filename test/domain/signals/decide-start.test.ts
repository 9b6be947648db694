import { describe, expect, it } from 'vitest';
import {
  type AlarmState,
  decideStart,
  type IgnoreFacts,
  nameExecution,
  signalNameOf,
  startForBreaker,
  startForFailingGroups,
  startForFailures,
  startForGroup,
  startForStillFailing,
  startForStuck,
  startPeriod,
  type TakeUp,
} from '../../../functions/domain/signals/decide-start.ts';
import { matchesPattern } from '../../../functions/domain/signals/match-rules.ts';
import { tellIgnored } from '../../../functions/domain/telling/start-sentences.ts';
import { parsePolicy } from '../../../functions/events/policy.ts';
import { aGroup, later, now } from '../holds/group-fixtures.ts';
import { aBreaker } from '../launches/launch-fixtures.ts';

const policy = parsePolicy(
  {
    rules: [
      { name: 'first', when: { alarm: 'loss-*' }, do: 'pause-scaling', targets: { tags: { tier: 'web' } } },
      {
        name: 'second',
        when: { alarm: ['other', 'loss-a'], freshFor: '5m' },
        do: 'pause-scaling',
        targets: { tags: { tier: 'api' } },
      },
    ],
  },
  'test',
);
const alarm = (over: Partial<AlarmState> = {}): AlarmState => ({
  alarmName: 'loss-a',
  alarmArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:loss-a',
  value: 'ALARM',
  since: now,
  ...over,
});
const actions = (...args: Parameters<typeof decideStart>) => decideStart(...args).map(({ action }) => action);

describe('decideStart', () => {
  it('starts one execution per matching rule, each under a name of its own', () => {
    const decisions = decideStart(policy, alarm(), alarm(), 'live', later(5));
    expect(decisions.map((decision) => decision.action === 'START' && decision.rule.name)).toEqual([
      'first',
      'second',
    ]);
    expect(
      new Set(decisions.map((decision) => decision.action === 'START' && decision.executionName)).size,
    ).toBe(2);
  });

  it('puts nothing into the input that changes when the event comes again', () => {
    const [early] = decideStart(policy, alarm(), alarm(), 'live', later(5));
    const [late] = decideStart(policy, alarm(), alarm(), 'live', later(50));
    expect(late).toEqual(early);
  });

  it.each([
    [300, ['START', 'START']],
    [301, ['START', 'IGNORE']],
    [900, ['START', 'IGNORE']],
    [901, ['IGNORE', 'IGNORE']],
  ])('%i s after the change of state decides %j by each rule’s freshFor', (seconds, expected) => {
    expect(actions(policy, alarm(), alarm(), 'live', later(seconds))).toEqual(expected);
  });

  it.each([
    ['the alarm is OK by now', alarm({ value: 'OK' }), 'live' as const],
    ['the alarm has too little data by now', alarm({ value: 'INSUFFICIENT_DATA' }), 'live' as const],
    ['the alarm was deleted', undefined, 'live' as const],
    ['the alarm is muted by now', alarm({ suppressedBecause: 'muted' }), 'live' as const],
    ['the mode is off', alarm(), 'off' as const],
  ])('starts nothing when %s', (_what, current, mode) => {
    expect(actions(policy, alarm(), current, mode, later(5))).toEqual(['IGNORE', 'IGNORE']);
  });

  it.each([
    ['OK', alarm({ value: 'OK' })],
    ['INSUFFICIENT_DATA', alarm({ value: 'INSUFFICIENT_DATA' })],
    ['suppressed', alarm({ suppressedBecause: 'suppressed' })],
    ['not named by any rule', alarm({ alarmName: 'cpu' })],
  ])('ignores an event that is %s, with a reason', (_what, signal) => {
    const decisions = decideStart(policy, signal, alarm(), 'live', later(5));
    expect(decisions).toHaveLength(1);
    const [ignored] = decisions;
    if (ignored?.action !== 'IGNORE') throw new Error(JSON.stringify(ignored));
    expect(tellIgnored(ignored)).toMatch(/.{10}/);
  });
});

describe('what decideStart rests on', () => {
  const ignored = (
    signal: AlarmState,
    current: AlarmState | undefined,
    at: string,
    takeUp?: TakeUp,
    mode: 'live' | 'off' = 'live',
  ) => decideStart(policy, signal, current, mode, at, takeUp)[0];
  const first = (facts: IgnoreFacts) => ({ action: 'IGNORE', rule: 'first', ...facts });

  it.each<[string, AlarmState, AlarmState | undefined, number, TakeUp | undefined, 'live' | 'off', object]>([
    ['the mode is off', alarm(), alarm(), 5, undefined, 'off', first({ because: 'MODE_OFF' })],
    [
      'the event is stale',
      alarm(),
      alarm(),
      901,
      undefined,
      'live',
      first({ because: 'STALE', ageSeconds: 901, freshForSeconds: 900 }),
    ],
    [
      'the alarm changed before the stage was there',
      alarm(),
      alarm(),
      5,
      { since: later(1) },
      'live',
      first({ because: 'BEFORE_THE_STAGE', changedAt: now, since: later(1) }),
    ],
    [
      'the alarm changed longer ago than anything is held',
      alarm(),
      alarm(),
      43_201,
      { since: later(-1) },
      'live',
      first({ because: 'TOO_LONG_AGO', ageSeconds: 43_201, holdAtMostSeconds: 43_200 }),
    ],
    ['the alarm is gone', alarm(), undefined, 5, undefined, 'live', first({ because: 'ALARM_DELETED' })],
    [
      'it is OK by now',
      alarm(),
      alarm({ value: 'OK' }),
      5,
      undefined,
      'live',
      first({ because: 'NOT_IN_ALARM_ANY_MORE', value: 'OK' }),
    ],
    [
      'it is muted by now',
      alarm(),
      alarm({ suppressedBecause: 'muted' }),
      5,
      undefined,
      'live',
      first({ because: 'SUPPRESSED', suppressedBecause: 'muted', isReadAgain: true }),
    ],
    [
      'it was muted when the event was sent',
      alarm({ suppressedBecause: 'muted' }),
      alarm(),
      5,
      undefined,
      'live',
      { action: 'IGNORE', because: 'SUPPRESSED', suppressedBecause: 'muted', isReadAgain: false },
    ],
    [
      'it is OK in the event',
      alarm({ value: 'OK' }),
      alarm(),
      5,
      undefined,
      'live',
      { action: 'IGNORE', because: 'NOT_IN_ALARM', value: 'OK' },
    ],
    [
      'no rule names it',
      alarm({ alarmName: 'cpu' }),
      alarm(),
      5,
      undefined,
      'live',
      { action: 'IGNORE', because: 'NO_RULE', alarmName: 'cpu' },
    ],
  ])('is told where %s', (_what, signal, current, seconds, takeUp, mode, expected) => {
    expect(ignored(signal, current, later(seconds), takeUp, mode)).toEqual(expected);
  });

  it('is taken up by the sweep from the moment when the stage was there, for as long as anything is held', () => {
    const takenUp = (at: string, since: string) =>
      decideStart(policy, alarm(), alarm(), 'live', at, { since })[0]?.action;
    expect(takenUp(later(5), now)).toBe('START');
    expect(takenUp(later(43_200), now)).toBe('START');
    expect(takenUp(later(43_201), now)).toBe('IGNORE');
  });

  it('is, of a start, the alarm and since when', () => {
    expect(decideStart(policy, alarm(), alarm(), 'live', later(5))[0]).toEqual({
      action: 'START',
      rule: policy.rules[0],
      executionName: nameExecution('first', alarm().alarmArn, now),
      input: {
        rule: 'first',
        alarm: { alarmName: 'loss-a', alarmArn: alarm().alarmArn, stateTimestamp: now },
      },
      because: 'IN_ALARM',
      alarmName: 'loss-a',
      since: now,
    });
  });
});

describe('what else starts an execution', () => {
  const [rule] = policy.rules;
  if (rule === undefined) throw new Error('the policy has rules');
  const group = aGroup();

  it('failed launches of one group, by when the count was complete and not by the activity', () => {
    const completedBy = { activityId: 'a', startedAt: now, at: later(60) };
    const start = startForFailures(rule, group, { count: 3, completedBy, latest: completedBy });
    expect(start).toEqual({
      action: 'START',
      rule,
      executionName: nameExecution('first', 'web', later(60)),
      input: {
        rule: 'first',
        launchFailures: { autoScalingGroupName: 'web', activityId: 'a', failedAt: later(60) },
      },
      because: 'LAUNCHES_FAIL',
      autoScalingGroupName: 'web',
      failures: 3,
      latestAt: later(60),
    });
    const other = startForGroup(rule, 'web', { activityId: 'b', failedAt: later(60) });
    expect(other.executionName).toBe(start.executionName);
  });

  it('failed launches of many groups, once for each twenty seconds', () => {
    // The moment of every test is on a full minute.
    const start = startForFailingGroups(rule, 'web', later(7));
    expect(start).toEqual({
      action: 'START',
      rule,
      executionName: nameExecution('first', 'failing groups', later(20)),
      input: { rule: 'first', failingGroups: { beginAt: later(30) } },
      because: 'LAUNCHES_FAIL_IN_MANY_GROUPS',
      autoScalingGroupName: 'web',
      beginAt: later(30),
    });
    expect(startForFailingGroups(rule, 'api', later(19)).executionName).toBe(start.executionName);
    expect(startForFailingGroups(rule, 'web', later(20)).beginAt).toBe(later(50));
  });

  it('a group whose launches fail on when those of most others succeed', () => {
    expect(startForStillFailing('first', 'web', now)).toEqual({
      executionName: nameExecution('first', 'web/still failing', now),
      input: { rule: 'first', stillFailing: { autoScalingGroupName: 'web', since: now } },
    });
  });

  it('an instance that is stuck, and an open breaker, each anew in each half hour', () => {
    const stuck = { instanceId: 'i-1', since: now, from: 'lifecycle event' as const, waitedSeconds: 1500 };
    expect(startPeriod(later(1799))).toBe(now);
    expect(startPeriod(later(1800))).toBe(later(1800));
    expect(startForStuck(rule, 'web', stuck, later(1799))).toEqual({
      action: 'START',
      rule,
      executionName: nameExecution('first', 'web/i-1', now),
      input: { rule: 'first', stuckInstance: { autoScalingGroupName: 'web', instanceId: 'i-1', since: now } },
      because: 'STUCK',
      autoScalingGroupName: 'web',
      instanceId: 'i-1',
      waitedSeconds: 1500,
    });
    const breaker = aBreaker({ openedAt: later(5) });
    expect(startForBreaker(rule, 'web', breaker, later(1799))).toEqual({
      action: 'START',
      rule,
      executionName: nameExecution('first', 'web/breaker', now),
      input: { rule: 'first', breaker: { autoScalingGroupName: 'web', openedAt: later(5) } },
      because: 'BREAKER_OPEN',
      autoScalingGroupName: 'web',
      since: later(5),
    });
  });
});

describe('signalNameOf', () => {
  const name = nameExecution('loss', 'arn', now);
  const arn = 'arn:aws:states:eu-west-1:123456789012:execution:holdfast-prod-pause-scaling';

  it.each([
    [name, name],
    [`${name}-2`, name],
    [`${name}-12`, name],
    [`${name}-123`, name],
    [`${arn}:${name}-2`, `${arn}:${name}`],
    [`bring-home-${name}`, `bring-home-${name}`],
    [`${name}-1234`, undefined],
    [`${name}x`, undefined],
    [`${arn}:bring-home-7-${name}`, undefined],
    [`${arn}:give-back-7-${name}`, undefined],
    [`${arn}:give-back-all-${name}`, `${arn}:give-back-all-${name}`],
    ['by-hand', undefined],
  ])('of %s is %s', (execution, expected) => {
    expect(signalNameOf(execution)).toBe(expected);
  });
});

describe('executionName', () => {
  it('is what Step Functions accepts', () => {
    const longest = nameExecution('a'.repeat(40), 'arn', now);
    expect(longest).toMatch(/^[0-9A-Za-z_-]{1,80}$/);
  });

  it('is the same for the event with milliseconds and the description without', () => {
    expect(nameExecution('rule', 'arn', '2026-03-02T03:00:00.989Z')).toBe(
      nameExecution('rule', 'arn', '2026-03-02T03:00:00.000Z'),
    );
  });

  it('differs for another rule, another alarm, another change of state', () => {
    const names = [
      nameExecution('rule', 'arn', now),
      nameExecution('other', 'arn', now),
      nameExecution('rule', 'other', now),
      nameExecution('rule', 'arn', later(1)),
    ];
    expect(new Set(names).size).toBe(4);
  });
});

describe('matchesPattern', () => {
  it.each([
    ['loss-*', 'loss-tgw', true],
    ['loss-*', 'loss-', true],
    ['loss-*', 'a-loss-tgw', false],
    ['*', 'anything at all', true],
    ['a.b', 'axb', false],
    ['(a)+[b]', '(a)+[b]', true],
    ['loss', 'loss-tgw', false],
  ])('%s on %s is %s', (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected);
  });
});

describe('matchesPattern, whatever the pattern', () => {
  it('takes no longer for many stars than for one', () => {
    const name = 'a'.repeat(255);
    for (const pattern of ['*a*a*a*a*b', `${'*a'.repeat(120)}*b`, `${'a*'.repeat(120)}b`]) {
      expect(matchesPattern(pattern, name)).toBe(false);
    }
    expect(matchesPattern('*a'.repeat(120), name)).toBe(true);
  });

  it.each([
    ['a*', 'a', true],
    ['a*a', 'a', false],
    ['*ab*ab', 'ab', false],
    ['*ab*ab', 'abab', true],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'a1c2b', false],
    ['**', '', true],
    ['a.b', 'axb', false],
  ])('%s fits %s: %s', (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected);
  });
});
