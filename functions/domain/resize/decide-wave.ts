import { type AutoScalingGroup, inService, isOptedIn } from '../auto-scaling-group.ts';
import type { GroupRecord } from '../holds/group-record.ts';
import type { Incident } from '../incident.ts';
import { resizeRoundsMax, resizeWaitSecondsMax } from '../limits.ts';
import type { Mode } from '../mode.ts';
import { secondsBetween } from '../times.ts';
import {
  believedResizeStep,
  type ResizeStep,
  type ResizeWait,
  type SeenResize,
  turnHome,
} from './decide-resize-step.ts';
import type {
  GroupWait,
  InstanceFailure,
  ResizeEnd,
  ResizeOperation,
  ResizeTurn,
  RunEnd,
  StoredRunEnd,
} from './resize-facts.ts';
import {
  heldReservations,
  inFlight,
  type Resize,
  type ResizeCandidate,
  type ResizeOutcome,
  type ResizeWork,
  withResize,
} from './resize-record.ts';
import { isHeldByUs, launchIsOurs, sizesForWave } from './resize-sizes.ts';

/** A group that is being resized, as it is and as it is remembered. */
export interface SeenWork {
  group: AutoScalingGroup;
  record: GroupRecord;
  work: ResizeWork;
  /** The instances in flight, by id. */
  seen: Map<string, SeenResize>;
  /** Ids of the instances in service that EC2 runs and every load balancer finds healthy. */
  healthy: Set<string>;
  /** Whether instances of the group are being drained: they are waited for. */
  isDraining: boolean;
}

/** What a group needs next: a step, capacity held or given up, its hold or its sizes, or the end. */
export type WaveNeed =
  | 'ApplyHold'
  | 'PrepareGroup'
  | 'ReserveCapacity'
  | ResizeOperation
  | { waitsFor: ResizeWait | 'Group' }
  | 'RestoreGroup'
  | 'UpdateLaunchTemplate';

/** What happened to an instance or to the group, for the journal. */
export type WaveNews =
  | { event: 'chosen'; instanceId: string; wantedType: string; originalType: string; isAlone: boolean }
  | { event: 'turned'; instanceId: string; facts: ResizeTurn }
  | { event: (typeof eventOf)[ResizeOutcome]; instanceId: string; facts: ResizeEnd }
  | { event: 'refused'; facts: RunEnd };

/** What one look at one group came to. */
export interface WaveDecision {
  work: ResizeWork;
  needs: WaveNeed[];
  news: WaveNews[];
}

/** Why no further instance may be begun, for all groups of an incident at once. */
export const endsBecause = (
  incident: Incident,
  mode: Mode | undefined,
  round: number,
  paused: { autoScalingGroupName: string; reason: string } | undefined,
  now: string,
): RunEnd | undefined => {
  if (incident.status === 'RELEASING') return { because: 'RELEASING', reason: incident.releasingBecause };
  if (mode === 'off' || mode === 'dry-run') return { because: 'MODE', mode };
  if (now >= incident.expiresAt) return { because: 'EXPIRED', expiresAt: incident.expiresAt };
  if (round > resizeRoundsMax) return { because: 'ROUNDS_MAX', rounds: resizeRoundsMax };
  return paused && { because: 'SCALING_PAUSED', ...paused };
};

const eventOf = {
  RESIZED: 'resized',
  BROUGHT_HOME: 'brought-home',
  UNTOUCHED: 'kept',
  GONE: 'gone',
  LEFT: 'left',
} as const;

const endWork = (work: ResizeWork, because: StoredRunEnd): ResizeWork =>
  work.endsBecause === undefined ? { ...work, endsBecause: because } : work;

/** What went wrong, where a turn is a turn home; `undefined` where another type is tried, or the step again. */
export const failureBehind = (turn: ResizeTurn): InstanceFailure | undefined => {
  switch (turn.because) {
    case 'BROUGHT_HOME_AS':
      return turn.failure;
    case 'NEXT_TYPE':
    case 'ALL_TYPES_AGAIN':
    case 'REFUSED_FOR_NOW':
      return undefined;
    default:
      return turn;
  }
};

