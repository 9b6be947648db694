import {
  bootSecondsMax,
  canaryWatchSeconds,
  changeRefusedSecondsMax,
  doubtSeconds,
  enteringSecondsMax,
  forcedStopSecondsMax,
  homeSecondsMax,
  homeTotalSecondsMax,
  inForceWithinSeconds,
  leaseSeconds,
  reasonSettlesSeconds,
  refusedPauseSecondsMax,
  refusedPauseSecondsMin,
  resizeWaitSecondsMax,
  serviceSecondsMax,
  startSecondsMax,
  stopSecondsMax,
} from '../limits.ts';
import { secondsBetween } from '../times.ts';
import type { InstanceFacts } from './instance-facts.ts';
import type {
  InstanceFailure,
  ResizeCause,
  ResizeEnd,
  ResizeOperation,
  ResizeTurn,
  StoredFailure,
} from './resize-facts.ts';
import type { Resize, ResizeOutcome, ResizeStage } from './resize-record.ts';

/** What is waited for; each is a state of the state machine. */
export type ResizeWait = 'Standby' | 'Stop' | 'Start' | 'StatusChecks' | 'Service';

/** An instance that is being resized, as it is now. */
export interface SeenResize {
  /** `undefined` when the group has no such instance any more. */
  lifecycleState: string | undefined;
  /** `undefined` when EC2 knows no such instance. */
  ec2: Pick<InstanceFacts, 'state' | 'stateReason' | 'instanceType'> | undefined;
  /** Whether all of its status checks passed. */
  hasPassedChecks: boolean;
  /** Whether every load balancer of the group finds it healthy; `true` where there is none, `undefined` when one cannot be asked. */
  isHealthy: boolean | undefined;
}

/**
 * The next step in resizing one instance.
 * - `WAIT`: what was asked for has yet to show.
 * - `RESERVE`: capacity has to be held first.
 * - `CALL`: take this step; `stage` is written before.
 * - `TURN`: what was tried failed: the record changes, and the next look goes on from there.
 * - `END`: nothing more is to be done.
 */
export type ResizeStep =
  | { action: 'WAIT'; waitsFor: ResizeWait }
  | { action: 'RESERVE' }
  | {
      action: 'CALL';
      operation: ResizeOperation;
      stage: ResizeStage;
      isForced: boolean;
      cause: ResizeCause;
      /** Whether it is left for a person from then on. */
      givesUp?: boolean;
    }
  | { action: 'TURN'; change: Partial<Resize>; turn: ResizeTurn }
  | { action: 'END'; outcome: ResizeOutcome; end: ResizeEnd };

/** What is written down before each step. */
const stageOf: Record<ResizeOperation, ResizeStage> = {
  EnterStandby: 'ENTERING',
  StopInstance: 'STOPPING',
  ChangeInstanceType: 'CHANGING',
  StartInstance: 'STARTING',
  ExitStandby: 'EXITING',
};

const call = (
  operation: ResizeOperation,
  cause: ResizeCause,
  isForced = false,
): ResizeStep & { action: 'CALL' } => ({
  action: 'CALL',
  operation,
  stage: stageOf[operation],
  isForced,
  cause,
});
const wait = (waitsFor: ResizeWait): ResizeStep => ({ action: 'WAIT', waitsFor });
const endAs = (outcome: ResizeOutcome, end: ResizeEnd): ResizeStep => ({ action: 'END', outcome, end });

/**
 * The way home begins: with its original type when it failed itself, or else the shortest way.
 *
 * @param wantedType the type it is to have when it starts next
 */
export const turnHome = (failure: StoredFailure, wantedType: string, now: string): Partial<Resize> => ({
  direction: 'HOME',
  failure,
  wantedType,
  homeSince: now,
});

/** A type did not start, or did not pass its checks: the original one is next, then the list, then a person. */
const afterFailedType = (resize: Resize, failure: InstanceFailure, now: string): ResizeStep => {
  const tried = [...new Set([...resize.tried, resize.wantedType])];
  // Why it is stopped was judged; from now on it is only stopped.
  const judged = { stage: 'CHANGING', stageAt: now, refusedSince: undefined } as const;
  const { originalType, candidates } = resize;
  if (resize.direction === 'FORWARD') {
    return {
      action: 'TURN',
      change: { ...turnHome(failure, originalType, now), ...judged, tried },
      turn: { because: 'BROUGHT_HOME_AS', failure, instanceType: originalType },
    };
  }
  const next = [originalType, ...candidates].find((type) => !tried.includes(type));
  if (next !== undefined) {
    return {
      action: 'TURN',
      change: { ...judged, wantedType: next, tried },
      turn: { because: 'NEXT_TYPE', failure, instanceType: next },
    };
  }
  // A shortage may end: the list is gone through again and again for a while.
  return secondsBetween(resize.homeSince ?? now, now) < homeSecondsMax
    ? {
        action: 'TURN',
        change: { ...judged, wantedType: originalType, tried: [] },
        turn: { because: 'ALL_TYPES_AGAIN', failure },
      }
    : endAs('LEFT', { because: 'EVERY_TYPE_FAILED', failure, seconds: homeSecondsMax });
};

