/**
 * What the rules need to know of an Auto Scaling group: `DescribeAutoScalingGroups`, reduced.
 * Lifecycle states are an open list (AWS adds to it), so they stay strings.
 */
export interface AutoScalingGroup {
  autoScalingGroupName: string;
  minSize: number;
  maxSize: number;
  desiredCapacity: number;
  /** Set while the group is being deleted. */
  status?: string;
  suspendedProcesses: string[];
  tags: Record<string, string>;
  instances: AutoScalingInstance[];
}

/** One instance of a group. */
export interface AutoScalingInstance {
  instanceId: string;
  lifecycleState: string;
  /** `Healthy` or `Unhealthy`, in whatever case AWS sends. */
  healthStatus: string;
}

/** The tag a group must carry for Holdfast to touch it. */
export const optInTag = { key: 'holdfast', value: 'true' } as const;

/** Whether the group's owners opted in. */
export const isOptedIn = ({ tags }: Pick<AutoScalingGroup, 'tags'>): boolean =>
  tags[optInTag.key] === optInTag.value;

/** The instances in service. */
export const inService = (group: AutoScalingGroup): AutoScalingInstance[] =>
  group.instances.filter((instance) => instance.lifecycleState === 'InService');

/** The instances in service that Auto Scaling will replace as soon as it may. */
export const markedUnhealthy = (group: AutoScalingGroup): AutoScalingInstance[] =>
  inService(group).filter((instance) => instance.healthStatus.toLowerCase() === 'unhealthy');