/** Turns everything home that is still on its way forward: no failure of its own, so the shortest way. */
const withAllHome = (
  work: ResizeWork,
  ends: StoredRunEnd,
  seen: Map<string, SeenResize>,
  now: string,
): ResizeWork =>
  inFlight(work)
    .filter(({ direction }) => direction === 'FORWARD')
    .reduce((changed, resize) => {
      const presentType = seen.get(resize.instanceId)?.ec2?.instanceType ?? resize.originalType;
      const failure = typeof ends === 'string' ? ends : ({ because: 'RUN_ENDED', ends } as const);
      const change = turnHome(failure, presentType, now);
      return withResize(changed, resize.instanceId, change);
    }, work);

interface Progress {
  work: ResizeWork;
  steps: Map<string, ResizeStep>;
  news: WaveNews[];
}

/** What a look tells that the record has to remember. */
const whatIsSeen = (
  resize: Resize,
  { lifecycleState = '', ec2, isHealthy }: SeenResize,
  now: string,
): Partial<Resize> => {
  const hasStarted = resize.stage === 'STARTING' && /^(pending|running)$/.test(ec2?.state ?? '');
  const isServing = resize.hasEntered && lifecycleState === 'InService' && ec2?.state === 'running';
  const isWell = isServing && isHealthy === true;
  // A load balancer that cannot be asked says neither that it is well nor that it is ill.
  const isIll = !isServing || isHealthy === false;
  const hasExited = resize.stage === 'EXITING' && /^(Pending|InService)/.test(lifecycleState);
  return {
    ...(/^(Entering)?Standby$/.test(lifecycleState) && !resize.hasEntered ? { hasEntered: true } : {}),
    ...(hasStarted && !resize.hasStarted ? { hasStarted } : {}),
    ...(hasExited && resize.hasExited !== true ? { hasExited } : {}),
    ...(isWell && resize.wellSince === undefined ? { wellSince: now, wasWell: true } : {}),
    ...(resize.wasWell === true && /^(Entering)?Standby$/.test(lifecycleState) ? { wasWell: false } : {}),
    ...(isIll && resize.wellSince !== undefined ? { wellSince: undefined } : {}),
    ...(ec2?.state === 'stopping' && resize.stoppingSince === undefined ? { stoppingSince: now } : {}),
    ...(ec2 !== undefined && ec2.state !== 'stopping' && resize.stoppingSince !== undefined
      ? { stoppingSince: undefined }
      : {}),
    ...(ec2 === undefined && resize.missingSince === undefined ? { missingSince: now } : {}),
    ...(ec2 !== undefined && resize.missingSince !== undefined ? { missingSince: undefined } : {}),
  };
};

/** Takes every resize in flight as far as it goes without a call. */
const moveOn = ({ work: before, seen }: SeenWork, now: string): Progress => {
  let work = before;
  const steps = new Map<string, ResizeStep>();
  const news: WaveNews[] = [];
  for (const { instanceId } of inFlight(before)) {
    const facts = seen.get(instanceId);
    // A look that did not find it decides nothing.
    if (facts === undefined) continue;
    const known = work.resizes.findLast((each) => each.instanceId === instanceId);
    if (known === undefined) continue;
    const seenNow = whatIsSeen(known, facts, now);
    if (Object.keys(seenNow).length > 0) work = withResize(work, instanceId, seenNow);
    const resize = { ...known, ...seenNow };
    const believed = believedResizeStep(resize, facts, now);
    let { step } = believed;
    if (JSON.stringify(believed.doubt) !== JSON.stringify(resize.doubt)) {
      work = withResize(work, instanceId, { doubt: believed.doubt });
    }
    if (step.action === 'TURN') {
      news.push({ event: 'turned', instanceId, facts: step.turn });
      work = withResize(work, instanceId, step.change);
      const failure = failureBehind(step.turn);
      if (failure !== undefined) work = endWork(work, { because: 'INSTANCE_FAILED', instanceId, failure });
      const turned = work.resizes.findLast((each) => each.instanceId === instanceId) ?? resize;
      step = believedResizeStep(turned, facts, now).step;
    }
    if (step.action === 'END') {
      const presentType = facts.ec2?.instanceType;
      work = withResize(work, instanceId, {
        stage: 'ENDED',
        stageAt: now,
        outcome: step.outcome,
        ...(presentType === undefined ? {} : { instanceType: presentType }),
      });
      if (step.outcome === 'LEFT' || step.outcome === 'GONE') {
        work = endWork(work, { because: 'INSTANCE_ENDED', instanceId, end: step.end });
      }
      news.push({ event: eventOf[step.outcome], instanceId, facts: step.end });
      continue;
    }
    steps.set(instanceId, step);
  }
  return { work, steps, news };
};

