import {
  type AutoScalingGroup,
  hasTags,
  inService,
  isOptedIn,
  launching,
  markedUnhealthy,
} from '../auto-scaling-group.ts';
import type { AutoScalingCall } from '../calls.ts';
import type { Incident } from '../incident.ts';
import { holdsPerGroupMax, inForceWithinSeconds, leaseSeconds, protectedInstancesMax } from '../limits.ts';
import { remediations } from '../remediations.ts';

import { addSeconds, secondsBetween } from '../times.ts';
import {
  afterLease,
  emptyGroupRecord,
  type GroupRecord,
  type Hold,
  type Imposed,
  imposedSince,
  isInstance,
  isLeased,
  mayBeInForceUnseen,
  type Overridden,
  type Setting,
  withoutLease,
} from './group-record.ts';
import { holdCalls } from './hold-calls.ts';
import { keptOf } from './plan-raise.ts';
import { areSizesOfUpdate, asTakenBackByUpdate, stackOf } from './stack-update.ts';
import { keepsInstances, settingsInForce, settingsStillInForce, wantedSettings } from './wanted-state.ts';

/** The latest launches that are remembered: more than any rule asks to have succeeded. */
const launchedMax = 50;
/** Instances of a group that are remembered although no description has them: a description may be stale. */
const leftRememberedMax = 1000;

/** Why a group cannot be changed at this moment. */
export type BusyFacts =
  | { because: 'LEASED'; until: string | undefined }
  /** Some descriptions show another group of the name. */
  | { because: 'DESCRIPTIONS_DISAGREE' };

/** Why an incident may not hold a group any more, or not yet another one. */
type ApplyRefusal =
  | { because: 'NOT_OPTED_IN' }
  | { because: 'BEING_DELETED'; status: string }
  /** It was deleted, and the one that has its name now does not carry the tags that the incident is about. */
  | { because: 'REPLACED_BY_ANOTHER' }
  | { because: 'TOO_MANY_HOLDS'; holds: number; holdsMax: number };

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
  | { action: 'IN_FORCE' | 'GONE' }
  | { action: 'UNVERIFIED'; pending: Setting[] }
  | ({ action: 'BUSY' } & BusyFacts)
  | ({ action: 'REFUSE' } & ApplyRefusal)
  | {
      action: 'WRITE';
      /** Whether anything is put in force, and for what; or what else is news. */
      because: 'ASKED_FOR' | 'NEW_INSTANCES' | 'TAKEN_BACK' | 'IN_FORCE_ALREADY';
      /** When it was decided. */
      decidedAt: string;
      /** The record with the lease, written before the calls. */
      before: GroupRecord;
      calls: AutoScalingCall[];
      /** The record without the lease, written after the calls. */
      after: GroupRecord;
      /** Settings that are asked for, and that are not ours if AWS refuses that: it never accepted one, and cannot have. */
      refusable: ReadonlySet<Setting>;
      /** Settings that a person took back meanwhile and that are left alone from now on. */
      newlyOverridden: Setting[];
      /** Whether an update of the group's CloudFormation stack is in progress, which may have taken them back. */
      isStackUpdating: boolean;
      /** Whether the group of the record is gone, and this is another one of its name. */
      isReplaced: boolean;
    };

/** The ids of what is in the group already, in service or in Standby: none of it is a launch that succeeds. */
const presentNow = (group: AutoScalingGroup): string[] => {
  const onTheWay = new Set(launching(group).map(({ instanceId }) => instanceId));
  return group.instances.map(({ instanceId }) => instanceId).filter((id) => !onTheWay.has(id));
};

const withHold = (
  record: GroupRecord,
  group: AutoScalingGroup,
  incident: Incident,
  now: string,
  seenAt: string,
): GroupRecord => {
  if (record.holds.some((hold) => hold.incidentId === incident.incidentId)) return record;
  const { processes, protectsInstances, keepsLaunch } = incident.settings.effect;
  const ours = new Set(record.imposed.map(({ setting }) => setting));
  const isNotOurs = (setting: Setting): boolean => !ours.has(setting);
  const end = remediations[incident.remediation].endsAtLatest(incident);
  const hold: Hold = {
    incidentId: incident.incidentId,
    processes,
    protectsInstances,
    reason: incident.reason,
    heldAt: now,
    stage: 'HELD',
    stageAt: now,
    isAsked: true,
    ...(end === undefined ? {} : { endsAtLatest: end }),
    ...(keepsLaunch === true ? { keepsLaunch } : {}),
  };
  return {
    ...record,
    baseline: record.baseline ?? {
      seenAt,
      suspendedProcesses: group.suspendedProcesses.filter(isNotOurs).sort(),
      protectedInstances: group.instances
        .filter(({ protectedFromScaleIn }) => protectedFromScaleIn)
        .map(({ instanceId }) => instanceId)
        .filter(isNotOurs),
      minSize: group.minSize,
      maxSize: group.maxSize,
      desiredCapacity: group.desiredCapacity,
    },
    holds: [...record.holds, hold],
  };
};

