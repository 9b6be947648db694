import type { InstanceRefresh } from './instance-refresh.ts';
import { vCpusOf } from './instance-types.ts';
import type { ScalingActivity } from './scaling-activities.ts';
import type { TargetHealth } from './target-health.ts';

/**
 * The nouns of the simulated Amazon EC2 Auto Scaling. Page names in this and the neighbouring files are of the Amazon
 * EC2 Auto Scaling User Guide.
 */

/** What a scaling policy may act on, each an average over the group in percent: CPU, or workers that are busy. */
export type ScalingMetric = 'CPUUtilization' | 'WorkersBusy';

/** A scaling policy. */
export type ScalingPolicy =
  /** With `neverScalesIn` (DisableScaleIn) it only adds. */
  | { type: 'TargetTrackingScaling'; name: string; targetValue: number; neverScalesIn?: boolean }
  | {
      type: 'StepScaling';
      name: string;
      /** `CPUUtilization` where nothing is said. */
      metric?: ScalingMetric;
      above: number;
      add: number;
      /** Together with `remove`; a policy that only adds has neither. */
      below?: number | undefined;
      remove?: number | undefined;
    };

/** A hook that instances wait in, on their way in or out (PutLifecycleHook). */
export interface LifecycleHookSpec {
  lifecycleHookName: string;
  lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' | 'autoscaling:EC2_INSTANCE_TERMINATING';
  heartbeatTimeoutSeconds: number;
  defaultResult: 'CONTINUE' | 'ABANDON';
}

/** Sizes that a group gets at a moment. */
export interface ScheduledActionSpec {
  scheduledActionName: string;
  atSeconds: number;
  minSize?: number;
  desiredCapacity: number;
}

/** A group as a story describes it. */
export interface GroupSpec {
  name: string;
  tags: Record<string, string>;
  minSize: number;
  maxSize: number;
  desiredCapacity: number;
  availabilityZones: string[];
  healthCheckType: 'EC2' | 'ELB';
  healthCheckGracePeriodSeconds: number;
  /** Time from launch to in service on a good day. */
  bootSeconds: number;
  deregistrationDelaySeconds: number;
  /** Requests a second that take one instance to 100 % CPU. */
  requestsPerSecondAtFullCpu: number;
  policies: ScalingPolicy[];
  /** m7i.large where nothing is said. */
  instanceType?: string;
  lifecycleHooks?: LifecycleHookSpec[];
  scheduledActions?: ScheduledActionSpec[];
  /** Whether its instance maintenance policy launches before it terminates (a maximum healthy percentage above 100). */
  launchesBeforeTerminating?: boolean;
  /** How many stopped instances its warm pool keeps; it has none where nothing is said. */
  warmPoolSize?: number;
  /** Processes that people had suspended before the story began. */
  suspendedProcesses?: string[];
  /** Whether what it launches is protected from scale-in from the start (NewInstancesProtectedFromScaleIn). */
  newInstancesProtected?: boolean;
  /** What `DescribeAutoScalingGroups` says of the group beside, or in place of, what it says by default. */
  groupDetails?: Record<string, unknown>;
  /** How much each instance counts towards its sizes, a whole number; one where nothing is said. */
  weightedCapacity?: `${number}`;
  /** What `DescribeInstances` says of every instance of the group beside, or in place of, what it says by default. */
  instanceDetails?: Record<string, unknown>;
  /** Whether each instance that the story begins with has data that are nowhere else. */
  hasOnlyCopies?: boolean;
  /** The version of the launch template that the group names; `$Latest` where nothing is said. */
  launchTemplateVersion?: string;
}

/** One hook that an instance waits in. */
export interface LifecycleAction {
  token: string;
  hook: LifecycleHookSpec;
  startedAt: number;
  /** Restarted by each heartbeat. */
  heartbeatAt: number;
}

