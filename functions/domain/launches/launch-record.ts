import {
  type AutoScalingGroup,
  inService,
  launching,
  markedUnhealthy,
  waitingInLaunchHook,
} from '../auto-scaling-group.ts';
import { addSeconds, secondsBetween } from '../times.ts';

/** Where it is known from how long an instance has waited, best first. AWS keeps no "in this state since". */
export type WaitSource = 'lifecycle event' | 'scaling activity' | 'EC2 launch time';

/** An instance that waits in a launch hook. */
export interface LaunchWait {
  instanceId: string;
  /** ISO 8601. */
  since: string;
  from: WaitSource;
  /** Of the group, where an event told it: a group made anew under its name is another one. */
  autoScalingGroupArn?: string;
}

/** A launch that failed, by its scaling activity, so that an event that comes twice counts once. */
export interface LaunchFailure {
  activityId: string;
  /** When the launch began: a launch that began before a success and ends after it says nothing new. */
  startedAt: string;
  /** When it failed. */
  at: string;
  /** Of the group, where an event told it. */
  autoScalingGroupArn?: string;
}

/**
 * How far the draining of one instance has come.
 * - `CHOSEN`: nothing was done yet; evidence is kept first.
 * - `ABANDONED`: its lifecycle actions were completed with ABANDON.
 * - `TERMINATED`: it stayed, and its termination was accepted.
 * - `GONE`: it left the group.
 * - `ESCAPED`: it came into service by itself and was left alone.
 * - `LEFT`: AWS refused; a person has to look.
 */
type DrainStage = 'CHOSEN' | 'ABANDONED' | 'TERMINATED' | 'GONE' | 'ESCAPED' | 'LEFT';

/** The draining of one instance. */
export interface Drain {
  instanceId: string;
  incidentId: string;
  since: string;
  from: WaitSource;
  stage: DrainStage;
  chosenAt: string;
  /** When the stage began. */
  stageAt: string;
  /** Steps that were refused and tried again. */
  attempts: number;
  /** Whether its evidence is kept: nothing is destroyed before it is. */
  hasEvidence: boolean;
}

/**
 * The breaker of a group whose drains came back stuck.
 * - `OPEN`: nothing is launched and nothing is drained until `probeAt`.
 * - `PROBING`: `Launch` was given back, and the next launch is watched.
 */
export interface Breaker {
  state: 'OPEN' | 'PROBING';
  /** When it opened first. */
  openedAt: string;
  /** When the present state began. */
  stateAt: string;
  /** The delay before the next probe; doubles with each. */
  delaySeconds: number;
  probeAt: string;
  probes: number;
  /** Drains that were made before it opened, none of which helped. */
  drained?: number;
  /** An instance that was launched after them, and is stuck too. */
  cameBack?: string;
  /** Why it is open, in words: from a release before this one. */
  reason?: string;
  /** Whether people were told that it opened: what was written must also be said, whatever crashes in between. */
  isTold: boolean;
}

/** An execution that failed launches started, by the failure that names it. */
export interface StartedForFailures {
  executionName: string;
  /** Of one that groups share whose launches failed at the same time: when it begins. */
  beginAt?: string;
  activityId: string;
  failedAt: string;
}

/**
 * What is remembered of a group's launches, in one record. `version` is 0 when nothing is stored and grows by one
 * with each write.
 */
export interface LaunchRecord {
  autoScalingGroupName: string;
  version: number;
  /** The group that all of this is about; absent until it was first seen. */
  autoScalingGroupArn?: string;
  waits: LaunchWait[];
  /** Instances that were on their way into service when the group was last looked at. */
  onTheWay: string[];
  /** Instances in Standby, or on their way back from it: they come into service without having been launched. */
  fromStandby: string[];
  failures: LaunchFailure[];
  /** When the latest of the launches that failed, or had to be drained, began. */
  lastFailedLaunchAt?: string;
  lastSuccessAt?: string;
  /** Per rule: failures until then have started an execution and do not count again. */
  countedUntil: Record<string, string>;
  /** Per rule: what they started, until it is known that its incident was opened. */
  startedFor?: Record<string, StartedForFailures>;
  drains: Drain[];
  /** Drains before this moment say nothing about a loop any more. */
  drainsCountFrom?: string;
  breaker?: Breaker;
  /** When its breaker last closed because a launch succeeded. */
  breakerClosedAt?: string;
}

