import { createHash } from 'node:crypto';
import type { AutoScalingCall, CallOf } from '../calls.ts';
import { snapshotCall } from '../snapshot-call.ts';
import type { ResizeOperation } from './resize-facts.ts';
import type { Reservation, Resize } from './resize-record.ts';

/** The tag by which a reservation is found again whose making died before its id was written down. */
export const reservationTag = 'holdfast-reservation';

/** Takes one instance out of service, desired capacity lowered with it, so that nothing is launched in its place. */
export const enterStandbyCall = (AutoScalingGroupName: string, instanceId: string): AutoScalingCall => ({
  service: 'AutoScaling',
  operation: 'EnterStandby',
  input: { AutoScalingGroupName, InstanceIds: [instanceId], ShouldDecrementDesiredCapacity: true },
  reason:
    'in Standby it is drained from the load balancer, and neither checked nor replaced while it is stopped',
});

/** Puts one instance back into service; desired capacity rises by one again. */
export const exitStandbyCall = (AutoScalingGroupName: string, instanceId: string): AutoScalingCall => ({
  service: 'AutoScaling',
  operation: 'ExitStandby',
  input: { AutoScalingGroupName, InstanceIds: [instanceId] },
  reason: 'it runs and its status checks passed',
});

/** Stops one instance. */
export const stopCall = (instanceId: string, isForced: boolean): CallOf<'StopInstances'> => ({
  service: 'EC2',
  operation: 'StopInstances',
  input: { InstanceIds: [instanceId], ...(isForced ? { Force: true } : {}) },
  reason: isForced
    ? 'its shutdown hangs; the operating system gets no further chance to write'
    : 'the type of a stopped instance only can be changed',
});

/** Changes the type of one stopped instance. */
export const changeTypeCall = (
  instanceId: string,
  instanceType: string,
  from: string,
): CallOf<'ModifyInstanceAttribute'> => ({
  service: 'EC2',
  operation: 'ModifyInstanceAttribute',
  input: { InstanceId: instanceId, InstanceType: { Value: instanceType } },
  reason: `from ${from} to ${instanceType}`,
});

/** Starts one instance. */
export const startCall = (instanceId: string, instanceType: string): CallOf<'StartInstances'> => ({
  service: 'EC2',
  operation: 'StartInstances',
  input: { InstanceIds: [instanceId] },
  reason: `as ${instanceType}`,
});

/** Snapshots all volumes of an instance that is stopped: what is on them is consistent. */
export const resizeSnapshotCall = (
  autoScalingGroupName: string,
  instanceId: string,
): CallOf<'CreateSnapshots'> =>
  snapshotCall(
    autoScalingGroupName,
    instanceId,
    'its type was changed',
    'the input asks for a snapshot while it is stopped',
  );

/** The token of a reservation: the same for the same instances, type and try of one execution. */
export const reservationToken = (
  incidentId: string,
  instanceType: string,
  instanceIds: string[],
  attempt: number,
): string =>
  createHash('sha256')
    .update([incidentId, instanceType, ...instanceIds, attempt].join('\n'))
    .digest('hex')
    .slice(0, 40);

/** Holds capacity for the starts of one zone. It ends by itself should everybody forget it. */
export const reserveCall = ({
  clientToken,
  instanceType,
  availabilityZone,
  platform,
  count,
  endsAt,
}: Reservation): CallOf<'CreateCapacityReservation'> => ({
  service: 'EC2',
  operation: 'CreateCapacityReservation',
  input: {
    ClientToken: clientToken,
    InstanceType: instanceType,
    InstancePlatform: platform,
    AvailabilityZone: availabilityZone,
    InstanceCount: count,
    InstanceMatchCriteria: 'open',
    EndDateType: 'limited',
    EndDate: endsAt,
    TagSpecifications: [
      {
        ResourceType: 'capacity-reservation',
        Tags: [
          { Key: 'holdfast', Value: 'true' },
          { Key: reservationTag, Value: clientToken },
        ],
      },
    ],
  },
  reason: 'nothing holds the place of a stopped instance but a reservation',
});

