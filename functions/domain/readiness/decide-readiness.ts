import type { Policy, Rule } from '../../events/policy.ts';
import { type AutoScalingGroup, isOptedIn } from '../auto-scaling-group.ts';
import { traitsTreated } from '../group-traits.ts';
import { selectGroups } from '../holds/select-groups.ts';
import type {
  AlarmFacts,
  HookFacts,
  PolicyDifference,
  ReadinessFacts,
  RoleDenial,
  RuleFacts,
  StageFacts,
} from './readiness-facts.ts';

/**
 * How ready something is.
 * - `NOT_READY`: at night it would not do what it is for.
 * - `WARNING`: it would, and there is something to look out for, or something that is not known.
 */
export type ReadinessLevel = 'NOT_READY' | 'WARNING';

/** What was found, in facts. */
export type ReadinessFact =
  | { because: 'NO_ALARM'; patterns: string[]; otherAlarms: RuleFacts['otherAlarms'] & object }
  | { because: 'ALARM_SUPPRESSED'; alarmName: string; why: string }
  | { because: 'ALARM_WITHOUT_DATA'; alarmName: string }
  | { because: 'MISSING_DATA_IS_GOOD'; alarmName: string }
  | { because: 'METRIC_WITHOUT_DATA'; alarmName: string }
  | { because: 'NO_GROUP'; tags: Record<string, string> }
  | { because: 'NOT_OPTED_IN'; groups: string[]; isAny: boolean }
  | { because: 'TOO_MANY_GROUPS'; groupsFound: number; groupsMax: number }
  /** These are over the number that a rule may take. */
  | { because: 'OVER_GROUPS_MAX'; groups: string[]; groupsMax: number }
  | { because: 'GROUP_REFUSED'; groups: string[]; why: string }
  | { because: 'GROUP_WARNED'; groups: string[]; why: string }
  | { because: 'NO_LAUNCH_HOOK'; groups: string[] }
  | { because: 'HOOK_CONTINUES'; groups: string[] }
  | { because: 'HOOK_TOO_SHORT'; groups: string[]; olderThanSeconds: number }
  | { because: 'CHECKS_EC2_ONLY'; groups: string[] }
  | { because: 'CANNOT_RESIZE'; groups: string[]; why: string }
  | { because: 'NOT_DEPLOYED'; stage: string }
  | { because: 'SWITCHED'; word: string; isKnown: boolean }
  | { because: 'NOBODY_IS_TOLD'; pending: number; hasNoTopic?: true }
  | ({ because: 'POLICY_DIFFERS' } & PolicyDifference)
  | { because: 'ROLES_DENIED'; by: RoleDenial['by']; actions: string[]; functionNames: string[] }
  | { because: 'UNREADABLE'; what: string; why: string; isMinor?: true };

/** One thing that is not as it should be. */
export interface ReadinessFinding {
  level: ReadinessLevel;
  /** The rule that it is about; absent for the stage. */
  rule?: string;
  fact: ReadinessFact;
}

type Found = Omit<ReadinessFinding, 'rule'>;

const notReady = (fact: ReadinessFact): Found => ({ level: 'NOT_READY', fact });
const warning = (fact: ReadinessFact): Found => ({ level: 'WARNING', fact });

const namesOf = (groups: AutoScalingGroup[]): string[] =>
  groups.map(({ autoScalingGroupName }) => autoScalingGroupName);

const ofAlarm = (alarm: AlarmFacts): Found[] => {
  const { alarmName, value, suppressedBecause, treatMissingData, hasNoData } = alarm;
  return [
    ...(suppressedBecause === undefined
      ? []
      : [notReady({ because: 'ALARM_SUPPRESSED', alarmName, why: suppressedBecause })]),
    ...(value === 'INSUFFICIENT_DATA' ? [notReady({ because: 'ALARM_WITHOUT_DATA', alarmName })] : []),
    ...(treatMissingData === 'notBreaching' ? [warning({ because: 'MISSING_DATA_IS_GOOD', alarmName })] : []),
    // A metric of what seldom happens has none for days.
    ...(hasNoData === true ? [warning({ because: 'METRIC_WITHOUT_DATA', alarmName })] : []),
  ];
};

