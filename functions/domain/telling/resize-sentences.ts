import type { Drift, RestoreDecision } from '../resize/decide-restore.ts';
import type { WaveNews } from '../resize/decide-wave.ts';
import type { TemplateRefusal } from '../resize/plan-template-update.ts';
import type {
  GroupWait,
  ResizeCause,
  ResizeEnd,
  ResizeOperation,
  ResizeTurn,
  StoredFailure,
  StoredRunEnd,
} from '../resize/resize-facts.ts';
import { spokenDuration } from '../times.ts';

/** What a person can do with an instance that was left, in commands. */
const byHand = (autoScalingGroupName: string, instanceId: string): string =>
  `Look at it, and then by hand: aws ec2 start-instances --instance-ids ${instanceId}; aws autoscaling exit-standby --auto-scaling-group-name ${autoScalingGroupName} --instance-ids ${instanceId}`;

/** What went wrong with one instance. */
export const tellFailure = (failure: StoredFailure): string => {
  if (typeof failure === 'string') return failure;
  switch (failure.because) {
    case 'UNHEALTHY':
      return `as ${failure.instanceType} it is not healthy ${spokenDuration(failure.seconds)} after it came back`;
    case 'UNSTEADY':
      return `as ${failure.instanceType} it did not stay healthy for ${spokenDuration(failure.healthyForSeconds)} within ${spokenDuration(failure.seconds)} after it came back`;
    case 'CHECKS_FAILED':
      return `as ${failure.instanceType} its status checks did not pass within ${spokenDuration(failure.seconds)}`;
    case 'STOPPED_AGAIN':
      return `as ${failure.instanceType} it did not stay up (${failure.stateReason || 'it stopped again'})`;
    case 'NOT_STARTED':
      return `as ${failure.instanceType} it did not start (${failure.error})`;
    case 'STEP_REFUSED':
      return `${failure.operation} is refused for ${spokenDuration(failure.seconds)} (${failure.error})`;
    case 'NO_CAPACITY':
      return `no capacity of ${failure.instanceTypes.join(' or ')} can be held in ${failure.availabilityZone}`;
    case 'RUN_ENDED':
      return tellRunEnd(failure.ends);
    default:
      return tellRunEnd(failure);
  }
};

const tellGroupWait = (wait: GroupWait): string => {
  switch (wait.waitsFor) {
    case 'hold':
      return 'what holds the group still is not in force';
    case 'drains':
      return 'instances of the group are being drained';
    case 'health':
      return `${wait.healthy} in service are healthy, and the floor is ${wait.floor}`;
    case 'sizes':
      return 'its sizes, or Launch, could not be prepared';
    case 'Launch':
      return 'Launch is suspended, and Standby could not be left';
  }
};

/** Why no further instance is begun in a group. */
const tellRunEnd = (ends: StoredRunEnd): string => {
  if (typeof ends === 'string') return ends;
  switch (ends.because) {
    case 'RELEASING':
      return ends.reason ?? 'the run was ended';
    case 'MODE':
      return `the mode is ${ends.mode}`;
    case 'EXPIRED':
      return `it expired at ${ends.expiresAt}`;
    case 'ROUNDS_MAX':
      return `the execution has made ${ends.rounds} rounds; start it again for the rest`;
    case 'SCALING_PAUSED':
      return `scaling of ${ends.autoScalingGroupName} is paused: ${ends.reason}`;
    case 'NOT_OPTED_IN':
      return 'the group does not carry the opt-in tag any more';
    case 'NO_SUCH_GROUP':
      return 'the group does not exist any more';
    case 'WAITED_TOO_LONG':
      return `${tellGroupWait(ends.wait)} for ${spokenDuration(ends.seconds)}`;
    case 'INSTANCE_FAILED':
      return `${ends.instanceId} failed: ${tellFailure(ends.failure)}`;
    case 'INSTANCE_ENDED':
      return `${ends.instanceId}: ${tellResizeEnd(ends.end)}`;
  }
};

