import type { CallOf } from './calls.ts';

/**
 * The call that snapshots every volume of an instance. The data is as of the call.
 *
 * @param before what is done with the instance after it, as its description says
 * @param reason why it is made
 */
export const snapshotCall = (
  autoScalingGroupName: string,
  instanceId: string,
  before: string,
  reason: string,
): CallOf<'CreateSnapshots'> => ({
  service: 'EC2',
  operation: 'CreateSnapshots',
  input: {
    InstanceSpecification: { InstanceId: instanceId },
    Description: `Holdfast: ${instanceId} of ${autoScalingGroupName}, before ${before}`,
  },
  reason,
});
