import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { Ec2 } from '../../aws/ec2.ts';
import type { Clock } from '../../clock.ts';
import { optInTag } from '../../domain/auto-scaling-group.ts';
import type { GroupWithLaunches } from '../../domain/drain/decide-drains.ts';
import { decideLaunchSweep } from '../../domain/drain/decide-launch-sweep.ts';
import { executionNameOf } from '../../domain/execution-arn.ts';
import { isComplete } from '../../domain/group-units.ts';
import { withoutStarted, withStarted } from '../../domain/launches/decide-launch-failures.ts';
import type { Mode } from '../../domain/mode.ts';
import { type RuleInput, signalNameOf, startForGroup } from '../../domain/signals/decide-start.ts';
import { rulesForLaunchFailures } from '../../domain/signals/match-rules.ts';
import { secondsBetween } from '../../domain/times.ts';
import type { Policy, Rule } from '../../events/policy.ts';
import type { Store } from '../../state/store.ts';
import { findUnprotected } from '../incidents/find-unprotected.ts';
import { groupsBeingResized } from '../incidents/groups-being-resized.ts';
import { groupsOfOpenIncidents } from '../incidents/groups-of-open-incidents.ts';
import {
  findNextName,
  type NextName,
  type StartDependencies,
  type StartOutcome,
  startExecutionsAgain,
} from '../incidents/start-executions.ts';
import { changeLaunches, writeLaunchesIfChanged } from '../launches/change-launches.ts';
import { launchRulesOf, renewLaunchRules } from '../launches/launch-rules.ts';
import { lookAtDescribedLaunches } from '../launches/look-at-launches.ts';
import { startWhenEnoughFailed } from './route-signal.ts';

/** What sweeping over launches needs. */
export interface SweepLaunchesDependencies extends StartDependencies {
  autoScaling: (mode: Mode) => AutoScaling;
  ec2: Ec2;
  store: Store;
  clock: Clock;
  policy: Policy;
  /** Instead of `groupsFailingAloneMax`. */
  groupsFailingAlone?: number;
}

/** One sweep over launches. */
interface LaunchesSweep {
  dependencies: SweepLaunchesDependencies;
  mode: Mode;
  /** Whether there is time to look closer at another group. */
  isInTime: (inSeconds?: number) => boolean;
  /** Runs one rule's part and keeps what it throws. */
  attempt: (work: () => Promise<void>) => Promise<void>;
  started: StartOutcome[];
  /** Where the signals of executions stand that were looked at in this sweep: many groups may share one. */
  names: Map<string, NextName>;
}

const keep = ({ started }: LaunchesSweep, outcomes: StartOutcome[]): void => {
  started.push(...outcomes.filter(({ action }) => action === 'STARTED'));
};

/** Looks at the groups of a rule, and writes down what was seen. */
const lookAtTargets = async (sweep: LaunchesSweep, rule: Rule): Promise<GroupWithLaunches[]> => {
  const { dependencies, mode, isInTime, attempt } = sweep;
  const { ec2, store, clock, policy } = dependencies;
  const autoScaling = dependencies.autoScaling(mode);
  const targets = await autoScaling.describeAutoScalingGroupsByTags({
    ...rule.targets.tags,
    [optInTag.key]: optInTag.value,
  });
  const { groups, unreadable } = await lookAtDescribedLaunches(
    { autoScaling, ec2, store, clock },
    targets,
    isInTime,
  );
  const seen: GroupWithLaunches[] = [];
  for (const { group, stored, record } of groups) {
    // What an event or an execution wrote meanwhile is newer; the next sweep looks again.
    const written = await writeLaunchesIfChanged(store, stored, record);
    if (written !== undefined) seen.push({ group, record: written });
  }
  await attempt(async () => {
    if (unreadable.length > 0) throw new Error(unreadable.join('; '));
  });
  await attempt(() => renewLaunchRules({ store, clock }, launchRulesOf(policy), targets));
  return seen;
};

/** How long after its beginning an execution has taken its groups, whatever was slow. */
const takesGroupsSeconds = 120;

/**
 * Whether an execution that groups share has begun without one of them, because it was written down too late: it runs or
 * ended at once, and nobody protects the group. What a person stopped is not begun again.
 */
const wasLeftOut = async (
  { dependencies: { store, clock }, mode }: LaunchesSweep,
  autoScalingGroupName: string,
  { executionName, beginAt }: { executionName: string; beginAt: string },
  next: NextName,
): Promise<boolean> => {
  if (mode !== 'live' || 'name' in next) return false;
  const { status, stoppedAt = clock.now() } = next.execution;
  const endedAtOnce = status === 'SUCCEEDED' && secondsBetween(beginAt, stoppedAt) < takesGroupsSeconds;
  const runs = status === 'RUNNING' && secondsBetween(beginAt, clock.now()) >= takesGroupsSeconds;
  if (!endedAtOnce && !runs) return false;
  if ((await findUnprotected(store, [autoScalingGroupName])).length === 0) return false;
  // What it took and gives back by now it has not left out.
  const taken = await groupsOfOpenIncidents(
    store,
    ({ incidentId }) => signalNameOf(executionNameOf(incidentId)) === executionName,
  );
  return !taken.has(autoScalingGroupName);
};