/** How the resize of one instance ended, and why. */
export const tellResizeEnd = (end: ResizeEnd): string => {
  switch (end.because) {
    case 'IN_SERVICE_AND_NOT_RUNNING':
      return `it is in service and ${end.state ?? 'unknown to EC2'}`;
    case 'NOTHING_DONE':
      return end.failure === undefined ? 'the run ended before' : tellFailure(end.failure);
    case 'NOT_TAKEN_OUT_OF_SERVICE':
      return `it could not be taken out of service within ${spokenDuration(end.seconds)}`;
    case 'IN_SERVICE_AND_HEALTHY': {
      const { failure } = end;
      return `in service and healthy as ${end.instanceType}${failure === undefined ? '' : ` (${tellFailure(failure)})`}`;
    }
    case 'HEALTH_UNKNOWN':
      return `in service as ${end.instanceType}, and its load balancer cannot be asked whether it is healthy`;
    case 'UNHEALTHY_AT_HOME':
      return `it is in Standby, because ${tellFailure(end.failure)}`;
    case 'UNKNOWN_TO_EC2':
      return `in Standby, and EC2 does not know it for ${spokenDuration(end.seconds)}`;
    case 'TERMINATED_IN_STANDBY':
      return 'somebody terminated it while it was in Standby';
    case 'TOO_LONG_ON_ITS_WAY': {
      const { failure } = end;
      return `it is in Standby, ${end.state}, ${spokenDuration(end.seconds)} after its way home began${failure === undefined ? '' : ` (${tellFailure(failure)})`}`;
    }
    case 'PENDING_TOO_LONG':
      return `it is pending for ${spokenDuration(end.seconds)}`;
    case 'FORCED_STOP_HANGS':
      return `it hangs in stopping ${spokenDuration(end.seconds)} after it was forced; ask AWS Support`;
    case 'LEFT_THE_GROUP':
      return `it left the group (${end.lifecycleState ?? 'not there any more'})`;
    case 'HANGS_IN_STATE':
      return `it is in ${end.lifecycleState} for ${spokenDuration(end.seconds)}`;
    case 'NOT_IN_SERVICE':
      return 'it is not in service any more, and was left alone';
    case 'NO_SUCH_GROUP':
      return 'its group does not exist any more';
    case 'EVERY_TYPE_FAILED':
      return `${tellFailure(end.failure)}, and so did every other type for ${spokenDuration(end.seconds)}`;
    default:
      return tellFailure(end);
  }
};

/** That what was tried failed, and what is tried next. */
export const tellTurn = (turn: ResizeTurn): string => {
  switch (turn.because) {
    case 'BROUGHT_HOME_AS':
      return `${tellFailure(turn.failure)}; it is brought home as ${turn.instanceType}`;
    case 'NEXT_TYPE':
      return `${tellFailure(turn.failure)}; ${turn.instanceType} is tried`;
    case 'ALL_TYPES_AGAIN':
      return `${tellFailure(turn.failure)}, and so did every other type; all are tried again`;
    case 'REFUSED_FOR_NOW':
      return `${turn.operation} was refused (${turn.error}); tried again`;
    default:
      return tellFailure(turn);
  }
};

/** What happened to an instance or to its group, and for what was left what a person can do. */
export const tellWaveNews = (news: WaveNews, autoScalingGroupName: string): string => {
  switch (news.event) {
    case 'chosen':
      return `is to be ${news.wantedType} instead of ${news.originalType}${news.isAlone ? ', alone' : ''}`;
    case 'turned':
      return tellTurn(news.facts);
    case 'refused':
      return tellRunEnd(news.facts);
    case 'left':
      return tellLeft(news.facts, autoScalingGroupName, news.instanceId);
    default:
      return tellResizeEnd(news.facts);
  }
};

/** That an instance is left for a person, and what they can do. */
export const tellLeft = (end: ResizeEnd, autoScalingGroupName: string, instanceId: string): string =>
  `${tellResizeEnd(end)}. ${byHand(autoScalingGroupName, instanceId)}`;

/** That no further instance is begun, and why. */
export const tellEnding = (ends: StoredRunEnd): string => `no further instance is begun: ${tellRunEnd(ends)}`;

const stepSaid: Record<ResizeOperation, string> = {
  EnterStandby: 'enters Standby',
  StopInstance: 'is stopped',
  ChangeInstanceType: 'gets its type',
  StartInstance: 'is started',
  ExitStandby: 'leaves Standby',
};

