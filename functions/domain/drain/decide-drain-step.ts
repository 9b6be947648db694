import type { AutoScalingCall } from '../calls.ts';
import type { Drain } from '../launches/launch-record.ts';
import { abandonedWithinSeconds, drainAttemptsMax, terminatedWithinSeconds } from '../limits.ts';
import { secondsBetween, spokenDuration } from '../times.ts';

/**
 * The next step in draining one instance.
 * - `END`: nothing is to be done any more; `stage` says how it ended.
 * - `WAIT`: what was done has yet to show.
 * - `CALL`: make these calls; when all are accepted the drain is at `stage`.
 */
export type DrainStep =
  | { action: 'END'; stage: 'GONE' | 'ESCAPED' | 'LEFT'; reason: string }
  | { action: 'WAIT'; reason: string }
  | { action: 'CALL'; stage: 'ABANDONED' | 'TERMINATED'; calls: AutoScalingCall[]; reason: string };

/** The calls that abandon a launch: one for each launch hook of the group. Never CONTINUE. */
export const abandonCalls = (
  autoScalingGroupName: string,
  instanceId: string,
  launchHooks: string[],
  reason: string,
): AutoScalingCall[] =>
  launchHooks.map((LifecycleHookName) => ({
    service: 'AutoScaling',
    operation: 'CompleteLifecycleAction',
    input: {
      AutoScalingGroupName: autoScalingGroupName,
      LifecycleHookName,
      InstanceId: instanceId,
      LifecycleActionResult: 'ABANDON',
    },
    reason,
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
    return { action: 'END', stage: 'GONE', reason: 'it left the group' };
  }
  const inStage = secondsBetween(drain.stageAt, now);
  if (lifecycleState === 'Pending:Proceed') {
    return inStage < terminatedWithinSeconds
      ? { action: 'WAIT', reason: 'its hooks were completed meanwhile; it goes on by itself' }
      : {
          action: 'END',
          stage: 'LEFT',
          reason: 'its hooks were completed and it does not come into service',
        };
  }
  if (lifecycleState !== 'Pending:Wait') {
    return {
      action: 'END',
      stage: 'ESCAPED',
      reason: `it is ${lifecycleState} meanwhile and was left alone`,
    };
  }
  if (drain.attempts >= drainAttemptsMax) {
    return {
      action: 'END',
      stage: 'LEFT',
      reason: `AWS refused ${drain.attempts} times to end it; end it by hand: aws ec2 terminate-instances --instance-ids ${drain.instanceId}`,
    };
  }
  const waited = `it waited since ${drain.since} (by its ${drain.from})`;
  switch (drain.stage) {
    case 'CHOSEN':
      if (launchHooks.length > 0) {
        return {
          action: 'CALL',
          stage: 'ABANDONED',
          calls: abandonCalls(autoScalingGroupName, drain.instanceId, launchHooks, waited),
          reason: waited,
        };
      }
      break;
    case 'ABANDONED':
      if (inStage < abandonedWithinSeconds) {
        return { action: 'WAIT', reason: 'its launch was abandoned; it has yet to leave' };
      }
      break;
    case 'TERMINATED':
      return inStage < terminatedWithinSeconds
        ? { action: 'WAIT', reason: 'its termination was accepted; it has yet to leave' }
        : {
            action: 'END',
            stage: 'LEFT',
            reason: `it is still there ${spokenDuration(inStage)} after its termination was accepted; look at its group's activities`,
          };
    case 'GONE':
    case 'ESCAPED':
    case 'LEFT':
      return { action: 'END', stage: drain.stage, reason: 'it ended before' };
  }
  const reason =
    launchHooks.length === 0
      ? 'the group has no launch hook any more that could be abandoned'
      : 'it is still there after its launch was abandoned';
  return {
    action: 'CALL',
    stage: 'TERMINATED',
    calls: [
      {
        service: 'AutoScaling',
        operation: 'TerminateInstanceInAutoScalingGroup',
        input: {
          InstanceId: drain.instanceId,
          ShouldDecrementDesiredCapacity: false,
        },
        reason,
      },
    ],
    reason,
  };
};