/** Where an instance is in its life (ec2-auto-scaling-lifecycle). */
export type LifecycleState =
  | 'Pending'
  | 'Pending:Wait'
  | 'Pending:Proceed'
  | 'InService'
  | 'EnteringStandby'
  | 'Standby'
  | 'ReplacingRootVolume'
  | 'Terminating'
  | 'Terminating:Wait'
  | 'Terminating:Proceed'
  | 'Terminated';

/** States of an EC2 instance (EC2 User Guide, "Amazon EC2 instance state changes"). */
export type Ec2State = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** What an answer of EC2 says of an instance, and may say a while later too. */
interface Ec2View {
  state: Ec2State;
  instanceType: string;
  stateReason?: { code: string; message: string };
}

/** An instance as EC2 sees it. */
interface Ec2Side extends Ec2View {
  /** The latest start. */
  startedAt: number;
  /** What it was before, the latest last, each until when. */
  before?: (Ec2View & { until: number })[];
  /** When its status checks are through after a start, if they ever are. */
  checksOkAt: number;
  /** The capacity reservation it stands in. */
  reservationId?: string;
  /** Said of this one instance by `DescribeInstances`, in place of what it says by default. */
  details?: Record<string, unknown>;
  /** Stop protection (DisableApiStop). */
  isStopProtected?: boolean;
}

/** An instance of a simulated group. */
export interface SimulatedInstance {
  instanceId: string;
  ec2: Ec2Side;
  availabilityZone: string;
  lifecycleState: LifecycleState;
  healthStatus: 'Healthy' | 'Unhealthy';
  protectedFromScaleIn: boolean;
  launchedAt: number;
  inServiceAt?: number;
  target: TargetHealth;
  /** When its target last became healthy, and unhealthy after it was healthy, in milliseconds. */
  healthySince?: number;
  unhealthySince?: number;
  /** Hooks it waits in: all of them have to be completed. */
  actions: LifecycleAction[];
  /** Why its bootstrap never ends, when it does not. */
  bootstrapFailure?: { cause: string; consoleOutput: string };
  /** Marked by SetInstanceHealth or for not running: such an instance is replaced at once, not ten percent at a time. */
  isReplacedAtOnce?: boolean;
  /** What descriptions show for a while in place of its state. */
  shown?: { lifecycleState: LifecycleState; until: number };
  /** Since its last start its application does not answer. */
  isDeaf?: boolean;
  /** It restarts just now, and nothing of it answers. */
  isRestarting?: boolean;
  /** Whether it has data that are nowhere else. */
  hasOnlyCopy?: boolean;
  /** Launched to balance the zones: it does not count towards desired before it is in service. */
  isRebalancing?: boolean;
  launchActivity?: ScalingActivity;
}

/** Why an instance ended. */
export type TerminatedBecause =
  | 'scale-in'
  | 'unhealthy'
  | 'abandoned'
  | 'rebalance'
  | 'refresh'
  | 'by a call'
  | 'by EC2';

/** The end of an instance. */
interface Termination {
  instanceId: string;
  at: number;
  because: TerminatedBecause;
  /** Whether it was in service and nothing was wrong with the instance itself. */
  wasGood: boolean;
  /** Whether it had data that were nowhere else on a disk. */
  hadOnlyCopy: boolean;
  /** Whether it was in service and had never been set up. */
  cameIntoServiceBroken: boolean;
}

/** The number of a version of a launch template: `$Latest`, `$Default`, or a number (EC2 API reference). */
export const numberOfVersion = (
  { versions, defaultVersion }: SimulatedGroup['launchTemplate'],
  version: string,
): number =>
  version === '$Latest' ? versions.length : version === '$Default' ? defaultVersion : Number(version);