const tellCause = (cause: ResizeCause): string => {
  switch (cause.because) {
    case 'IN_SERVICE':
      return `${cause.instanceType} in service and to be ${cause.wantedType}`;
    case 'UNHEALTHY_WITH_ANOTHER_TYPE':
      return `it has to be ${cause.wantedType} again`;
    case 'NOT_RUNNING':
      return `it is in service and ${cause.state}`;
    case 'UNHEALTHY_AT_HOME':
      return `${tellFailure(cause.failure)}, and in service it would be ended once the group is given back`;
    case 'IN_STANDBY':
      return `${cause.instanceType} in Standby and to be ${cause.wantedType}`;
    case 'CHECKS_PASSED':
      return `it runs as ${cause.instanceType}`;
    case 'STOP_HANGS':
      return `its stop hangs for ${spokenDuration(cause.seconds)}`;
    case 'STOPPED_WITH_ITS_TYPE':
      return `it is stopped and ${cause.instanceType}`;
    case 'STOPPED_WITH_ANOTHER_TYPE':
      return `it is stopped, ${cause.instanceType}, and to be ${cause.wantedType}`;
  }
};

/** That a step was taken with an instance, and why. */
export const tellStep = (operation: ResizeOperation, isForced: boolean, cause: ResizeCause): string =>
  `${stepSaid[operation]}${isForced ? ', by force' : ''}: ${tellCause(cause)}`;

/** That the sizes of a group are set back, and why where they are not those of before. */
export const tellRestored = (
  before: { minSize: number; desiredCapacity: number },
  { sizes, isMinimumChanged, leftInStandby }: RestoreDecision & { action: 'SET' },
): string => {
  const reasons = [
    ...(isMinimumChanged ? ['somebody changed the minimum meanwhile, and it is left as it is'] : []),
    ...(leftInStandby > 0
      ? [`${leftInStandby} left in Standby do not count; leaving Standby raises desired capacity by one each`]
      : []),
  ];
  return `minimum ${before.minSize} → ${sizes.minSize}, desired capacity ${before.desiredCapacity} → ${sizes.desiredCapacity}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`;
};

/** That sizes may not be set back, because the group does not carry the opt-in tag any more. */
export const tellNotRestored = (
  name: string,
  { minSize, desiredCapacity }: { minSize: number; desiredCapacity: number },
): string =>
  `the group does not carry the opt-in tag any more, so Holdfast may not set it back. By hand: aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${name} --min-size ${minSize} --desired-capacity ${desiredCapacity}`;

/** That AWS refused for so long to set a group back that a person has to. */
export const tellGivenUp = (
  { minSize, desiredCapacity }: { minSize: number; desiredCapacity: number },
  seconds: number,
): string =>
  `it could not be set back for ${spokenDuration(seconds)}: its sizes were minimum ${minSize} and desired capacity ${desiredCapacity}, and another hold may want Launch suspended. Do it by hand`;

/** What the launch template would launch, and how to change that. */
export const tellDrift = ({ resized: count, instanceTypes, launchTemplate }: Drift): string => {
  const resized = `${count} instances have ${instanceTypes.join(', ')} now`;
  if (launchTemplate === undefined)
    return `${resized}, and what the group launches next has the type it is set up with`;
  const { launchTemplateId, version, versionNumber, instanceType } = launchTemplate;
  const create = `aws ec2 create-launch-template-version --launch-template-id ${launchTemplateId} --source-version ${versionNumber} --launch-template-data '{"InstanceType":"${instanceTypes[0]}"}'`;
  const thenByVersion: Record<string, string> = {
    $Latest: '',
    $Default: `; then aws ec2 modify-launch-template --launch-template-id ${launchTemplateId} --default-version <the new number>`,
  };
  const then = thenByVersion[version] ?? '; then let the group name the new version';
  return `${resized}, and the launch template ${launchTemplateId} (version ${version}) still launches ${instanceType ?? 'what the group chooses'}: every replacement and every scale-out will have that. To change it: ${create}${then}`;
};

/** That a launch template is left as it is, and why. */
export const tellTemplateRefusal = (refusal: TemplateRefusal): string => {
  const left = 'its launch template is left as it is: ';
  switch (refusal.because) {
    case 'NO_LAUNCH_TEMPLATE':
      return `${left}the group has no launch template`;
    case 'MIXED_INSTANCES':
      return `${left}the group launches several types, and its mixed instances policy names them`;
    case 'NOT_ALL_OF_ONE_TYPE':
      return `${left}not every instance was resized to one type`;
    case 'VERSION_BY_NUMBER':
      return `${left}the group names version ${refusal.version} by its number; let it name the new one by hand`;
    case 'HAS_IT_ALREADY':
      return `${left}it has ${refusal.instanceType} already`;
    case 'CHANGED_MEANWHILE':
      return `${left}somebody changed the launch template meanwhile`;
  }
};