/** Whether the incident's claim was written down, and nobody has written since that it is in force. */
export const isOnlyAsked = ({ holds }: GroupRecord, incidentId: string): boolean =>
  holds.some((hold) => hold.incidentId === incidentId && hold.isAsked === true);

/** The record with the incident's claim in force. */
const withHeld = (record: GroupRecord, incidentId: string): GroupRecord => ({
  ...record,
  holds: record.holds.map(({ isAsked, ...hold }) =>
    hold.incidentId === incidentId || isAsked === undefined ? hold : { ...hold, isAsked },
  ),
});

/** The record with the instances that came into service since the first hold that protects began. */
const withLaunched = (record: GroupRecord, group: AutoScalingGroup, now: string): GroupRecord => {
  if (!record.holds.some(({ protectsInstances }) => protectsInstances)) return record;
  const { presentAtFirst, launched = [] } = record;
  if (presentAtFirst === undefined) return { ...record, presentAtFirst: presentNow(group), launched: [] };
  const unhealthy = new Set(markedUnhealthy(group).map(({ instanceId }) => instanceId));
  const known = new Set([...presentAtFirst, ...launched.map(({ instanceId }) => instanceId)]);
  const news = inService(group)
    .filter(({ instanceId }) => !known.has(instanceId) && !unhealthy.has(instanceId))
    .map(({ instanceId }) => ({ instanceId, seenAt: now }));
  if (news.length === 0) return record;
  const all = [...launched, ...news];
  // Those that came long ago are old acquaintances by now; of these, only those that are still there need be known.
  const present = new Set(group.instances.map(({ instanceId }) => instanceId));
  const acquaintances = [
    ...presentAtFirst,
    ...all.slice(0, -launchedMax).map(({ instanceId }) => instanceId),
  ];
  return {
    ...record,
    presentAtFirst:
      acquaintances.length > protectedInstancesMax + leftRememberedMax
        ? acquaintances.filter((id) => present.has(id))
        : acquaintances,
    launched: all.slice(-launchedMax),
  };
};

/** The record with the sizes that matter when what keeps instances from scale-in is given back. */
const withKept = (record: GroupRecord, group: AutoScalingGroup, now: string, seenAt: string): GroupRecord => {
  const { kept: known, ...rest } = record;
  if (!record.holds.some(keepsInstances)) return known === undefined ? record : rest;
  const { desiredCapacity, minSize, maxSize } = group;
  const isNew = record.holds.filter(keepsInstances).every(({ heldAt }) => heldAt === now);
  const kept = known ??
    (isNew ? undefined : keptOf(record)) ?? {
      since: seenAt,
      desiredHighest: desiredCapacity,
      minSize,
      maxSize,
      desiredCapacity,
    };
  if (known !== undefined && desiredCapacity <= known.desiredHighest) return record;
  // A rolling update raises it for a while, and may begin and end between two looks at the stack.
  const isOfStack = stackOf(group) !== undefined;
  if (known !== undefined && isOfStack && areSizesOfUpdate(group, known.minSize)) return record;
  return { ...record, kept: { ...kept, desiredHighest: Math.max(kept.desiredHighest, desiredCapacity) } };
};

/**
 * What was put in force since a group was made: calls go by name, so one that was meant for the group before it, seen in
 * a description from before, met this one.
 */
const imposedOnNewGroup = (record: GroupRecord, { createdAt }: AutoScalingGroup, now: string): Imposed[] =>
  record.imposed.filter((imposed) =>
    createdAt === undefined
      ? mayBeInForceUnseen(imposed, now)
      : (imposed.appliedAt ?? imposed.recordedAt) >= createdAt,
  );

/**
 * The record of this group: where the ARN of the group is another, the one that was remembered is gone, and nothing of
 * it is true of this one but what was put in force since this one was made.
 */