/** AWS's codes for a stop that somebody asked for; any other reason means that a start came to nothing. */
const stopsOnRequest = /^(Client\.(User|Instance)InitiatedShutdown|Server\.ScheduledStop)$/;

/** The next step with one that is in service and runs, and was not taken out of service yet. */
const untouchedStep = (resize: Resize, presentType: string, age: number, now: string): ResizeStep => {
  const { direction, stage, wantedType, failure } = resize;
  if (direction === 'HOME') {
    // Somebody of ours may have asked for Standby a moment ago, and it has yet to show.
    return stage === 'ENTERING' && age < leaseSeconds
      ? wait('Standby')
      : endAs('UNTOUCHED', { because: 'NOTHING_DONE', failure });
  }
  if (secondsBetween(resize.chosenAt, now) > resizeWaitSecondsMax) {
    return endAs('UNTOUCHED', { because: 'NOT_TAKEN_OUT_OF_SERVICE', seconds: resizeWaitSecondsMax });
  }
  return resize.isReserved
    ? call('EnterStandby', { because: 'IN_SERVICE', instanceType: presentType, wantedType })
    : { action: 'RESERVE' };
};

/** Whether an instance can still run: it stops, is stopped, or starts. */
const isComingOrGoing = (state: string | undefined): boolean =>
  state !== undefined && ['stopping', 'stopped', 'pending'].includes(state);

const unhealthyAs = (instanceType: string): InstanceFailure => ({
  because: 'UNHEALTHY',
  instanceType,
  seconds: serviceSecondsMax,
});

/** What tells that something is wrong with the instance itself, or with what runs on it. */
const failuresOfItsOwn: ReadonlySet<string> = new Set([
  'UNHEALTHY',
  'UNSTEADY',
  'CHECKS_FAILED',
  'STOPPED_AGAIN',
] satisfies InstanceFailure['because'][]);

/**
 * Whether an instance has been healthy for long enough to be believed. The canary is watched for a while, because one that
 * restarts again and again is healthy in between; so is one that comes home because of what it did itself.
 */
const isProven = ({ isCanary, direction, failure, wellSince }: Resize, now: string): boolean => {
  const wasIll = typeof failure === 'object' && failuresOfItsOwn.has(failure.because);
  const isWatched = isCanary === true && (direction === 'FORWARD' || wasIll);
  return !isWatched || (wellSince !== undefined && secondsBetween(wellSince, now) >= canaryWatchSeconds);
};

