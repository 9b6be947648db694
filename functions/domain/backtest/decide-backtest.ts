import type { Policy, Rule } from '../../events/policy.ts';
import { type AutoScalingGroup, hasTags, isOptedIn, type ScalingProcess } from '../auto-scaling-group.ts';
import { type AlarmReading, decideHold } from '../holds/decide-hold.ts';
import { secondsToNextRound } from '../holds/seconds-to-next-round.ts';
import { isTaken, selectGroups } from '../holds/select-groups.ts';
import { askedSettings, type Incident } from '../incident.ts';
import { enoughFailures, withCounted } from '../launches/decide-launch-failures.ts';
import type { Launches } from '../launches/decide-launches.ts';
import { emptyLaunchRecord, type LaunchRecord } from '../launches/launch-record.ts';
import { remediations } from '../remediations.ts';
import { matchesPattern } from '../signals/match-rules.ts';
import { addSeconds, secondsBetween } from '../times.ts';
import type { AlarmChange, History, PastActivity, TakenBecause } from './history.ts';

/** A hold that a rule would have begun. */
export interface PastHold {
  rule: string;
  /** ISO 8601. */
  from: string;
  until: string;
  /** The decision that would have ended it; `STILL_HELD` where it would go on. */
  endedBecause: string;
  /** The alarm, or the group whose launches failed. */
  startedBy: string;
  groups: string[];
  /** Instances that Auto Scaling took from these groups meanwhile, by why; those that the hold would have kept apart. */
  taken: Partial<Record<TakenBecause, number>>;
  wouldHaveKept: number;
}

/** What a rule would have come to. */
export interface RuleBacktest {
  rule: string;
  holds: PastHold[];
  /** Alarms that fit the rule and never went into ALARM. */
  silentAlarms: string[];
  /** Why the past says nothing of it. */
  unknownBecause?: string;
}

/** Which process takes an instance for which reason (Amazon EC2 Auto Scaling User Guide, "Suspend and resume processes"). */
const processOf: Partial<Record<TakenBecause, ScalingProcess>> = {
  'scale-in': 'Terminate',
  unhealthy: 'ReplaceUnhealthy',
  rebalance: 'AZRebalance',
  'instance refresh': 'InstanceRefresh',
};

/** Whether a hold would have kept an instance that was taken for this reason. */
const isKept = ({ settings: { effect } }: Rule, because: TakenBecause): boolean => {
  const process = processOf[because];
  if (process === undefined) return false;
  return effect.processes.includes(process) || (because === 'scale-in' && effect.protectsInstances);
};

/** What an alarm said at a moment. */
const readingAt = (changes: AlarmChange[], at: string): AlarmReading => {
  const last = changes.findLast((change) => change.at <= at);
  if (last === undefined) return { kind: 'unreadable', error: 'before the history' };
  return {
    kind: 'read',
    value: last.value,
    since: last.at,
    ...(last.lacksData === true ? { lacksData: true } : {}),
  };
};

/** How launches stood in the groups of a hold at a moment, as far as activities tell. */
const launchesAt = (activities: PastActivity[], incident: Incident, at: string): Launches => {
  const ended = activities.filter(
    ({ kind, endedAt }) => kind === 'launch' && endedAt !== undefined && endedAt <= at,
  );
  const byGroup = Map.groupBy(ended, ({ autoScalingGroupName }) => autoScalingGroupName);
  const states = [...byGroup.values()].map((launches) => {
    const lastFailed = launches.findLast(({ hasFailed }) => hasFailed)?.startedAt ?? '';
    const since = lastFailed > incident.startedAt ? lastFailed : incident.startedAt;
    const succeeded = launches.filter(({ hasFailed, endedAt = '' }) => !hasFailed && endedAt > since).length;
    if (succeeded >= incident.settings.launchesToRelease) return 'SUCCEEDING';
    return launches.at(-1)?.hasFailed === true ? 'FAILING' : 'QUIET';
  });
  const failing = states.filter((state) => state === 'FAILING').length;
  return {
    succeedAgain: failing === 0 && states.includes('SUCCEEDING'),
    waitingGroups: failing,
    unprovenGroups: failing,
  };
};

/** A hold from its start to its end, with the decision of every round. */
const playHold = (
  start: Incident,
  alarm: AlarmChange[] | undefined,
  activities: PastActivity[],
  until: string,
): { until: string; endedBecause: string } => {
  let incident = start;
  let now = start.startedAt;
  for (let round = 1; ; round += 1) {
    now = addSeconds(now, secondsToNextRound(incident, round, true, now));
    if (now >= until) return { until, endedBecause: 'STILL_HELD' };
    const reading: AlarmReading = alarm === undefined ? { kind: 'none' } : readingAt(alarm, now);
    const decision = decideHold(
      incident,
      { alarm: reading, mode: 'live', round, launches: launchesAt(activities, incident, now) },
      now,
    );
    if (decision.action === 'RELEASE') return { until: now, endedBecause: decision.because };
    incident = {
      ...incident,
      ...(decision.renewUntil === undefined ? {} : { expiresAt: decision.renewUntil }),
      ...(decision.because === 'OK_WITHOUT_DATA' ? { okWithoutDataAt: now } : {}),
    };
  }
};

const incidentOf = (rule: Rule, at: string, alarmName?: string): Incident => ({
  incidentId: `${rule.name}-${at}`,
  remediation: rule.do,
  rule: rule.name,
  ...(alarmName === undefined ? {} : { alarm: { alarmName, alarmArn: alarmName, stateTimestamp: at } }),
  ...(remediations[rule.do].untilLaunchesSucceed() ? { untilLaunchesSucceed: true } : {}),
  reason: rule.name,
  mode: 'live',
  ...askedSettings(rule),
  startedAt: at,
  expiresAt: addSeconds(at, rule.settings.expiresAfterSeconds),
  status: 'HELD',
});