export const ofThisGroup = (record: GroupRecord, group: AutoScalingGroup, now: string): GroupRecord => {
  const { autoScalingGroupArn: arn } = group;
  const { missingSince: _missingSince, ...known } = record;
  if (arn === undefined || record.autoScalingGroupArn === arn) {
    return record.missingSince === undefined ? record : known;
  }
  const adopted = { autoScalingGroupArn: arn, arnSeenAt: now };
  return record.autoScalingGroupArn === undefined
    ? { ...known, ...adopted }
    : {
        ...emptyGroupRecord(record.autoScalingGroupName),
        version: record.version,
        imposed: imposedOnNewGroup(record, group, now),
        ...adopted,
      };
};

/** Whether a description shows another group than the record, and does so for long enough to be believed. */
export const isReplaced = (record: GroupRecord, group: AutoScalingGroup): boolean =>
  record.autoScalingGroupArn !== undefined &&
  group.autoScalingGroupArn !== undefined &&
  record.autoScalingGroupArn !== group.autoScalingGroupArn;

/** Whether such a description may show a group that was there before the one that is remembered. */
export const mayBeStale = ({ arnSeenAt }: GroupRecord, now: string): boolean =>
  arnSeenAt !== undefined && secondsBetween(arnSeenAt, now) < inForceWithinSeconds;

const baselineSettings = ({ baseline }: GroupRecord): Setting[] => [
  ...(baseline?.suspendedProcesses ?? []),
  ...(baseline?.protectedInstances ?? []),
];

/**
 * The record with its baseline confirmed, by the first look that is surely newer than the one it was seen in: what is
 * not in force then, somebody took back. No look before that says anything: what showed may vanish once more.
 */
const withConfirmedBaseline = (record: GroupRecord, group: AutoScalingGroup, seenAt: string): GroupRecord => {
  const { baseline } = record;
  if (baseline?.seenAt === undefined || baselineSettings(record).length === 0) return record;
  if (secondsBetween(baseline.seenAt, seenAt) < inForceWithinSeconds) return record;
  const { seenAt: _seenAt, ...confirmed } = baseline;
  const inForce = settingsInForce(group);
  const isTrue = (setting: Setting): boolean => inForce.has(setting);
  return {
    ...record,
    baseline: {
      ...confirmed,
      suspendedProcesses: baseline.suspendedProcesses.filter(isTrue),
      protectedInstances: baseline.protectedInstances.filter(isTrue),
    },
  };
};

/**
 * The record with what AWS refused to put in force for us, and somebody else has put in force since: it is theirs, as if
 * it had been so before the hold.
 */
const withTakenOver = (record: GroupRecord, group: AutoScalingGroup): GroupRecord => {
  const { baseline, imposed } = record;
  const inForce = settingsInForce(group);
  const theirs = imposed
    .filter(({ setting, refusedAt }) => refusedAt !== undefined && inForce.has(setting))
    .map(({ setting }) => setting);
  if (baseline === undefined || theirs.length === 0) return record;
  const isProcess = (setting: Setting): boolean => !isInstance(setting);
  return {
    ...record,
    imposed: imposed.filter(({ setting }) => !theirs.includes(setting)),
    baseline: {
      ...baseline,
      suspendedProcesses: [...baseline.suspendedProcesses, ...theirs.filter(isProcess)].sort(),
      protectedInstances: [...baseline.protectedInstances, ...theirs.filter(isInstance)],
    },
  };
};

/** Settings that somebody put in force before us, as far as a look tells that may be from before they were taken back. */
const unconfirmedSettings = (record: GroupRecord): Set<Setting> =>
  new Set(record.baseline?.seenAt === undefined ? [] : baselineSettings(record));

/**
 * Settings that were in force and no longer are: AWS never takes one back by itself, so a person or a tool did. One that
 * was asked for only just now may merely not show yet.
 *
 * @param known the record before this look confirmed its baseline: who took back something of the baseline did so during
 * the hold, or in the two minutes before it that a description may be old. These cannot be told apart, and either way
 * the person wanted it so.
 * @param record the same, its baseline confirmed
 */
const settingsUndoneByOthers = (
  known: GroupRecord,
  record: GroupRecord,
  group: AutoScalingGroup,
  seenAt: string,
): Setting[] => {
  const inForce = settingsInForce(group);
  const unconfirmed = unconfirmedSettings(record);
  const ofOthers = new Set(baselineSettings(known));
  return wantedSettings(record, group).filter((setting) => {
    if (inForce.has(setting)) return false;
    const imposed = record.imposed.find((entry) => entry.setting === setting);
    if (imposed === undefined && ofOthers.has(setting)) return !unconfirmed.has(setting);
    const appliedAt = imposedSince(record, setting);
    return appliedAt !== undefined && secondsBetween(appliedAt, seenAt) >= inForceWithinSeconds;
  });
};