const inServiceStep = (resize: Resize, seen: SeenResize, age: number, now: string): ResizeStep => {
  const { direction, wantedType, failure, hasEntered } = resize;
  const instanceType = seen.ec2?.instanceType ?? resize.originalType;
  const state = seen.ec2?.state;
  if (state !== 'running' && !(hasEntered && isComingOrGoing(state))) {
    return endAs(hasEntered ? 'LEFT' : 'UNTOUCHED', { because: 'IN_SERVICE_AND_NOT_RUNNING', state });
  }
  if (!hasEntered) return untouchedStep(resize, instanceType, age, now);
  // Standby that was accepted may not show yet; only who was asked to leave Standby is expected here.
  if (resize.stage !== 'EXITING' && age < inForceWithinSeconds && resize.refusedSince === undefined) {
    return wait('Standby');
  }
  // It left Standby while it was stopping: in service it would be ended once the group is given back.
  if (state !== 'running') return call('EnterStandby', { because: 'NOT_RUNNING', state: state ?? '' });
  if (seen.isHealthy === true && isProven(resize, now)) {
    return endAs(resize.candidates.includes(instanceType) ? 'RESIZED' : 'BROUGHT_HOME', {
      because: 'IN_SERVICE_AND_HEALTHY',
      instanceType,
      ...(direction === 'HOME' ? { failure } : {}),
    });
  }
  // What serves is the group's capacity: it is taken out again only while it does not.
  const mayBeTakenOut = direction === 'HOME' || instanceType !== wantedType;
  if (seen.isHealthy === true && mayBeTakenOut) return wait('Service');
  // It came home unhealthy with a type that it has to give up again.
  if (instanceType !== wantedType) {
    if (seen.isHealthy === false) {
      return call('EnterStandby', { because: 'UNHEALTHY_WITH_ANOTHER_TYPE', wantedType });
    }
    return secondsBetween(resize.homeSince ?? now, now) < serviceSecondsMax
      ? wait('Service')
      : endAs('LEFT', { because: 'HEALTH_UNKNOWN', instanceType });
  }
  // Healthy at last, it gets the time to prove it; healthy now and then, it does not get more.
  const secondsMax = serviceSecondsMax + (resize.isCanary === true ? canaryWatchSeconds : 0);
  const isOver = age >= (resize.wellSince === undefined ? serviceSecondsMax : secondsMax);
  if (!isOver && resize.isGivenUp !== true) return wait('Service');
  // Found ill a moment ago, it stays so until its load balancer can be asked again.
  const wasFoundIll = /^UN(HEALTHY|STEADY)$/.test(resize.doubt?.because ?? '');
  if (seen.isHealthy === undefined && !wasFoundIll) {
    return endAs('LEFT', { because: 'HEALTH_UNKNOWN', instanceType });
  }
  const unhealthy: InstanceFailure =
    resize.wasWell === true
      ? { because: 'UNSTEADY', instanceType, healthyForSeconds: canaryWatchSeconds, seconds: age }
      : unhealthyAs(instanceType);
  return direction === 'FORWARD'
    ? { action: 'TURN', change: turnHome(unhealthy, resize.originalType, now), turn: unhealthy }
    : { ...call('EnterStandby', { because: 'UNHEALTHY_AT_HOME', failure: unhealthy }), givesUp: true };
};

/** The next step with one in Standby that runs: it is stopped, or leaves Standby once its checks have passed. */
const runningStep = (
  resize: Resize,
  instanceType: string,
  hasPassedChecks: boolean,
  age: number,
  now: string,
): ResizeStep => {
  const { wantedType, direction, stage, homeSince } = resize;
  // Asked to stop or to start only just now, it may be described as it ran before: nobody may let it into service then.
  const isSettled = age >= inForceWithinSeconds || resize.refusedSince !== undefined;
  if (!isSettled && (stage === 'STOPPING' || stage === 'CHANGING')) return wait('Stop');
  if (!isSettled && stage === 'STARTING' && instanceType !== wantedType) return wait('Start');
  if (instanceType !== wantedType) {
    return direction === 'FORWARD' && !resize.isReserved
      ? { action: 'RESERVE' }
      : call('StopInstance', { because: 'IN_STANDBY', instanceType, wantedType });
  }
  if (hasPassedChecks && (isSettled || stage !== 'STARTING'))
    return call('ExitStandby', { because: 'CHECKS_PASSED', instanceType });
  // One that turned home while it ran has its checks looked at afresh.
  const runsFor = stage === 'STARTING' ? age : Math.min(age, secondsBetween(homeSince ?? now, now));
  return runsFor < bootSecondsMax
    ? wait('StatusChecks')
    : afterFailedType(resize, { because: 'CHECKS_FAILED', instanceType, seconds: bootSecondsMax }, now);
};

const stoppingStep = (resize: Resize, asked: number, now: string): ResizeStep => {
  const isAsked = resize.stage === 'STOPPING';
  const age = isAsked ? asked : secondsBetween(resize.stoppingSince ?? now, now);
  if (resize.isForced && isAsked) {
    return age < forcedStopSecondsMax
      ? wait('Stop')
      : endAs('LEFT', { because: 'FORCED_STOP_HANGS', seconds: age });
  }
  return age < stopSecondsMax
    ? wait('Stop')
    : call('StopInstance', { because: 'STOP_HANGS', seconds: age }, true);
};

/** The next step with one in Standby that is stopped: its type is changed, or it is started. */
const stoppedStep = (
  resize: Resize,
  { instanceType, stateReason = '' }: Pick<InstanceFacts, 'instanceType' | 'stateReason'>,
  age: number,
  now: string,
): ResizeStep => {
  const { wantedType, stage } = resize;
  // Stopped again after it was seen to start, whoever stopped it, or never started: the type does not do.
  // The reason of an earlier stop may still show right after a start.
  const isSettled = age >= reasonSettlesSeconds;
  const hasFailed =
    resize.hasStarted || (isSettled && stateReason !== '' && !stopsOnRequest.test(stateReason));
  // It had started with this type, stopped by itself, and hung.
  const hasHung = stage === 'STOPPING' && resize.hasStarted && instanceType === wantedType;
  if ((stage === 'STARTING' && hasFailed) || hasHung) {
    return afterFailedType(resize, { because: 'STOPPED_AGAIN', instanceType, stateReason }, now);
  }
  if (stage === 'STARTING' && !isSettled && stateReason !== '') return wait('Start');
  return instanceType === wantedType
    ? call('StartInstance', { because: 'STOPPED_WITH_ITS_TYPE', instanceType })
    : call('ChangeInstanceType', { because: 'STOPPED_WITH_ANOTHER_TYPE', instanceType, wantedType });
};

