import {
  bootSecondsMax,
  changeRefusedSecondsMax,
  enteringSecondsMax,
  forcedStopSecondsMax,
  homeSecondsMax,
  homeTotalSecondsMax,
  inForceWithinSeconds,
  leaseSeconds,
  reasonSettlesSeconds,
  resizeWaitSecondsMax,
  serviceSecondsMax,
  startSecondsMax,
  stopSecondsMax,
} from '../limits.ts';
import { secondsBetween, spokenDuration } from '../times.ts';
import type { InstanceFacts } from './instance-facts.ts';
import type { Resize, ResizeOutcome, ResizeStage } from './resize-record.ts';

/** The steps that call AWS; each is a state of the state machine. */
export type ResizeOperation =
  | 'EnterStandby'
  | 'StopInstance'
  | 'ChangeInstanceType'
  | 'StartInstance'
  | 'ExitStandby';

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
  | { action: 'WAIT'; waitsFor: ResizeWait; reason: string }
  | { action: 'RESERVE'; reason: string }
  | { action: 'CALL'; operation: ResizeOperation; stage: ResizeStage; isForced: boolean; reason: string }
  | { action: 'TURN'; change: Partial<Resize>; reason: string }
  | { action: 'END'; outcome: ResizeOutcome; reason: string };

/** What is written down before each step. */
const stageOf: Record<ResizeOperation, ResizeStage> = {
  EnterStandby: 'ENTERING',
  StopInstance: 'STOPPING',
  ChangeInstanceType: 'CHANGING',
  StartInstance: 'STARTING',
  ExitStandby: 'EXITING',
};

const call = (operation: ResizeOperation, reason: string, isForced = false): ResizeStep => ({
  action: 'CALL',
  operation,
  stage: stageOf[operation],
  isForced,
  reason,
});
const wait = (waitsFor: ResizeWait, reason: string): ResizeStep => ({ action: 'WAIT', waitsFor, reason });
const end = (outcome: ResizeOutcome, reason: string): ResizeStep => ({ action: 'END', outcome, reason });

/**
 * The way home begins: with its original type when it failed itself, or else the shortest way.
 *
 * @param wantedType the type it is to have when it starts next
 */
export const turnHome = (failure: string, wantedType: string, now: string): Partial<Resize> => ({
  direction: 'HOME',
  failure,
  wantedType,
  homeSince: now,
});

/** A type did not start, or did not pass its checks: the original one is next, then the list, then a person. */
const afterFailedType = (resize: Resize, why: string, now: string): ResizeStep => {
  const tried = [...new Set([...resize.tried, resize.wantedType])];
  // Why it is stopped was judged; from now on it is only stopped.
  const judged = { stage: 'CHANGING', stageAt: now, refusedSince: undefined } as const;
  if (resize.direction === 'FORWARD') {
    return {
      action: 'TURN',
      change: { ...turnHome(why, resize.originalType, now), ...judged, tried },
      reason: `${why}; it is brought home as ${resize.originalType}`,
    };
  }
  const next = [resize.originalType, ...resize.candidates].find((type) => !tried.includes(type));
  if (next !== undefined) {
    return {
      action: 'TURN',
      change: { ...judged, wantedType: next, tried },
      reason: `${why}; ${next} is tried`,
    };
  }
  // A shortage may end: the list is gone through again and again for a while.
  return secondsBetween(resize.homeSince ?? now, now) < homeSecondsMax
    ? {
        action: 'TURN',
        change: { ...judged, wantedType: resize.originalType, tried: [] },
        reason: `${why}, and so did every other type; all are tried again`,
      }
    : end('LEFT', `${why}, and so did every other type for ${spokenDuration(homeSecondsMax)}`);
};

/** AWS's codes for a stop that somebody asked for; any other reason means that a start came to nothing. */
const stopsOnRequest = /^(Client\.(User|Instance)InitiatedShutdown|Server\.ScheduledStop)$/;

