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

  it('tells of each group and alarm by name, and what is so of several once', () => {
    const facts = factsWith({
      loss: {
        alarms: [
          { ...alarm, hasNoData: true },
          {
            ...alarm,
            alarmName: 'network-loss-b',
            value: 'INSUFFICIENT_DATA',
            treatMissingData: 'notBreaching',
          },
          { ...alarm, alarmName: 'network-loss-c', suppressedBecause: 'it is muted' },
        ],
        patternsWithoutAlarm: ['tpyo-*'],
        groups: [
          group('a', { tags: { tier: 'web' } }),
          group('b', { status: 'Delete in progress' }),
          group('c', { tags: { tier: 'web', holdfast: 'true', AmazonECSManaged: '' } }),
          group('d', { tags: { tier: 'web', holdfast: 'true', AmazonECSManaged: '' } }),
          group('e', { status: 'Delete in progress' }),
        ],
      },
      stuck: {
        hooks: new Map([
          ['a', []],
          ['b', []],
          ['c', [hook, { ...hook, defaultResult: 'CONTINUE' }]],
          ['d', [{ ...hook, heartbeatTimeoutSeconds: 900 }, hook]],
          ['e', [{ ...hook, defaultResult: 'CONTINUE' }]],
          ['f', [{ ...hook, heartbeatTimeoutSeconds: 901 }]],
          ['g', [{ ...hook, heartbeatTimeoutSeconds: 900 }]],
        ]),
      },
      larger: {
        groups: [
          group('a', { checksEc2Only: true }),
          group('b', { checksEc2Only: true, tags: { tier: 'web' } }),
        ],
        resizes: [
          { autoScalingGroupName: 'a', isFit: false, text: 'is not offered' },
          { autoScalingGroupName: 'b', isFit: true, text: 'is offered' },
          { autoScalingGroupName: 'c', isFit: false, text: 'is not offered' },
          { autoScalingGroupName: 'd', isFit: false, text: 'is another architecture' },
        ],
      },
      stage: {
        policyDifference: { changed: ['loss'], onlyHere: [], onlyDeployed: ['old'] },
        roleDenials: [
          { by: 'BOUNDARY', functionName: 'planHold', actions: ['b', 'a'] },
          { by: 'ORGANIZATION', functionName: 'planHold', actions: ['c'] },
          { by: 'BOUNDARY', functionName: 'applyHold', actions: ['a'] },
        ],
        subscriptions: 'NO_TOPIC',
      },
      unreadable: [
        { what: 'the quotas', because: 'AccessDenied', isMinor: true },
        { rule: 'larger', what: 'its groups', because: 'Throttling' },
      ],
    });
    const found = decideReadiness(policyWith(), facts).map(({ level, rule, fact }) => [level, rule, fact]);
    const ecs = expect.stringContaining('Amazon ECS manages its instances');
    expect(found).toEqual([
      [
        'WARNING',
        'loss',
        { because: 'NO_ALARM', patterns: ['tpyo-*'], otherAlarms: { names: [], count: 0 } },
      ],
      ['WARNING', 'loss', { because: 'METRIC_WITHOUT_DATA', alarmName: 'network-loss-a' }],
      ['NOT_READY', 'loss', { because: 'ALARM_WITHOUT_DATA', alarmName: 'network-loss-b' }],
      ['WARNING', 'loss', { because: 'MISSING_DATA_IS_GOOD', alarmName: 'network-loss-b' }],
      ['NOT_READY', 'loss', { because: 'ALARM_SUPPRESSED', alarmName: 'network-loss-c', why: 'it is muted' }],
      ['WARNING', 'loss', { because: 'NOT_OPTED_IN', groups: ['a'], isAny: true }],
      [
        'WARNING',
        'loss',
        { because: 'GROUP_REFUSED', groups: ['b', 'e'], why: 'the group cannot be held as it is now' },
      ],
      ['WARNING', 'loss', { because: 'GROUP_WARNED', groups: ['c', 'd'], why: ecs }],
      ['WARNING', 'stuck', { because: 'NO_LAUNCH_HOOK', groups: ['a', 'b'] }],
      ['WARNING', 'stuck', { because: 'HOOK_CONTINUES', groups: ['e'] }],
      ['WARNING', 'stuck', { because: 'HOOK_TOO_SHORT', groups: ['g'], olderThanSeconds: 900 }],
      ['WARNING', 'larger', { because: 'NOT_OPTED_IN', groups: ['b'], isAny: true }],
      ['WARNING', 'larger', { because: 'CANNOT_RESIZE', groups: ['a', 'c'], why: 'is not offered' }],
      ['WARNING', 'larger', { because: 'CANNOT_RESIZE', groups: ['d'], why: 'is another architecture' }],
      ['WARNING', 'larger', { because: 'CHECKS_EC2_ONLY', groups: ['a'] }],
      ['NOT_READY', undefined, { because: 'NOBODY_IS_TOLD', pending: 0, hasNoTopic: true }],
      [
        'NOT_READY',
        undefined,
        {
          because: 'ROLES_DENIED',
          by: 'BOUNDARY',
          actions: ['a', 'b'],
          functionNames: ['planHold', 'applyHold'],
        },
      ],
      [
        'NOT_READY',
        undefined,
        { because: 'ROLES_DENIED', by: 'ORGANIZATION', actions: ['c'], functionNames: ['planHold'] },
      ],
      [
        'WARNING',
        undefined,
        { because: 'POLICY_DIFFERS', changed: ['loss'], onlyHere: [], onlyDeployed: ['old'] },
      ],
      [
        'WARNING',
        undefined,
        { because: 'UNREADABLE', what: 'the quotas', why: 'AccessDenied', isMinor: true },
      ],
      ['WARNING', 'larger', { because: 'UNREADABLE', what: 'its groups', why: 'Throttling' }],
    ]);
  });

  it('tells why a group is refused for what it is', () => {
    const nodes = group('a', { tags: { tier: 'web', holdfast: 'true', 'eks:cluster-name': 'shop' } });
    const [first] = decideReadiness(policyWith(), factsWith({ larger: { groups: [nodes, group('b')] } }));
    expect(first).toEqual({
      level: 'WARNING',
      rule: 'larger',
      fact: { because: 'GROUP_REFUSED', groups: ['a'], why: expect.stringContaining('Amazon EKS') },
    });
  });

  it.each<[StageFacts['killSwitch'], StageFacts['stageMode'], object | undefined]>([
    [undefined, undefined, undefined],
    ['live', 'live', undefined],
    ['live', 'dry-run', undefined],
    ['dry-run', 'dry-run', undefined],
    ['dry-run', undefined, { because: 'SWITCHED', word: 'dry-run', isKnown: true }],
    ['off', 'dry-run', { because: 'SWITCHED', word: 'off', isKnown: true }],
    [{ unknownWord: 'disabled' }, 'live', { because: 'SWITCHED', word: 'disabled', isKnown: false }],
  ])('of the kill switch %o in the mode %s finds %o', (killSwitch, stageMode, fact) => {
    const stage: StageFacts = {
      stage: 'prod',
      isDeployed: true,
      ...(killSwitch === undefined ? {} : { killSwitch }),
      ...(stageMode === undefined ? {} : { stageMode }),
    };
    const found = decideReadiness(policyWith(), { rules: [], stage, unreadable: [] });
    expect(found.map((each) => each.fact)).toEqual(fact === undefined ? [] : [fact]);
  });

  it.each<[StageFacts['subscriptions'], number | undefined]>([
    [undefined, undefined],
    [{ confirmed: 1, pending: 2 }, undefined],
    [{ confirmed: 0, pending: 2 }, 2],
  ])('of the subscriptions %o finds that nobody is told, %s pending', (subscriptions, pending) => {
    const stage: StageFacts = {
      stage: 'prod',
      isDeployed: true,
      ...(subscriptions === undefined ? {} : { subscriptions }),
    };
    const found = decideReadiness(policyWith(), { rules: [], stage, unreadable: [] });
    expect(found.map((each) => each.fact)).toEqual(
      pending === undefined ? [] : [{ because: 'NOBODY_IS_TOLD', pending }],
    );
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