/** Whether one was resized and stayed healthy: until then the next one is a canary. */
const hasProvenCanary = ({ resizes }: Pick<ResizeWork, 'resizes'>): boolean =>
  resizes.some(({ outcome }) => outcome === 'RESIZED');

/** Instances of the next wave: a canary of one until one was resized, then waves. */
const nextWaveSize = (work: Pick<ResizeWork, 'resizes' | 'waveSize'>): number =>
  hasProvenCanary(work) ? work.waveSize : 1;

const begin = (candidate: ResizeCandidate, isReserved: boolean, isCanary: boolean, now: string): Resize => ({
  ...candidate,
  ...(isCanary ? { isCanary } : {}),
  chosenAt: now,
  stage: 'CHOSEN',
  stageAt: now,
  direction: 'FORWARD',
  wantedType: candidate.candidates[0] ?? candidate.originalType,
  tried: [],
  isReserved,
  hasEntered: false,
  hasStarted: false,
  isForced: false,
});

/** Waits before a wave may begin; ends the run when that takes too long. */
const waitForGroup = (
  { work, news }: Progress,
  wait: GroupWait,
  now: string,
  step: WaveNeed[] = [],
): WaveDecision => {
  const { waitsFor } = wait;
  const needs: WaveNeed[] = [...step, { waitsFor: 'Group' }];
  const waitingSince = work.waitsFor === waitsFor ? (work.waitingSince ?? now) : now;
  if (secondsBetween(waitingSince, now) < resizeWaitSecondsMax) {
    return { work: { ...work, waitingSince, waitsFor }, needs, news };
  }
  const facts: RunEnd = { because: 'WAITED_TOO_LONG', wait, seconds: resizeWaitSecondsMax };
  return { work: endWork(work, facts), needs, news: [...news, { event: 'refused', facts }] };
};

/** Begins the next wave, or says what it needs first. */
const chooseWave = (seenWork: SeenWork, progress: Progress, reserves: boolean, now: string): WaveDecision => {
  const { group, record, healthy, isDraining } = seenWork;
  const { work, news } = progress;
  const wait = (facts: GroupWait, step: WaveNeed[] = []): WaveDecision =>
    waitForGroup(progress, facts, now, step);
  if (!isHeldByUs(group, record, work.incidentId, now)) return wait({ waitsFor: 'hold' }, ['ApplyHold']);
  if (isDraining) return wait({ waitsFor: 'drains' });
  const room = Math.min(nextWaveSize(work), work.queue.length, healthy.size - work.floor);
  if (room < 1) return wait({ waitsFor: 'health', healthy: healthy.size, floor: work.floor });
  if (launchIsOurs(group, record) || sizesForWave(group, work, room) !== undefined) {
    const waiting = wait({ waitsFor: 'sizes' }, ['PrepareGroup']);
    return { ...waiting, work: { ...waiting.work, nextWave: room } };
  }
  // Nothing could leave Standby.
  if (group.suspendedProcesses.includes('Launch')) return wait({ waitsFor: 'Launch' });
  const present = new Set(inService(group).map(({ instanceId }) => instanceId));
  const chosen: ResizeCandidate[] = [];
  const queue: ResizeCandidate[] = [];
  for (const candidate of work.queue) {
    if (!present.has(candidate.instanceId)) {
      const { instanceId } = candidate;
      news.push({ event: 'kept', instanceId, facts: { because: 'NOT_IN_SERVICE' } });
    } else if (chosen.length < room) chosen.push(candidate);
    else queue.push(candidate);
  }
  const isAlone = nextWaveSize(work) === 1;
  for (const { instanceId, originalType, candidates } of chosen) {
    const wantedType = candidates[0] ?? originalType;
    news.push({ event: 'chosen', instanceId, wantedType, originalType, isAlone });
  }
  const { waitingSince: _waitingSince, waitsFor: _waitsFor, ...rest } = work;
  const begun = chosen.map((candidate) => begin(candidate, !reserves, !hasProvenCanary(work), now));
  return {
    work: { ...rest, queue, resizes: [...work.resizes, ...begun] },
    needs: begun.length === 0 ? [{ waitsFor: 'Group' }] : [reserves ? 'ReserveCapacity' : 'EnterStandby'],
    news,
  };
};

