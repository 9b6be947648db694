import { describe, expect, it } from 'vitest';
import { decideReadiness, type ReadinessFact } from '../../../functions/domain/readiness/decide-readiness.ts';
import type {
  ReadinessFacts,
  RuleFacts,
  StageFacts,
} from '../../../functions/domain/readiness/readiness-facts.ts';
import { tellReadiness } from '../../../functions/domain/telling/readiness-sentences.ts';
import { type Policy, parsePolicy } from '../../../functions/events/policy.ts';
import { aGroup } from '../holds/group-fixtures.ts';

const policyWith = (over: { groupsMax?: number; drainContinuing?: boolean } = {}): Policy =>
  parsePolicy(
    {
      rules: [
        {
          name: 'loss',
          when: { alarm: 'network-loss-*' },
          do: 'pause-scaling',
          targets: { tags: { tier: 'web' } },
          with: { groupsMax: over.groupsMax ?? 10 },
        },
        {
          name: 'stuck',
          when: { stuckInstances: 1 },
          do: 'drain-pending-wait',
          targets: { tags: { tier: 'web' } },
          with: { olderThan: '15m', drainContinuing: over.drainContinuing ?? false },
        },
        {
          name: 'larger',
          when: { alarm: 'memory-*' },
          do: 'resize-in-place',
          targets: { tags: { tier: 'web' } },
          with: { instanceTypes: ['m7i.xlarge'] },
        },
      ],
    },
    'policy.yml',
  );

/** A policy whose only rule waits for failing launches. */
const policyOfFailures = (fields: { groupsMax?: number } = {}): Policy =>
  parsePolicy(
    {
      rules: [
        {
          name: 'failing',
          when: { launchFailures: { count: 3, within: '60m' } },
          do: 'protect-instances',
          targets: { tags: { tier: 'web' } },
          with: fields,
        },
      ],
    },
    'policy.yml',
  );

const group = (name: string, over: Parameters<typeof aGroup>[0] = {}) =>
  aGroup({ autoScalingGroupName: name, tags: { tier: 'web', holdfast: 'true' }, ...over });
const alarm = { alarmName: 'network-loss-a', value: 'OK', treatMissingData: 'missing' };
const hook = { lifecycleHookName: 'boot', heartbeatTimeoutSeconds: 3600, defaultResult: 'ABANDON' };
const groups = [group('a'), group('b')];

/** Everything as it should be. */
const ready: { loss: RuleFacts; stuck: RuleFacts; larger: RuleFacts; stage: StageFacts } = {
  loss: { rule: 'loss', alarms: [alarm], groups },
  stuck: {
    rule: 'stuck',
    groups,
    hooks: new Map([
      ['a', [hook]],
      ['b', [hook]],
    ]),
  },
  larger: {
    rule: 'larger',
    alarms: [{ ...alarm, alarmName: 'memory-a' }],
    groups,
    resizes: [{ autoScalingGroupName: 'a', isFit: true, text: 'would resize' }],
  },
  stage: {
    stage: 'prod',
    isDeployed: true,
    killSwitch: 'live',
    subscriptions: { confirmed: 1, pending: 0 },
  },
};

const factsWith = (over: {
  loss?: Partial<RuleFacts>;
  stuck?: Partial<RuleFacts>;
  larger?: Partial<RuleFacts>;
  stage?: Partial<StageFacts>;
  unreadable?: ReadinessFacts['unreadable'];
}): ReadinessFacts => ({
  rules: [
    { ...ready.loss, ...over.loss },
    { ...ready.stuck, ...over.stuck },
    { ...ready.larger, ...over.larger },
  ],
  stage: { ...ready.stage, ...over.stage },
  unreadable: over.unreadable ?? [],
});

type Plant = [
  because: ReadinessFact['because'],
  level: 'NOT_READY' | 'WARNING',
  rule: string | undefined,
  over: Parameters<typeof factsWith>[0],
  policy?: Policy,
];
const hooks = (over: Partial<typeof hook>) => ({
  stuck: {
    hooks: new Map([
      ['a', [hook]],
      ['b', [{ ...hook, ...over }]],
    ]),
  },
});
const withB = (over: Parameters<typeof aGroup>[0]) => ({ loss: { groups: [group('a'), group('b', over)] } });

