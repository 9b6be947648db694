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
import type { TemplateFacts } from '../resize/resize-record.ts';
import { counted, spokenDuration, spokenTime } from '../times.ts';
import {
  defaultTemplateVersionCommand,
  enterStandbyCommand,
  exitStandbyCommand,
  newTemplateVersionCommand,
  setSizesCommand,
  startInstanceCommand,
} from './commands.ts';

/** What a person can do with an instance that a resize left in service, in Standby, or on its way. */
export const leftTodo = (
  region: string,
  autoScalingGroupName: string,
  instanceId: string,
  isInService: boolean,
): string[] =>
  isInService
    ? [
        `Look at ${instanceId}, which is in service. If it does not work, Auto Scaling terminates it; to keep it, take it out of service: ${enterStandbyCommand(region, autoScalingGroupName, instanceId)}`,
      ]
    : [
        `Look at ${instanceId}. If it is stopped, start it: ${startInstanceCommand(region, instanceId)}`,
        `Once it works, put it back in service: ${exitStandbyCommand(region, autoScalingGroupName, instanceId)}`,
      ];

/** What a group had before it was resized. */
type Sizes = { minSize: number; desiredCapacity: number };

/** What went wrong with one instance. */
export const tellFailure = (failure: StoredFailure): string => {
  if (typeof failure === 'string') return failure;
  switch (failure.because) {
    case 'UNHEALTHY':
      return `as ${failure.instanceType} it is still not healthy ${spokenDuration(failure.seconds)} after it came back`;
    case 'UNSTEADY':
      return `as ${failure.instanceType} it did not stay healthy for ${spokenDuration(failure.healthyForSeconds)} at a time in the ${spokenDuration(failure.seconds)} after it came back`;
    case 'CHECKS_FAILED':
      return `as ${failure.instanceType} its status checks did not pass within ${spokenDuration(failure.seconds)}`;
    case 'STOPPED_AGAIN':
      return `as ${failure.instanceType} it did not stay up (${failure.stateReason || 'it stopped again'})`;
    case 'NOT_STARTED':
      return `as ${failure.instanceType} it did not start (${failure.error})`;
    case 'STEP_REFUSED':
      return `${failure.operation} has been refused for ${spokenDuration(failure.seconds)} (${failure.error})`;
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
      return 'the group is not held yet';
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
      return `the time of the resize was over at ${spokenTime(ends.expiresAt)}`;
    case 'ROUNDS_MAX':
      return `the execution has made ${ends.rounds} rounds, the most it can; start it again for the rest`;
    case 'SCALING_PAUSED':
      return `scaling of ${ends.autoScalingGroupName} is paused: ${ends.reason}`;
    case 'NOT_OPTED_IN':
      return 'the group no longer carries the opt-in tag';
    case 'NO_SUCH_GROUP':
      return 'the group no longer exists';
    case 'WAITED_TOO_LONG':
      return `Holdfast has waited for ${spokenDuration(ends.seconds)}, because ${tellGroupWait(ends.wait)}`;
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
      return `it is in Standby, and EC2 has not known it for ${spokenDuration(end.seconds)}`;
    case 'TERMINATED_IN_STANDBY':
      return 'somebody terminated it while it was in Standby';
    case 'TOO_LONG_ON_ITS_WAY': {
      const { failure } = end;
      return `it is still in Standby and ${end.state}, ${spokenDuration(end.seconds)} after Holdfast began to bring it back${failure === undefined ? '' : ` (${tellFailure(failure)})`}`;
    }
    case 'PENDING_TOO_LONG':
      return `it has been pending for ${spokenDuration(end.seconds)}`;
    case 'FORCED_STOP_HANGS':
      return `it is still stopping ${spokenDuration(end.seconds)} after Holdfast forced it to stop; ask AWS Support`;
    case 'LEFT_THE_GROUP':
      return `it left the group (${end.lifecycleState ?? 'not there any more'})`;
    case 'HANGS_IN_STATE':
      return `it has been in ${end.lifecycleState} for ${spokenDuration(end.seconds)}`;
    case 'NOT_IN_SERVICE':
      return 'it is no longer in service, and Holdfast left it alone';
    case 'NO_SUCH_GROUP':
      return 'its group no longer exists';
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
      return `${tellFailure(turn.failure)}; Holdfast brings it back as ${turn.instanceType}`;
    case 'NEXT_TYPE':
      return `${tellFailure(turn.failure)}; Holdfast tries ${turn.instanceType}`;
    case 'ALL_TYPES_AGAIN':
      return `${tellFailure(turn.failure)}, and so did every other type; Holdfast tries all of them again`;
    case 'REFUSED_FOR_NOW':
      return `AWS refused ${turn.operation} (${turn.error}); Holdfast tries again`;
    default:
      return tellFailure(turn);
  }
};

/** What happened to an instance or to its group. */
export const tellWaveNews = (news: WaveNews): string => {
  switch (news.event) {
    case 'chosen':
      return `will become ${news.wantedType} instead of ${news.originalType}${news.isAlone ? ', alone' : ''}`;
    case 'turned':
      return tellTurn(news.facts);
    case 'refused':
      return tellRunEnd(news.facts);
    default:
      return tellResizeEnd(news.facts);
  }
};

