import type { AutoScaling } from '../../aws/auto-scaling.ts';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { CloudWatch } from '../../aws/cloudwatch.ts';
import type { KillSwitch } from '../../aws/systems-manager.ts';
import type { Clock } from '../../clock.ts';
import { parseArn } from '../../domain/arn.ts';
import type { AutoScalingGroup } from '../../domain/auto-scaling-group.ts';
import { isComplete } from '../../domain/group-units.ts';
import { enoughFailures, hasYetToBegin, withCounted } from '../../domain/launches/decide-launch-failures.ts';
import type { LaunchRecord, StartedForFailures } from '../../domain/launches/launch-record.ts';
import { groupsFailingAloneMax } from '../../domain/limits.ts';
import { lowestMode, type Mode } from '../../domain/mode.ts';
import {
  type AlarmState,
  decideStart,
  startForFailingGroups,
  startForFailures,
} from '../../domain/signals/decide-start.ts';
import { type RuleFor, rulesForLaunchFailures } from '../../domain/signals/match-rules.ts';
import { secondsBetween } from '../../domain/times.ts';
import type { Policy, Rule } from '../../events/policy.ts';
import { parseSignal, type Signal } from '../../events/signal.ts';
import type { Store } from '../../state/store.ts';
import { findUnprotected } from '../incidents/find-unprotected.ts';
import { type StartDependencies, type StartOutcome, startExecutions } from '../incidents/start-executions.ts';
import { changeLaunches } from '../launches/change-launches.ts';
import { fingerprintOf, isTarget, launchRulesOf, rememberLaunchRules } from '../launches/launch-rules.ts';

/** What RouteSignal needs. */
export interface RouteSignalDependencies extends StartDependencies {
  autoScaling: AutoScaling;
  cloudWatch: CloudWatch;
  killSwitch: KillSwitch;
  store: Store;
  clock: Clock;
  policy: Policy;
  stageMode: Mode;
  /** Instead of `groupsFailingAloneMax`. */
  groupsFailingAlone?: number;
}

/** The alarm as it is now, a mute rule included: a muted alarm starts nothing. */
export const readAlarmAgain = async (
  cloudWatch: CloudWatch,
  alarmName: string,
): Promise<AlarmState | undefined> => {
  const current = await cloudWatch.describeAlarm(alarmName);
  if (current?.value !== 'ALARM') return current;
  const mutedBecause = await cloudWatch.describeMute(alarmName);
  return mutedBecause === undefined ? current : { ...current, suppressedBecause: mutedBecause };
};

/**
 * Starts what a rule asks for when enough launches of a group failed, and then counts afresh. While an incident protects
 * the group until launches succeed they are only counted off: when it ends, the next ones start. A group has an execution
 * of its own, unless launches fail in many groups of the rule in the same minute: then further ones share one, and nothing
 * is asked of AWS before it begins.
 *
 * @param look the group as it is now; `undefined` when there is none, or the rule is not about it
 */