const standbyStep = (resize: Resize, seen: SeenResize, age: number, now: string): ResizeStep => {
  const { ec2 } = seen;
  const { homeSince, failure } = resize;
  if (resize.isGivenUp === true) {
    const unhealthy = resize.failureAtHome ?? unhealthyAs(ec2?.instanceType ?? resize.wantedType);
    return endAs('LEFT', { because: 'UNHEALTHY_AT_HOME', failure: unhealthy });
  }
  // That it left may not show yet; a second call would be refused.
  if (resize.stage === 'EXITING' && resize.refusedSince === undefined && age < inForceWithinSeconds) {
    return wait('Service');
  }
  // What EC2 does not tell of may be there all the same.
  if (ec2 === undefined) {
    return secondsBetween(resize.missingSince ?? now, now) < startSecondsMax
      ? wait('Start')
      : endAs('LEFT', { because: 'UNKNOWN_TO_EC2', seconds: startSecondsMax });
  }
  const { state } = ec2;
  if (state === 'terminated' || state === 'shutting-down') {
    return endAs('GONE', { because: 'TERMINATED_IN_STANDBY' });
  }
  if (homeSince !== undefined && secondsBetween(homeSince, now) > homeTotalSecondsMax) {
    return endAs('LEFT', { because: 'TOO_LONG_ON_ITS_WAY', state, seconds: homeTotalSecondsMax, failure });
  }
  switch (state) {
    case 'running':
      return runningStep(resize, ec2.instanceType, seen.hasPassedChecks, age, now);
    case 'pending':
      return age < startSecondsMax
        ? wait('Start')
        : endAs('LEFT', { because: 'PENDING_TOO_LONG', seconds: age });
    case 'stopping':
      return stoppingStep(resize, age, now);
    case 'stopped':
      return stoppedStep(resize, ec2, age, now);
    default:
      return wait('Start');
  }
};

/** What is waited for while a step that AWS refused is not tried again yet. */
const waitBefore: Record<ResizeOperation, ResizeWait> = {
  EnterStandby: 'Standby',
  StopInstance: 'Stop',
  ChangeInstanceType: 'Stop',
  StartInstance: 'Start',
  ExitStandby: 'Service',
};

/** A step that AWS refuses is tried again ever more rarely. */
const isTooSoon = (
  { stage, refusedSince, refusedAt }: Resize,
  step: ResizeStep & { action: 'CALL' },
  now: string,
): boolean => {
  if (step.stage !== stage || refusedSince === undefined || refusedAt === undefined) return false;
  const pause = Math.max(refusedPauseSecondsMin, secondsBetween(refusedSince, refusedAt));
  return secondsBetween(refusedAt, now) < Math.min(pause, refusedPauseSecondsMax);
};

const nextStep = (resize: Resize, seen: SeenResize, now: string): ResizeStep => {
  const age = secondsBetween(resize.stageAt, now);
  const { lifecycleState } = seen;
  if (lifecycleState === undefined || /^(Terminat|Detach)/.test(lifecycleState)) {
    return endAs(resize.hasEntered ? 'GONE' : 'UNTOUCHED', { because: 'LEFT_THE_GROUP', lifecycleState });
  }
  if (lifecycleState === 'InService') return inServiceStep(resize, seen, age, now);
  if (lifecycleState === 'Standby') return standbyStep(resize, seen, age, now);
  // While it enters Standby its load balancer drains it.
  const isEntering = lifecycleState === 'EnteringStandby';
  return age < (isEntering ? enteringSecondsMax : serviceSecondsMax)
    ? wait(isEntering ? 'Standby' : 'Service')
    : endAs('LEFT', { because: 'HANGS_IN_STATE', lifecycleState, seconds: age });
};

/**
 * Decides the next step from a look taken right before: what is counts, not what was done last. Forward it goes to
 * its new type; home it goes back into service the shortest way, and is left to a person only when no way is left.
 *
 * @param now ISO 8601
 */
