/**
 * What the rules need to know of an Auto Scaling group: `DescribeAutoScalingGroups`, reduced.
 * Lifecycle states are an open list (AWS adds to it), so they stay strings.
 */
export interface AutoScalingGroup {
  autoScalingGroupName: string;
  /** Contains a UUID: a group made anew under its name has another. */
  autoScalingGroupArn?: string;
  /** ISO 8601. */
  createdAt?: string;
  minSize: number;
  maxSize: number;
  desiredCapacity: number;
  /** Set while the group is being deleted. */
  status?: string;
  suspendedProcesses: string[];
  /** Those of them that AWS suspended itself: it gives up a group whose launches failed for a day. */
  suspendedByAws?: string[];
  tags: Record<string, string>;
  instances: AutoScalingInstance[];
  /** Target groups of its load balancers. */
  targetGroupArns?: string[];
  /** What else sends it traffic, and whose health checks we cannot ask: Classic Load Balancers, VPC Lattice. */
  otherTrafficSources?: string[];
  launchTemplate?: { launchTemplateId: string; version: string };
  /** What its sizes count, when that is not instances: weights, or units of virtual CPUs or memory. */
  countsUnits?: string;
  /** Whether it launches several types (MixedInstancesPolicy). */
  hasMixedInstances?: boolean;
  /** Whether it keeps a warm pool. */
  hasWarmPool?: boolean;
  /** Whether its policy asks for Spot Instances. */
  hasSpot?: boolean;
  /** Whether it launches into Capacity Reservations before anything else. */
  usesReservationsFirst?: boolean;
  /** Whether a zonal shift of it can be started. */
  hasZonalShift?: boolean;
  /** Whether its health checks ask nothing but EC2. */
  checksEc2Only?: boolean;
  /** How long after it came into service a failing instance is not marked. */
  healthCheckGracePeriodSeconds?: number;
}

/**
 * Scaling processes of an Auto Scaling group, in AWS's words.
 * Source: Amazon EC2 Auto Scaling API reference, SuspendProcesses.
 */
export type ScalingProcess =
  | 'Launch'
  | 'Terminate'
  | 'AddToLoadBalancer'
  | 'AlarmNotification'
  | 'AZRebalance'
  | 'HealthCheck'
  | 'InstanceRefresh'
  | 'ReplaceUnhealthy'
  | 'ScheduledActions';

/** One instance of a group. */
export interface AutoScalingInstance {
  instanceId: string;
  lifecycleState: string;
  /** `Healthy` or `Unhealthy`, in whatever case AWS sends. */
  healthStatus: string;
  protectedFromScaleIn: boolean;
  availabilityZone?: string;
  /** How much it counts towards the group's sizes, where AWS says so. */
  weightedCapacity?: number;
}

/** The tag a group must carry for Holdfast to touch it. */
export const optInTag = { key: 'holdfast', value: 'true' } as const;

/** Whether the owners of a group, or of an instance, opted in. */
export const isOptedIn = ({ tags }: Pick<AutoScalingGroup, 'tags'>): boolean =>
  tags[optInTag.key] === optInTag.value;

/** Whether all of these tags are among a group's. */
export const hasTags = ({ tags }: Pick<AutoScalingGroup, 'tags'>, wanted: Record<string, string>): boolean =>
  Object.entries(wanted).every(([key, value]) => tags[key] === value);

/** The instances in service. */
export const inService = (group: AutoScalingGroup): AutoScalingInstance[] =>
  group.instances.filter((instance) => instance.lifecycleState === 'InService');

/** Instances on their way into service: `Pending`, `Pending:Wait`, `Pending:Proceed`. Those of a warm pool are not. */
export const launching = (group: AutoScalingGroup): AutoScalingInstance[] =>
  group.instances.filter(({ lifecycleState }) => lifecycleState.split(':')[0] === 'Pending');

/** The instances that wait in a launch hook. */
export const waitingInLaunchHook = (group: AutoScalingGroup): AutoScalingInstance[] =>
  group.instances.filter((instance) => instance.lifecycleState === 'Pending:Wait');

/** The instances in service that Auto Scaling will replace as soon as it may. */
export const markedUnhealthy = (group: AutoScalingGroup): AutoScalingInstance[] =>
  inService(group).filter((instance) => instance.healthStatus.toLowerCase() === 'unhealthy');

/**
 * States in which AWS lets scale-in protection be set. Source: the refusal "The instance i-… is not in InService or
 * EnteringStandby or Standby." (infrahouse-toolkit issue 223, riff-raff issue 510).
 */
const protectableStates: ReadonlySet<string> = new Set(['InService', 'EnteringStandby', 'Standby']);

/** Whether scale-in protection of an instance can be changed in its present state. */
export const canChangeProtection = ({ lifecycleState }: AutoScalingInstance): boolean =>
  protectableStates.has(lifecycleState);
