import { type AutoScalingGroup, inService, launching } from '../auto-scaling-group.ts';
import { type GroupRecord, type Hold, imposedSince } from '../holds/group-record.ts';
import { settingsStillInForce, wantedSettings } from '../holds/wanted-state.ts';
import { inForceWithinSeconds } from '../limits.ts';
import { secondsBetween } from '../times.ts';
import type { ResizeWork, TemplateFacts } from './resize-record.ts';

/**
 * The next step in setting a group back after its resize.
 * - `HOLD_LAUNCH`: `Launch` need not run any more; it is suspended again where another hold wants it.
 * - `WAIT`: that has yet to show: sizes set before would launch.
 * - `SET`: set these sizes.
 * - `DONE`: everything is as it should be.
 */
export type RestoreDecision =
  | { action: 'HOLD_LAUNCH'; holds: Hold[]; suspendsLaunch: boolean }
  | { action: 'WAIT' }
  | {
      action: 'SET';
      sizes: { minSize: number; desiredCapacity: number };
      /** Whether somebody changed the minimum meanwhile, which is left as it is then. */
      isMinimumChanged: boolean;
      /** Instances left in Standby, which desired capacity does not count. */
      leftInStandby: number;
    }
  | { action: 'DONE' };

const withoutKeepingLaunch = (holds: Hold[], incidentId: string): Hold[] =>
  holds.map(({ keepsLaunch, ...hold }) =>
    hold.incidentId === incidentId || keepsLaunch === undefined ? hold : { ...hold, keepsLaunch },
  );

/** The sizes a group is to have in the end, and why where they are not those of before. */
const sizesInTheEnd = (
  group: AutoScalingGroup,
  { sizes, resizes, lowered: timesLowered = 0, desiredInTheEnd }: ResizeWork,
): Omit<RestoreDecision & { action: 'SET' }, 'action'> => {
  // What left Standby before it went had given its place back already.
  const gone = resizes.filter(
    ({ outcome, hasEntered, hasExited }) => outcome === 'GONE' && hasEntered && hasExited !== true,
  ).length;
  const isLeftInStandby = (id: string): boolean =>
    group.instances.some(
      ({ instanceId, lifecycleState }) => instanceId === id && /Standby$/.test(lifecycleState),
    );
  const left = resizes.filter(
    ({ instanceId, outcome }) => outcome === 'LEFT' && isLeftInStandby(instanceId),
  ).length;
  const isMinimumOurs = sizes?.minSizes.includes(group.minSize) === true;
  const minSize = Math.min(group.maxSize, isMinimumOurs ? sizes.before.minSize : group.minSize);
  // What was lowered for an exit that had happened already, or never did, and is missing now.
  const surplus = inService(group).length + launching(group).length - group.desiredCapacity;
  const owed = Math.min(timesLowered, Math.max(0, surplus));
  const lowered =
    sizes?.desiredCapacity === undefined
      ? Math.min(group.desiredCapacity + gone + owed, (desiredInTheEnd ?? Number.POSITIVE_INFINITY) - left)
      : Math.max(group.desiredCapacity, sizes.before.desiredCapacity - left);
  return {
    sizes: {
      minSize,
      // AWS raises desired capacity to the minimum, and keeps it within the maximum.
      desiredCapacity: Math.min(group.maxSize, Math.max(minSize, lowered)),
    },
    isMinimumChanged: sizes !== undefined && !isMinimumOurs && group.minSize !== sizes.before.minSize,
    leftInStandby: left,
  };
};

/**
 * Decides the next step in setting a group back. Pure.
 * @param now ISO 8601
 */
export const decideRestore = (
  group: AutoScalingGroup,
  record: GroupRecord,
  work: ResizeWork,
  now: string,
): RestoreDecision => {
  const holds = withoutKeepingLaunch(record.holds, work.incidentId);
  const isSuspended = settingsStillInForce(record, group, now).has('Launch');
  const isWanted = wantedSettings({ ...record, holds }, group).includes('Launch');
  const keepsLaunch = record.holds.some(
    (hold) => hold.incidentId === work.incidentId && hold.keepsLaunch === true,
  );
  if (work.restoringSince === undefined || keepsLaunch) {
    return { action: 'HOLD_LAUNCH', holds, suspendsLaunch: isWanted && !isSuspended };
  }
  if (isWanted && !isSuspended) {
    const appliedAt = imposedSince(record, 'Launch');
    // The call may have been lost with its function. Long after it was accepted its absence is a person's doing.
    if (appliedAt === undefined) return { action: 'HOLD_LAUNCH', holds, suspendsLaunch: true };
    if (secondsBetween(appliedAt, now) < inForceWithinSeconds) return { action: 'WAIT' };
  }
  const decided = sizesInTheEnd(group, work);
  const { appliedAt, ...sizes }: NonNullable<ResizeWork['restore']> = work.restore ?? decided.sizes;
  const isSet = group.minSize === sizes.minSize && group.desiredCapacity === sizes.desiredCapacity;
  // Once set, what differs is somebody's or AWS's doing: a maximum, a scale-out.
  return isSet || appliedAt !== undefined ? { action: 'DONE' } : { ...decided, action: 'SET', sizes };
};

/** How what was resized differs from what the group launches next. */
export interface Drift {
  resized: number;
  /** The types that were resized to, in order of the alphabet. */
  instanceTypes: string[];
  /** Absent where the group names none. */
  launchTemplate?: TemplateFacts;
}

/** How the group would launch what it was not resized to; `undefined` when it launches what it was resized to. */
export const driftOf = ({ resizes, launchTemplate }: ResizeWork): Drift | undefined => {
  const resized = resizes.filter(({ outcome }) => outcome === 'RESIZED');
  const instanceTypes = [...new Set(resized.flatMap(({ instanceType }) => instanceType ?? []))].sort();
  if (instanceTypes.length === 0) return undefined;
  if (launchTemplate === undefined) return { resized: resized.length, instanceTypes };
  if (instanceTypes.length === 1 && launchTemplate.instanceType === instanceTypes[0]) return undefined;
  return { resized: resized.length, instanceTypes, launchTemplate };
};