/** What failed launches started and failed before it began is started again, as long as the group lacks instances. */
const startAgain = async (
  sweep: LaunchesSweep,
  rule: Rule,
  { group, record }: GroupWithLaunches,
): Promise<void> => {
  const { dependencies, names } = sweep;
  const { store, clock, stepFunctions, stateMachineArns } = dependencies;
  const started = record.startedFor?.[rule.name];
  if (started === undefined) return;
  const { executionName, beginAt, activityId, failedAt } = started;
  const { autoScalingGroupName } = group;
  const arn = stateMachineArns[rule.do];
  const next = names.get(executionName) ?? (await findNextName(dependencies, arn, executionName));
  names.set(executionName, next);
  const isOver = secondsBetween(failedAt, clock.now()) > rule.settings.holdAtMostSeconds || isComplete(group);
  if ('name' in next && !isOver) {
    // The same input as before, so that it begins no earlier than it should and finds all of its groups.
    const input: RuleInput =
      beginAt === undefined
        ? { rule: rule.name, launchFailures: { autoScalingGroupName, activityId, failedAt } }
        : { rule: rule.name, failingGroups: { beginAt } };
    await stepFunctions.startExecution(arn, next.name, input);
    const reason = `${autoScalingGroupName} still lacks instances, and what its failed launches started failed before it began`;
    keep(sweep, [{ action: 'STARTED', rule: rule.name, executionName: next.name, reason }]);
    return;
  }
  if (
    !isOver &&
    beginAt !== undefined &&
    (await wasLeftOut(sweep, autoScalingGroupName, { executionName, beginAt }, next))
  ) {
    const alone = startForGroup(rule, autoScalingGroupName, { activityId, failedAt });
    await stepFunctions.startExecution(arn, alone.executionName, alone.input);
    await changeLaunches(store, autoScalingGroupName, (current) =>
      withStarted(current, rule, { executionName: alone.executionName, activityId, failedAt }),
    );
    const reason = `${autoScalingGroupName} still lacks instances, and ${executionName} left it out`;
    keep(sweep, [{ action: 'STARTED', rule: rule.name, executionName: alone.executionName, reason }]);
    return;
  }
  if (isOver || !('name' in next || !next.isForGood)) {
    await changeLaunches(store, autoScalingGroupName, (current) => withoutStarted(current, rule));
  }
};

/** Starts and closes what a look at the groups of a rule that drains asks for. */
const sweepDrains = async (sweep: LaunchesSweep, rule: Rule, seen: GroupWithLaunches[]): Promise<void> => {
  const { dependencies, mode } = sweep;
  const { store, clock } = dependencies;
  const resized = await groupsBeingResized(
    store,
    seen.map(({ group }) => group.autoScalingGroupName),
  );
  const groups = seen.filter(({ group }) => !resized.has(group.autoScalingGroupName));
  const inHand = await groupsOfOpenIncidents(
    store,
    ({ drain, status }) => drain !== undefined && status === 'HELD',
  );
  const { closeBreakers, start } = decideLaunchSweep(rule, groups, inHand, mode, clock.now());
  for (const name of closeBreakers) {
    await changeLaunches(store, name, ({ breaker: _breaker, ...record }) => record);
  }
  if (start !== undefined) keep(sweep, await startExecutionsAgain(dependencies, [start]));
};

/**
 * Finds by looking what no event told of launches: counts failures, finds who is stuck, and takes care of breakers
 * that no execution has in hand any more. What cannot be read of one group does not stop the others.
 *
 * @param mode what may happen; `off` starts nothing
 * @param isInTime whether there is time to look closer at another group
 * @param attempt runs one rule's part and keeps what it throws
 * @returns what was started
 */
export const sweepLaunches = async (
  dependencies: SweepLaunchesDependencies,
  mode: Mode,
  isInTime: (inSeconds?: number) => boolean,
  attempt: (work: () => Promise<void>) => Promise<void>,
): Promise<StartOutcome[]> => {
  const sweep: LaunchesSweep = { dependencies, mode, isInTime, attempt, started: [], names: new Map() };
  if (mode === 'off') return [];
  const { policy } = dependencies;
  // Rules are often about the same groups: each tier is looked at once.
  const looks = new Map<string, Promise<GroupWithLaunches[]>>();
  const look = (rule: Rule): Promise<GroupWithLaunches[]> => {
    const key = JSON.stringify(Object.entries(rule.targets.tags).sort());
    const known = looks.get(key) ?? lookAtTargets(sweep, rule);
    looks.set(key, known);
    // What failed is looked at anew when it is tried again.
    known.catch(() => looks.delete(key));
    return known;
  };
  for (const rule of rulesForLaunchFailures(policy)) {
    await attempt(async () => {
      for (const seen of await look(rule)) {
        keep(sweep, await startWhenEnoughFailed(dependencies, rule, seen.record, async () => seen.group));
        await attempt(() => startAgain(sweep, rule, seen));
      }
    });
  }
  for (const rule of policy.rules.filter(({ drain }) => drain !== undefined)) {
    await attempt(async () => sweepDrains(sweep, rule, await look(rule)));
  }
  return sweep.started;
};
