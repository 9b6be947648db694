import pMap from 'p-map';
import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { AlarmCatalogue, CloudWatch } from '../../aws/cloudwatch.ts';
import type { Clock } from '../../clock.ts';
import { type AutoScalingGroup, isOptedIn } from '../../domain/auto-scaling-group.ts';
import type {
  AlarmFacts,
  HookFacts,
  ReadinessFacts,
  RuleFacts,
  TriedResize,
  UnreadableFact,
} from '../../domain/readiness/readiness-facts.ts';
import { matchesPattern } from '../../domain/signals/match-rules.ts';
import { addSeconds, counted } from '../../domain/times.ts';
import { nearestToPattern } from '../../events/nearest.ts';
import type { Policy, Rule } from '../../events/policy.ts';
import { type ExplainError, noteUnreadable } from './note-unreadable.ts';

/** What is looked at. */
export interface ReadinessDependencies {
  autoScaling: AutoScaling;
  cloudWatch: AlarmCatalogue & Pick<CloudWatch, 'describeMute'>;
  /** What a resize of a rule finds now, by group; absent where nobody can plan one here. */
  tryResize?: (rule: Rule) => Promise<TriedResize[]>;
  explain: ExplainError;
  clock: Clock;
}

/** Launch hooks are asked for group by group; more at once only throttles. */
const hooksAtOnce = 4;

/** Hooks of so many groups are looked at; of more groups the first tell. */
const groupsWithHooksMax = 200;

/** Of so many alarms of a rule is asked what takes a call for each. */
const alarmsWithDetailsMax = 50;

/** So many names of other alarms are told. */
const otherAlarmsKept = 5;

/** Asks for each thing once, however many rules need it. */
const once = <Value>(read: (key: string) => Promise<Value>): ((key: string) => Promise<Value>) => {
  const known = new Map<string, Promise<Value>>();
  return (key) => {
    const found = known.get(key) ?? read(key);
    known.set(key, found);
    return found;
  };
};

/**
 * Reads what the rules of a policy depend on. It changes nothing: one call for 100 alarms of a pattern, one for 100 groups
 * of a rule, and for rules that drain one for each group.
 *
 * @returns what could be read, and what could not, with why
 */
export const lookAtReadiness = async (
  { autoScaling, cloudWatch, tryResize, explain, clock }: ReadinessDependencies,
  policy: Policy,
): Promise<ReadinessFacts> => {
  const unreadable: UnreadableFact[] = [];
  const alarmsFrom = once((prefix) => cloudWatch.describeAlarmFacts(prefix));
  const groupsWith = once((tags) =>
    autoScaling.describeAutoScalingGroupsByTags(JSON.parse(tags) as Record<string, string>),
  );
  const muteOf = once((alarmName) => cloudWatch.describeMute(alarmName));
  const dataOf = once((alarmName) => {
    const now = clock.now();
    return cloudWatch.hasData(alarmName, addSeconds(now, -86_400), now);
  });
  /** What is too much to look at is not known. */
  const notLookedAt = (rule: string, what: string, first: number): void => {
    unreadable.push({ rule, what, because: `only the first ${first} are looked at`, isMinor: true });
  };
  const hooksOf = once((name) => autoScaling.describeLaunchHooks(name));

  /** What takes a call for each alarm: whether it is muted, and whether it has data where its state does not say so. */
  const withDetails = async (alarm: AlarmFacts, rule: string): Promise<AlarmFacts> => {
    const { alarmName, value, treatMissingData = 'missing' } = alarm;
    const read = noteUnreadable(unreadable, explain, { rule, isMinor: true });
    const muted = await read('whether its alarms are muted', () => muteOf(alarmName));
    const saysSo = value === 'INSUFFICIENT_DATA' || treatMissingData === 'missing';
    const hasData = saysSo
      ? undefined
      : await read('whether the metrics of its alarms have data', () => dataOf(alarmName));
    return {
      ...alarm,
      ...(muted === undefined ? {} : { suppressedBecause: muted }),
      ...(hasData === false ? { hasNoData: true } : {}),
    };
  };

  const lookAtAlarms = async (
    patterns: string[],
    rule: string,
  ): Promise<Pick<RuleFacts, 'alarms' | 'patternsWithoutAlarm' | 'otherAlarms'>> => {
    const found = new Map<string, AlarmFacts>();
    const withoutAlarm: string[] = [];
    for (const pattern of patterns) {
      const alarms = await alarmsFrom(pattern.split('*')[0] ?? '');
      const fitting = alarms.filter(({ alarmName }) => matchesPattern(pattern, alarmName));
      for (const alarm of fitting) found.set(alarm.alarmName, alarm);
      if (fitting.length === 0) withoutAlarm.push(pattern);
    }
    const [some, more] = [
      [...found.values()].slice(0, alarmsWithDetailsMax),
      found.size - alarmsWithDetailsMax,
    ];
    const alarms: AlarmFacts[] = [...found.values()].slice(alarmsWithDetailsMax);
    for (const alarm of some) alarms.push(await withDetails(alarm, rule));
    if (more > 0)
      notLookedAt(
        rule,
        `whether ${counted(more, 'more alarm')} are muted and have data`,
        alarmsWithDetailsMax,
      );
    if (withoutAlarm.length === 0) return { alarms, patternsWithoutAlarm: [] };
    const others = (await alarmsFrom(''))
      .map(({ alarmName }) => alarmName)
      .filter((name) => !found.has(name));
    const nearest = withoutAlarm
      .map((pattern) => nearestToPattern(pattern, others))
      .find((name) => name !== undefined);
    return {
      alarms,
      patternsWithoutAlarm: withoutAlarm,
      otherAlarms: {
        names: others.slice(0, otherAlarmsKept),
        count: others.length,
        ...(nearest === undefined ? {} : { nearest }),
      },
    };
  };

  const lookAtHooks = async (groups: AutoScalingGroup[], rule: string): Promise<Map<string, HookFacts[]>> => {
    const names = groups.filter(isOptedIn).map(({ autoScalingGroupName }) => autoScalingGroupName);
    const more = names.length - groupsWithHooksMax;
    if (more > 0) notLookedAt(rule, `the launch hooks of ${counted(more, 'more group')}`, groupsWithHooksMax);
    const hooks = await pMap(
      names.slice(0, groupsWithHooksMax),
      async (name): Promise<[string, HookFacts[]]> => [name, await hooksOf(name)],
      { concurrency: hooksAtOnce },
    );
    return new Map(hooks);
  };

  const lookAtRule = async (rule: Rule): Promise<RuleFacts> => {
    const read = noteUnreadable(unreadable, explain, { rule: rule.name });
    const { alarm } = rule.when;
    const alarms = alarm === undefined ? {} : await read('its alarm', () => lookAtAlarms(alarm, rule.name));
    const groups = await read('its groups', () => groupsWith(JSON.stringify(rule.targets.tags)));
    const hooks =
      rule.drain === undefined || groups === undefined
        ? undefined
        : await read('the launch hooks of its groups', () => lookAtHooks(groups, rule.name));
    const resizes =
      rule.resize === undefined || tryResize === undefined
        ? undefined
        : await read('whether its instances can be resized', () => tryResize(rule));
    return {
      rule: rule.name,
      ...(alarms ?? {}),
      ...(groups === undefined ? {} : { groups }),
      ...(hooks === undefined ? {} : { hooks }),
      ...(resizes === undefined ? {} : { resizes }),
    };
  };

  const rules: RuleFacts[] = [];
  for (const rule of policy.rules) rules.push(await lookAtRule(rule));
  return { rules, unreadable };
};
