import { type AutoScalingGroup, inService } from '../auto-scaling-group.ts';
import { isComplete } from '../group-units.ts';
import type { GroupRecord } from '../holds/group-record.ts';
import { breakerOf, type LaunchRecord, laterOf } from './launch-record.ts';

/** How the launches of one held group stand. */
export type GroupLaunches =
  /** Enough launches came into service since the last failure, or all that were missing did. */
  | 'SUCCEEDING'
  /** Instances are missing or on their way, and not enough have come. */
  | 'WAITING'
  /** Nothing is missing and nothing was launched. */
  | 'QUIET';

/** How the launches of all groups of an incident stand. */
export interface Launches {
  /** Whether they succeed again: at least one group's do, and no group still waits. */
  succeedAgain: boolean;
  /** Groups that lack instances, or whose breaker is open. */
  waitingGroups: number;
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
  return isMissing || isBroken ? 'WAITING' : 'QUIET';
};

/** Sums up the groups of an incident. */
export const sumUpLaunches = (groups: GroupLaunches[]): Launches => {
  const waitingGroups = groups.filter((launches) => launches === 'WAITING').length;
  return { succeedAgain: waitingGroups === 0 && groups.includes('SUCCEEDING'), waitingGroups };
};
