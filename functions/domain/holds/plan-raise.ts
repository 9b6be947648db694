import { Cron } from 'croner';
import type { ScalingProcess } from '../auto-scaling-group.ts';
import { type AutoScalingGroup, inService, launching } from '../auto-scaling-group.ts';
import type { AutoScalingCall } from '../calls.ts';
import { unitsOf } from '../group-units.ts';
import { inForceWithinSeconds } from '../limits.ts';
import { addSeconds, secondsBetween, spokenTime, toDate } from '../times.ts';
import { type GroupRecord, imposedSince, type KeptSizes, type ScheduledAction } from './group-record.ts';

/** A scaling policy, as far as it decides whether it can have lowered desired capacity. */
export interface ScalingPolicyFacts {
  name: string;
  /** Whether it is enabled and may lower desired capacity; a predictive one never does. */
  canLower: boolean;
}

/** What has to be known of a group before its desired capacity is raised, read right before. */
export interface ScalingFacts {
  policies: ScalingPolicyFacts[];
  scheduledActions: ScheduledAction[];
}

/**
 * What giving back does to the desired capacity of a group.
 * - `NOTHING`: nothing is missing from it.
 * - `UNKNOWN`: it may have to be raised; policies and scheduled actions have to be read first.
 * - `RAISE`: it is raised by what policies took away.
 * - `LEAVE`: it fell, and is left as it is; what is above it will be ended.
 */
export type RaiseDecision =
  | { action: 'NOTHING' | 'UNKNOWN' }
  | (FellFacts & { action: 'RAISE'; calls: AutoScalingCall[]; to: number })
  /** `to` is what would keep all that is there, where that is known. */
  | (FellFacts & { action: 'LEAVE'; to?: number } & LeaveFacts);

/** How far desired capacity fell, in the group's own units. */
export interface FellFacts {
  autoScalingGroupName: string;
  highest: number;
  from: number;
  since: string;
}

/** Why desired capacity is left as it is although it fell. */
export type LeaveFacts =
  | { because: 'UNITS_UNKNOWN'; countsUnits: string | undefined }
  | { because: 'MINIMUM_LOWERED' | 'MAXIMUM_LOWERED'; before: number; now: number }
  | { because: 'SCHEDULED'; actions: string[] }
  | { because: 'NO_POLICY_LOWERS_IT' | 'POLICIES_SUSPENDED' };

/** The sizes since a group's instances are kept; a release before this one remembered those before the first hold. */
export const keptOf = ({ kept, baseline, holds }: GroupRecord): KeptSizes | undefined => {
  if (kept !== undefined || baseline === undefined) return kept;
  const { minSize, maxSize, desiredCapacity } = baseline;
  const since = holds.map(({ heldAt }) => heldAt).sort()[0] ?? '';
  return { since, desiredHighest: desiredCapacity, minSize, maxSize, desiredCapacity };
};

/** A scheduled action may run so much later than its time (EC2 Auto Scaling User Guide, "Scheduled scaling"). */
const runsLateSeconds = 120;

/** Whether an action has run within the hold, and before `until`. */
const hasRun = (
  { startsAt, endsAt, recurrence, timeZone }: ScheduledAction,
  since: string,
  wasReadBefore: boolean,
  until: string,
  now: string,
): boolean => {
  // One that was due right before may have run right after.
  const from = addSeconds(since, -runsLateSeconds);
  const isWithin = (at: string): boolean => at > from && at <= until;
  if (recurrence === undefined) return startsAt !== undefined && isWithin(startsAt);
  if (startsAt !== undefined && isWithin(startsAt)) return true;
  try {
    const next = new Cron(recurrence, { timezone: timeZone ?? 'UTC' }).nextRun(toDate(from));
    const at = next?.toISOString();
    if (at === undefined || !isWithin(at)) return false;
    // AWS may tell the next time as the start of a recurring action: what was listed before decides then.
    const hasBegun = startsAt === undefined || at >= startsAt || (!wasReadBefore && startsAt > now);
    return hasBegun && (endsAt === undefined || at < endsAt);
  } catch {
    // What cannot be read as a time may have been any time.
    return true;
  }
};

/** The scheduled actions that have set a size of the group since its instances are kept. */
const actionsThatRan = (
  kept: KeptSizes,
  listed: ScheduledAction[],
  until: string,
  now: string,
): ScheduledAction[] => {
  const byName = new Map(
    [...(kept.scheduledActions ?? []), ...listed].map((action) => [
      `${action.name} ${action.startsAt} ${action.recurrence}`,
      action,
    ]),
  );
  return [...byName.values()].filter((action) =>
    hasRun(action, kept.since, kept.scheduledActions !== undefined, until, now),
  );
};