/** That no further instance is begun, and why. */
export const tellEnding = (ends: StoredRunEnd): string =>
  `Holdfast resizes no further instance: ${tellRunEnd(ends)}`;

/** That instances of a group were not resized, and why where the run ended before. */
export const tellNotResized = (count: number, ends: StoredRunEnd | undefined): string =>
  `${counted(count, 'instance')} ${count === 1 ? 'keeps the type it had' : 'keep the type they had'}${ends === undefined ? '; the journal says why' : `: ${tellRunEnd(ends)}`}`;

const stepSaid: Record<ResizeOperation, string> = {
  EnterStandby: 'enters Standby',
  StopInstance: 'is stopped',
  ChangeInstanceType: 'gets its new type',
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
      return `it has been stopping for ${spokenDuration(cause.seconds)}`;
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
    ...(isMinimumChanged ? ['somebody changed the minimum meanwhile, so Holdfast leaves it'] : []),
    ...(leftInStandby > 0
      ? [
          `${leftInStandby} left in Standby ${leftInStandby === 1 ? 'is' : 'are'} not counted: each one that leaves Standby raises desired capacity by one`,
        ]
      : []),
  ];
  return `minimum ${before.minSize} → ${sizes.minSize}, desired capacity ${before.desiredCapacity} → ${sizes.desiredCapacity}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`;
};

/** That sizes may not be set back, because the group does not carry the opt-in tag any more. */
export const tellNotRestored = ({ minSize, desiredCapacity }: Sizes): string =>
  `the group no longer carries the opt-in tag, so Holdfast may not set its sizes back to minimum ${minSize} and desired capacity ${desiredCapacity}`;

/** That AWS refused for so long to set a group back that a person has to. */
export const tellGivenUp = ({ minSize, desiredCapacity }: Sizes, seconds: number): string =>
  `for ${spokenDuration(seconds)} AWS refused to set its sizes back to minimum ${minSize} and desired capacity ${desiredCapacity}`;

/** How a person sets the sizes of a group back. */
export const sizesTodo = (region: string, autoScalingGroupName: string, sizes: Sizes): string[] => [
  `Set its sizes back to minimum ${sizes.minSize} and desired capacity ${sizes.desiredCapacity}: ${setSizesCommand(region, autoScalingGroupName, sizes)}`,
];

/** What the launch template would launch. */
export const tellDrift = ({ resized, instanceTypes, launchTemplate }: Drift): string => {
  const have = `${counted(resized, 'instance')} ${resized === 1 ? 'is' : 'are'} ${instanceTypes.join(' or ')} now`;
  if (launchTemplate === undefined)
    return `${have}, and the group still launches the type that it is set up with`;
  const { launchTemplateId, version, instanceType } = launchTemplate;
  return `${have}, and the launch template ${launchTemplateId} (version ${version}) still launches ${instanceType ?? 'what the group chooses'}, for each replacement and scale-out`;
};

/** How a person makes the launch template launch what was resized to. */
export const driftTodo = (region: string, { instanceTypes, launchTemplate }: Drift): string[] => {
  const [instanceType] = instanceTypes;
  if (launchTemplate === undefined || instanceType === undefined) return [];
  const { launchTemplateId, version, versionNumber } = launchTemplate;
  const thenByVersion: Record<string, string> = {
    $Latest: '',
    $Default: ', and then make the new version the default one',
  };
  const then = thenByVersion[version] ?? ', and then let the group use the new version';
  return [
    `If new instances should be ${instanceType} too, check that version ${versionNumber} is still the one the group uses, and make a new version from it${then}: ${newTemplateVersionCommand(region, launchTemplateId, versionNumber, instanceType)}`,
  ];
};

/** That a launch template has a version with the new type. */
export const tellTemplateUpdate = (versionNumber: number): string =>
  `its launch template has version ${versionNumber} with the new type now`;

/** How a person takes a version of a launch template back that was made for the new type. */
export const templateUpdateTodo = (
  region: string,
  { launchTemplateId, versionNumber: before, instanceType }: TemplateFacts,
  made: number,
  setsDefault: boolean,
): string[] => {
  if (setsDefault) {
    return [
      `To launch the old type again, make version ${before} of the launch template the default: ${defaultTemplateVersionCommand(region, launchTemplateId, before)}`,
    ];
  }
  return instanceType === undefined
    ? []
    : [
        `To launch ${instanceType} again, make a new version of the launch template from version ${before}, which is the one before version ${made}: ${newTemplateVersionCommand(region, launchTemplateId, before, instanceType)}`,
      ];
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
    case 'RUN_ENDED':
      return `${left}the resize had ended before (${tellRunEnd(refusal.ends)})`;
    case 'VERSION_BY_NUMBER':
      return `${left}the group names version ${refusal.version} by its number; let it name the new one by hand`;
    case 'HAS_IT_ALREADY':
      return `${left}it has ${refusal.instanceType} already`;
    case 'CHANGED_MEANWHILE':
      return `${left}somebody changed the launch template meanwhile`;
  }
};
