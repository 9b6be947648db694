import {
  type AutoScalingGroup,
  type AutoScalingInstance,
  canChangeProtection,
  inService,
  isOptedIn,
  markedUnhealthy,
} from '../auto-scaling-group.ts';
import type { AutoScalingCall } from '../calls.ts';
import { inForceWithinSeconds, leaseSeconds, protectedInstancesMax, replacingSecondsMax } from '../limits.ts';
import { addSeconds, secondsBetween } from '../times.ts';
import { confirmedOf, isFoundByChecks } from './broken-newcomers.ts';
import { type BusyFacts, isReplaced, mayBeStale, ofThisGroup } from './decide-apply.ts';
import {
  afterLease,
  type GroupRecord,
  type Hold,
  type Imposed,
  isInstance,
  isLeased,
  mayBeInForceUnseen,
  type Setting,
  secondsUntilSeen,
  withoutLease,
} from './group-record.ts';
import { giveBackCalls, keepGoodCalls } from './hold-calls.ts';
import { planRaise, type RaiseDecision, type ScalingFacts } from './plan-raise.ts';
import { processesThatEndInstances, resumedFirst } from './settings.ts';
import {
  claimedProcesses,
  claimsProtection,
  keepsInstances,
  settingsInForce,
  wantedSettings,
} from './wanted-state.ts';

/** How long an instance that passes through a state in which its protection cannot be changed is waited for. */
const passingSecondsMax = 3600;

/** Why something of a group is written down, or given back. */
export type ReleaseFacts =
  | { because: 'NO_DESCRIPTION' | 'NO_SUCH_GROUP' | 'GROUP_IS_THERE_AGAIN' | 'REPLACED_BY_ANOTHER' }
  | { because: 'BEING_DELETED'; status: string }
  /** HealthCheck runs again, and what acts on it has to wait. */
  | { because: 'HEALTH_SETTLES'; settleSeconds: number }
  /** The good instances stay protected from scale-in while the group replaces these. */
  | { because: 'BROKEN_NEWCOMERS'; instanceIds: string[] }
  | { because: 'BROKEN_NEWCOMERS_GONE' }
  /** Another hold has the group by now: whether anything is replaced is its affair. */
  | { because: 'BROKEN_NEWCOMERS_ELSEWHERE' }
  /** They are in service still, and the others are not protected any longer. */
  | { because: 'BROKEN_NEWCOMERS_STAY'; instanceIds: string[]; seconds: number }
  | { because: 'NO_HOLD_WANTS_IT' | 'GIVEN_BACK_UNSEEN' | 'GIVEN_BACK' | 'NOTHING_LEFT' | 'NEVER_HELD' }
  /** In its present state the protection of an instance cannot be changed. */
  | { because: 'PASSES_THROUGH'; instanceId: string }
  | { because: 'STAYED_PROTECTED' | 'IN_FORCE_AGAIN'; settings: Setting[] };

/**
 * What one look at a group that is to be given back leads to.
 * - `DONE`: nothing of this incident is left in the group.
 * - `WAIT`: a stage has to pass first; look again then.
 * - `BUSY`: somebody else is changing the group; look again soon.
 * - `REFUSE`: the group may not be touched any more; a person has to undo it.
 * - `READ_SCALING`: desired capacity may have to be raised; its policies and scheduled actions decide.
 * - `WRITE`: record first, make the calls in order (there may be none), then write `after`.
 */