const ofAlarms = (
  { when }: Rule,
  { alarms, patternsWithoutAlarm = [], otherAlarms = { names: [], count: 0 } }: RuleFacts,
): Found[] => {
  if (when.alarm === undefined || alarms === undefined) return [];
  return [
    ...(patternsWithoutAlarm.length === 0
      ? []
      : [
          // A rule with another alarm starts all the same.
          (alarms.length === 0 ? notReady : warning)({
            because: 'NO_ALARM',
            patterns: patternsWithoutAlarm,
            otherAlarms,
          }),
        ]),
    ...alarms.flatMap(ofAlarm),
  ];
};

/** What is so of several groups is said once. */
const byWhy = (
  as: typeof warning,
  because: 'GROUP_REFUSED' | 'GROUP_WARNED',
  found: { name: string; why: string }[],
): Found[] =>
  [...Map.groupBy(found, ({ why }) => why)].map(([why, some]) =>
    as({ because, groups: some.map(({ name }) => name), why }),
  );

const ofGroups = (rule: Rule, { groups }: RuleFacts): Found[] => {
  const { tags } = rule.targets;
  if (groups === undefined) return [];
  if (groups.length === 0) return [notReady({ because: 'NO_GROUP', tags })];
  const out = groups.filter((group) => !isOptedIn(group));
  const optedIn = groups.filter(isOptedIn);
  const { groups: selected, refusal } = selectGroups(optedIn, [], {
    remediation: rule.do,
    // What failed launches start is about one group.
    groupsMax: rule.when.launchFailures === undefined ? rule.settings.groupsMax : optedIn.length,
  });
  const over = selected.flatMap((each) =>
    each.action === 'REFUSE' && each.because === 'OVER_GROUPS_MAX' ? [each.autoScalingGroupName] : [],
  );
  const isNone = optedIn.length === 0;
  return [
    ...(out.length === 0
      ? []
      : [(isNone ? notReady : warning)({ because: 'NOT_OPTED_IN', groups: namesOf(out), isAny: !isNone })]),
    ...(refusal?.because === 'TOO_MANY_GROUPS' ? [notReady(refusal)] : []),
    ...(over.length > 0
      ? [notReady({ because: 'OVER_GROUPS_MAX' as const, groups: over, groupsMax: rule.settings.groupsMax })]
      : []),
    ...byWhy(
      refusal?.because === 'EVERY_GROUP_REFUSED' ? notReady : warning,
      'GROUP_REFUSED',
      selected.flatMap((each) => {
        if (each.action === 'TAKE' || each.because === 'OVER_GROUPS_MAX') return [];
        const why = each.because === 'TRAIT' ? each.why : 'the group cannot be held as it is now';
        return [{ name: each.autoScalingGroupName, why }];
      }),
    ),
    ...byWhy(
      warning,
      'GROUP_WARNED',
      optedIn.flatMap((group) =>
        traitsTreated(group, rule.do, 'warned').map(({ why }) => ({ name: group.autoScalingGroupName, why })),
      ),
    ),
  ];
};

const withNames = (
  groups: string[],
  toFact: (names: string[]) => ReadinessFact,
  as: typeof warning = warning,
): Found[] => (groups.length === 0 ? [] : [as(toFact(groups))]);