/** A simulated group. */
export interface SimulatedGroup extends Omit<GroupSpec, 'tags' | 'lifecycleHooks' | 'instanceType'> {
  /** Tells it from any other group of its name, before or after it. */
  groupNumber: number;
  createdAt: number;
  /** The minimum that its CloudFormation template names. */
  templateMinSize: number;
  /** The type of what is launched now. */
  instanceType: string;
  /** Its launch template: the instance type of each version, the first at index 0, and the default version. */
  launchTemplate: { launchTemplateId: string; versions: string[]; defaultVersion: number };
  /** Instances that wait in its warm pool, of those it should have. */
  warm: number;
  /** By the id of an instance that was launched to replace an unhealthy one first: the id of that one. */
  replaces: Map<string, string>;
  /** Its instance refresh, when there is or was one. */
  refresh?: InstanceRefresh;
  tags: Record<string, string>;
  lifecycleHooks: LifecycleHookSpec[];
  instances: SimulatedInstance[];
  activities: ScalingActivity[];
  /** Process name and AWS's reason. */
  suspended: Map<string, string>;
  /** When a process that was suspended was last resumed, by whomever. */
  resumedAt: Map<string, number>;
  status?: string;
  terminations: Termination[];
  /** The most that desired capacity ever was. */
  desiredHighest: number;
  /** What others than Holdfast lowered desired capacity to: policies, schedules, people, tools. */
  loweredByOthers: { at: number; to: number }[];
  /** When EC2 ended running instances by itself. */
  endedByEc2At: number[];
  /** What desired capacity was raised to, until so many are in service; and when they last were. */
  scalesOutTo?: number;
  scaledOutAt?: number;
  /** Scaling by policies rests until then. */
  cooldownUntil: number;
  failedLaunchesInARow: number;
  /** When the first of them failed. */
  failingSince?: number;
  /** Nothing is launched before: AWS slows down a group whose launches fail. */
  nextLaunchAt: number;
}

/** The ARN of a group: it contains a UUID, so that a group made anew has another (security_iam_id-based-policy-examples). */
export const groupArnOf = ({ name, groupNumber }: Pick<SimulatedGroup, 'name' | 'groupNumber'>): string =>
  `arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:60000000-0000-4000-8000-${String(groupNumber).padStart(12, '0')}:autoScalingGroupName/${name}`;

/** The group that a call of Auto Scaling names, or its tags do; `undefined` for a call that names none. */
export const groupNameIn = (input: Record<string, unknown>): string | undefined => {
  const [tag] = (input.Tags ?? []) as { ResourceId?: string }[];
  const name = input.AutoScalingGroupName ?? tag?.ResourceId;
  return name === undefined ? undefined : String(name);
};

/** What happened in a group, for the timeline. */
export interface GroupEvent {
  group: string;
  kind:
    | 'desired'
    | 'terminated'
    | 'in-service'
    | 'launch-failed'
    | 'launch-hangs'
    | 'ended-by-ec2'
    | 'lost-action'
    | 'only-copy-ended';
  /** Of `only-copy-ended` the id of the instance. */
  text: string;
  from?: number;
  to?: number;
}

/** What becomes of a launch. */
export type LaunchOutcome =
  | { kind: 'well' }
  /** The instance starts, and its bootstrap never ends. */
  | { kind: 'stuck'; cause: string; consoleOutput: string }
  /** No instance comes of it. */
  | { kind: 'refused'; statusMessage: string }
  /** EC2 ends the instance before its hooks begin, for want of a key or of a volume. */
  | { kind: 'ended'; statusMessage: string };

/** What the world does to a group; the workload of the story answers. */
export interface World {
  /** How much longer than on a good day an instance launched now takes, as a factor. */
  bootFactor(group: SimulatedGroup): number;
  /** What becomes of an instance whose bootstrap begins now. */
  launchOutcome(group: SimulatedGroup): LaunchOutcome;
  /** Whether EC2 has capacity on demand for one more instance of a type in a zone now. */
  hasCapacity(instanceType: string, availabilityZone: string): boolean;
  /** Whether what is started now in a group answers nobody. */
  startsDeaf(autoScalingGroupName: string): boolean;
  /** After how many seconds what runs in a group restarts, now that something makes it restart again and again. */
  restartsEverySeconds(autoScalingGroupName: string): number | undefined;
  /** Whether EC2 offers a type in a zone at all. */
  isOffered(instanceType: string, availabilityZone: string): boolean;
  /** One round of health checks of a load balancer: whether it gets its answer from an instance now. */
  checkRound(group: SimulatedGroup): (instance: SimulatedInstance) => boolean;
}