export const decideResizeStep = (resize: Resize, seen: SeenResize, now: string): ResizeStep => {
  const step = nextStep(resize, seen, now);
  return step.action === 'CALL' && isTooSoon(resize, step, now) ? wait(waitBefore[step.operation]) : step;
};

/**
 * Whether what a step rests on may be an old answer: EC2 and Auto Scaling may describe what was so a moment ago, also
 * after an answer that was true. What ended stays so, and what was not done is not undone by a look.
 * Source: EC2 developer guide, "Eventual consistency".
 */
const isDoubtful = (step: ResizeStep): step is ResizeStep & { action: 'CALL' | 'TURN' | 'END' } => {
  if (step.action === 'TURN') return true;
  if (step.action === 'CALL') return step.cause.because === 'NOT_RUNNING';
  if (step.action !== 'END') return false;
  switch (step.end.because) {
    case 'NOTHING_DONE':
    case 'NOT_TAKEN_OUT_OF_SERVICE':
    case 'IN_SERVICE_AND_HEALTHY':
    case 'TERMINATED_IN_STANDBY':
      return false;
    case 'LEFT_THE_GROUP':
      return step.end.lifecycleState === undefined;
    default:
      return true;
  }
};

const becauseOf = (step: ResizeStep & { action: 'CALL' | 'TURN' | 'END' }): string => {
  if (step.action === 'CALL') return step.cause.because;
  return step.action === 'TURN' ? step.turn.because : step.end.because;
};

/**
 * The step, once looks have agreed on it for long enough where one alone may be wrong; until then it is waited.
 *
 * @returns the step, and the doubt that is to be remembered; none when nothing is doubtful
 */
export const believeStep = (
  step: ResizeStep,
  { doubt }: Pick<Resize, 'doubt'>,
  { lifecycleState }: Pick<SeenResize, 'lifecycleState'>,
  now: string,
): { step: ResizeStep; doubt: Resize['doubt'] } => {
  if (!isDoubtful(step)) return { step, doubt: undefined };
  const because = becauseOf(step);
  const since = doubt?.because === because ? doubt.since : now;
  return secondsBetween(since, now) < doubtSeconds
    ? { step: wait(lifecycleState === 'InService' ? 'Service' : 'Start'), doubt: { because, since } }
    : { step, doubt: undefined };
};

/** The next step from a look taken right before, once it may be believed; `now` is ISO 8601. */
export const believedResizeStep = (
  resize: Resize,
  seen: SeenResize,
  now: string,
): ReturnType<typeof believeStep> => believeStep(decideResizeStep(resize, seen, now), resize, seen, now);

/** AWS's codes for no capacity, now, for a type in a zone. A quota is no shortage, but ends a start the same way. */
const lacksCapacity =
  /^(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientReservedInstanceCapacity|InstanceLimitExceeded|VcpuLimitExceeded|Unsupported)$/;

/** Whether EC2 has no room for an instance, by the name of its error. */
export const isLackOfCapacity = (errorName: string): boolean => lacksCapacity.test(errorName);

/**
 * What becomes of a resize whose step AWS refused: it is tried again for a while; then what failed on its way forward
 * is brought home, and what cannot be brought home is left to a person.
 *
 * @param operation the step
 * @param error AWS's name of the error, and its text
 */
export const afterRefusal = (
  resize: Resize,
  operation: ResizeOperation,
  error: { name: string; text: string },
  presentType: string,
  now: string,
): ResizeStep => {
  if (operation === 'StartInstance' && isLackOfCapacity(error.name)) {
    const failure: InstanceFailure = {
      because: 'NOT_STARTED',
      instanceType: presentType,
      error: error.name,
    };
    return afterFailedType(resize, failure, now);
  }
  const since = resize.refusedSince ?? now;
  const patience = resize.direction === 'FORWARD' ? changeRefusedSecondsMax : homeSecondsMax;
  if (secondsBetween(since, now) < patience) {
    return {
      action: 'TURN',
      change: { refusedSince: since, refusedAt: now },
      turn: { because: 'REFUSED_FOR_NOW', operation, error: error.text },
    };
  }
  const refused: InstanceFailure = {
    because: 'STEP_REFUSED',
    operation,
    seconds: patience,
    error: error.text,
  };
  if (operation === 'StartInstance') return afterFailedType(resize, refused, now);
  if (resize.direction === 'HOME') return endAs('LEFT', refused);
  if (operation === 'EnterStandby' && !resize.hasEntered) return endAs('UNTOUCHED', refused);
  // It runs, or is stopped with the type it had: nothing has to be changed back.
  return { action: 'TURN', change: turnHome(refused, presentType, now), turn: refused };
};
