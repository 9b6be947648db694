import { CreateSnapshotsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { CallOf } from '../domain/calls.ts';

/** Makes a planned snapshot of all volumes of an instance. Returns the ids; throws what the SDK throws. */
export const createSnapshots = async (
  client: EC2Client,
  { input }: CallOf<'CreateSnapshots'>,
): Promise<string[]> => {
  const { Snapshots } = await client.send(new CreateSnapshotsCommand(input));
  return (Snapshots ?? []).map(({ SnapshotId }) => SnapshotId ?? '');
};