export const startWhenEnoughFailed = async (
  dependencies: StartDependencies & { store: Store; clock: Clock; groupsFailingAlone?: number },
  rule: RuleFor<'launchFailures'>,
  record: LaunchRecord,
  look: () => Promise<AutoScalingGroup | undefined>,
): Promise<StartOutcome[]> => {
  const { store, clock, groupsFailingAlone = groupsFailingAloneMax } = dependencies;
  const { autoScalingGroupName } = record;
  const now = clock.now();
  const enough = enoughFailures(record, rule, rule.when.launchFailures, now);
  if (enough === undefined) return [];
  const ignored = (reason: string): StartOutcome[] => [{ action: 'IGNORED', rule: rule.name, reason }];
  const countOff = async (
    started?: Pick<StartedForFailures, 'executionName' | 'beginAt'>,
  ): Promise<StartedForFailures | undefined> => {
    const { at: failedAt, activityId } = enough.completedBy;
    const ofFailures = started === undefined ? undefined : { ...started, activityId, failedAt };
    const written = await changeLaunches(store, autoScalingGroupName, (current) =>
      withCounted(current, rule, enough.latest, ofFailures, clock.now()),
    );
    return written.startedFor?.[rule.name];
  };
  if ((await findUnprotected(store, [autoScalingGroupName])).length === 0) {
    await countOff();
    return ignored(`${autoScalingGroupName} is protected already`);
  }
  if (hasYetToBegin(record.startedFor?.[rule.name], clock.now())) {
    await countOff();
    return ignored(`${autoScalingGroupName} is given to an execution that has yet to begin`);
  }
  const share = async (): Promise<StartOutcome[]> => {
    // Written first, because the execution takes the groups that it is written of. What a crash leaves to be started, and
    // who is written down too late, the sweep finds.
    const start = startForFailingGroups(rule, autoScalingGroupName, clock.now());
    const { executionName, beginAt } = start;
    const started = await countOff({ executionName, beginAt });
    return started?.executionName === executionName
      ? startExecutions(dependencies, [start])
      : ignored(`${autoScalingGroupName} is given to ${started?.executionName} already`);
  };
  if (!(await store.isAmongFirstToFail(rule.name, autoScalingGroupName, groupsFailingAlone))) return share();
  let group: AutoScalingGroup | undefined;
  try {
    group = await look();
  } catch {
    // Throttled: the plan of an execution is tried again for longer than an event is.
    return share();
  }
  if (group === undefined) return ignored(`the rule is not about ${autoScalingGroupName}`);
  if (isComplete(group)) {
    // What fails is made to balance the zones, or to replace before it ends: nothing is lost while it fails.
    return ignored(`launches of ${autoScalingGroupName} fail, and it lacks no instance`);
  }
  const start = startForFailures(rule, group, enough);
  // Started first: a crash in between starts the same name again, and that is no second execution.
  const outcomes = await startExecutions(dependencies, [start]);
  await countOff({ executionName: start.executionName });
  return outcomes;
};

/** How long a process remembers which rules are about a group: no longer than until the next sweep, which looks itself. */
const rememberedSeconds = 300;
/** Groups that a process remembers at one time. */
const rememberedMax = 1000;

/**
 * Tells which rules about launches are about a group. A storm of launches must not empty the bucket of Auto Scaling
 * calls: a process remembers the answer for a while, two events at one time share one, and of groups that some rule is
 * about the table remembers it for all processes, and the sweep writes it there anew each hour.
 */
const createRulesOfGroup = ({ autoScaling, store, clock, policy }: RouteSignalDependencies) => {
  const rules = launchRulesOf(policy);
  const fingerprint = fingerprintOf(rules);
  const known = new Map<string, { at: string; rules: Promise<Rule[]> }>();
  const find = async (name: string): Promise<Rule[]> => {
    const now = clock.now();
    const written = await store.readLaunchRules(name);
    if (written !== undefined && written.policy === fingerprint && written.until > now) {
      return rules.filter((rule) => written.rules.includes(rule.name));
    }
    const [group] = await autoScaling.describeAutoScalingGroups([name]);
    if (group === undefined) return [];
    await rememberLaunchRules({ store, clock }, rules, [group]);
    return rules.filter((rule) => isTarget(rule, group));
  };
  return (name: string): Promise<Rule[]> => {
    if (rules.length === 0) return Promise.resolve([]);
    const now = clock.now();
    const remembered = known.get(name);
    if (remembered !== undefined && secondsBetween(remembered.at, now) < rememberedSeconds) {
      return remembered.rules;
    }
    if (known.size >= rememberedMax) known.clear();
    const found = find(name);
    known.set(name, { at: now, rules: found });
    // What could not be read is not remembered.
    found.catch(() => known.delete(name));
    return found;
  };
};

