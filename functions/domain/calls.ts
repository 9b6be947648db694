import type {
  CompleteLifecycleActionCommandInput,
  CreateOrUpdateTagsCommandInput,
  DeleteTagsCommandInput,
  EnterStandbyCommandInput,
  ExitStandbyCommandInput,
  ResumeProcessesCommandInput,
  SetDesiredCapacityCommandInput,
  SetInstanceProtectionCommandInput,
  SuspendProcessesCommandInput,
  TerminateInstanceInAutoScalingGroupCommandInput,
  UpdateAutoScalingGroupCommandInput,
} from '@aws-sdk/client-auto-scaling';
import type {
  CancelCapacityReservationCommandInput,
  CreateCapacityReservationCommandInput,
  CreateLaunchTemplateVersionCommandInput,
  CreateSnapshotsCommandInput,
  ModifyInstanceAttributeCommandInput,
  ModifyLaunchTemplateCommandInput,
  StartInstancesCommandInput,
  StopInstancesCommandInput,
} from '@aws-sdk/client-ec2';

/** What changes a group, by operation, with the SDK's own input. */
interface AutoScalingInputs {
  SuspendProcesses: SuspendProcessesCommandInput;
  ResumeProcesses: ResumeProcessesCommandInput;
  SetDesiredCapacity: SetDesiredCapacityCommandInput;
  SetInstanceProtection: SetInstanceProtectionCommandInput;
  CompleteLifecycleAction: CompleteLifecycleActionCommandInput;
  TerminateInstanceInAutoScalingGroup: TerminateInstanceInAutoScalingGroupCommandInput;
  UpdateAutoScalingGroup: UpdateAutoScalingGroupCommandInput;
  EnterStandby: EnterStandbyCommandInput;
  ExitStandby: ExitStandbyCommandInput;
}

/** What changes the tags of a group. */
interface TagInputs {
  CreateOrUpdateTags: CreateOrUpdateTagsCommandInput;
  DeleteTags: DeleteTagsCommandInput;
}

/** What changes instances, volumes, reservations and launch templates. */
interface Ec2Inputs {
  CreateSnapshots: CreateSnapshotsCommandInput;
  StopInstances: StopInstancesCommandInput;
  ModifyInstanceAttribute: ModifyInstanceAttributeCommandInput;
  StartInstances: StartInstancesCommandInput;
  /** The time as text, since the journal keeps it. */
  CreateCapacityReservation: Omit<CreateCapacityReservationCommandInput, 'EndDate'> & { EndDate: string };
  CancelCapacityReservation: CancelCapacityReservationCommandInput;
  /** The type as EC2 told it. */
  CreateLaunchTemplateVersion: Omit<CreateLaunchTemplateVersionCommandInput, 'LaunchTemplateData'> & {
    LaunchTemplateData: { InstanceType: string };
  };
  ModifyLaunchTemplate: ModifyLaunchTemplateCommandInput;
}

/** Calls of one service, one for each operation. */
type CallsOf<Service extends string, Inputs> = {
  [Operation in keyof Inputs]: {
    service: Service;
    operation: Operation;
    input: Inputs[Operation];
    /** Why, for people; of a call that does several things, why each. */
    reason: string | string[];
  };
}[keyof Inputs];

/** A call to Auto Scaling about what a group does. */
export type AutoScalingCall = CallsOf<'AutoScaling', AutoScalingInputs>;

/** A call to Auto Scaling about the tags of a group. */
export type TagCall = CallsOf<'AutoScaling', TagInputs>;

/** A call to EC2. */
export type Ec2Call = CallsOf<'EC2', Ec2Inputs>;

/** One exact AWS call that a plan lists and a live run makes. */
export type PlannedCall = AutoScalingCall | TagCall | Ec2Call;

/** The call of one operation. */
export type CallOf<Operation extends PlannedCall['operation']> = Extract<
  PlannedCall,
  { operation: Operation }
>;