export type ReleaseDecision =
  | { action: 'DONE' | 'READ_SCALING' }
  | ({ action: 'BUSY' } & BusyFacts)
  | { action: 'REFUSE'; because: 'NOT_OPTED_IN'; inForce: Setting[] }
  | { action: 'WAIT'; seconds: number }
  | (ReleaseFacts & {
      action: 'WRITE';
      /** When it was decided. */
      decidedAt: string;
      before: GroupRecord;
      calls: AutoScalingCall[];
      after: GroupRecord;
      /** Whether nothing of this incident is left once `after` is written. */
      isDone: boolean;
      /** Whether the group itself is gone, so that nothing was there to be given back. */
      isGone: boolean;
      /** Whether a person has to look: something could not be given back. */
      needsPerson: boolean;
      /** What becomes of its desired capacity, where that fell. */
      raise?: RaiseDecision & { action: 'RAISE' | 'LEAVE' };
    });

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
  if (holds.length === 0) {
    const { autoScalingGroupName, version } = record;
    return { autoScalingGroupName, version, holds, imposed: [], overridden: [] };
  }
  const claimed = new Set<string>(holds.flatMap(claimedProcesses));
  const isClaimed = (setting: Setting): boolean => {
    if (isInstance(setting)) return holds.some(claimsProtection);
    return claimed.has(setting) || isForResize(setting, holds);
  };
  const { kept, presentAtFirst, launched, ...rest } = record;
  return withoutLease({
    ...rest,
    ...(kept !== undefined && holds.some(keepsInstances) ? { kept } : {}),
    // Who came into service during a hold that protects is that hold's affair.
    ...(presentAtFirst !== undefined && holds.some(({ protectsInstances }) => protectsInstances)
      ? { presentAtFirst, launched: launched ?? [] }
      : {}),
    holds,
    imposed: record.imposed.filter(({ setting }) => isClaimed(setting)),
    // What a person took back is left alone for as long as a hold claims it, and no longer.
    overridden: record.overridden.filter(({ setting }) => isClaimed(setting)),
  });
};

/**
 * How one setting stands that Holdfast put in force and that nobody wants any more.
 * - `CALL`: it is to be given back, because it is in force or may be.
 * - `WAIT`: it was given back, and no description can show that yet.
 * - `PASSING`: it cannot be given back in the instance's present state.
 * - `FOREIGN`: it was given back, and somebody or something else put it in force again.
 * - `DONE`: it is not in force.
 */
type Standing = 'CALL' | 'WAIT' | 'PASSING' | 'FOREIGN' | 'DONE';

const isLeaving = ({ lifecycleState }: AutoScalingInstance): boolean =>
  /^(Terminat|Detach)/.test(lifecycleState);

const standingOf = (imposed: Imposed, group: AutoScalingGroup, now: string): Standing => {
  const { setting, refusedAt, givenBackAt } = imposed;
  // It was never put in force, or by somebody else.
  if (refusedAt !== undefined) return 'DONE';
  const isShown = settingsInForce(group).has(setting);
  if (isInstance(setting)) {
    const instance = group.instances.find(({ instanceId }) => instanceId === setting);
    // The protection of an instance that leaves, or has left, ends with it; one that came only just now may not show.
    if (instance === undefined) return mayBeInForceUnseen(imposed, now) ? 'WAIT' : 'DONE';
    if (isLeaving(instance)) return 'DONE';
    if (!canChangeProtection(instance)) {
      return isShown || mayBeInForceUnseen(imposed, now) ? 'PASSING' : 'DONE';
    }
  }
  if (givenBackAt === undefined) return isShown || mayBeInForceUnseen(imposed, now) ? 'CALL' : 'DONE';
  if (secondsUntilSeen(imposed, now) > 0) return 'WAIT';
  return isShown ? 'FOREIGN' : 'DONE';
};

/** How everything stands that Holdfast put in force and nobody wants any more once `next` is true. */
const standings = (
  record: GroupRecord,
  next: GroupRecord,
  group: AutoScalingGroup,
  now: string,
): Record<Standing, Imposed[]> => {
  const stillWanted = new Set(wantedSettings(next, group));
  const isClaimed = next.holds.some(claimsProtection);
  const found: Record<Standing, Imposed[]> = { CALL: [], WAIT: [], PASSING: [], FOREIGN: [], DONE: [] };
  for (const imposed of record.imposed) {
    const { setting } = imposed;
    // An instance that is out of service for a while stays protected for whoever still protects.
    if (stillWanted.has(setting) || isForResize(setting, next.holds)) continue;
    if (isInstance(setting) && isClaimed) continue;
    found[standingOf(imposed, group, now)].push(imposed);
  }
  return found;
};