const inServiceStep = (resize: Resize, seen: SeenResize, age: number, now: string): ResizeStep => {
  const { direction, wantedType } = resize;
  const presentType = seen.ec2?.instanceType ?? resize.originalType;
  const isUntouched = !resize.hasEntered;
  if (seen.ec2?.state !== 'running') {
    return end(
      isUntouched ? 'UNTOUCHED' : 'LEFT',
      `it is in service and ${seen.ec2?.state ?? 'unknown to EC2'}`,
    );
  }
  // A step that was accepted may not show yet; only who was asked to leave Standby is expected here.
  if (!isUntouched && resize.stage !== 'EXITING' && age < inForceWithinSeconds) {
    return wait('Standby', 'Standby was accepted, and does not show yet');
  }
  if (isUntouched && direction === 'HOME') {
    // Somebody of ours may have asked for Standby a moment ago, and it has yet to show.
    return resize.stage === 'ENTERING' && age < leaseSeconds
      ? wait('Standby', 'Standby was asked for, and may yet show')
      : end('UNTOUCHED', resize.failure ?? 'the run ended before');
  }
  if (isUntouched) {
    if (secondsBetween(resize.chosenAt, now) > resizeWaitSecondsMax) {
      return end(
        'UNTOUCHED',
        `it could not be taken out of service within ${spokenDuration(resizeWaitSecondsMax)}`,
      );
    }
    return resize.isReserved
      ? call('EnterStandby', `${presentType} in service and to be ${wantedType}`)
      : { action: 'RESERVE', reason: `capacity for ${wantedType} has to be held first` };
  }
  if (seen.isHealthy === true) {
    const isResized = resize.candidates.includes(presentType);
    return end(
      isResized ? 'RESIZED' : 'BROUGHT_HOME',
      `in service and healthy as ${presentType}${direction === 'HOME' ? ` (${resize.failure})` : ''}`,
    );
  }
  // It came home unhealthy with a type that it has to give up again.
  if (presentType !== wantedType) return call('EnterStandby', `it has to be ${wantedType} again`);
  if (age < serviceSecondsMax) return wait('Service', 'in service, and not healthy yet');
  if (seen.isHealthy === undefined) {
    return end(
      'LEFT',
      `in service as ${presentType}, and its load balancer cannot be asked whether it is healthy`,
    );
  }
  const why = `as ${presentType} it is not healthy ${spokenDuration(serviceSecondsMax)} after it came back`;
  return direction === 'FORWARD'
    ? { action: 'TURN', change: turnHome(why, resize.originalType, now), reason: why }
    : end('LEFT', `in service, but ${why}`);
};

const standbyStep = (resize: Resize, seen: SeenResize, age: number, now: string): ResizeStep => {
  const { ec2 } = seen;
  const { wantedType, stage, homeSince } = resize;
  // One that turned home while it ran has its checks looked at afresh.
  const runsFor = stage === 'STARTING' ? age : Math.min(age, secondsBetween(homeSince ?? now, now));
  // What EC2 does not tell of may be there all the same.
  if (ec2 === undefined) {
    return secondsBetween(resize.missingSince ?? now, now) < startSecondsMax
      ? wait('Start', 'EC2 does not tell of it')
      : end('LEFT', `in Standby, and EC2 does not know it for ${spokenDuration(startSecondsMax)}`);
  }
  if (ec2.state === 'terminated' || ec2.state === 'shutting-down') {
    return end('GONE', 'somebody terminated it while it was in Standby');
  }
  if (homeSince !== undefined && secondsBetween(homeSince, now) > homeTotalSecondsMax) {
    return end(
      'LEFT',
      `it is in Standby, ${ec2.state}, ${spokenDuration(homeTotalSecondsMax)} after its way home began (${resize.failure})`,
    );
  }
  switch (ec2.state) {
    case 'running':
      if (ec2.instanceType !== wantedType && resize.direction === 'FORWARD' && !resize.isReserved) {
        return { action: 'RESERVE', reason: `capacity for ${wantedType} has to be held first` };
      }
      if (ec2.instanceType !== wantedType) {
        return call('StopInstance', `${ec2.instanceType} in Standby and to be ${wantedType}`);
      }
      if (seen.hasPassedChecks) return call('ExitStandby', `it runs as ${wantedType}`);
      return runsFor < bootSecondsMax
        ? wait('StatusChecks', `it runs as ${wantedType}, and its status checks have not passed yet`)
        : afterFailedType(
            resize,
            `as ${wantedType} its status checks did not pass within ${spokenDuration(bootSecondsMax)}`,
            now,
          );
    case 'pending':
      return age < startSecondsMax
        ? wait('Start', `it starts as ${wantedType}`)
        : end('LEFT', `it is pending for ${spokenDuration(age)}`);
    case 'stopping':
      if (resize.isForced) {
        return age < forcedStopSecondsMax
          ? wait('Stop', 'its forced stop goes on')
          : end('LEFT', `it hangs in stopping ${spokenDuration(age)} after it was forced; ask AWS Support`);
      }
      return age < stopSecondsMax
        ? wait('Stop', 'it stops')
        : call('StopInstance', `its stop hangs for ${spokenDuration(age)}`, true);
    case 'stopped': {
      const reason = ec2.stateReason ?? '';
      // Stopped again after it was seen to start, whoever stopped it, or never started: the type does not do.
      // The reason of an earlier stop may still show right after a start.
      const isSettled = age >= reasonSettlesSeconds;
      const hasFailed = resize.hasStarted || (isSettled && reason !== '' && !stopsOnRequest.test(reason));
      if (stage === 'STARTING' && hasFailed) {
        return afterFailedType(
          resize,
          `as ${ec2.instanceType} it did not stay up (${reason || 'it stopped again'})`,
          now,
        );
      }
      if (stage === 'STARTING' && !isSettled && reason !== '')
        return wait('Start', 'its start was accepted, and does not show yet');
      return ec2.instanceType === wantedType
        ? call('StartInstance', `it is stopped and ${wantedType}`)
        : call('ChangeInstanceType', `it is stopped, ${ec2.instanceType}, and to be ${wantedType}`);
    }
    default:
      return wait('Start', `it is ${ec2.state}`);
  }
};