/** Where the facts are unsure, a run does either. */
export interface AutoScalingQuirks {
  /**
   * Whether a scaling policy lowers desired capacity while Terminate is suspended. The guide says that the group does
   * not scale in; for protected instances it says that desired falls all the same. Unsettled for Terminate.
   */
  desiredFallsWhileTerminateIsSuspended: boolean;
  /**
   * Whether scale-in ends instances on their way into service while Terminate is suspended, those that return from Standby
   * too. The guide says that Terminate covers what is in service only; whom scale-in takes of the others no page says.
   */
  endsPendingWhileTerminateIsSuspended: boolean;
  /** Whether scale-in by a policy also waits for launches that replace unhealthy instances. No page says. */
  scaleInWaitsForReplacements: boolean;
  /** Seconds until a suspension or resumption shows and has effect (cloud-custodian issue 8660 saw a delay). */
  suspensionDelaySeconds: number;
  /** Whether one instance that cannot be protected fails the whole call or only its own part. Unsettled. */
  protectionIsAllOrNothing: boolean;
  /** Whether TerminateInstanceInAutoScalingGroup is accepted in Pending:Wait. Unsettled. */
  terminatesWaitingInstances: boolean;
  /** Whether an abandoned launch runs the group's termination hooks (seen by an emulator's authors only). */
  abandonRunsTerminationHooks: boolean;
  /** Whether an abandoned launch sends the event of an unsuccessful one. No page says so for certain. */
  abandonSendsLaunchUnsuccessful: boolean;
  /** Whether ExitStandby is refused when desired capacity would exceed the maximum. Unsettled. */
  exitStandbyKeepsToMaximum: boolean;
  /** Whether a start that lacks capacity is accepted first and ends in `stopped` a little later. Unsettled. */
  startFailsLater: boolean;
  /** How long EC2 takes to stop, start and check an instance, as a factor of what is typical: AWS publishes no times. */
  ec2TimeFactor: number;
  /**
   * How old EC2's answers may be, in seconds, each anew: a later one may show an earlier state again. Results may not be
   * visible to all subsequent calls (EC2 developer guide, "Eventual consistency"); AWS publishes no time.
   */
  ec2StaleSeconds: number;
  /** Share of the calls to Auto Scaling that an account allows which others make, from 0 to 1: all share one bucket. */
  othersShareOfCalls: number;
  /** Minutes by which metrics of the network arrive late (CloudWatch Network Monitoring: one to three). */
  metricDelayMinutes: number;
  /** How often a stop hangs in `stopping` until it is forced, from 0 to 1 (TroubleshootingInstancesStopping). */
  stuckStopRate: number;
  /** How often the status checks of an instance that was started never pass, from 0 to 1. */
  impairedStartRate: number;
  /** How often the application of an instance that was started never answers its health check, from 0 to 1. */
  deafStartRate: number;
  /**
   * Whether running instances of its type and zone take the places of an open reservation when it is made ("instances
   * that have matching attributes run in it automatically"). Which of them, and how soon, no page says.
   */
  reservationsTakeRunning: boolean;
  /** Seconds until a reservation that was made is active, and until running instances take its places. */
  reservationDelaySeconds: number;
  /** Seconds for which a description, and the load balancer, still show the former state after Enter- and ExitStandby. */
  standbyLagSeconds: number;
  /** Whether the end of a rolling update resumes what its template names although others had suspended it before. No page says. */
  updateResumesWhatOthersSuspended: boolean;
  /** Whether a tenth is marked where all targets of a group fail ("might mark fewer"), or none. No page says how many. */
  marksFewWhenAllFail: boolean;
  /** How often EC2 ends a running instance by itself, for one instance and hour: Spot, retirements, failures. */
  ec2EndsPerHour: number;
  /** Whether AWS slows a group down whose launches fail: documented, without a number (lifecycle-hooks). */
  limitsFailingLaunches: boolean;
}