/** What a change of a group is for. */
const becauseOf = (
  toImpose: Setting[],
  isNewHold: boolean,
  undone: Setting[],
): (ApplyDecision & { action: 'WRITE' })['because'] => {
  if (toImpose.length > 0) return !isNewHold && toImpose.every(isInstance) ? 'NEW_INSTANCES' : 'ASKED_FOR';
  return undone.length > 0 ? 'TAKEN_BACK' : 'IN_FORCE_ALREADY';
};

/** Why an incident may not hold a group; `undefined` when it may. */
const refusalOf = (
  incident: Incident,
  group: AutoScalingGroup,
  record: GroupRecord,
): ApplyRefusal | undefined => {
  if (!isOptedIn(group)) return { because: 'NOT_OPTED_IN' };
  if (group.status !== undefined) return { because: 'BEING_DELETED', status: group.status };
  if (isReplaced(record, group) && !hasTags(group, incident.targetTags ?? {})) {
    return { because: 'REPLACED_BY_ANOTHER' };
  }
  const holds = record.holds.length;
  const isHeld = record.holds.some(({ incidentId }) => incidentId === incident.incidentId);
  return !isHeld && holds >= holdsPerGroupMax
    ? { because: 'TOO_MANY_HOLDS', holds, holdsMax: holdsPerGroupMax }
    : undefined;
};

/** What the look tells of a group before anything is decided. */
interface Looked {
  /** What is remembered of this group. */
  known: GroupRecord;
  /** The same, its baseline confirmed. */
  record: GroupRecord;
  /** Settings that a person took back. */
  undone: Setting[];
  /** What remains ours of what we put in force. */
  remaining: Imposed[];
}

const lookAt = (stored: GroupRecord, group: AutoScalingGroup, now: string, seenAt: string): Looked => {
  const known = ofThisGroup(afterLease(stored, now), group, seenAt);
  const record = withTakenOver(withConfirmedBaseline(known, group, seenAt), group);
  const undone = settingsUndoneByOthers(known, record, group, seenAt);
  // What a person took back is the person's from now on, also when it is in force again later. The protection of an
  // instance ends with the instance, but a description that lacks it may be stale.
  const forgets = record.imposed.length > protectedInstancesMax + leftRememberedMax;
  const present = idsOf(group);
  const remaining = record.imposed.filter(
    ({ setting }) => !undone.includes(setting) && (!forgets || isRemembered(setting, present)),
  );
  return { known, record, undone, remaining };
};

/** Whether a setting can still be in force: the protection of an instance ends with the instance. */
const isRemembered = (setting: Setting, present: Set<string>): boolean =>
  !isInstance(setting) || present.has(setting);

const idsOf = ({ instances }: AutoScalingGroup): Set<string> =>
  new Set(instances.map(({ instanceId }) => instanceId));

/** The record as it is once the incident holds the group, nothing more put in force yet. */
const withIncident = (
  { record, undone, remaining }: Looked,
  group: AutoScalingGroup,
  incident: Incident,
  now: string,
  seenAt: string,
): GroupRecord => {
  const present = idsOf(group);
  const overridden: Overridden[] = [
    ...record.overridden.filter(({ setting }) => isRemembered(setting, present)),
    ...undone.map((setting): Overridden => {
      const appliedAt = record.imposed.find((imposed) => imposed.setting === setting)?.appliedAt;
      return { setting, seenAt: now, ...(appliedAt === undefined ? {} : { appliedAt }) };
    }),
  ];
  const marked = { ...record, overridden, imposed: remaining };
  const watched = withLaunched(
    record.stackUpdate === undefined ? marked : asTakenBackByUpdate(marked, undone),
    group,
    now,
  );
  const claimed = withHold(watched, group, incident, now, seenAt);
  return withKept(withLaunched(claimed, group, now), group, now, seenAt);
};

/** Whether the call was made and its maker died before writing so. */
const isSeen = ({ setting, appliedAt, refusedAt, givingBackAt }: Imposed, inForce: Set<Setting>): boolean =>
  appliedAt === undefined && refusedAt === undefined && givingBackAt === undefined && inForce.has(setting);

