import type { CallOf } from '../calls.ts';
import { snapshotCall } from '../snapshot-call.ts';

/** Snapshots all volumes of an instance before it is ended. */
export const drainSnapshotCall = (
  autoScalingGroupName: string,
  instanceId: string,
): CallOf<'CreateSnapshots'> =>
  snapshotCall(
    autoScalingGroupName,
    instanceId,
    'its launch was abandoned',
    'the rule asks for a snapshot before anything is destroyed',
  );
