import {
  type AutoScalingGroup,
  canChangeProtection,
  inService,
  isOptedIn,
  launching,
  optInTag,
} from './auto-scaling-group.ts';
import {
  type GroupRecord,
  type Hold,
  type Imposed,
  isInstance,
  isLeased,
  type Setting,
  withoutLease,
} from './group-record.ts';
import { giveBackCalls } from './hold-calls.ts';
import { processesThatEndInstances, resumedFirst } from './hold-effects.ts';
import type { AutoScalingCall } from './incident.ts';
import { inForceWithinSeconds, leaseSeconds } from './limits.ts';
import { addSeconds, firstOf, secondsBetween } from './times.ts';
import { claimedProcesses, claimsProtection, settingsInForce, wantedSettings } from './wanted-state.ts';

/** How long an instance that passes through a state in which its protection cannot be changed is waited for. */
const passingSecondsMax = 3600;

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
      calls: AutoScalingCall[];
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

/** `Launch` in a group that is being resized is the resize's to give back: first nothing may be missing that it would launch. */
const isForResize = (setting: Setting, holds: Hold[]): boolean =>
  setting === 'Launch' && holds.some(({ keepsLaunch }) => keepsLaunch === true);

/** The record once the hold is gone; with the last hold goes everything else. */
const withoutHold = (record: GroupRecord, incidentId: string): GroupRecord => {
  const holds = record.holds.filter((hold) => hold.incidentId !== incidentId);
  const { baseline: _baseline, lease: _lease, ...rest } = record;
  if (holds.length === 0) return { ...rest, holds, imposed: [], overridden: [] };
  const claimed = new Set<string>(holds.flatMap(claimedProcesses));
  const isClaimed = (setting: Setting): boolean => {
    if (isInstance(setting)) return holds.some(claimsProtection);
    return claimed.has(setting) || isForResize(setting, holds);
  };
  return withoutLease({
    ...record,
    holds,
    imposed: record.imposed.filter(({ setting }) => isClaimed(setting)),
    // What a person took back is left alone for as long as a hold claims it, and no longer.
    overridden: record.overridden.filter(({ setting }) => isClaimed(setting)),
  });
};

/**
 * What Holdfast put in force and nobody wants any more once `next` is true. What was given back in an earlier stage
 * and is in force now, somebody else put in force; what was given back in this one has yet to be seen so.
 */
const toGiveBack = (
  record: GroupRecord,
  next: GroupRecord,
  group: AutoScalingGroup,
  hold: Hold,
): Setting[] => {
  const stillWanted = wantedSettings(next, group);
  // The protection of an instance that leaves, or has left, ends with it.
  const changeable = new Set(group.instances.filter(canChangeProtection).map(({ instanceId }) => instanceId));
  return record.imposed
    .filter(
      ({ setting, givenBackAt }) =>
        !stillWanted.includes(setting) &&
        !isForResize(setting, next.holds) &&
        (!isInstance(setting) || changeable.has(setting)) &&
        (givenBackAt === undefined || (hold.stage === 'VERIFYING' && givenBackAt === hold.stageAt)),
    )
    .map(({ setting }) => setting)
    .sort();
};

/** Protected instances whose protection cannot be changed just now, and that do not leave: they come back protected. */
const inPassing = (record: GroupRecord, next: GroupRecord, group: AutoScalingGroup): string[] => {
  const stillWanted = next.holds.some(claimsProtection);
  const imposed = new Set(record.imposed.map(({ setting }) => setting));
  return stillWanted
    ? []
    : group.instances
        .filter(
          (instance) =>
            imposed.has(instance.instanceId) &&
            instance.protectedFromScaleIn &&
            !canChangeProtection(instance) &&
            !/^(Terminat|Detach)/.test(instance.lifecycleState),
        )
        .map(({ instanceId }) => instanceId);
};

const withImposed = (record: GroupRecord, settings: Setting[], change: Partial<Imposed>): GroupRecord => ({
  ...record,
  imposed: record.imposed.map((entry) =>
    settings.includes(entry.setting) ? { ...entry, ...change } : entry,
  ),
});

/**
 * Desired capacity is raised to what counts towards it, instances on their way into service included, before
 * anything may end instances down to it.
 */
const raiseDesiredCapacity = (group: AutoScalingGroup, givenBack: Setting[]): AutoScalingCall[] => {
  const serving = inService(group).length;
  const wanted = Math.min(serving + launching(group).length, group.maxSize);
  const endsInstances = givenBack.some(
    (setting) => isInstance(setting) || (processesThatEndInstances as string[]).includes(setting),
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
      reason: `desired capacity fell to ${group.desiredCapacity} while ${wanted} count towards it (${serving} in service); giving back what kept them would end the difference at once`,
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
      reason: `the group no longer carries the tag ${optInTag.key}=${optInTag.value}, so Holdfast may not touch it; put the tag back, or give back ${firstOf(record.imposed.map(({ setting }) => setting))} by hand`,
    };
  }

  if (hold.stage === 'HELD') {
    const settling = withStage(record, incidentId, { stage: 'SETTLING', stageAt: now });
    const first = toGiveBack(record, settling, group, hold).filter((setting) =>
      (resumedFirst as string[]).includes(setting),
    );
    if (first.length > 0) {
      const suspended = first.filter((process) => group.suspendedProcesses.includes(process));
      return {
        action: 'WRITE',
        reason: `health is judged afresh for ${settleSeconds} s before anything may act on it`,
        before: leased(first),
        calls: giveBackCalls(
          group.autoScalingGroupName,
          suspended,
          'health has to be judged afresh before anything may act on it',
        ),
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
  const inForce = settingsInForce(group);
  const rest = toGiveBack(record, verifying, group, hold).filter((setting) => inForce.has(setting));
  const passing = inPassing(record, verifying, group);
  if (rest.length === 0 && passing.length > 0) {
    if (hold.stage !== 'VERIFYING') {
      return {
        action: 'WRITE',
        reason: `${passing[0]} cannot be given back in its present state; it is waited for`,
        before: leased([]),
        calls: [],
        after: verifying,
        isDone: false,
        isGone: false,
        needsPerson: false,
      };
    }
    return secondsBetween(hold.stageAt, now) < passingSecondsMax
      ? { action: 'WAIT', reason: `${passing[0]} passes through another state`, seconds: 30 }
      : ended(
          `${firstOf(passing)} stayed in a state in which protection cannot be removed. Remove it by hand once it is in service`,
          true,
        );
  }
  if (rest.length === 0) {
    return ended(
      hold.stage === 'VERIFYING'
        ? 'given back, and seen to be so'
        : 'nothing is left to give back: others still claim it, or had put it there',
    );
  }
  if (hold.stage === 'VERIFYING') {
    if (secondsBetween(hold.stageAt, now) < inForceWithinSeconds / 2) {
      return { action: 'WAIT', reason: 'given back, not in force yet', seconds: 15 };
    }
    if (hold.giveBackAttempts >= giveBackAttemptsMax) {
      return ended(
        `${firstOf(rest)} was given back ${giveBackAttemptsMax} times and is still in force: somebody or something else puts it there. Give it back by hand if it should be gone`,
        true,
      );
    }
  }
  return {
    action: 'WRITE',
    reason: 'no hold wants it any more',
    before: leased(rest),
    calls: [
      ...raiseDesiredCapacity(group, rest),
      ...giveBackCalls(group.autoScalingGroupName, rest, 'no hold wants them any more'),
    ],
    after: withImposed(verifying, rest, { givingBackAt: now, givenBackAt: now }),
    isDone: false,
    isGone: false,
    needsPerson: false,
  };
};
