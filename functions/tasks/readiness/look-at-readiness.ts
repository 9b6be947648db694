import pMap from 'p-map';
import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { AlarmCatalogue } from '../../aws/cloudwatch.ts';
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
import { addSeconds } from '../../domain/times.ts';
import type { Policy, Rule } from '../../events/policy.ts';
import { type ExplainError, noteUnreadable } from './note-unreadable.ts';

/** What is looked at. */
export interface ReadinessDependencies {
  autoScaling: AutoScaling;
  cloudWatch: AlarmCatalogue;
  /** What a resize of a rule finds now, by group; absent where nobody can plan one here. */
  tryResize?: (rule: Rule) => Promise<TriedResize[]>;
  explain: ExplainError;
  clock: Clock;
}

/** Launch hooks are asked for group by group; more at once only throttles. */
const hooksAtOnce = 4;

/** Hooks of so many groups are looked at; of more groups the first tell. */
const groupsWithHooksMax = 200;

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
  const hooksOf = once((name) => autoScaling.describeLaunchHooks(name));

  /** An alarm that has no data says so, but for one that takes missing data for something. */
  const withData = once(async (json): Promise<AlarmFacts> => {
    const alarm = JSON.parse(json) as AlarmFacts;
    const { alarmName, value, treatMissingData = 'missing' } = alarm;
    if (value === 'INSUFFICIENT_DATA' || treatMissingData === 'missing') return alarm;
    const now = clock.now();
    const read = noteUnreadable(unreadable, explain);
    const hasData = await read(`whether the metric of ${alarmName} has data`, () =>
      cloudWatch.hasData(alarmName, addSeconds(now, -86_400), now),
    );
    return hasData === false ? { ...alarm, hasNoData: true } : alarm;
  });

  const lookAtAlarms = async (
    patterns: string[],
  ): Promise<Pick<RuleFacts, 'alarms' | 'patternsWithoutAlarm' | 'otherAlarmNames'>> => {
    const found = new Map<string, AlarmFacts>();
    const withoutAlarm: string[] = [];
    for (const pattern of patterns) {
      const alarms = await alarmsFrom(pattern.split('*')[0] ?? '');
      const fitting = alarms.filter(({ alarmName }) => matchesPattern(pattern, alarmName));
      for (const alarm of fitting) found.set(alarm.alarmName, await withData(JSON.stringify(alarm)));
      if (fitting.length === 0) withoutAlarm.push(pattern);
    }
    if (withoutAlarm.length === 0) return { alarms: [...found.values()], patternsWithoutAlarm: [] };
    const others = (await alarmsFrom('')).map(({ alarmName }) => alarmName);
    return {
      alarms: [...found.values()],
      patternsWithoutAlarm: withoutAlarm,
      otherAlarmNames: others.filter((name) => !found.has(name)),
    };
  };

  const lookAtHooks = async (groups: AutoScalingGroup[]): Promise<Map<string, HookFacts[]>> => {
    const names = groups.filter(isOptedIn).map(({ autoScalingGroupName }) => autoScalingGroupName);
    const hooks = await pMap(
      names.slice(0, groupsWithHooksMax),
      async (name): Promise<[string, HookFacts[]]> => [name, await hooksOf(name)],
      { concurrency: hooksAtOnce },
    );
    return new Map(hooks);
  };

  const lookAtRule = async (rule: Rule): Promise<RuleFacts> => {
    const read = noteUnreadable(unreadable, explain, rule.name);
    const { alarm } = rule.when;
    const alarms = alarm === undefined ? {} : await read('its alarm', () => lookAtAlarms(alarm));
    const groups = await read('its groups', () => groupsWith(JSON.stringify(rule.targets.tags)));
    const hooks =
      rule.drain === undefined || groups === undefined
        ? undefined
        : await read('the launch hooks of its groups', () => lookAtHooks(groups));
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
