import { type AutoScalingGroup, inService, isOptedIn, optInTag } from './auto-scaling-group.ts';
import { type GroupRecord, type Hold, type Imposed, isLeased, withoutLease } from './group-record.ts';
import { processesThatEndInstances, resumedFirst } from './hold-effects.ts';
import type { PlannedCall } from './incident.ts';
import { inForceWithinSeconds, leaseSeconds } from './limits.ts';
import { addSeconds, secondsBetween } from './times.ts';
import { claimedProcesses, wantedSuspendedProcesses } from './wanted-state.ts';

/** Times that everything is given back and looked at again before a person is told. */
const giveBackAttemptsMax = 3;

/**
 * What one look at a group that is to be given back leads to.
 * - `DONE`: nothing of this incident is left in the group.
 * - `WAIT`: a stage has to pass first; look again then.
 * - `BUSY`: somebody else is changing the group; look again soon.
 * - `REFUSE`: the group may not be touched any more; a person has to undo it.
 * - `WRITE`: record first, make the calls in order (there may be none), then write `after`.
 */
export type ReleaseDecision =
  | { action: 'DONE' | 'BUSY' | 'REFUSE'; reason: string }
  | { action: 'WAIT'; reason: string; seconds: number }
  | {
      action: 'WRITE';
      reason: string;
      before: GroupRecord;
      calls: PlannedCall[];
      after: GroupRecord;
      /** Whether nothing of this incident is left once `after` is written. */
      isDone: boolean;
      /** Whether the group itself is gone, so that nothing was there to be given back. */
      isGone: boolean;
      /** Whether a person has to look: something could not be given back. */
      needsPerson: boolean;
    };

const withStage = (record: GroupRecord, incidentId: string, change: Partial<Hold>): GroupRecord => ({
  ...record,
  holds: record.holds.map((hold) => (hold.incidentId === incidentId ? { ...hold, ...change } : hold)),
});

/** The record once the hold is gone; with the last hold goes everything else. */
const withoutHold = (record: GroupRecord, incidentId: string): GroupRecord => {
  const holds = record.holds.filter((hold) => hold.incidentId !== incidentId);
  const { baseline: _baseline, lease: _lease, ...rest } = record;
  if (holds.length === 0) return { ...rest, holds, imposed: [], overridden: [] };
  const claimed = new Set<string>(holds.flatMap(claimedProcesses));
  return withoutLease({
    ...record,
    holds,
    imposed: record.imposed.filter(({ process }) => claimed.has(process)),
  });
};

/**
 * What Holdfast suspended and nobody wants any more once `next` is true. What was given back in an earlier stage and
 * is suspended now, somebody else suspended; what was given back in this one has yet to be seen so.
 */
const toGiveBack = (record: GroupRecord, next: GroupRecord, hold: Hold): string[] => {
  const stillWanted = wantedSuspendedProcesses(next);
  return record.imposed
    .filter(
      ({ process, givenBackAt }) =>
        !stillWanted.includes(process) &&
        (givenBackAt === undefined || (hold.stage === 'VERIFYING' && givenBackAt === hold.stageAt)),
    )
    .map(({ process }) => process)
    .sort();
};

const withImposed = (record: GroupRecord, processes: string[], change: Partial<Imposed>): GroupRecord => ({
  ...record,
  imposed: record.imposed.map((entry) =>
    processes.includes(entry.process) ? { ...entry, ...change } : entry,
  ),
});

const resumeCall = (group: AutoScalingGroup, processes: string[], reason: string): PlannedCall => ({
  service: 'AutoScaling',
  operation: 'ResumeProcesses',
  input: { AutoScalingGroupName: group.autoScalingGroupName, ScalingProcesses: processes },
  reason,
});

/** Desired capacity is raised to what is in service before anything may end instances down to it. */
const raiseDesiredCapacity = (group: AutoScalingGroup, givenBack: string[]): PlannedCall[] => {
  const wanted = Math.min(inService(group).length, group.maxSize);
  const endsInstances = givenBack.some((process) =>
    (processesThatEndInstances as string[]).includes(process),
  );
  if (!endsInstances || group.desiredCapacity >= wanted) return [];
  return [
    {
      service: 'AutoScaling',
      operation: 'SetDesiredCapacity',
      input: {
        AutoScalingGroupName: group.autoScalingGroupName,
        DesiredCapacity: wanted,
        HonorCooldown: false,
      },
      reason: `desired capacity fell to ${group.desiredCapacity} while ${inService(group).length} are in service; resuming Terminate would end the difference at once`,
    },
  ];
};

