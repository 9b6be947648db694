import { describe, expect, it } from 'vitest';
import {
  type AlarmState,
  decideStart,
  nameExecution,
} from '../../../functions/domain/signals/decide-start.ts';
import { matchesPattern } from '../../../functions/domain/signals/match-rules.ts';
import { tellIgnored } from '../../../functions/domain/telling/start-sentences.ts';
import { parsePolicy } from '../../../functions/events/policy.ts';
import { later, now } from '../holds/group-fixtures.ts';

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
