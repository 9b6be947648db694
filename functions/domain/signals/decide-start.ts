import { createHash } from 'node:crypto';
import type { Policy, Rule } from '../../events/policy.ts';
import type { AutoScalingGroup } from '../auto-scaling-group.ts';
import type { EnoughFailures } from '../launches/decide-launch-failures.ts';
import type { Breaker, StuckInstance } from '../launches/launch-record.ts';
import { failingTogetherMarginSeconds, failingTogetherSeconds } from '../limits.ts';
import type { Mode } from '../mode.ts';
import { addSeconds, fromUnixSeconds, secondsBetween, unixSeconds } from '../times.ts';
import { rulesForAlarm } from './match-rules.ts';

/** An alarm's change of state, as an event or a description tells it. */
export interface AlarmState {
  alarmName: string;
  alarmArn: string;
  value: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  /** ISO 8601 time since when the alarm has been in this state. */
  since: string;
  /** Why the alarm's actions are suppressed, muted or disabled, when they are. */
  suppressedBecause?: string;
  /** Of an OK: whether it is only for want of data. */
  lacksData?: boolean;
}

/** The input of an execution that a rule starts. Nothing in it changes when the same signal comes again. */
export type RuleInput =
  | { rule: string; alarm: { alarmName: string; alarmArn: string; stateTimestamp: string } }
  | { rule: string; launchFailures: { autoScalingGroupName: string; activityId: string; failedAt: string } }
  | { rule: string; failingGroups: { beginAt: string } }
  | { rule: string; stillFailing: { autoScalingGroupName: string; since: string } }
  | { rule: string; stuckInstance: { autoScalingGroupName: string; instanceId: string; since: string } }
  | { rule: string; breaker: { autoScalingGroupName: string; openedAt: string } };

/**
 * What the names of the executions of one signal begin with, whichever try of it this is; `undefined` when no signal
 * started it.
 *
 * @param executionArn ARN or name of an execution
 */
export const signalNameOf = (executionArn: string): string | undefined =>
  /^(?!.*:(?:bring-home|give-back)-\d)(.*-\d{14}-[0-9a-f]{16})(?:-\d{1,3})?$/.exec(executionArn)?.[1];

/** What the sweep takes up: changes of state whose event was lost, or could not begin what it should have. */
export interface TakeUp {
  /** ISO 8601: since when the stage is there and its mode is what it is. What changed before is not taken up. */
  since: string;
}

/** What a signal leads to, for one rule or for none. */
export type StartDecision =
  | ({ action: 'START'; rule: Rule; executionName: string; input: RuleInput } & StartFacts)
  | ({ action: 'IGNORE'; rule?: string } & IgnoreFacts);

/** Why an execution is started. */
export type StartFacts =
  | { because: 'IN_ALARM'; alarmName: string; since: string }
  | { because: 'LAUNCHES_FAIL'; autoScalingGroupName: string; failures: number; latestAt: string }
  | { because: 'LAUNCHES_FAIL_IN_MANY_GROUPS'; autoScalingGroupName: string; beginAt: string }
  | { because: 'STUCK'; autoScalingGroupName: string; instanceId: string; waitedSeconds: number }
  | { because: 'BREAKER_OPEN'; autoScalingGroupName: string; since: string };

/** Why nothing is started. */
export type IgnoreFacts =
  | { because: 'NO_RULE'; alarmName: string }
  | { because: 'NOT_IN_ALARM'; value: AlarmState['value'] }
  | { because: 'MODE_OFF' }
  | { because: 'STALE'; ageSeconds: number; freshForSeconds: number }
  | { because: 'BEFORE_THE_STAGE'; changedAt: string; since: string }
  | { because: 'TOO_LONG_AGO'; ageSeconds: number; holdAtMostSeconds: number }
  | { because: 'ALARM_DELETED' }
  | { because: 'NOT_IN_ALARM_ANY_MORE'; value: AlarmState['value'] }
  /** `isReadAgain` of an alarm that was in ALARM when its event was sent. */
  | { because: 'SUPPRESSED'; suppressedBecause: string; isReadAgain: boolean };