/**
 * Takes one event and starts what the policy asks for. Throws when a fact cannot be read: Lambda tries the event
 * again, and after that the sweep finds what it told by looking.
 */
export const createRouteSignal = (dependencies: RouteSignalDependencies) => {
  const { autoScaling, cloudWatch, killSwitch, store, clock, policy, stageMode } = dependencies;
  const home = parseArn(Object.values(dependencies.stateMachineArns)[0] ?? '');
  const rulesOfGroup = createRulesOfGroup(dependencies);
  const ignored = (reason: string): StartOutcome[] => [{ action: 'IGNORED', reason }];

  const routeAlarm = async (alarm: AlarmState): Promise<StartOutcome[]> => {
    // The rules, the state and a suppression in the event decide first: most events end here, with nothing read.
    const early = decideStart(policy, alarm, alarm, 'live', clock.now());
    if (early.every(({ action }) => action === 'IGNORE')) return startExecutions(dependencies, early);
    const mode = lowestMode(stageMode, (await killSwitch.read()).mode);
    const current = await readAlarmAgain(cloudWatch, alarm.alarmName);
    return startExecutions(dependencies, decideStart(policy, alarm, current, mode, clock.now()));
  };

  const routeFailure = async ({
    autoScalingGroupName,
    failure,
  }: Signal & { kind: 'launch-failure' }): Promise<StartOutcome[]> => {
    const about = await rulesOfGroup(autoScalingGroupName);
    if (about.length === 0) return ignored(`no rule is about launches of the group ${autoScalingGroupName}`);
    await store.addFailure(autoScalingGroupName, failure);
    const counted = ignored(`a failed launch of ${autoScalingGroupName} was counted`);
    const rules = rulesForLaunchFailures(policy).filter((rule) => about.includes(rule));
    if (rules.length === 0) return counted;
    const [record] = await store.readLaunches([autoScalingGroupName]);
    const due = rules.filter(
      (rule) =>
        record !== undefined &&
        enoughFailures(record, rule, rule.when.launchFailures, clock.now()) !== undefined,
    );
    if (record === undefined || due.length === 0) return counted;
    if (lowestMode(stageMode, (await killSwitch.read()).mode) === 'off') return ignored('the mode is off');
    const outcomes: StartOutcome[] = [];
    for (const rule of due) {
      // What is remembered of its tags was enough to count; what starts something for it alone is looked at again.
      const look = async (): Promise<AutoScalingGroup | undefined> => {
        const [group] = await autoScaling.describeAutoScalingGroups([autoScalingGroupName]);
        return group !== undefined && isTarget(rule, group) ? group : undefined;
      };
      outcomes.push(...(await startWhenEnoughFailed(dependencies, rule, record, look)));
    }
    return outcomes;
  };

  const routeWait = async ({
    autoScalingGroupName,
    wait,
  }: Signal & { kind: 'launch-wait' }): Promise<StartOutcome[]> => {
    let about: Rule[];
    try {
      about = await rulesOfGroup(autoScalingGroupName);
    } catch (error) {
      // Trying the event again would only add to the storm: the sweep finds whoever waits by looking.
      return ignored(
        `the rules about ${autoScalingGroupName} cannot be told now (${describeAwsError(error)}); the sweep looks who waits`,
      );
    }
    if (about.every(({ drain }) => drain === undefined)) {
      return ignored(`no rule drains the group ${autoScalingGroupName}`);
    }
    await store.addWait(autoScalingGroupName, wait);
    return ignored(`${wait.instanceId} waits since ${wait.since}; written down, and looked at by the sweep`);
  };

  return async (event: unknown): Promise<StartOutcome[]> => {
    const signal = parseSignal(event, home);
    switch (signal.kind) {
      case 'ignored':
        return ignored(signal.reason);
      case 'alarm':
        return routeAlarm(signal.alarm);
      case 'launch-failure':
        return routeFailure(signal);
      case 'launch-wait':
        return routeWait(signal);
    }
  };
};