/** A breaker that should have probed so long ago is forgotten, and says nothing. */
const forgottenSeconds = 86_400;

/** The group's breaker, unless it is closed, or should have probed a day ago. */
export const breakerOf = ({ breaker }: LaunchRecord, now: string): Breaker | undefined =>
  breaker === undefined || secondsBetween(breaker.probeAt, now) > forgottenSeconds ? undefined : breaker;

/** The record of a group of which nothing is remembered. */
export const emptyLaunchRecord = (autoScalingGroupName: string): LaunchRecord => ({
  autoScalingGroupName,
  version: 0,
  waits: [],
  onTheWay: [],
  fromStandby: [],
  failures: [],
  countedUntil: {},
  drains: [],
});

/**
 * What is remembered of the launches of this very group: where its ARN is another than the remembered one, the group was
 * deleted and made anew, and only what was told of the new one is true of it.
 */
export const launchesOf = (record: LaunchRecord, group: AutoScalingGroup): LaunchRecord => {
  const { autoScalingGroupArn: arn } = group;
  if (arn === undefined || arn === record.autoScalingGroupArn) return record;
  if (record.autoScalingGroupArn === undefined) return { ...record, autoScalingGroupArn: arn };
  const isOfGroup = (each: { autoScalingGroupArn?: string }): boolean => each.autoScalingGroupArn === arn;
  return {
    ...emptyLaunchRecord(record.autoScalingGroupName),
    version: record.version,
    autoScalingGroupArn: arn,
    waits: record.waits.filter(isOfGroup),
    failures: record.failures.filter(isOfGroup),
  };
};

/** The longest window in which failures are counted. */
export const failureWindowSecondsMax = 86_400;
/** Failures remembered of one group; what is older says nothing new. */
export const failuresRemembered = 200;
/** Drains remembered of one group. */
const drainsRemembered = 200;
/** A wait recorded so lately may not show in a description yet. */
const youngSeconds = 300;

const inFlightStages: ReadonlySet<DrainStage> = new Set(['CHOSEN', 'ABANDONED', 'TERMINATED']);

/** Whether the draining of an instance is neither finished nor given up. */
export const isInFlight = ({ stage }: Drain): boolean => inFlightStages.has(stage);

/**
 * Whether the evidence of a drain is what an incident was asked for. What an execution before it chose, and did not begin
 * to end, was kept as that one was asked.
 */
export const hasEvidenceFor = (drain: Drain, incidentId: string): boolean =>
  drain.hasEvidence && (drain.stage !== 'CHOSEN' || drain.incidentId === incidentId);

/** The later of two times, the first of which may not be known. */
export const laterOf = (a: string | undefined, b: string): string => (a === undefined || a < b ? b : a);

/** The record with a failed launch, counted once however often it is told. */
export const withFailure = (record: LaunchRecord, failure: LaunchFailure, now: string): LaunchRecord => {
  if (record.failures.some(({ activityId }) => activityId === failure.activityId)) return record;
  const countedFrom = addSeconds(now, -failureWindowSecondsMax);
  if (failure.at <= countedFrom) return record;
  const failures = [...record.failures, failure]
    .filter(({ at }) => at > countedFrom)
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .slice(-failuresRemembered);
  return { ...record, failures, lastFailedLaunchAt: laterOf(record.lastFailedLaunchAt, failure.startedAt) };
};

const afterLook = (drain: Drain, group: AutoScalingGroup, now: string): Drain => {
  if (!isInFlight(drain)) return drain;
  const state = group.instances.find(({ instanceId }) => instanceId === drain.instanceId)?.lifecycleState;
  if (state === undefined || state.startsWith('Terminat')) return { ...drain, stage: 'GONE', stageAt: now };
  return state.startsWith('Pending') ? drain : { ...drain, stage: 'ESCAPED', stageAt: now };
};