const plants: Plant[] = [
  [
    'NO_ALARM',
    'NOT_READY',
    'loss',
    {
      loss: { alarms: [], patternsWithoutAlarm: ['network-loss-*'], otherAlarms: { names: ['x'], count: 1 } },
    },
  ],
  [
    'ALARM_SUPPRESSED',
    'NOT_READY',
    'loss',
    { loss: { alarms: [{ ...alarm, suppressedBecause: "the alarm's actions are disabled" }] } },
  ],
  [
    'ALARM_WITHOUT_DATA',
    'NOT_READY',
    'loss',
    { loss: { alarms: [{ ...alarm, value: 'INSUFFICIENT_DATA' }] } },
  ],
  [
    'MISSING_DATA_IS_GOOD',
    'WARNING',
    'loss',
    { loss: { alarms: [{ ...alarm, treatMissingData: 'notBreaching' }] } },
  ],
  ['NO_GROUP', 'NOT_READY', 'loss', { loss: { groups: [] } }],
  ['NOT_OPTED_IN', 'WARNING', 'loss', withB({ tags: { tier: 'web' } })],
  ['OVER_GROUPS_MAX', 'NOT_READY', 'loss', {}, policyWith({ groupsMax: 1 })],
  ['GROUP_REFUSED', 'WARNING', 'loss', withB({ status: 'Delete in progress' })],
  [
    'GROUP_WARNED',
    'WARNING',
    'loss',
    withB({ tags: { tier: 'web', holdfast: 'true', AmazonECSManaged: '' } }),
  ],
  [
    'NO_LAUNCH_HOOK',
    'WARNING',
    'stuck',
    {
      stuck: {
        hooks: new Map([
          ['a', [hook]],
          ['b', []],
        ]),
      },
    },
  ],
  ['HOOK_CONTINUES', 'WARNING', 'stuck', hooks({ defaultResult: 'CONTINUE' })],
  ['HOOK_TOO_SHORT', 'WARNING', 'stuck', hooks({ heartbeatTimeoutSeconds: 900 })],
  ['CHECKS_EC2_ONLY', 'WARNING', 'larger', { larger: { groups: [group('a', { checksEc2Only: true })] } }],
  [
    'CANNOT_RESIZE',
    'WARNING',
    'larger',
    { larger: { resizes: [{ autoScalingGroupName: 'a', isFit: false, text: 'm7i.xlarge is not offered' }] } },
  ],
  ['NOT_DEPLOYED', 'NOT_READY', undefined, { stage: { isDeployed: false } }],
  ['SWITCHED', 'NOT_READY', undefined, { stage: { killSwitch: 'off' } }],
  ['SWITCHED', 'NOT_READY', undefined, { stage: { killSwitch: { unknownWord: 'disabled' } } }],
  ['NOBODY_IS_TOLD', 'NOT_READY', undefined, { stage: { subscriptions: { confirmed: 0, pending: 1 } } }],
  [
    'UNREADABLE',
    'WARNING',
    'loss',
    { unreadable: [{ rule: 'loss', what: 'its alarm', because: 'AccessDenied: cloudwatch:DescribeAlarms' }] },
  ],
];

describe('decideReadiness', () => {
  it('finds nothing where everything is as it should be', () => {
    expect(decideReadiness(policyWith(), factsWith({}))).toEqual([]);
  });

  it.each(plants)('finds %s, and nothing else', (because, level, rule, over, policy = policyWith()) => {
    const found = decideReadiness(policy, factsWith(over));
    expect(found.map((each) => [each.fact.because, each.level, each.rule])).toEqual([[because, level, rule]]);
    const [first] = found;
    if (first === undefined) throw new Error('nothing was found');
    const told = tellReadiness(first.fact);
    expect(told.found.length).toBeGreaterThan(5);
    expect(told.remedy.length).toBeGreaterThan(5);
  });

  it('is not ready where no group of a rule opted in', () => {
    const out = group('a', { tags: { tier: 'web' } });
    expect(decideReadiness(policyWith(), factsWith({ loss: { groups: [out] } }))).toEqual([
      { level: 'NOT_READY', rule: 'loss', fact: { because: 'NOT_OPTED_IN', groups: ['a'], isAny: false } },
    ]);
  });

  it('takes hooks that continue where the rule drains those too', () => {
    const over = hooks({ defaultResult: 'CONTINUE' });
    expect(decideReadiness(policyWith({ drainContinuing: true }), factsWith(over))).toEqual([]);
  });

  it('warns of a pattern that fits no alarm, where another of the rule does', () => {
    const over = { loss: { patternsWithoutAlarm: ['tpyo-*'], otherAlarmNames: [] } };
    expect(
      decideReadiness(policyWith(), factsWith(over)).map(({ level, fact }) => [level, fact.because]),
    ).toEqual([['WARNING', 'NO_ALARM']]);
  });

  it('is not ready where every group would be left alone', () => {
    const deleted = groups.map((each) => ({ ...each, status: 'Delete in progress' }));
    expect(
      decideReadiness(policyWith(), factsWith({ loss: { groups: deleted } })).map(({ level, fact }) => [
        level,
        fact.because,
      ]),
    ).toEqual([['NOT_READY', 'GROUP_REFUSED']]);
  });

  it('is not ready where a resize would be refused as a whole', () => {
    const six = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => group(name));
    const found = decideReadiness(policyWith(), factsWith({ larger: { groups: six } }));
    expect(found.map(({ level, fact }) => [level, fact.because])).toEqual([['NOT_READY', 'TOO_MANY_GROUPS']]);
  });

  it('counts no groups of a rule that is started for one of them', () => {
    const policy = policyOfFailures({ groupsMax: 1 });
    expect(decideReadiness(policy, { rules: [{ rule: 'failing', groups }], unreadable: [] })).toEqual([]);
  });

  it('says what it knows of a rule of which something else is not known', () => {
    const { alarms: _alarms, ...unknown } = ready.loss;
    const found = decideReadiness(policyWith(), {
      rules: [{ ...unknown, groups: [] }],
      unreadable: [{ rule: 'loss', what: 'its alarm', because: 'x' }],
    });
    expect(found.map(({ fact }) => fact.because)).toEqual(['NO_GROUP', 'UNREADABLE']);
  });

  it('says nothing of a rule whose facts are not known, and nothing of a stage that was not asked for', () => {
    const unreadable = [{ rule: 'loss', what: 'its alarm', because: 'x' }];
    const found = decideReadiness(policyWith(), { rules: [], unreadable });
    expect(found.map(({ fact }) => fact.because)).toEqual(['UNREADABLE']);
  });
});
