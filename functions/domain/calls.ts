/** One exact AWS call that a plan lists and a live run makes. */
export type PlannedCall =
  | {
      service: 'AutoScaling';
      operation:
        | 'SuspendProcesses'
        | 'ResumeProcesses'
        | 'SetDesiredCapacity'
        | 'SetInstanceProtection'
        | 'CompleteLifecycleAction'
        | 'TerminateInstanceInAutoScalingGroup'
        | 'UpdateAutoScalingGroup'
        | 'EnterStandby'
        | 'ExitStandby';
      input: Record<string, unknown> & { AutoScalingGroupName: string };
      reason: string;
    }
  | {
      service: 'AutoScaling';
      operation: 'CreateOrUpdateTags' | 'DeleteTags';
      input: Record<string, unknown> & {
        Tags: {
          ResourceId: string;
          ResourceType: string;
          Key: string;
          Value?: string;
          PropagateAtLaunch?: boolean;
        }[];
      };
      reason: string;
    }
  | {
      service: 'EC2';
      operation:
        | 'CreateSnapshots'
        | 'StopInstances'
        | 'ModifyInstanceAttribute'
        | 'StartInstances'
        | 'CreateCapacityReservation'
        | 'CancelCapacityReservation'
        | 'CreateLaunchTemplateVersion'
        | 'ModifyLaunchTemplate';
      input: Record<string, unknown>;
      reason: string;
    };

/** A call to Auto Scaling about what a group does. */
export type AutoScalingCall = Extract<PlannedCall, { input: { AutoScalingGroupName: string } }>;

/** A call to Auto Scaling about the tags of a group. */
export type TagCall = Extract<PlannedCall, { operation: 'CreateOrUpdateTags' | 'DeleteTags' }>;

/** A call to EC2. */
export type Ec2Call = Extract<PlannedCall, { service: 'EC2' }>;