/**
 * The record after a look at the group: which launches succeeded, who still waits, what became of the drains.
 *
 * @param found waits that were looked up because nothing was recorded of them
 */
export const observeLaunches = (
  record: LaunchRecord,
  group: AutoScalingGroup,
  found: LaunchWait[],
  now: string,
): LaunchRecord => {
  const inStandby = group.instances.filter(({ lifecycleState }) => lifecycleState.includes('Standby'));
  const ids = launching(group).map(({ instanceId }) => instanceId);
  const fromStandby = [
    ...inStandby.map(({ instanceId }) => instanceId),
    ...ids.filter((id) => record.fromStandby.includes(id)),
  ];
  const onTheWay = ids.filter((id) => !fromStandby.includes(id));
  const unhealthy = new Set(markedUnhealthy(group).map(({ instanceId }) => instanceId));
  const expected = new Set([...record.onTheWay, ...record.waits.map(({ instanceId }) => instanceId)]);
  const hasSucceeded = inService(group).some(
    ({ instanceId }) => expected.has(instanceId) && !unhealthy.has(instanceId),
  );
  const inGroup = new Set(group.instances.map(({ instanceId }) => instanceId));
  const waiting = new Set(waitingInLaunchHook(group).map(({ instanceId }) => instanceId));
  const waits = [
    ...record.waits.filter(
      ({ instanceId, since }) =>
        waiting.has(instanceId) || (!inGroup.has(instanceId) && secondsBetween(since, now) < youngSeconds),
    ),
    ...found.filter(
      ({ instanceId }) =>
        waiting.has(instanceId) && !record.waits.some((known) => known.instanceId === instanceId),
    ),
  ];
  return {
    ...record,
    waits,
    onTheWay,
    fromStandby,
    drains: record.drains.map((drain) => afterLook(drain, group, now)).slice(-drainsRemembered),
    ...(hasSucceeded ? { lastSuccessAt: now, drainsCountFrom: now } : {}),
  };
};

/** An instance that has waited in a launch hook for longer than a rule allows. */
export interface StuckInstance extends LaunchWait {
  waitedSeconds: number;
}

/** The instances of a group that are stuck, longest wait first. */
export const stuckInstances = (
  record: LaunchRecord,
  group: AutoScalingGroup,
  olderThanSeconds: number,
  now: string,
): StuckInstance[] => {
  const waiting = new Set(waitingInLaunchHook(group).map(({ instanceId }) => instanceId));
  return record.waits
    .filter(({ instanceId }) => waiting.has(instanceId))
    .map((wait) => ({ ...wait, waitedSeconds: secondsBetween(wait.since, now) }))
    .filter(({ waitedSeconds }) => waitedSeconds >= olderThanSeconds)
    .sort((a, b) => b.waitedSeconds - a.waitedSeconds || (a.instanceId < b.instanceId ? -1 : 1));
};

/** Whether launches of the group fail, as far as the record tells: the breaker is not closed, or the last word was a failure. */
export const areLaunchesFailing = (record: LaunchRecord, now: string, withinSeconds: number): boolean =>
  breakerOf(record, now) !== undefined ||
  (record.lastFailedLaunchAt !== undefined &&
    secondsBetween(record.lastFailedLaunchAt, now) < withinSeconds &&
    (record.lastSuccessAt === undefined || record.lastSuccessAt < record.lastFailedLaunchAt));

/** The record with one drain changed, if it is still at the stage in which it was seen: whoever is later does nothing. */
export const withDrain = (
  record: LaunchRecord,
  { instanceId, chosenAt, stage }: Pick<Drain, 'instanceId' | 'chosenAt' | 'stage'>,
  change: Partial<Drain>,
): LaunchRecord => ({
  ...record,
  drains: record.drains.map((drain) =>
    drain.instanceId === instanceId && drain.chosenAt === chosenAt && drain.stage === stage
      ? { ...drain, ...change }
      : drain,
  ),
});