const ofHooks = ({ drain }: Rule, { hooks = new Map<string, HookFacts[]>() }: RuleFacts): Found[] => {
  if (drain === undefined) return [];
  const { olderThanSeconds, drainsContinuing } = drain;
  const named = (isMeant: (hooks: HookFacts[]) => boolean): string[] =>
    [...hooks].flatMap(([name, some]) => (isMeant(some) ? [name] : []));
  const hasContinuing = (some: HookFacts[]): boolean =>
    some.length > 0 && some.every(({ defaultResult }) => defaultResult === 'CONTINUE');
  const isTooShort = (some: HookFacts[]): boolean =>
    some.length > 0 &&
    some.every(({ heartbeatTimeoutSeconds }) => heartbeatTimeoutSeconds <= olderThanSeconds);
  return [
    ...withNames(
      named((some) => some.length === 0),
      (groups) => ({ because: 'NO_LAUNCH_HOOK', groups }),
    ),
    ...(drainsContinuing
      ? []
      : withNames(named(hasContinuing), (groups) => ({ because: 'HOOK_CONTINUES', groups }))),
    ...withNames(named(isTooShort), (groups) => ({ because: 'HOOK_TOO_SHORT', groups, olderThanSeconds })),
  ];
};

const ofResizes = ({ resize }: Rule, { groups = [], resizes = [] }: RuleFacts): Found[] => {
  if (resize === undefined) return [];
  const unfit = resizes.filter(({ isFit }) => !isFit);
  return [
    ...[...Map.groupBy(unfit, ({ text }) => text)].map(([why, some]) =>
      warning({
        because: 'CANNOT_RESIZE',
        groups: some.map(({ autoScalingGroupName }) => autoScalingGroupName),
        why,
      }),
    ),
    ...withNames(
      namesOf(groups.filter((group) => isOptedIn(group) && group.checksEc2Only === true)),
      (names) => ({ because: 'CHECKS_EC2_ONLY', groups: names }),
    ),
  ];
};

/** What is denied by one for several functions is said once. */
const ofRoles = (denials: RoleDenial[]): Found[] =>
  [...Map.groupBy(denials, ({ by }) => by)].map(([by, some]) =>
    notReady({
      because: 'ROLES_DENIED',
      by,
      actions: [...new Set(some.flatMap(({ actions }) => actions))].sort(),
      functionNames: some.map(({ functionName }) => functionName),
    }),
  );

const ofStage = (facts: StageFacts): Found[] => {
  const { stage, isDeployed, stageMode = 'live', killSwitch, subscriptions } = facts;
  const { policyDifference, roleDenials = [] } = facts;
  if (!isDeployed) return [notReady({ because: 'NOT_DEPLOYED', stage })];
  const word = typeof killSwitch === 'object' ? killSwitch.unknownWord : killSwitch;
  return [
    ...(word === undefined || word === 'live' || word === stageMode
      ? []
      : [notReady({ because: 'SWITCHED', word, isKnown: typeof killSwitch !== 'object' })]),
    ...(subscriptions === undefined || (subscriptions !== 'NO_TOPIC' && subscriptions.confirmed > 0)
      ? []
      : [
          notReady({
            because: 'NOBODY_IS_TOLD',
            ...(subscriptions === 'NO_TOPIC'
              ? { pending: 0, hasNoTopic: true as const }
              : { pending: subscriptions.pending }),
          }),
        ]),
    ...ofRoles(roleDenials),
    ...(policyDifference === undefined ? [] : [warning({ because: 'POLICY_DIFFERS', ...policyDifference })]),
  ];
};

/**
 * What stands in the way of the rules of a policy, and of its stage, before anything happens. What could not be read is
 * not ready and not wrong: it is said.
 */
export const decideReadiness = ({ rules }: Policy, facts: ReadinessFacts): ReadinessFinding[] => [
  ...rules.flatMap((rule): ReadinessFinding[] => {
    const found = facts.rules.find((each) => each.rule === rule.name);
    if (found === undefined) return [];
    return [
      ...ofAlarms(rule, found),
      ...ofGroups(rule, found),
      ...ofHooks(rule, found),
      ...ofResizes(rule, found),
    ].map((each) => ({ ...each, rule: rule.name }));
  }),
  ...(facts.stage === undefined ? [] : ofStage(facts.stage)),
  ...facts.unreadable.map(
    ({ rule, what, because, isMinor }): ReadinessFinding => ({
      ...warning({
        because: 'UNREADABLE',
        what,
        why: because,
        ...(isMinor === undefined ? {} : { isMinor }),
      }),
      ...(rule === undefined ? {} : { rule }),
    }),
  ),
];
