import {
  type AutoScalingGroup,
  inService,
  isOptedIn,
  launching,
  markedUnhealthy,
  optInTag,
} from './auto-scaling-group.ts';
import {
  type GroupRecord,
  type Hold,
  type Imposed,
  imposedSince,
  isInstance,
  isLeased,
  type Overridden,
  type Setting,
  withoutLease,
} from './group-record.ts';
import { holdCalls } from './hold-calls.ts';
import type { AutoScalingCall, Incident } from './incident.ts';
import { inForceWithinSeconds, leaseSeconds } from './limits.ts';
import { endsAtLatest } from './notice.ts';
import { addSeconds, firstOf, secondsBetween } from './times.ts';
import { settingsInForce, wantedSettings } from './wanted-state.ts';

/** The latest launches a hold remembers: more than any rule asks to have succeeded. */
const launchedMax = 50;

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
      calls: AutoScalingCall[];
      /** The record without the lease, written after the calls. */
      after: GroupRecord;
      /** Settings that a person took back meanwhile and that are left alone from now on. */
      newlyOverridden: Setting[];
    };

/** What is in the group already, in service or in Standby: none of it is a launch that succeeds. */
const presentAtFirst = (group: AutoScalingGroup): string[] => {
  const onTheWay = new Set(launching(group).map(({ instanceId }) => instanceId));
  return group.instances.map(({ instanceId }) => instanceId).filter((id) => !onTheWay.has(id));
};

const withHold = (
  record: GroupRecord,
  group: AutoScalingGroup,
  incident: Incident,
  now: string,
): GroupRecord => {
  if (record.holds.some((hold) => hold.incidentId === incident.incidentId)) return record;
  const { processes, protectsInstances, keepsLaunch } = incident.settings.effect;
  const hold: Hold = {
    incidentId: incident.incidentId,
    processes,
    protectsInstances,
    reason: incident.reason,
    heldAt: now,
    endsAtLatest: endsAtLatest(incident),
    stage: 'HELD',
    stageAt: now,
    giveBackAttempts: 0,
    ...(keepsLaunch === true ? { keepsLaunch } : {}),
    ...(protectsInstances ? { presentAtFirst: presentAtFirst(group), launched: [] } : {}),
  };
  return {
    ...record,
    baseline: record.baseline ?? {
      suspendedProcesses: [...group.suspendedProcesses].sort(),
      protectedInstances: group.instances
        .filter(({ protectedFromScaleIn }) => protectedFromScaleIn)
        .map(({ instanceId }) => instanceId),
      minSize: group.minSize,
      maxSize: group.maxSize,
      desiredCapacity: group.desiredCapacity,
    },
    holds: [...record.holds, hold],
  };
};

/** The record with the instances that came into service since an incident's hold began, as far as it watches them. */
const withLaunched = (
  record: GroupRecord,
  group: AutoScalingGroup,
  incidentId: string,
  now: string,
): GroupRecord => {
  const unhealthy = new Set(markedUnhealthy(group).map(({ instanceId }) => instanceId));
  const holds = record.holds.map((hold): Hold => {
    if (hold.incidentId !== incidentId || hold.presentAtFirst === undefined) return hold;
    const known = new Set([
      ...hold.presentAtFirst,
      ...(hold.launched ?? []).map(({ instanceId }) => instanceId),
    ]);
    const launched = inService(group)
      .filter(({ instanceId }) => !known.has(instanceId) && !unhealthy.has(instanceId))
      .map(({ instanceId }) => ({ instanceId, seenAt: now }));
    if (launched.length === 0 || (hold.launched ?? []).length >= launchedMax) return hold;
    return { ...hold, launched: [...(hold.launched ?? []), ...launched].slice(0, launchedMax) };
  });
  return holds.every((hold, index) => hold === record.holds[index]) ? record : { ...record, holds };
};

/**
 * Settings that were in force and no longer are: AWS never takes one back by itself, so a person did. One that was
 * asked for only just now may merely not show yet.
 */
const settingsUndoneByOthers = (record: GroupRecord, group: AutoScalingGroup, now: string): Setting[] => {
  const inForce = settingsInForce(group);
  const { suspendedProcesses = [], protectedInstances = [] } = record.baseline ?? {};
  return wantedSettings(record, group).filter((setting) => {
    if (inForce.has(setting)) return false;
    if (suspendedProcesses.includes(setting) || protectedInstances.includes(setting)) return true;
    const appliedAt = imposedSince(record, setting);
    return appliedAt !== undefined && secondsBetween(appliedAt, now) > inForceWithinSeconds;
  });
};

/** Why settings are put in force: the incident's reason when it begins, what is new later. */
const applyReason = ({ remediation, reason }: Incident, toImpose: Setting[], isNewHold: boolean): string => {
  if (remediation === 'drain-pending-wait') return 'its launch breaker is open';
  return !isNewHold && toImpose.every(isInstance)
    ? 'instances that came into service meanwhile are protected too'
    : reason;
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

  const undone = settingsUndoneByOthers(record, group, now);
  const overridden: Overridden[] = [
    ...record.overridden,
    ...undone.map((setting) => ({ setting, seenAt: now })),
  ];
  const present = new Set(group.instances.map(({ instanceId }) => instanceId));
  // What a person took back is the person's from now on, also when it is in force again later. The protection of an
  // instance ends with the instance.
  const remaining = record.imposed.filter(
    ({ setting }) => !undone.includes(setting) && (!isInstance(setting) || present.has(setting)),
  );
  const claimed = withHold({ ...record, overridden, imposed: remaining }, group, incident, now);
  const held = withLaunched(claimed, group, incident.incidentId, now);
  const inForce = settingsInForce(group);
  const missing = wantedSettings(held, group).filter((setting) => !inForce.has(setting));
  const pending = missing.filter((setting) => imposedSince(record, setting) !== undefined);
  const toImpose = missing.filter((setting) => !pending.includes(setting));

  // The call was made and its maker died before writing so.
  const isSeen = ({ setting, appliedAt }: Imposed): boolean =>
    appliedAt === undefined && inForce.has(setting);
  const isNews =
    held.holds.length > record.holds.length ||
    undone.length > 0 ||
    held !== claimed ||
    remaining.some(isSeen);
  if (toImpose.length === 0 && !isNews) {
    return pending.length > 0
      ? { action: 'UNVERIFIED', reason: `${firstOf(pending)} accepted, not in force yet` }
      : { action: 'IN_FORCE', reason: 'the group is as wanted' };
  }

  const imposed = [
    ...held.imposed
      .filter(({ setting }) => !toImpose.includes(setting))
      .map((entry) => (isSeen(entry) ? { ...entry, appliedAt: now } : entry)),
    ...toImpose.map((setting) => ({ setting, recordedAt: now })),
  ];
  const before = { ...held, imposed, lease: { owner, expiresAt: addSeconds(now, leaseSeconds) } };
  const after = withoutLease({
    ...before,
    imposed: imposed.map((entry) =>
      toImpose.includes(entry.setting) ? { ...entry, appliedAt: now } : entry,
    ),
  });
  return {
    action: 'WRITE',
    reason:
      toImpose.length > 0
        ? applyReason(incident, toImpose, held.holds.length > record.holds.length)
        : undone.length > 0
          ? `a person took back ${firstOf(undone)}`
          : 'everything was in force already',
    before,
    calls: holdCalls(group.autoScalingGroupName, toImpose, incident.remediation),
    after,
    newlyOverridden: undone,
  };
};