/** Gives held capacity up. */
export const cancelReservationCall = (
  capacityReservationId: string,
): CallOf<'CancelCapacityReservation'> => ({
  service: 'EC2',
  operation: 'CancelCapacityReservation',
  input: { CapacityReservationId: capacityReservationId },
  reason: 'its instances run, or do not need it any more; it is paid for until it is given up',
});

/** Why sizes are changed for the time of a resize. */
const sizesReason = ({ desiredCapacity }: { desiredCapacity?: number }): string =>
  desiredCapacity === undefined
    ? 'EnterStandby lowers desired capacity, and AWS refuses to go below the minimum'
    : 'Launch has to run so that Standby can be left; with desired capacity at what is in service nothing is launched';

/** Why they are set back. */
const restoreReason = 'the sizes of before the resize are set again';

/** Sets the minimum of a group. Its role may send no other size with it: see `prepare-groups` in `infra/permissions.yml`. */
const setMinimum = (
  AutoScalingGroupName: string,
  MinSize: number,
  reason: string,
): CallOf<'UpdateAutoScalingGroup'> => ({
  service: 'AutoScaling',
  operation: 'UpdateAutoScalingGroup',
  input: { AutoScalingGroupName, MinSize },
  reason,
});

/** Sets desired capacity at once, whatever the cooldown. */
export const setDesired = (
  AutoScalingGroupName: string,
  DesiredCapacity: number,
  reason: string,
): CallOf<'SetDesiredCapacity'> => ({
  service: 'AutoScaling',
  operation: 'SetDesiredCapacity',
  input: { AutoScalingGroupName, DesiredCapacity, HonorCooldown: false },
  reason,
});

/** Makes room: the minimum is lowered before desired capacity, which may not be below it. */
export const roomCalls = (
  autoScalingGroupName: string,
  sizes: { minSize: number; desiredCapacity?: number },
): AutoScalingCall[] => {
  const reason = sizesReason(sizes);
  return [
    setMinimum(autoScalingGroupName, sizes.minSize, reason),
    ...(sizes.desiredCapacity === undefined
      ? []
      : [setDesired(autoScalingGroupName, sizes.desiredCapacity, reason)]),
  ];
};

/** Sets both back: desired capacity before the minimum, which would raise it by itself. */
export const restoreCalls = (
  autoScalingGroupName: string,
  { minSize, desiredCapacity }: { minSize: number; desiredCapacity: number },
): AutoScalingCall[] => [
  setDesired(autoScalingGroupName, desiredCapacity, restoreReason),
  setMinimum(autoScalingGroupName, minSize, restoreReason),
];

/** Gives `Launch` back, or suspends it, for the time of a resize. */
export const launchCall = (
  operation: 'SuspendProcesses' | 'ResumeProcesses',
  AutoScalingGroupName: string,
): AutoScalingCall => ({
  service: 'AutoScaling',
  operation,
  input: { AutoScalingGroupName, ScalingProcesses: ['Launch'] },
  reason:
    operation === 'ResumeProcesses'
      ? 'Standby cannot be left without Launch; desired capacity is what is in service, so nothing is launched'
      : 'another hold on the group wants it',
});

/** A call of a resize that gives nothing back. */
export type ResizeCall = CallOf<
  | 'StopInstances'
  | 'StartInstances'
  | 'ModifyInstanceAttribute'
  | 'CancelCapacityReservation'
  | 'ModifyLaunchTemplate'
>;

/** A call that a step makes. */
export type StepCall = AutoScalingCall | ResizeCall;

/** The call of a step. */
export const stepCall = (
  operation: ResizeOperation,
  autoScalingGroupName: string,
  resize: Resize,
  isForced: boolean,
): StepCall => {
  const { instanceId, wantedType, originalType } = resize;
  switch (operation) {
    case 'EnterStandby':
      return enterStandbyCall(autoScalingGroupName, instanceId);
    case 'StopInstance':
      return stopCall(instanceId, isForced);
    case 'ChangeInstanceType':
      return changeTypeCall(instanceId, wantedType, originalType);
    case 'StartInstance':
      return startCall(instanceId, wantedType);
    case 'ExitStandby':
      return exitStandbyCall(autoScalingGroupName, instanceId);
  }
};