/** Whether a minimum fell back that a CloudFormation rolling update had raised: it sets minimum and desired capacity alike. */
const isEndOfRollingUpdate = ({ tags, maxSize, minSize }: AutoScalingGroup, kept: KeptSizes): boolean =>
  tags['aws:cloudformation:stack-name'] !== undefined &&
  kept.minSize === kept.desiredCapacity &&
  minSize < kept.minSize &&
  maxSize >= kept.maxSize;

/**
 * Since when a process is suspended without a gap, as far as we know it: since before us, since we suspended it, or not
 * for as long as anybody can tell.
 */
const suspendedSince = (
  process: ScalingProcess,
  { suspendedProcesses }: AutoScalingGroup,
  record: GroupRecord,
  { since }: KeptSizes,
): string | undefined => {
  if (!suspendedProcesses.includes(process)) return undefined;
  if (record.baseline?.suspendedProcesses.includes(process) === true) return since;
  const appliedAt = imposedSince(record, process);
  // What began together is recorded one moment after the other.
  return appliedAt !== undefined && secondsBetween(since, appliedAt) < inForceWithinSeconds
    ? since
    : appliedAt;
};

/** Why desired capacity is left as it is although it fell; `undefined` when it may be raised. */
const leaveBecause = (
  group: AutoScalingGroup,
  record: GroupRecord,
  kept: KeptSizes,
  { policies, scheduledActions }: ScalingFacts,
  ownMinSizes: number[],
  now: string,
): LeaveFacts | undefined => {
  const isMinimumLowered = group.minSize < kept.minSize && !ownMinSizes.includes(group.minSize);
  if (isMinimumLowered && !isEndOfRollingUpdate(group, kept)) {
    return { because: 'MINIMUM_LOWERED', before: kept.minSize, now: group.minSize };
  }
  if (group.maxSize < kept.maxSize) {
    return { because: 'MAXIMUM_LOWERED', before: kept.maxSize, now: group.maxSize };
  }
  const ran = actionsThatRan(
    kept,
    scheduledActions,
    suspendedSince('ScheduledActions', group, record, kept) ?? now,
    now,
  );
  if (ran.length > 0) return { because: 'SCHEDULED', actions: ran.map(({ name }) => name) };
  if (!policies.some(({ canLower }) => canLower)) return { because: 'NO_POLICY_LOWERS_IT' };
  return suspendedSince('AlarmNotification', group, record, kept) === kept.since
    ? { because: 'POLICIES_SUSPENDED' }
    : undefined;
};

/**
 * Decides about desired capacity before anything may end instances down to it. It is raised by what policies took away
 * while instances were kept, and by no more: at most to the highest seen since, and to what is there, instances on their
 * way into service included. It is left where somebody other than our own resize lowered minimum or maximum, where a
 * scheduled action set it, and where no policy can have lowered it.
 *
 * @param group the group as described just now
 * @param record what is remembered of it: its sizes since its instances are kept, and what has been suspended since
 * @param facts its policies and scheduled actions; `undefined` when they have not been read
 * @param ownMinSizes minimums that our own resize of the group sets
 * @param now ISO 8601
 */
export const planRaise = (
  group: AutoScalingGroup,
  record: GroupRecord,
  facts: ScalingFacts | undefined,
  ownMinSizes: number[],
  now: string,
): RaiseDecision => {
  const kept = keptOf(record);
  // Nothing fell that would end anybody: what is above desired capacity was there before us, or replaces something.
  if (kept === undefined || group.desiredCapacity >= kept.desiredHighest) return { action: 'NOTHING' };
  const { autoScalingGroupName, desiredCapacity } = group;
  const fell: FellFacts = {
    autoScalingGroupName,
    highest: kept.desiredHighest,
    from: desiredCapacity,
    since: kept.since,
  };
  const present = unitsOf(group, [...inService(group), ...launching(group)]);
  if (present === undefined) {
    return { action: 'LEAVE', ...fell, because: 'UNITS_UNKNOWN', countsUnits: group.countsUnits };
  }
  const wanted = Math.min(present, kept.desiredHighest, group.maxSize);
  if (wanted <= desiredCapacity) return { action: 'NOTHING' };
  if (facts === undefined) return { action: 'UNKNOWN' };
  const leave = leaveBecause(group, record, kept, facts, ownMinSizes, now);
  if (leave !== undefined) return { action: 'LEAVE', ...fell, to: wanted, ...leave };
  return {
    action: 'RAISE',
    ...fell,
    to: wanted,
    calls: [
      {
        service: 'AutoScaling',
        operation: 'SetDesiredCapacity',
        input: {
          AutoScalingGroupName: autoScalingGroupName,
          DesiredCapacity: wanted,
          HonorCooldown: false,
        },
        reason: `desired capacity fell from ${kept.desiredHighest} to ${desiredCapacity} since ${spokenTime(kept.since)}, and giving back what kept its instances would end the difference at once`,
      },
    ],
  };
};
