import { type AutoScalingGroup, inService, launching } from './auto-scaling-group.ts';
import type { GroupRecord } from './group-record.ts';
import type { LaunchRecord } from './launch-record.ts';

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
  waitingGroups: number;
  breakersOpen: number;
  /** When the latest failed launch of any group began. */
  lastFailedLaunchAt?: string;
}

/**
 * How the launches of one group stand since an incident holds it.
 *
 * @param needed launches in service since the last failure that are enough, however many are missing
 */
export const groupLaunches = (
  incidentId: string,
  group: AutoScalingGroup,
  record: GroupRecord,
  launchRecord: LaunchRecord,
  needed: number,
): GroupLaunches => {
  const hold = record.holds.find((candidate) => candidate.incidentId === incidentId);
  const present = new Set(inService(group).map(({ instanceId }) => instanceId));
  const succeeded = (hold?.launched ?? []).filter(
    ({ instanceId, seenAt }) => present.has(instanceId) && seenAt > (launchRecord.lastFailedLaunchAt ?? ''),
  ).length;
  const isMissing = present.size < group.desiredCapacity || launching(group).length > 0;
  if (launchRecord.breaker === undefined && (succeeded >= needed || (succeeded > 0 && !isMissing))) {
    return 'SUCCEEDING';
  }
  return isMissing || launchRecord.breaker !== undefined ? 'WAITING' : 'QUIET';
};

/** Sums up the groups of an incident. */
export const sumUpLaunches = (
  groups: { launches: GroupLaunches; launchRecord: LaunchRecord }[],
): Launches => {
  const waitingGroups = groups.filter(({ launches }) => launches === 'WAITING').length;
  const lastFailedLaunchAt = groups
    .flatMap(({ launchRecord }) => launchRecord.lastFailedLaunchAt ?? [])
    .sort()
    .at(-1);
  return {
    succeedAgain: waitingGroups === 0 && groups.some(({ launches }) => launches === 'SUCCEEDING'),
    waitingGroups,
    breakersOpen: groups.filter(({ launchRecord }) => launchRecord.breaker !== undefined).length,
    ...(lastFailedLaunchAt === undefined ? {} : { lastFailedLaunchAt }),
  };
};