/** The work without reservations that are given up and whose instances have ended: a record has to stay small. */
const withoutOldReservations = (work: ResizeWork): ResizeWork => {
  const going = new Set(inFlight(work).map(({ instanceId }) => instanceId));
  const reservations = work.reservations.filter(
    ({ givenUpAt, instanceIds }) => givenUpAt === undefined || instanceIds.some((id) => going.has(id)),
  );
  return reservations.length === work.reservations.length ? work : { ...work, reservations };
};

/** Whether a reservation is of no more use: its instances run, or have ended. */
export const isSpent = (instanceIds: string[], work: ResizeWork, seen: Map<string, SeenResize>): boolean =>
  instanceIds.every((instanceId) => {
    const resize = inFlight(work).find((each) => each.instanceId === instanceId);
    if (resize === undefined) return true;
    return ['STARTING', 'EXITING'].includes(resize.stage) && seen.get(instanceId)?.ec2?.state === 'running';
  });

/**
 * Looks at one group: moves on what needs no call, begins the next wave when the last one is over, and says what is
 * needed next. Pure; the caller writes `work` before anything is done.
 *
 * @param because why no further instance may be begun in any group, when something ends the run
 * @param mayBegin whether a wave may be begun now, when nothing ends the run
 * @param now ISO 8601
 */
export const decideWave = (
  seenWork: SeenWork,
  incident: Incident,
  because: StoredRunEnd | undefined,
  mayBegin: boolean,
  now: string,
): WaveDecision => {
  const { group, record, seen } = seenWork;
  const progress = moveOn(seenWork, now);
  const ends = because ?? (isOptedIn(group) ? undefined : ({ because: 'NOT_OPTED_IN' } as const));
  if (ends !== undefined) progress.work = endWork(progress.work, ends);
  const ended = progress.work.endsBecause;
  if (ended !== undefined) {
    const home = withAllHome(progress.work, ended, seen, now);
    // What turned just now is looked at again, so that an instance nothing was done to ends at once.
    const again = moveOn({ ...seenWork, work: home }, now);
    progress.work = again.work;
    progress.steps = again.steps;
    progress.news.push(...again.news);
  }
  const { steps, news } = progress;
  const work = withoutOldReservations(progress.work);
  progress.work = work;
  const spent = heldReservations(work).some(({ instanceIds }) => isSpent(instanceIds, work, seen));
  if (inFlight(work).length > 0) {
    const needs: WaveNeed[] = spent ? ['ReserveCapacity'] : [];
    if (launchIsOurs(group, record)) needs.push('PrepareGroup');
    // Somebody took back what is held, perhaps: that has to be seen and told, however long an instance is on its way.
    if (work.endsBecause === undefined && !isHeldByUs(group, record, work.incidentId, now))
      needs.push('ApplyHold');
    for (const step of steps.values()) {
      if (step.action === 'CALL') needs.push(step.operation);
      if (step.action === 'RESERVE') needs.push('ReserveCapacity');
      if (step.action === 'WAIT') needs.push({ waitsFor: step.waitsFor });
    }
    return { work, needs: needs.length > 0 ? needs : [{ waitsFor: 'Group' }], news };
  }
  if (spent) return { work, needs: ['ReserveCapacity'], news };
  if (work.restoredAt !== undefined) return { work, needs: ['UpdateLaunchTemplate'], news };
  if (work.endsBecause === undefined && work.queue.length > 0) {
    if (!mayBegin) return { work, needs: [{ waitsFor: 'Group' }], news };
    return chooseWave(seenWork, progress, incident.resize?.reserveCapacity !== false, now);
  }
  return { work, needs: ['RestoreGroup'], news };
};

/**
 * Whether an instance may be taken out of service now: what is left must not be below the floor. One that its load
 * balancer, or EC2, finds unhealthy serves nobody and leaves nobody short. One that Auto Scaling has marked, and that
 * answers again, serves; so may one of which nobody could be asked.
 *
 * @param entered instances that entered Standby since the group was looked at
 */
export const mayLeaveService = (
  { work, healthy, seen }: SeenWork,
  entered: string[],
  instanceId: string,
): boolean => {
  const left = [...healthy].filter((id) => !entered.includes(id) && id !== instanceId).length;
  return left >= work.floor || (!healthy.has(instanceId) && seen.get(instanceId)?.isHealthy === false);
};