const countTaken = (
  rule: Rule,
  names: string[],
  { from, until }: { from: string; until: string },
  activities: PastActivity[],
): Pick<PastHold, 'taken' | 'wouldHaveKept'> => {
  const during = activities.filter(
    ({ kind, startedAt, autoScalingGroupName: name, hasFailed }) =>
      kind === 'termination' && !hasFailed && startedAt >= from && startedAt < until && names.includes(name),
  );
  const byReason = Map.groupBy(during, ({ because = 'something else' }) => because);
  return {
    taken: Object.fromEntries([...byReason].map(([because, some]) => [because, some.length])),
    wouldHaveKept: during.filter(({ because = 'something else' }) => isKept(rule, because)).length,
  };
};

const ofAlarm = (rule: Rule, history: History, names: string[]): RuleBacktest => {
  const patterns = rule.when.alarm ?? [];
  const fits = (name: string): boolean => patterns.some((pattern) => matchesPattern(pattern, name));
  const fitting = history.alarmNames.filter(fits);
  const activities = history.activities.filter(({ autoScalingGroupName }) =>
    names.includes(autoScalingGroupName),
  );
  const holds = fitting.flatMap((alarmName) => {
    const changes = history.alarms.filter((change) => change.alarmName === alarmName);
    const played: PastHold[] = [];
    for (const { value, at } of changes) {
      // An alarm that comes back while its hold lasts is the same affair.
      if (value !== 'ALARM' || at < history.from || at < (played.at(-1)?.until ?? '')) continue;
      const end = playHold(incidentOf(rule, at, alarmName), changes, activities, history.until);
      played.push({
        rule: rule.name,
        from: at,
        ...end,
        startedBy: alarmName,
        groups: names,
        ...countTaken(rule, names, { from: at, until: end.until }, activities),
      });
    }
    return played;
  });
  return {
    rule: rule.name,
    holds: holds.sort((a, b) => (a.from < b.from ? -1 : 1)),
    silentAlarms: fitting.filter((name) => !holds.some(({ startedBy }) => startedBy === name)),
    ...(fitting.length === 0 ? { unknownBecause: `no alarm here is called ${patterns.join(' or ')}` } : {}),
  };
};

const ofFailures = (rule: Rule, history: History, names: string[]): RuleBacktest => {
  const { launchFailures } = rule.when;
  if (launchFailures === undefined) return { rule: rule.name, holds: [], silentAlarms: [] };
  const holds = names.flatMap((name) => {
    const activities = history.activities.filter(({ autoScalingGroupName }) => autoScalingGroupName === name);
    const failed = activities.filter(({ kind, hasFailed }) => kind === 'launch' && hasFailed);
    let record: LaunchRecord = emptyLaunchRecord(name);
    const played: PastHold[] = [];
    for (const { activityId, startedAt, endedAt = startedAt } of failed) {
      record = { ...record, failures: [...record.failures, { activityId, startedAt, at: endedAt }] };
      const enough = enoughFailures(record, rule, launchFailures, endedAt);
      if (enough === undefined) continue;
      record = withCounted(record, rule, enough.latest, undefined, endedAt);
      if (endedAt < history.from || endedAt < (played.at(-1)?.until ?? '')) continue;
      const end = playHold(incidentOf(rule, endedAt), undefined, activities, history.until);
      played.push({
        rule: rule.name,
        from: endedAt,
        ...end,
        startedBy: name,
        groups: [name],
        ...countTaken(rule, [name], { from: endedAt, until: end.until }, activities),
      });
    }
    return played;
  });
  return { rule: rule.name, holds: holds.sort((a, b) => (a.from < b.from ? -1 : 1)), silentAlarms: [] };
};

/**
 * What each rule of a policy would have done in the past: the same decisions, on what CloudWatch and Auto Scaling remember.
 * It cannot know what a group was set to then, who was awake, or since when an instance waited in a hook.
 *
 * @param groups as they are now
 */
export const decideBacktest = (
  policy: Policy,
  history: History,
  groups: AutoScalingGroup[],
): RuleBacktest[] =>
  policy.rules.map((rule) => {
    const unknown = (unknownBecause: string): RuleBacktest => ({
      rule: rule.name,
      holds: [],
      silentAlarms: [],
      unknownBecause,
    });
    if (rule.drain !== undefined) return unknown('nobody keeps since when instances waited in launch hooks');
    if (rule.resize !== undefined)
      return unknown('what a resize would have done only a plan can say, of now');
    const own = groups.filter((group) => isOptedIn(group) && hasTags(group, rule.targets.tags));
    const { groups: selected } = selectGroups(own, [], {
      remediation: rule.do,
      // What failed launches start is about one group.
      groupsMax: rule.when.launchFailures === undefined ? rule.settings.groupsMax : own.length,
    });
    if (own.length === 0) return unknown('no group with its tags has opted in');
    const names = selected.filter(isTaken).map(({ autoScalingGroupName }) => autoScalingGroupName);
    if (names.length === 0) return unknown('each of its groups would be left alone; holdfast check says why');
    return rule.when.alarm === undefined ? ofFailures(rule, history, names) : ofAlarm(rule, history, names);
  });

/** The alarms that a policy waits for. */
export const alarmPatternsOf = ({ rules }: Policy): string[] => rules.flatMap(({ when }) => when.alarm ?? []);

/** For how long a rule would have held, in seconds. */
export const secondsHeld = ({ holds }: RuleBacktest): number =>
  holds.reduce((sum, { from, until }) => sum + secondsBetween(from, until), 0);