/**
 * Decides the next step of giving one group back on behalf of one incident. Stages: HealthCheck first; after
 * `settleSeconds` the rest, desired capacity raised before it; then a look that it is so.
 *
 * @param group the group as described after `record` was read; `undefined` when AWS knows no such group
 * @param record what is stored of the group
 * @param incidentId whose hold ends
 * @param settleSeconds how long health is judged afresh before anything may act on it
 * @param owner who would take the lease
 * @param now ISO 8601
 */
export const decideRelease = (
  group: AutoScalingGroup | undefined,
  record: GroupRecord,
  incidentId: string,
  settleSeconds: number,
  owner: string,
  now: string,
): ReleaseDecision => {
  const hold = record.holds.find((candidate) => candidate.incidentId === incidentId);
  if (hold === undefined) return { action: 'DONE', reason: 'nothing of this incident is left in the group' };
  if (isLeased(record, now)) {
    return { action: 'BUSY', reason: `another task is changing the group until ${record.lease?.expiresAt}` };
  }
  const leased = (givingBack: string[]): GroupRecord => ({
    ...withImposed(record, givingBack, { givingBackAt: now }),
    lease: { owner, expiresAt: addSeconds(now, leaseSeconds) },
  });
  const ended = (reason: string, needsPerson = false, isGone = false): ReleaseDecision => ({
    action: 'WRITE',
    reason,
    before: leased([]),
    calls: [],
    after: withoutHold(record, incidentId),
    isDone: true,
    isGone,
    needsPerson,
  });
  if (group === undefined) return ended('the group does not exist any more', false, true);
  if (group.status !== undefined) return ended(`the group is being deleted (${group.status})`, false, true);
  if (!isOptedIn(group)) {
    return {
      action: 'REFUSE',
      reason: `the group no longer carries the tag ${optInTag.key}=${optInTag.value}, so Holdfast may not touch it; put the tag back, or resume ${record.imposed.map(({ process }) => process).join(', ')} by hand`,
    };
  }

  if (hold.stage === 'HELD') {
    const settling = withStage(record, incidentId, { stage: 'SETTLING', stageAt: now });
    const first = toGiveBack(record, settling, hold).filter((process) =>
      (resumedFirst as string[]).includes(process),
    );
    if (first.length > 0) {
      const suspended = first.filter((process) => group.suspendedProcesses.includes(process));
      return {
        action: 'WRITE',
        reason: `health is judged afresh for ${settleSeconds} s before anything may act on it`,
        before: leased(first),
        calls:
          suspended.length === 0
            ? []
            : [resumeCall(group, suspended, 'health has to be judged afresh before anything may act on it')],
        after: withImposed(settling, first, { givingBackAt: now, givenBackAt: now }),
        isDone: false,
        isGone: false,
        needsPerson: false,
      };
    }
  }

  if (hold.stage === 'SETTLING') {
    const settled = secondsBetween(hold.stageAt, now);
    if (settled < settleSeconds) {
      return {
        action: 'WAIT',
        reason: 'health is being judged afresh',
        seconds: Math.ceil(settleSeconds - settled),
      };
    }
  }

  const verifying = withStage(record, incidentId, {
    stage: 'VERIFYING',
    stageAt: now,
    giveBackAttempts: hold.giveBackAttempts + 1,
  });
  const rest = toGiveBack(record, verifying, hold).filter((process) =>
    group.suspendedProcesses.includes(process),
  );
  if (rest.length === 0) {
    return ended(
      hold.stage === 'VERIFYING'
        ? 'given back, and seen to be so'
        : 'nothing of it was Holdfast’s to give back',
    );
  }
  if (hold.stage === 'VERIFYING') {
    if (secondsBetween(hold.stageAt, now) < inForceWithinSeconds / 2) {
      return { action: 'WAIT', reason: 'given back, not in force yet', seconds: 15 };
    }
    if (hold.giveBackAttempts >= giveBackAttemptsMax) {
      return ended(
        `${rest.join(', ')} was given back ${giveBackAttemptsMax} times and is still suspended: somebody or something else suspends it. Resume it by hand if it should run`,
        true,
      );
    }
  }
  return {
    action: 'WRITE',
    reason: 'no hold wants it any more',
    before: leased(rest),
    calls: [...raiseDesiredCapacity(group, rest), resumeCall(group, rest, 'no hold wants them any more')],
    after: withImposed(verifying, rest, { givingBackAt: now, givenBackAt: now }),
    isDone: false,
    isGone: false,
    needsPerson: false,
  };
};
