import { type AutoScalingGroup, inService } from '../auto-scaling-group.ts';
import { isComplete } from '../group-units.ts';
import type { GroupRecord } from '../holds/group-record.ts';
import { groupsFailingAloneMax } from '../limits.ts';
import { secondsBetween } from '../times.ts';
import { breakerOf, type LaunchRecord, laterOf } from './launch-record.ts';

/** A launch that failed so long before a hold began has nothing to do with it. */
const failedBeforeSeconds = 3600;

/** How the launches of one held group stand. */
export type GroupLaunches =
  /** Enough launches came into service since the last failure, or all that were missing did. */
  | 'SUCCEEDING'
  /** Instances are missing or on their way, and not enough have come. */
  | 'WAITING'
  /** The same, and the last launch failed, or the breaker is not closed. */
  | 'FAILING'
  /** Nothing is on its way, and the last launch failed: nobody knows whether the next one would work. */
  | 'UNPROVEN'
  /** Nothing is missing and nothing was launched. */
  | 'QUIET';

/** How the launches of all groups of an incident stand. */
export interface Launches {
  /** Whether they succeed again: at least one group's do, no group still waits, and no group's last launch failed. */
  succeedAgain: boolean;
  /** Groups that lack instances, or whose breaker is open. */
  waitingGroups: number;
  /** Groups whose last launch failed, or whose breaker is open. */
  unprovenGroups?: number | undefined;
  /** Where launches succeed in most groups: the names of the others, few enough for an execution each. */
  stillFailing?: string[] | undefined;
}

/**
 * How the launches of one group stand since an incident holds it.
 *
 * @param needed launches in service since the last failure that are enough, however many are missing
 * @param now ISO 8601
 */
export const groupLaunches = (
  incidentId: string,
  group: AutoScalingGroup,
  record: GroupRecord,
  launchRecord: LaunchRecord,
  needed: number,
  now: string,
): GroupLaunches => {
  const hold = record.holds.find((candidate) => candidate.incidentId === incidentId);
  const present = new Set(inService(group).map(({ instanceId }) => instanceId));
  const since = laterOf(launchRecord.lastFailedLaunchAt, hold?.heldAt ?? now);
  const succeeded = (record.launched ?? []).filter(
    ({ instanceId, seenAt }) => present.has(instanceId) && seenAt > since,
  ).length;
  const isMissing = !isComplete(group);
  const isBroken = breakerOf(launchRecord, now) !== undefined;
  if (!isBroken && (succeeded >= needed || (succeeded > 0 && !isMissing))) return 'SUCCEEDING';
  // Nothing is launched there until somebody resumes it, so that nothing is to be waited for.
  if (isMissing && group.suspendedByAws?.includes('Launch') === true) return 'UNPROVEN';
  const hasFailed = isBroken || hasFailedLately(launchRecord, hold?.heldAt ?? now);
  if (isMissing || isBroken) return hasFailed ? 'FAILING' : 'WAITING';
  return hasFailed ? 'UNPROVEN' : 'QUIET';
};

/** Whether the last launch failed, in the hour before a hold or during it. */
const hasFailedLately = ({ lastFailedLaunchAt, lastSuccessAt = '' }: LaunchRecord, heldAt: string): boolean =>
  lastFailedLaunchAt !== undefined &&
  lastFailedLaunchAt > lastSuccessAt &&
  secondsBetween(lastFailedLaunchAt, heldAt) < failedBeforeSeconds;

/**
 * The groups in which launches do not succeed, by name, where they do in others: none, or so few that each may have an
 * execution of its own.
 *
 * @returns `undefined` when launches succeed in no group, in every one, or in too few
 */
export const fewStillFailing = (
  groups: { autoScalingGroupName: string; launches: GroupLaunches }[],
): string[] | undefined => {
  const others = groups.filter(({ launches }) => launches !== 'SUCCEEDING' && launches !== 'QUIET');
  const areMost =
    groups.some(({ launches }) => launches === 'SUCCEEDING') && 2 * others.length <= groups.length;
  return areMost && others.length > 0 && others.length <= groupsFailingAloneMax
    ? others.map(({ autoScalingGroupName }) => autoScalingGroupName).sort()
    : undefined;
};

/** Sums up the groups of an incident. */
export const sumUpLaunches = (groups: GroupLaunches[]): Launches => {
  const count = (...kinds: GroupLaunches[]): number => groups.filter((each) => kinds.includes(each)).length;
  const waitingGroups = count('WAITING', 'FAILING');
  const unprovenGroups = count('FAILING', 'UNPROVEN');
  return {
    succeedAgain: waitingGroups === 0 && unprovenGroups === 0 && groups.includes('SUCCEEDING'),
    waitingGroups,
    ...(unprovenGroups === 0 ? {} : { unprovenGroups }),
  };
};
