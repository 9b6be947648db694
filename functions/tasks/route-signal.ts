import type { AutoScaling } from '../aws/auto-scaling.ts';
import type { CloudWatch } from '../aws/cloudwatch.ts';
import type { KillSwitch } from '../aws/systems-manager.ts';
import type { Clock } from '../clock.ts';
import { type AutoScalingGroup, hasTags, isOptedIn } from '../domain/auto-scaling-group.ts';
import { enoughFailures, withCounted } from '../domain/decide-launch-failures.ts';
import { type AlarmState, decideStart, startForFailures } from '../domain/decide-start.ts';
import { type LaunchRecord, withFailure, withWait } from '../domain/launch-record.ts';
import { type RuleFor, rulesForLaunchFailures } from '../domain/match-rules.ts';
import { lowestMode, type Mode } from '../domain/mode.ts';
import type { Policy } from '../events/policy.ts';
import { parseSignal, type Signal } from '../events/signal.ts';
import type { Store } from '../state/store.ts';
import { changeLaunches } from './change-launches.ts';
import { findUnprotected } from './find-unprotected.ts';
import { type StartDependencies, type StartOutcome, startExecutions } from './start-executions.ts';

/** What RouteSignal needs. */
export interface RouteSignalDependencies extends StartDependencies {
  autoScaling: AutoScaling;
  cloudWatch: CloudWatch;
  killSwitch: KillSwitch;
  store: Store;
  clock: Clock;
  policy: Policy;
  stageMode: Mode;
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

/** Whether a rule is about a group. */
export const isTarget = (rule: RuleFor<'launchFailures'>, group: AutoScalingGroup): boolean =>
  isOptedIn(group) && hasTags(group, rule.targets.tags);

/**
 * Starts what a rule asks for when enough launches of a group failed, and then counts afresh. The start comes first:
 * a crash in between starts the same name again, and that is no second execution. While an incident protects the
 * group until launches succeed they are only counted off: when it ends, the next ones start.
 */
export const startWhenEnoughFailed = async (
  dependencies: StartDependencies & { store: Store; clock: Clock },
  rule: RuleFor<'launchFailures'>,
  group: AutoScalingGroup,
  record: LaunchRecord,
): Promise<StartOutcome[]> => {
  const enough = enoughFailures(record, rule, rule.when.launchFailures, dependencies.clock.now());
  if (enough === undefined) return [];
  const { autoScalingGroupName } = group;
  const unprotected = await findUnprotected(dependencies.store, [autoScalingGroupName]);
  const outcomes: StartOutcome[] =
    unprotected.length === 0
      ? [{ action: 'IGNORED', rule: rule.name, reason: `${autoScalingGroupName} is protected already` }]
      : await startExecutions(dependencies, [startForFailures(rule, group, enough)]);
  await changeLaunches(dependencies.store, autoScalingGroupName, (current) =>
    withCounted(current, rule, enough.latest),
  );
  return outcomes;
};

/**
 * Takes one event and starts what the policy asks for. Throws when a fact cannot be read: Lambda tries the event
 * again, and after that the sweep finds what it told by looking.
 */
export const createRouteSignal = (dependencies: RouteSignalDependencies) => {
  const { autoScaling, cloudWatch, killSwitch, store, clock, policy, stageMode } = dependencies;

  const routeAlarm = async (alarm: AlarmState): Promise<StartOutcome[]> => {
    // The rules, the state and a suppression in the event decide first: most events end here, with nothing read.
    const early = decideStart(policy, alarm, alarm, 'live', clock.now());
    if (early.every(({ action }) => action === 'IGNORE')) return startExecutions(dependencies, early);
    const mode = lowestMode(stageMode, await killSwitch.read());
    const current = await readAlarmAgain(cloudWatch, alarm.alarmName);
    return startExecutions(dependencies, decideStart(policy, alarm, current, mode, clock.now()));
  };

  const routeFailure = async ({
    autoScalingGroupName,
    failure,
  }: Signal & { kind: 'launch-failure' }): Promise<StartOutcome[]> => {
    const ignored = (reason: string): StartOutcome[] => [{ action: 'IGNORED', reason }];
    const rules = rulesForLaunchFailures(policy);
    const drains = policy.rules.some((rule) => rule.drain !== undefined);
    if (rules.length === 0 && !drains) return ignored('no rule is about launches that fail');
    const record = await changeLaunches(store, autoScalingGroupName, (known) =>
      withFailure(known, failure, clock.now()),
    );
    const due = rules.filter(
      (rule) => enoughFailures(record, rule, rule.when.launchFailures, clock.now()) !== undefined,
    );
    if (due.length === 0) return ignored(`a failed launch of ${autoScalingGroupName} was counted`);
    if (lowestMode(stageMode, await killSwitch.read()) === 'off') return ignored('the mode is off');
    const [group] = await autoScaling.describeAutoScalingGroups([autoScalingGroupName]);
    const outcomes: StartOutcome[] = [];
    for (const rule of due) {
      if (group !== undefined && isTarget(rule, group)) {
        outcomes.push(...(await startWhenEnoughFailed(dependencies, rule, group, record)));
      }
    }
    return outcomes.length > 0 ? outcomes : ignored(`no rule is about the group ${autoScalingGroupName}`);
  };

  const routeWait = async ({
    autoScalingGroupName,
    wait,
  }: Signal & { kind: 'launch-wait' }): Promise<StartOutcome[]> => {
    if (policy.rules.every((rule) => rule.drain === undefined)) {
      return [{ action: 'IGNORED', reason: 'no rule is about instances in Pending:Wait' }];
    }
    await changeLaunches(store, autoScalingGroupName, (known) => withWait(known, wait, clock.now()));
    return [
      {
        action: 'IGNORED',
        reason: `${wait.instanceId} waits since ${wait.since}; written down, and looked at by the sweep`,
      },
    ];
  };

  return async (event: unknown): Promise<StartOutcome[]> => {
    const signal = parseSignal(event);
    switch (signal.kind) {
      case 'ignored':
        return [{ action: 'IGNORED', reason: signal.reason }];
      case 'alarm':
        return routeAlarm(signal.alarm);
      case 'launch-failure':
        return routeFailure(signal);
      case 'launch-wait':
        return routeWait(signal);
    }
  };
};
