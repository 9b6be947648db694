import type { PlannedCall } from '../calls.ts';

/** The call that snapshots every volume of an instance before it is ended. The data is as of the call. */
export const snapshotCall = (
  autoScalingGroupName: string,
  instanceId: string,
): Extract<PlannedCall, { service: 'EC2' }> => ({
  service: 'EC2',
  operation: 'CreateSnapshots',
  input: {
    InstanceId: instanceId,
    Description: `Holdfast: ${instanceId} of ${autoScalingGroupName}, before its launch was abandoned`,
  },
  reason: 'the rule asks for a snapshot before anything is destroyed',
});