/** Changes an instance as EC2 sees it; what it was before is remembered, because answers may be old. */
export const changeEc2 = (ec2: Ec2Side, change: Partial<Ec2View>, now: number): void => {
  const { state, instanceType, stateReason } = ec2;
  const view = { state, instanceType, ...(stateReason === undefined ? {} : { stateReason }) };
  ec2.before = [...(ec2.before ?? []).slice(-9), { ...view, until: now }];
  Object.assign(ec2, change);
};

/** What EC2 said of an instance at a moment that is past. */
export const ec2ViewAt = (ec2: Ec2Side, at: number): Ec2View =>
  (ec2.before ?? []).find(({ until }) => until > at) ?? ec2;

/** Seconds between two reconciliations of a group. */
export const reconcileSeconds = 10;

/** The target group of a group behind a load balancer; those with EC2 checks only have none. */
export const targetGroupArnOf = ({
  name,
  healthCheckType,
}: Pick<GroupSpec, 'name' | 'healthCheckType'>): string | undefined =>
  healthCheckType === 'ELB'
    ? `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/${name}/0123456789abcdef`
    : undefined;

/** The state that a description shows now. */
export const shownState = ({ lifecycleState, shown }: SimulatedInstance, now: number): LifecycleState =>
  shown !== undefined && shown.until > now ? shown.lifecycleState : lifecycleState;

/** How much one instance of the group counts towards its sizes. */
export const weightOf = ({ weightedCapacity }: Pick<GroupSpec, 'weightedCapacity'>): number =>
  Number(weightedCapacity ?? 1);

/** How much serves, in the group's own units. */
export const unitsInService = (group: SimulatedGroup): number => inServiceCount(group) * weightOf(group);

/** How many instances of the group serve. */
export const inServiceCount = ({ instances }: SimulatedGroup): number =>
  instances.filter(({ lifecycleState }) => lifecycleState === 'InService').length;

/** Whether an instance can do its work: it is in service, runs, and its application answers. */
const works = (instance: SimulatedInstance): boolean =>
  instance.lifecycleState === 'InService' &&
  instance.ec2.state === 'running' &&
  instance.bootstrapFailure === undefined &&
  answers(instance);

/** Whether an instance is in service although its bootstrap never ended. */
export const isBrokenNewcomer = ({ lifecycleState, bootstrapFailure }: SimulatedInstance): boolean =>
  lifecycleState === 'InService' && bootstrapFailure !== undefined;

/** Whether the application of an instance would answer, as far as the instance itself goes. */
export const answers = ({ isDeaf, isRestarting }: SimulatedInstance): boolean =>
  isDeaf !== true && isRestarting !== true;

/**
 * What the instances in service that work can do, in instances of the type the group began with: a model, in which
 * capacity grows with virtual CPUs.
 */
export const capacityInService = ({ instances, launchTemplate }: SimulatedGroup): number => {
  const first = vCpusOf(launchTemplate.versions[0] ?? '');
  let capacity = 0;
  for (const instance of instances) {
    if (works(instance)) capacity += vCpusOf(instance.ec2.instanceType) / first;
  }
  return capacity;
};

/** Whether an instance is on its way into service. */
export const isPending = ({ lifecycleState }: SimulatedInstance): boolean =>
  lifecycleState.startsWith('Pending');

/** The instances that count towards desired capacity. */
export const alive = (group: SimulatedGroup): SimulatedInstance[] =>
  group.instances.filter(
    (instance) =>
      instance.lifecycleState === 'InService' || (isPending(instance) && instance.isRebalancing !== true),
  );

/** Whether people or tools suspended a process of the group. */
export const isSuspended = (group: SimulatedGroup, process: string): boolean => group.suspended.has(process);
