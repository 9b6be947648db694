import { type AutoScalingGroup, inService, launching } from '../auto-scaling-group.ts';
import { type GroupRecord, type Hold, imposedSince } from '../holds/group-record.ts';
import { settingsStillInForce, wantedSettings } from '../holds/wanted-state.ts';
import { inForceWithinSeconds } from '../limits.ts';
import { secondsBetween } from '../times.ts';
import type { ResizeWork } from './resize-record.ts';

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
  | { action: 'SET'; sizes: { minSize: number; desiredCapacity: number }; reason: string }
  | { action: 'DONE' };

const withoutKeepingLaunch = (holds: Hold[], incidentId: string): Hold[] =>
  holds.map(({ keepsLaunch, ...hold }) =>
    hold.incidentId === incidentId || keepsLaunch === undefined ? hold : { ...hold, keepsLaunch },
  );

/** The sizes a group is to have in the end, and why where they are not those of before. */
const sizesInTheEnd = (
  group: AutoScalingGroup,
  { sizes, resizes, lowered: timesLowered = 0 }: ResizeWork,
): { minSize: number; desiredCapacity: number; reason: string } => {
  const gone = resizes.filter(({ outcome, hasEntered }) => outcome === 'GONE' && hasEntered).length;
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
      ? group.desiredCapacity + gone + owed
      : Math.max(group.desiredCapacity, sizes.before.desiredCapacity - left);
  const reasons = [
    ...(sizes !== undefined && !isMinimumOurs
      ? ['somebody changed the minimum meanwhile, and it is left as it is']
      : []),
    ...(left > 0
      ? [`${left} left in Standby do not count; leaving Standby raises desired capacity by one each`]
      : []),
  ];
  return {
    minSize,
    // AWS raises desired capacity to the minimum, and keeps it within the maximum.
    desiredCapacity: Math.min(group.maxSize, Math.max(minSize, lowered)),
    reason: reasons.length === 0 ? '' : ` (${reasons.join('; ')})`,
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
  const { reason, ...decided }: ReturnType<typeof sizesInTheEnd> & { appliedAt?: string } = sizesInTheEnd(
    group,
    work,
  );
  const { appliedAt, ...sizes } = work.restore ?? decided;
  const isSet = group.minSize === sizes.minSize && group.desiredCapacity === sizes.desiredCapacity;
  // Once set, what differs is somebody's or AWS's doing: a maximum, a scale-out.
  return isSet || appliedAt !== undefined ? { action: 'DONE' } : { action: 'SET', sizes, reason };
};

/** What the launch template would launch, and how to change that; `undefined` when it launches what was resized to. */
export const driftOf = ({ resizes, launchTemplate }: ResizeWork): string | undefined => {
  const types = [
    ...new Set(
      resizes.flatMap(({ outcome, instanceType }) =>
        outcome === 'RESIZED' && instanceType !== undefined ? [instanceType] : [],
      ),
    ),
  ].sort();
  if (types.length === 0) return undefined;
  const resized = `${resizes.filter(({ outcome }) => outcome === 'RESIZED').length} instances have ${types.join(', ')} now`;
  if (launchTemplate === undefined)
    return `${resized}, and what the group launches next has the type it is set up with`;
  const { launchTemplateId, version, versionNumber, instanceType } = launchTemplate;
  if (types.length === 1 && instanceType === types[0]) return undefined;
  const create = `aws ec2 create-launch-template-version --launch-template-id ${launchTemplateId} --source-version ${versionNumber} --launch-template-data '{"InstanceType":"${types[0]}"}'`;
  const then =
    version === '$Latest'
      ? ''
      : version === '$Default'
        ? `; then aws ec2 modify-launch-template --launch-template-id ${launchTemplateId} --default-version <the new number>`
        : '; then let the group name the new version';
  return `${resized}, and the launch template ${launchTemplateId} (version ${version}) still launches ${instanceType ?? 'what the group chooses'}: every replacement and every scale-out will have that. To change it: ${create}${then}`;
};
