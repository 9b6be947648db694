import { type AutoScalingGroup, isOptedIn, optInTag } from './auto-scaling-group.ts';
import {
  type GroupRecord,
  type Hold,
  type Imposed,
  imposedSince,
  isLeased,
  type Overridden,
  withoutLease,
} from './group-record.ts';
import { processesToSuspend } from './hold-effects.ts';
import type { Incident, PlannedCall } from './incident.ts';
import { inForceWithinSeconds, leaseSeconds } from './limits.ts';
import { suspendCalls } from './suspend-call.ts';
import { addSeconds, secondsBetween } from './times.ts';
import { wantedSuspendedProcesses } from './wanted-state.ts';

/**
 * What one look at one group leads to.
 * - `IN_FORCE`: the group is as wanted, nothing to do.
 * - `UNVERIFIED`: the call was accepted, the description does not show it yet; look again soon.
 * - `BUSY`: somebody else is changing the group; look again soon.
 * - `GONE`: there is no such group any more.
 * - `REFUSE`: the group may not be touched.
 * - `WRITE`: record first, then make the calls (there may be none), then write `after`.
 */
export type ApplyDecision =
  | { action: 'IN_FORCE' | 'UNVERIFIED' | 'BUSY' | 'GONE' | 'REFUSE'; reason: string }
  | {
      action: 'WRITE';
      reason: string;
      /** The record with the lease, written before the calls. */
      before: GroupRecord;
      calls: PlannedCall[];
      /** The record without the lease, written after the calls. */
      after: GroupRecord;
      /** Processes that a person resumed meanwhile and that are left alone from now on. */
      newlyOverridden: string[];
    };

const withHold = (
  record: GroupRecord,
  group: AutoScalingGroup,
  incident: Incident,
  now: string,
): GroupRecord => {
  if (record.holds.some((hold) => hold.incidentId === incident.incidentId)) return record;
  const hold: Hold = {
    incidentId: incident.incidentId,
    processes: processesToSuspend(incident.settings.block),
    reason: incident.reason,
    heldAt: now,
    stage: 'HELD',
    stageAt: now,
    giveBackAttempts: 0,
  };
  return {
    ...record,
    baseline: record.baseline ?? {
      suspendedProcesses: [...group.suspendedProcesses].sort(),
      minSize: group.minSize,
      maxSize: group.maxSize,
      desiredCapacity: group.desiredCapacity,
      recordedAt: now,
    },
    holds: [...record.holds, hold],
  };
};

/**
 * Processes that were in force and no longer are: AWS never resumes by itself, so a person did.
 * One that was asked for only just now may merely not show yet.
 */
const processesResumedByOthers = (record: GroupRecord, group: AutoScalingGroup, now: string): string[] => {
  const wanted = wantedSuspendedProcesses(record);
  return wanted.filter((process) => {
    if (group.suspendedProcesses.includes(process)) return false;
    if (record.baseline?.suspendedProcesses.includes(process)) return true;
    const appliedAt = imposedSince(record, process);
    return appliedAt !== undefined && secondsBetween(appliedAt, now) > inForceWithinSeconds;
  });
};

/**
 * Decides what brings one group to its wanted state on behalf of one incident.
 *
 * @param incident the incident that tends the group; it must be `HELD`
 * @param group the group as described after `record` was read; `undefined` when AWS knows no such group
 * @param record what is stored of the group
 * @param owner who would take the lease
 * @param now ISO 8601
 */
export const decideApply = (
  incident: Incident,
  group: AutoScalingGroup | undefined,
  record: GroupRecord,
  owner: string,
  now: string,
): ApplyDecision => {
  if (isLeased(record, now)) {
    return { action: 'BUSY', reason: `another task is changing the group until ${record.lease?.expiresAt}` };
  }
  if (group === undefined) return { action: 'GONE', reason: 'the group does not exist any more' };
  if (!isOptedIn(group)) {
    return {
      action: 'REFUSE',
      reason: `the group no longer carries the tag ${optInTag.key}=${optInTag.value}, so Holdfast may not touch it`,
    };
  }
  if (group.status !== undefined) {
    return { action: 'REFUSE', reason: `the group is being deleted (${group.status})` };
  }

  const resumed = processesResumedByOthers(record, group, now);
  const overridden: Overridden[] = [
    ...record.overridden,
    ...resumed.map((process) => ({ process, seenAt: now })),
  ];
  // What a person resumed is the person's from now on, also when it is suspended again later.
  const remaining = record.imposed.filter(({ process }) => !resumed.includes(process));
  const held = withHold({ ...record, overridden, imposed: remaining }, group, incident, now);
  const missing = wantedSuspendedProcesses(held).filter(
    (process) => !group.suspendedProcesses.includes(process),
  );
  const pending = missing.filter((process) => imposedSince(record, process) !== undefined);
  const toSuspend = missing.filter((process) => !pending.includes(process));

  const isNewHold = held.holds.length > record.holds.length;
  // The call was made and its maker died before writing so.
  const isSeen = ({ process, appliedAt }: Imposed): boolean =>
    appliedAt === undefined && group.suspendedProcesses.includes(process);
  if (toSuspend.length === 0 && resumed.length === 0 && !isNewHold && !remaining.some(isSeen)) {
    return pending.length > 0
      ? { action: 'UNVERIFIED', reason: `${pending.join(', ')} accepted, not in force yet` }
      : { action: 'IN_FORCE', reason: 'the group is as wanted' };
  }

  const imposed = [
    ...held.imposed
      .filter(({ process }) => !toSuspend.includes(process))
      .map((entry) => (isSeen(entry) ? { ...entry, appliedAt: now } : entry)),
    ...toSuspend.map((process) => ({ process, recordedAt: now })),
  ];
  const before = { ...held, imposed, lease: { owner, expiresAt: addSeconds(now, leaseSeconds) } };
  const after = withoutLease({
    ...before,
    imposed: imposed.map((entry) =>
      toSuspend.includes(entry.process) ? { ...entry, appliedAt: now } : entry,
    ),
  });
  const calls = suspendCalls(group.autoScalingGroupName, toSuspend);
  return {
    action: 'WRITE',
    reason:
      calls.length > 0
        ? incident.reason
        : resumed.length > 0
          ? `a person resumed ${resumed.join(', ')}`
          : 'everything was suspended already',
    before,
    calls,
    after,
    newlyOverridden: resumed,
  };
};