const settingsOf = (imposed: Imposed[]): Setting[] => imposed.map(({ setting }) => setting).sort();

const withImposed = (record: GroupRecord, settings: Setting[], change: Partial<Imposed>): GroupRecord => ({
  ...record,
  imposed: record.imposed.map((entry) =>
    settings.includes(entry.setting) ? { ...entry, ...change } : entry,
  ),
});

/** Whether giving these back lets the group end instances down to its desired capacity. */
const endsInstances = (settings: Setting[]): boolean =>
  settings.some(
    (setting) => isInstance(setting) || (processesThatEndInstances as string[]).includes(setting),
  );

/** What decides about one group beside the group itself. */
export interface ReleaseSettings {
  incidentId: string;
  /** How long health is judged afresh before anything may act on it. */
  settleSeconds: number;
  /** Who would take the lease. */
  owner: string;
  /** Policies and scheduled actions of the group, where they were read just now. */
  scaling?: ScalingFacts;
  /** Minimums that a resize of the group sets. */
  ownMinSizes?: number[];
  /** When the group was asked for; the time of the decision where that is not given. */
  seenAt?: string;
}

/** A group while the next step of giving it back is decided. */
interface Releasing {
  /** What is remembered of it, as far as it is about this group. */
  record: GroupRecord;
  /** The hold that ends. */
  hold: Hold;
  settings: ReleaseSettings;
  now: string;
  /** When the group was asked for. */
  seenAt: string;
}

/** The record as it is written before settings are given back. */
const leased = ({ record, settings, now }: Releasing, givingBack: Setting[]): GroupRecord => ({
  ...withImposed(record, givingBack, { givingBackAt: now }),
  lease: { owner: settings.owner, expiresAt: addSeconds(now, leaseSeconds) },
});

const write = (
  releasing: Releasing,
  facts: ReleaseFacts,
  after: GroupRecord,
  more: Partial<Omit<ReleaseDecision & { action: 'WRITE' }, 'because'>> = {},
): ReleaseDecision => ({
  action: 'WRITE',
  decidedAt: releasing.now,
  before: leased(releasing, []),
  calls: [],
  after: withoutLease(after),
  isDone: false,
  isGone: false,
  needsPerson: false,
  ...more,
  ...facts,
});

/** Nothing is left to do for the hold: it goes. */
const end = (
  releasing: Releasing,
  facts: ReleaseFacts,
  more: { needsPerson?: boolean; isGone?: boolean } = {},
): ReleaseDecision =>
  write(releasing, facts, withoutHold(releasing.record, releasing.hold.incidentId), {
    ...more,
    isDone: true,
  });

/** Why nothing is to be given back of a hold. */
const nothingLeft = ({ hold }: Releasing): ReleaseFacts => ({
  because: hold.isAsked === true ? 'NEVER_HELD' : 'NOTHING_LEFT',
});

/** No description has the group; one may lack a group that is there. */
const decideWithoutGroup = (releasing: Releasing): ReleaseDecision => {
  const { record, seenAt } = releasing;
  if (record.missingSince === undefined) {
    return write(releasing, { because: 'NO_DESCRIPTION' }, { ...record, missingSince: seenAt });
  }
  const missingSeconds = secondsBetween(record.missingSince, seenAt);
  return missingSeconds < inForceWithinSeconds
    ? { action: 'WAIT', seconds: Math.ceil(inForceWithinSeconds - missingSeconds) }
    : end(releasing, { because: 'NO_SUCH_GROUP' }, { isGone: true });
};