/**
 * The name of the execution that a signal starts: the same for a duplicate, whoever finds it. Whole seconds only,
 * because an event carries milliseconds and a description may not.
 *
 * @param rule name of the rule, or of what starts the execution
 * @param identity what the signal is about: an alarm's ARN, a scaling activity's id, a group and an instance
 * @param since ISO 8601
 * @returns at most 80 characters of `0-9 A-Z a-z - _`, as Step Functions allows
 */
export const nameExecution = (rule: string, identity: string, since: string): string => {
  const second = fromUnixSeconds(unixSeconds(since)).slice(0, 19);
  const hash = createHash('sha256').update(`${rule}\n${identity}\n${second}`).digest('hex').slice(0, 16);
  return `${rule}-${second.replace(/[-:T]/g, '')}-${hash}`;
};

/** Why a change of state is too old for a rule; `undefined` when it is not. */
const staleFacts = (
  { settings, when }: Rule,
  { since }: AlarmState,
  takeUp: TakeUp | undefined,
  now: string,
): IgnoreFacts | undefined => {
  const ageSeconds = secondsBetween(since, now);
  const { freshForSeconds } = when;
  if (takeUp === undefined) {
    return ageSeconds > freshForSeconds ? { because: 'STALE', ageSeconds, freshForSeconds } : undefined;
  }
  if (since < takeUp.since) {
    return { because: 'BEFORE_THE_STAGE', changedAt: since, since: takeUp.since };
  }
  // What may be held no longer than this need not be begun after it.
  const { holdAtMostSeconds } = settings;
  return ageSeconds > holdAtMostSeconds
    ? { because: 'TOO_LONG_AGO', ageSeconds, holdAtMostSeconds }
    : undefined;
};

/** Decides for one rule; the checks that concern the signal alone come first. */
const decideForRule = (
  rule: Rule,
  signal: AlarmState,
  current: AlarmState | undefined,
  mode: Mode,
  takeUp: TakeUp | undefined,
  now: string,
): StartDecision => {
  const ignore = (facts: IgnoreFacts): StartDecision => ({ action: 'IGNORE', rule: rule.name, ...facts });
  if (mode === 'off') return ignore({ because: 'MODE_OFF' });
  const stale = staleFacts(rule, signal, takeUp, now);
  if (stale !== undefined) return ignore(stale);
  if (current === undefined) return ignore({ because: 'ALARM_DELETED' });
  if (current.value !== 'ALARM') return ignore({ because: 'NOT_IN_ALARM_ANY_MORE', value: current.value });
  const { suppressedBecause } = current;
  if (suppressedBecause !== undefined) {
    return ignore({ because: 'SUPPRESSED', suppressedBecause, isReadAgain: true });
  }
  return {
    action: 'START',
    rule,
    executionName: nameExecution(rule.name, signal.alarmArn, signal.since),
    input: {
      rule: rule.name,
      alarm: { alarmName: signal.alarmName, alarmArn: signal.alarmArn, stateTimestamp: signal.since },
    },
    because: 'IN_ALARM',
    alarmName: signal.alarmName,
    since: signal.since,
  };
};

/**
 * Decides what an alarm's signal starts.
 *
 * @param policy the rules
 * @param signal what the event (or the sweep) told
 * @param current the alarm as read again just now; `undefined` when CloudWatch knows no such alarm
 * @param mode what may happen
 * @param now ISO 8601
 * @param takeUp given by the sweep: the change of state may be as old as each rule's `holdAtMost`; without it as each
 * rule's `freshFor`
 * @returns one decision per matching rule; one `IGNORE` when the signal concerns no rule
 */
export const decideStart = (
  policy: Policy,
  signal: AlarmState,
  current: AlarmState | undefined,
  mode: Mode,
  now: string,
  takeUp?: TakeUp,
): StartDecision[] => {
  const rules = rulesForAlarm(policy, signal.alarmName);
  if (rules.length === 0) return [{ action: 'IGNORE', because: 'NO_RULE', alarmName: signal.alarmName }];
  if (signal.value !== 'ALARM') {
    return [{ action: 'IGNORE', because: 'NOT_IN_ALARM', value: signal.value }];
  }
  const { suppressedBecause } = signal;
  if (suppressedBecause !== undefined) {
    return [{ action: 'IGNORE', because: 'SUPPRESSED', suppressedBecause, isReadAgain: false }];
  }
  return rules.map((rule) => decideForRule(rule, signal, current, mode, takeUp, now));
};

