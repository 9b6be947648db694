import type { CallOf } from '../calls.ts';

/** The call that snapshots every volume of an instance before it is ended. The data is as of the call. */
export const snapshotCall = (
  autoScalingGroupName: string,
  instanceId: string,
): CallOf<'CreateSnapshots'> => ({
  service: 'EC2',
  operation: 'CreateSnapshots',
  input: {
    InstanceSpecification: { InstanceId: instanceId },
    Description: `Holdfast: ${instanceId} of ${autoScalingGroupName}, before its launch was abandoned`,
  },
  reason: 'the rule asks for a snapshot before anything is destroyed',
});