/** What comes before anything is given back; `undefined` when nothing stands in its way. */
const decideFirst = (
  releasing: Releasing,
  stored: GroupRecord,
  group: AutoScalingGroup,
): ReleaseDecision | undefined => {
  const { record, seenAt } = releasing;
  if (record.missingSince !== undefined) {
    const { missingSince: _missingSince, ...there } = record;
    return write(releasing, { because: 'GROUP_IS_THERE_AGAIN' }, there);
  }
  if (isReplaced(stored, group)) {
    if (mayBeStale(stored, seenAt)) return { action: 'BUSY', because: 'DESCRIPTIONS_DISAGREE' };
    if (record.imposed.length === 0) {
      return end(releasing, { because: 'REPLACED_BY_ANOTHER' }, { isGone: true });
    }
  }
  if (group.status !== undefined) {
    return end(releasing, { because: 'BEING_DELETED', status: group.status }, { isGone: true });
  }
  if (isOptedIn(group)) return undefined;
  // What somebody has taken back meanwhile is not in force any more, though nobody could look after the hold.
  const shown = settingsInForce(group);
  const inForce = settingsOf(
    record.imposed.filter(
      (entry) =>
        entry.refusedAt === undefined && (shown.has(entry.setting) || mayBeInForceUnseen(entry, seenAt)),
    ),
  );
  return inForce.length === 0
    ? end(releasing, nothingLeft(releasing))
    : { action: 'REFUSE', because: 'NOT_OPTED_IN', inForce };
};

/** Gives health checks back and lets health settle; `undefined` when that is done, or need not be. */
const decideSettling = (releasing: Releasing, group: AutoScalingGroup): ReleaseDecision | undefined => {
  const { record, hold, settings, now, seenAt } = releasing;
  const { incidentId, settleSeconds } = settings;
  if (hold.stage === 'SETTLING') {
    const settled = secondsBetween(hold.stageAt, now);
    return settled < settleSeconds
      ? { action: 'WAIT', seconds: Math.ceil(settleSeconds - settled) }
      : undefined;
  }
  if (hold.stage !== 'HELD') return undefined;
  const settling = withStage(record, incidentId, { stage: 'SETTLING', stageAt: now });
  const { CALL, DONE } = standings(record, settling, group, seenAt);
  const isFirst = (setting: Setting): boolean => (resumedFirst as string[]).includes(setting);
  const first = settingsOf(CALL).filter(isFirst);
  // Given back by somebody who died before writing so: health has to settle all the same.
  const isBackUnwritten = DONE.some(
    ({ setting, refusedAt, givenBackAt }) =>
      isFirst(setting) && refusedAt === undefined && givenBackAt === undefined,
  );
  if (first.length === 0 && !isBackUnwritten) return undefined;
  const reason = 'health has to be judged afresh before anything may act on it';
  return write(
    releasing,
    { because: 'HEALTH_SETTLES', settleSeconds },
    withImposed(settling, first, { givingBackAt: now, givenBackAt: now }),
    { before: leased(releasing, first), calls: giveBackCalls(group.autoScalingGroupName, first, reason) },
  );
};

/** What is put in force, and why, in the step that gives back the rest. */
interface Keeping {
  settings: Setting[];
  facts: ReleaseFacts;
}

/** The record with settings that are put in force now. */
const withPutInForce = (
  record: GroupRecord,
  settings: Setting[],
  times: Omit<Imposed, 'setting'>,
): GroupRecord => ({
  ...record,
  imposed: [
    ...record.imposed.filter(({ setting }) => !settings.includes(setting)),
    ...settings.map((setting) => ({ setting, ...times })),
  ],
});

/**
 * Gives back what no hold wants any more, desired capacity raised before it where that fell.
 *
 * @param next the record once that is done
 * @param keeping what is put in force before it
 */
const giveBack = (
  releasing: Releasing,
  next: GroupRecord,
  group: AutoScalingGroup,
  rest: Setting[],
  keeping: Keeping = { settings: [], facts: { because: 'NO_HOLD_WANTS_IT' } },
): ReleaseDecision => {
  const { record, settings, now } = releasing;
  const raise: RaiseDecision = endsInstances(rest)
    ? planRaise(group, record, settings.scaling, settings.ownMinSizes ?? [], now)
    : { action: 'NOTHING' };
  if (raise.action === 'UNKNOWN') return { action: 'READ_SCALING' };
  const { autoScalingGroupName } = group;
  return write(
    releasing,
    keeping.facts,
    withPutInForce(withImposed(next, rest, { givingBackAt: now, givenBackAt: now }), keeping.settings, {
      recordedAt: now,
      appliedAt: now,
    }),
    {
      before: withPutInForce(leased(releasing, rest), keeping.settings, { recordedAt: now }),
      calls: [
        ...(raise.action === 'RAISE' ? raise.calls : []),
        ...keepGoodCalls(autoScalingGroupName, keeping.settings),
        ...giveBackCalls(autoScalingGroupName, rest, 'no hold wants them any more'),
      ],
      ...(raise.action === 'RAISE' || raise.action === 'LEAVE' ? { raise } : {}),
    },
  );
};