/** The execution of one group whose launches failed, by the failure that completes the count. */
export const startForGroup = (
  { name: rule }: Pick<Rule, 'name'>,
  autoScalingGroupName: string,
  { activityId, failedAt }: { activityId: string; failedAt: string },
): { executionName: string; input: RuleInput } => ({
  // Not by the activity: of two that failed in one second, whoever counts may meet either first.
  executionName: nameExecution(rule, autoScalingGroupName, failedAt),
  input: { rule, launchFailures: { autoScalingGroupName, activityId, failedAt } },
});

/** Starts an execution because enough launches of a group failed. */
export const startForFailures = (
  rule: Rule,
  group: AutoScalingGroup,
  { count, completedBy }: EnoughFailures,
): StartDecision & { action: 'START' } => ({
  action: 'START',
  rule,
  ...startForGroup(rule, group.autoScalingGroupName, {
    activityId: completedBy.activityId,
    failedAt: completedBy.at,
  }),
  because: 'LAUNCHES_FAIL',
  autoScalingGroupName: group.autoScalingGroupName,
  failures: count,
  latestAt: completedBy.at,
});

/**
 * Starts the execution that many groups share whose launches fail at about the same time. It begins a little later, and
 * takes every group of the rule whose record says that this execution was started for it.
 *
 * @param now ISO 8601: all groups of the same twenty seconds share one
 */
export const startForFailingGroups = (
  rule: Rule,
  autoScalingGroupName: string,
  now: string,
): StartDecision & { action: 'START'; because: 'LAUNCHES_FAIL_IN_MANY_GROUPS' } => {
  const until = fromUnixSeconds(
    (Math.floor(unixSeconds(now) / failingTogetherSeconds) + 1) * failingTogetherSeconds,
  );
  const beginAt = addSeconds(until, failingTogetherMarginSeconds);
  return {
    action: 'START',
    rule,
    executionName: nameExecution(rule.name, 'failing groups', until),
    input: { rule: rule.name, failingGroups: { beginAt } },
    because: 'LAUNCHES_FAIL_IN_MANY_GROUPS',
    autoScalingGroupName,
    beginAt,
  };
};

/** What is started for a group whose launches fail on when those of most groups that shared its execution succeed. */
export const startForStillFailing = (
  rule: string,
  autoScalingGroupName: string,
  since: string,
): { executionName: string; input: RuleInput } => ({
  executionName: nameExecution(rule, `${autoScalingGroupName}/still failing`, since),
  input: { rule, stillFailing: { autoScalingGroupName, since } },
});

/** How long what was started for stuck instances, and ended, is not started again. */
const startAgainSeconds = 1800;

/** The beginning of the present half hour. */
export const startPeriod = (now: string): string =>
  fromUnixSeconds(Math.floor(unixSeconds(now) / startAgainSeconds) * startAgainSeconds);

/**
 * Starts an execution because instances are stuck; the longest wait names it, anew each half hour: what ended although
 * it is stuck (a dry run, a refusal, a person's Stop) is not begun again at once, and not forgotten either.
 */
export const startForStuck = (
  rule: Rule,
  autoScalingGroupName: string,
  { instanceId, since, waitedSeconds }: StuckInstance,
  now: string,
): StartDecision & { action: 'START' } => ({
  action: 'START',
  rule,
  executionName: nameExecution(rule.name, `${autoScalingGroupName}/${instanceId}`, startPeriod(now)),
  input: { rule: rule.name, stuckInstance: { autoScalingGroupName, instanceId, since } },
  because: 'STUCK',
  autoScalingGroupName,
  instanceId,
  waitedSeconds,
});

/** Starts an execution for a breaker that no execution has in hand; as often as for stuck instances. */
export const startForBreaker = (
  rule: Rule,
  autoScalingGroupName: string,
  { openedAt }: Breaker,
  now: string,
): StartDecision & { action: 'START' } => ({
  action: 'START',
  rule,
  executionName: nameExecution(rule.name, `${autoScalingGroupName}/breaker`, startPeriod(now)),
  input: { rule: rule.name, breaker: { autoScalingGroupName, openedAt } },
  because: 'BREAKER_OPEN',
  autoScalingGroupName,
  since: openedAt,
});
