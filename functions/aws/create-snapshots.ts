import { CreateSnapshotsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { Ec2Call } from '../domain/calls.ts';

/** Makes a planned snapshot of all volumes of an instance. Returns the ids; throws what the SDK throws. */
export const createSnapshots = async (client: EC2Client, { input }: Ec2Call): Promise<string[]> => {
  const { Snapshots } = await client.send(
    new CreateSnapshotsCommand({
      InstanceSpecification: { InstanceId: String(input.InstanceId) },
      Description: String(input.Description),
    }),
  );
  return (Snapshots ?? []).map(({ SnapshotId }) => SnapshotId ?? '');
};