/** The broken newcomers that are in service still, and that the group's own health checks can find. */
const brokenStill = ({ brokenNewcomers }: GroupRecord, group: AutoScalingGroup): string[] => {
  const serving = new Set(inService(group).map(({ instanceId }) => instanceId));
  return confirmedOf(brokenNewcomers)
    .filter((newcomer) => serving.has(newcomer.instanceId) && isFoundByChecks(group, newcomer))
    .map(({ instanceId }) => instanceId);
};

/** What is to be replaced: they, and what health checks have marked since these run again. */
const toBeReplaced = (record: GroupRecord, group: AutoScalingGroup): string[] =>
  [
    ...new Set([
      ...brokenStill(record, group),
      ...markedUnhealthy(group).map(({ instanceId }) => instanceId),
    ]),
  ].sort();

/** Whether another hold claims anything of the group still. */
const isClaimedElsewhere = ({ holds }: GroupRecord, incidentId: string): boolean =>
  holds.some(
    (hold) => hold.incidentId !== incidentId && (claimsProtection(hold) || claimedProcesses(hold).length > 0),
  );

/** The record from which desired capacity is not raised any more: what falls from now on fell after the hold. */
const withoutRaise = (record: GroupRecord): GroupRecord =>
  record.kept === undefined ? record : { ...record, kept: { ...record.kept, desiredHighest: 0 } };

/** How the wait for broken newcomers ends; `undefined` while it goes on. */
const endOfReplacing = (
  { record, hold, settings, now }: Releasing,
  group: AutoScalingGroup,
): ReleaseFacts | undefined => {
  if (isClaimedElsewhere(record, settings.incidentId)) return { because: 'BROKEN_NEWCOMERS_ELSEWHERE' };
  if (toBeReplaced(record, group).length === 0) return { because: 'BROKEN_NEWCOMERS_GONE' };
  const seconds = secondsBetween(hold.stageAt, now);
  if (seconds < replacingSecondsMax) return undefined;
  // What was marked only meanwhile is being replaced like anything else.
  const instanceIds = brokenStill(record, group);
  return instanceIds.length === 0
    ? { because: 'BROKEN_NEWCOMERS_GONE' }
    : { because: 'BROKEN_NEWCOMERS_STAY', instanceIds, seconds };
};

/**
 * With broken newcomers in the group, everything but scale-in protection is given back first: scale-in does not choose by
 * health, so the good instances have it until those are replaced, or for as long as that is waited for. `undefined` when
 * there is nothing to wait for. Where another hold has the group, whether anything is replaced is that hold's affair.
 */
const decideReplacing = (releasing: Releasing, group: AutoScalingGroup): ReleaseDecision | undefined => {
  const { record, hold, settings, now, seenAt } = releasing;
  if (hold.stage === 'VERIFYING') return undefined;
  if (hold.stage === 'REPLACING') {
    const facts = endOfReplacing(releasing, group);
    return facts === undefined
      ? { action: 'WAIT', seconds: 60 }
      : write(releasing, facts, withStage(record, settings.incidentId, { stage: 'VERIFYING', stageAt: now }));
  }
  if (brokenStill(record, group).length === 0) return undefined;
  if (isClaimedElsewhere(record, settings.incidentId)) return undefined;
  const replacing = withStage(record, settings.incidentId, { stage: 'REPLACING', stageAt: now });
  const inForce = settingsInForce(group);
  const toKeep = wantedSettings(replacing, group)
    .filter((setting) => isInstance(setting) && !inForce.has(setting))
    .slice(0, protectedInstancesMax);
  const rest = settingsOf(standings(record, replacing, group, seenAt).CALL);
  return giveBack(releasing, withoutRaise(replacing), group, rest, {
    settings: toKeep,
    facts: { because: 'BROKEN_NEWCOMERS', instanceIds: toBeReplaced(record, group) },
  });
};

