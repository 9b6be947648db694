import type { AutoScalingCall } from '../calls.ts';
import type { Drain } from '../launches/launch-record.ts';
import { abandonedWithinSeconds, drainAttemptsMax, terminatedWithinSeconds } from '../limits.ts';
import { secondsBetween } from '../times.ts';

/**
 * The next step in draining one instance.
 * - `END`: nothing is to be done any more; `stage` says how it ended.
 * - `WAIT`: what was done has yet to show.
 * - `CALL`: make these calls; when all are accepted the drain is at `stage`.
 */
export type DrainStep =
  | ({ action: 'END'; stage: 'GONE' | 'ESCAPED' | 'LEFT' } & DrainEnd)
  | { action: 'WAIT' }
  | ({ action: 'CALL'; stage: 'ABANDONED' | 'TERMINATED'; calls: AutoScalingCall[] } & DrainCall);

/** How the draining of an instance ended. */
type DrainEnd =
  | { because: 'LEFT_THE_GROUP' | 'NEVER_IN_SERVICE' | 'ENDED_BEFORE' }
  | { because: 'NOT_WAITING_ANY_MORE'; lifecycleState: string }
  | { because: 'REFUSED'; attempts: number }
  | { because: 'STILL_THERE'; terminatedSeconds: number };

/** Why a launch is abandoned, or an instance terminated. */
type DrainCall =
  | ({ because: 'WAITED' } & Pick<Drain, 'since' | 'from'>)
  | { because: 'NO_LAUNCH_HOOK' | 'STAYED' };

/** Why an instance is terminated that could not be drained by its launch hooks. */
export const terminatedBecause = {
  NO_LAUNCH_HOOK: 'the group has no launch hook any more that could be abandoned',
  STAYED: 'it is still there after its launch was abandoned',
} as const;

/** Since when an instance waited, by what is known of it. */
export const tellWaited = ({ since, from }: Pick<Drain, 'since' | 'from'>): string =>
  `it waited since ${since} (by its ${from})`;

/** The calls that abandon a launch: one for each launch hook of the group. Never CONTINUE. */
export const abandonCalls = (
  autoScalingGroupName: string,
  stuck: Pick<Drain, 'instanceId' | 'since' | 'from'>,
  launchHooks: string[],
): AutoScalingCall[] =>
  launchHooks.map((LifecycleHookName) => ({
    service: 'AutoScaling',
    operation: 'CompleteLifecycleAction',
    input: {
      AutoScalingGroupName: autoScalingGroupName,
      LifecycleHookName,
      InstanceId: stuck.instanceId,
      LifecycleActionResult: 'ABANDON',
    },
    reason: tellWaited(stuck),
  }));

/**
 * Decides the next step from a look taken right before. ABANDON on a launch that was completed meanwhile does no
 * harm: AWS answers that there is no active lifecycle action. Terminating would, so it follows only when the instance
 * has stayed in `Pending:Wait` well after that.
 *
 * @param lifecycleState as just described; `undefined` when the group has no such instance any more
 * @param launchHooks names of the group's launch hooks
 * @param now ISO 8601
 */
export const decideDrainStep = (
  drain: Drain,
  autoScalingGroupName: string,
  lifecycleState: string | undefined,
  launchHooks: string[],
  now: string,
): DrainStep => {
  if (lifecycleState === undefined || lifecycleState.startsWith('Terminat')) {
    return { action: 'END', stage: 'GONE', because: 'LEFT_THE_GROUP' };
  }
  const inStage = secondsBetween(drain.stageAt, now);
  if (lifecycleState === 'Pending:Proceed') {
    return inStage < terminatedWithinSeconds
      ? { action: 'WAIT' }
      : { action: 'END', stage: 'LEFT', because: 'NEVER_IN_SERVICE' };
  }
  if (lifecycleState !== 'Pending:Wait') {
    return { action: 'END', stage: 'ESCAPED', because: 'NOT_WAITING_ANY_MORE', lifecycleState };
  }
  if (drain.attempts >= drainAttemptsMax) {
    const { attempts } = drain;
    return { action: 'END', stage: 'LEFT', because: 'REFUSED', attempts };
  }
  switch (drain.stage) {
    case 'CHOSEN':
      if (launchHooks.length > 0) {
        return {
          action: 'CALL',
          stage: 'ABANDONED',
          calls: abandonCalls(autoScalingGroupName, drain, launchHooks),
          because: 'WAITED',
          since: drain.since,
          from: drain.from,
        };
      }
      break;
    case 'ABANDONED':
      if (inStage < abandonedWithinSeconds) {
        return { action: 'WAIT' };
      }
      break;
    case 'TERMINATED':
      return inStage < terminatedWithinSeconds
        ? { action: 'WAIT' }
        : { action: 'END', stage: 'LEFT', because: 'STILL_THERE', terminatedSeconds: inStage };
    case 'GONE':
    case 'ESCAPED':
    case 'LEFT':
      return { action: 'END', stage: drain.stage, because: 'ENDED_BEFORE' };
  }
  const because = launchHooks.length === 0 ? 'NO_LAUNCH_HOOK' : 'STAYED';
  return {
    action: 'CALL',
    stage: 'TERMINATED',
    because,
    calls: [
      {
        service: 'AutoScaling',
        operation: 'TerminateInstanceInAutoScalingGroup',
        input: { InstanceId: drain.instanceId, ShouldDecrementDesiredCapacity: false },
        reason: terminatedBecause[because],
      },
    ],
  };
};