/** Whether AWS was asked to take it back, and has not accepted that yet: until it does, it is ours. */
const isBeingGivenBack = ({ givingBackAt, givenBackAt }: Imposed): boolean =>
  givingBackAt !== undefined && givenBackAt === undefined;

/** Whether a look tells anything that has to be written down. */
const isNews = (
  { known, record, undone, remaining }: Looked,
  stored: GroupRecord,
  held: GroupRecord,
  inForce: Set<Setting>,
): boolean =>
  held.holds.length > record.holds.length ||
  undone.length > 0 ||
  held.launched !== record.launched ||
  held.kept !== record.kept ||
  record.baseline !== known.baseline ||
  record.autoScalingGroupArn !== stored.autoScalingGroupArn ||
  record.missingSince !== stored.missingSince ||
  remaining.some((imposed) => isSeen(imposed, inForce));

/**
 * Decides what brings one group to its wanted state on behalf of one incident.
 *
 * @param incident the incident that looks after the group; it must be `HELD`
 * @param group the group as described after `stored` was read; `undefined` when AWS knows no such group
 * @param stored what is stored of the group
 * @param owner who would take the lease
 * @param now ISO 8601
 * @param seenAt when the group was asked for: what a description may not show yet is judged by that, not by the time of
 * the decision
 */
export const decideApply = (
  incident: Incident,
  group: AutoScalingGroup | undefined,
  stored: GroupRecord,
  owner: string,
  now: string,
  seenAt: string = now,
): ApplyDecision => {
  if (isLeased(stored, now)) {
    return { action: 'BUSY', because: 'LEASED', until: stored.lease?.expiresAt };
  }
  if (group === undefined) return { action: 'GONE' };
  if (isReplaced(stored, group) && mayBeStale(stored, seenAt)) {
    return { action: 'BUSY', because: 'DESCRIPTIONS_DISAGREE' };
  }
  const refusal = refusalOf(incident, group, stored);
  if (refusal !== undefined) return { action: 'REFUSE', ...refusal };

  const looked = lookAt(stored, group, now, seenAt);
  const { record, undone } = looked;
  const held = withIncident(looked, group, incident, now, seenAt);
  const inForce = settingsStillInForce(held, group, seenAt);
  const missing = wantedSettings(held, group).filter((setting) => !inForce.has(setting));
  const unconfirmed = unconfirmedSettings(held);
  const pending = missing.filter(
    (setting) => imposedSince(held, setting) !== undefined || unconfirmed.has(setting),
  );
  const toImpose = missing.filter((setting) => !pending.includes(setting));
  // Another hold may have put everything in force while this one's calls failed, or somebody died before writing so.
  const isHeldSince = isOnlyAsked(stored, incident.incidentId);
  if (toImpose.length === 0 && !isHeldSince && !isNews(looked, stored, held, inForce)) {
    return pending.length > 0 ? { action: 'UNVERIFIED', pending } : { action: 'IN_FORCE' };
  }
  const imposed = [
    ...held.imposed
      .filter(({ setting }) => !toImpose.includes(setting))
      .map((entry) => (isSeen(entry, inForce) ? { ...entry, appliedAt: now } : entry)),
    ...toImpose.map((setting) => ({ setting, recordedAt: now })),
  ];
  const mayBeOurs = new Set(
    held.imposed
      .filter(
        (entry) =>
          entry.appliedAt !== undefined || isBeingGivenBack(entry) || mayBeInForceUnseen(entry, seenAt),
      )
      .map(({ setting }) => setting),
  );
  const before = { ...held, imposed, lease: { owner, expiresAt: addSeconds(now, leaseSeconds) } };
  const applied = withoutLease({
    ...before,
    imposed: imposed.map((entry) =>
      toImpose.includes(entry.setting) ? { ...entry, appliedAt: now } : entry,
    ),
  });
  return {
    action: 'WRITE',
    decidedAt: now,
    because: becauseOf(toImpose, isOnlyAsked(held, incident.incidentId), undone),
    before,
    calls: holdCalls(group.autoScalingGroupName, toImpose, incident.remediation),
    after: withHeld(applied, incident.incidentId),
    refusable: new Set(toImpose.filter((setting) => !mayBeOurs.has(setting))),
    newlyOverridden: undone,
    isStackUpdating: record.stackUpdate !== undefined,
    isReplaced: isReplaced(stored, group),
  };
};