/**
 * Decides the next step from a look taken right before: what is counts, not what was done last. Forward it goes to
 * its new type; home it goes back into service the shortest way, and is left to a person only when no way is left.
 *
 * @param now ISO 8601
 */
export const decideResizeStep = (resize: Resize, seen: SeenResize, now: string): ResizeStep => {
  const age = secondsBetween(resize.stageAt, now);
  const { lifecycleState } = seen;
  if (lifecycleState === undefined || /^(Terminat|Detach)/.test(lifecycleState)) {
    return end(
      resize.hasEntered ? 'GONE' : 'UNTOUCHED',
      `it left the group (${lifecycleState ?? 'not there any more'})`,
    );
  }
  switch (lifecycleState) {
    case 'InService':
      return inServiceStep(resize, seen, age, now);
    case 'EnteringStandby':
      return age < enteringSecondsMax
        ? wait('Standby', 'it is drained from the load balancer')
        : end('LEFT', `it is in EnteringStandby for ${spokenDuration(age)}`);
    case 'Standby':
      return standbyStep(resize, seen, age, now);
    default:
      return age < serviceSecondsMax
        ? wait('Service', `it is ${lifecycleState}`)
        : end('LEFT', `it is ${lifecycleState} for ${spokenDuration(age)}`);
  }
};

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
    return afterFailedType(resize, `as ${presentType} it did not start (${error.name})`, now);
  }
  const since = resize.refusedSince ?? now;
  const patience = resize.direction === 'FORWARD' ? changeRefusedSecondsMax : homeSecondsMax;
  if (secondsBetween(since, now) < patience) {
    return {
      action: 'TURN',
      change: { refusedSince: since },
      reason: `${operation} was refused (${error.text}); tried again`,
    };
  }
  const why = `${operation} is refused for ${spokenDuration(patience)} (${error.text})`;
  if (operation === 'StartInstance') return afterFailedType(resize, why, now);
  if (resize.direction === 'HOME') return end('LEFT', why);
  if (operation === 'EnterStandby') return end('UNTOUCHED', why);
  // It runs, or is stopped with the type it had: nothing has to be changed back.
  return { action: 'TURN', change: turnHome(why, presentType, now), reason: why };
};

/** What a person can do with an instance that was left, in commands. */
export const byHand = (autoScalingGroupName: string, instanceId: string): string =>
  `Look at it, and then by hand: aws ec2 start-instances --instance-ids ${instanceId}; aws autoscaling exit-standby --auto-scaling-group-name ${autoScalingGroupName} --instance-ids ${instanceId}`;
