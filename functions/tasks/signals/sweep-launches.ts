import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { Ec2 } from '../../aws/ec2.ts';
import type { Clock } from '../../clock.ts';
import { optInTag } from '../../domain/auto-scaling-group.ts';
import type { GroupWithLaunches } from '../../domain/drain/decide-drains.ts';
import { decideLaunchSweep } from '../../domain/drain/decide-launch-sweep.ts';
import { executionArnOf } from '../../domain/execution-arn.ts';
import { isComplete } from '../../domain/group-units.ts';
import { namesIn } from '../../domain/journal.ts';
import { hasYetToBegin, withoutStarted, withStarted } from '../../domain/launches/decide-launch-failures.ts';
import { groupsFailingAloneMax } from '../../domain/limits.ts';
import type { Mode } from '../../domain/mode.ts';
import { type RuleInput, startForFailingGroups, startForGroup } from '../../domain/signals/decide-start.ts';
import { rulesForLaunchFailures } from '../../domain/signals/match-rules.ts';
import { secondsBetween } from '../../domain/times.ts';
import type { Policy, Rule } from '../../events/policy.ts';
import type { Store } from '../../state/store.ts';
import { groupsProtected } from '../incidents/find-unprotected.ts';
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
  /** By execution, the groups that it planned for or refused. */
  planned: Map<string, Set<string>>;
  /** The groups that open incidents protect until their launches succeed, once that was asked. */
  protectedNames?: Set<string>;
  /** By rule, groups that were started for because they were left out. */
  alone: Map<string, number>;
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

/** The groups that an execution planned for, or refused, by its journal; `undefined` while it has not planned. */
const groupsPlanned = async (
  { dependencies: { store }, planned }: LaunchesSweep,
  executionArn: string,
): Promise<Set<string> | undefined> => {
  const known = planned.get(executionArn);
  if (known !== undefined) return known;
  const journal = await store.readJournal(executionArn);
  if (!journal.some(({ event }) => event === 'planned' || event === 'refused')) return undefined;
  const names = new Set(namesIn(journal, ['planned', 'refused', 'held']));
  planned.set(executionArn, names);
  return names;
};

/**
 * Whether an execution that groups share has planned without one of them, because it was written down too late, and nobody
 * protects the group. What a person stopped is not begun again, and what a dry run planned neither.
 */
const wasLeftOut = async (
  sweep: LaunchesSweep,
  rule: Rule,
  stateMachineArn: string,
  autoScalingGroupName: string,
  next: NextName,
): Promise<boolean> => {
  if (sweep.mode !== 'live' || rule.dryRun === true || 'name' in next) return false;
  const { execution, tried } = next;
  if (execution.status !== 'RUNNING' && execution.status !== 'SUCCEEDED') return false;
  // Looked up once in a sweep: what is protected since is refused by the plan of what is started.
  sweep.protectedNames ??= await groupsProtected(sweep.dependencies.store);
  if (sweep.protectedNames.has(autoScalingGroupName)) return false;
  const planned = await groupsPlanned(sweep, executionArnOf(stateMachineArn, tried));
  return planned !== undefined && !planned.has(autoScalingGroupName);
};

/** What is started for a group that was left out: the first get one each, and further ones share one, as events do. */
const startForLeftOut = (
  { dependencies: { clock, groupsFailingAlone = groupsFailingAloneMax }, alone }: LaunchesSweep,
  rule: Rule,
  autoScalingGroupName: string,
  failure: { activityId: string; failedAt: string },
): { executionName: string; input: RuleInput; beginAt?: string } => {
  const before = alone.get(rule.name) ?? 0;
  alone.set(rule.name, before + 1);
  return before < groupsFailingAlone
    ? startForGroup(rule, autoScalingGroupName, failure)
    : startForFailingGroups(rule, autoScalingGroupName, clock.now());
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
  const now = clock.now();
  const isOver = secondsBetween(failedAt, now) > rule.settings.holdAtMostSeconds || isComplete(group);
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
  // An execution that has yet to begin keeps its group, whatever an older description shows.
  if (hasYetToBegin(started, now)) return;
  if (!isOver && beginAt !== undefined && (await wasLeftOut(sweep, rule, arn, autoScalingGroupName, next))) {
    const { input, ...instead } = startForLeftOut(sweep, rule, autoScalingGroupName, {
      activityId,
      failedAt,
    });
    // Written first, because one that groups share takes those that it is written of.
    const written = await changeLaunches(store, autoScalingGroupName, (current) =>
      withStarted(current, rule, executionName, { ...instead, activityId, failedAt }),
    );
    if (written.startedFor?.[rule.name]?.executionName !== instead.executionName) return;
    await stepFunctions.startExecution(arn, instead.executionName, input);
    const reason = `${autoScalingGroupName} still lacks instances, and ${executionName} left it out`;
    keep(sweep, [{ action: 'STARTED', rule: rule.name, executionName: instead.executionName, reason }]);
    return;
  }
  if (isOver || !('name' in next || !next.isForGood)) {
    await changeLaunches(store, autoScalingGroupName, (current) =>
      withoutStarted(current, rule, executionName),
    );
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
  const sweep: LaunchesSweep = {
    dependencies,
    mode,
    isInTime,
    attempt,
    started: [],
    names: new Map(),
    planned: new Map(),
    alone: new Map(),
  };
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
        // What there is no time for the next sweep finds; other rules have to have their turn.
        if (!isInTime()) break;
        await attempt(async () => {
          keep(sweep, await startWhenEnoughFailed(dependencies, rule, seen.record, async () => seen.group));
        });
        await attempt(() => startAgain(sweep, rule, seen));
      }
    });
  }
  for (const rule of policy.rules.filter(({ drain }) => drain !== undefined)) {
    await attempt(async () => sweepDrains(sweep, rule, await look(rule)));
  }
  return sweep.started;
};