/** Everything is asked back: looks until nothing of it is in force any more. */
const decideVerifying = (
  releasing: Releasing,
  verifying: GroupRecord,
  found: Record<Standing, Imposed[]>,
): ReleaseDecision => {
  const { hold, now, seenAt } = releasing;
  const isVerifying = hold.stage === 'VERIFYING';
  const [passing] = settingsOf(found.PASSING);
  if (!isVerifying && passing !== undefined) {
    return write(releasing, { because: 'PASSES_THROUGH', instanceId: passing }, verifying);
  }
  if (!isVerifying && found.WAIT.length > 0) {
    return write(releasing, { because: 'GIVEN_BACK_UNSEEN' }, verifying);
  }
  if (passing !== undefined) {
    const settings = settingsOf(found.PASSING);
    return secondsBetween(hold.stageAt, now) < passingSecondsMax
      ? { action: 'WAIT', seconds: 30 }
      : end(releasing, { because: 'STAYED_PROTECTED', settings }, { needsPerson: true });
  }
  if (found.WAIT.length > 0) {
    const seconds = Math.max(...found.WAIT.map((imposed) => secondsUntilSeen(imposed, seenAt)));
    return { action: 'WAIT', seconds };
  }
  if (found.FOREIGN.length > 0) {
    const settings = settingsOf(found.FOREIGN);
    return end(releasing, { because: 'IN_FORCE_AGAIN', settings }, { needsPerson: true });
  }
  return end(releasing, isVerifying ? { because: 'GIVEN_BACK' } : nothingLeft(releasing));
};

/**
 * Decides the next step of giving one group back on behalf of one incident. Stages: HealthCheck first; after
 * `settleSeconds` the rest, desired capacity raised before it, and with broken newcomers the protection of the others last;
 * then looks until nothing of it is in force any more, for as long as a description may be from before. What a description may not show yet is judged by when the group was asked
 * for, not by when it is decided.
 *
 * @param group the group as described after `stored` was read; `undefined` when AWS knows no such group
 * @param stored what is stored of the group
 * @param settings whose hold ends, and how
 * @param now ISO 8601
 */
export const decideRelease = (
  group: AutoScalingGroup | undefined,
  stored: GroupRecord,
  settings: ReleaseSettings,
  now: string,
): ReleaseDecision => {
  const { incidentId, seenAt = now } = settings;
  const hold = stored.holds.find((candidate) => candidate.incidentId === incidentId);
  if (hold === undefined) return { action: 'DONE' };
  if (isLeased(stored, now)) return { action: 'BUSY', because: 'LEASED', until: stored.lease?.expiresAt };
  const remembered = afterLease(stored, now);
  const toReleasing = (record: GroupRecord): Releasing => ({ record, hold, settings, now, seenAt });
  if (group === undefined) return decideWithoutGroup(toReleasing(remembered));
  // Of a group made anew under the name only what met it by mistake is to be given back.
  const record = isReplaced(stored, group)
    ? { ...ofThisGroup(remembered, group, seenAt), holds: [hold] }
    : remembered;
  const releasing = toReleasing(record);
  const first =
    decideFirst(releasing, stored, group) ??
    decideSettling(releasing, group) ??
    decideReplacing(releasing, group);
  if (first !== undefined) return first;
  const verifying =
    hold.stage === 'VERIFYING' ? record : withStage(record, incidentId, { stage: 'VERIFYING', stageAt: now });
  const found = standings(record, verifying, group, seenAt);
  const rest = settingsOf(found.CALL);
  return rest.length > 0
    ? giveBack(releasing, verifying, group, rest)
    : decideVerifying(releasing, verifying, found);
};
