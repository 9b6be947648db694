import type { SimulatedGroup, SimulatedInstance } from './auto-scaling-group.ts';
import { CloudError } from './cloud-error.ts';

/** A snapshot that was asked for. */
export interface SimulatedSnapshot {
  snapshotId: string;
  instanceId: string;
}

/** What an instance that boots well writes. */
const goodConsole =
  '[    0.000000] Linux version 6.12\ncloud-init: finished\napplication: listening on port 8080\n';
/** GetConsoleOutput gives at most the latest 64 KiB (API reference). */
const consoleBytesMax = 65_536;

/** Amazon EC2, simulated as far as evidence goes: instances of Auto Scaling groups, their consoles, snapshots. */
export const createEc2Service = (groups: Map<string, SimulatedGroup>) => {
  const snapshots: SimulatedSnapshot[] = [];

  const findInstance = (instanceId: string): { group: SimulatedGroup; instance: SimulatedInstance } => {
    for (const group of groups.values()) {
      const instance = group.instances.find((candidate) => candidate.instanceId === instanceId);
      if (instance !== undefined) return { group, instance };
    }
    throw new CloudError('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
  };

  const operations: Record<string, (input: Record<string, unknown>) => object> = {
    DescribeInstances: (input) => ({
      Reservations: (input.InstanceIds as string[]).map((id) => {
        const { group, instance } = findInstance(id);
        return {
          Instances: [
            {
              InstanceId: id,
              InstanceType: 'm7i.large',
              ImageId: `ami-${group.name}`,
              Placement: { AvailabilityZone: instance.availabilityZone },
              SubnetId: `subnet-${instance.availabilityZone}`,
              LaunchTime: new Date(instance.launchedAt),
              Tags: [
                ...Object.entries(group.tags).map(([Key, Value]) => ({ Key, Value })),
                { Key: 'aws:autoscaling:groupName', Value: group.name },
              ],
            },
          ],
        };
      }),
    }),

    GetConsoleOutput: (input) => {
      const { instance } = findInstance(String(input.InstanceId));
      const text = instance.bootstrapFailure?.consoleOutput ?? goodConsole;
      return {
        InstanceId: instance.instanceId,
        Output: Buffer.from(text.slice(-consoleBytesMax)).toString('base64'),
      };
    },

    CreateSnapshots: (input) => {
      const { instance } = findInstance(
        String((input.InstanceSpecification as { InstanceId: string }).InstanceId),
      );
      const snapshotId = `snap-${String(snapshots.length + 1).padStart(17, '0')}`;
      snapshots.push({ snapshotId, instanceId: instance.instanceId });
      return { Snapshots: [{ SnapshotId: snapshotId, State: 'pending' }] };
    },
  };

  return {
    snapshots,
    handle: (operation: string, input: Record<string, unknown>): object => {
      const answer = operations[operation];
      if (answer === undefined) throw new Error(`The simulated EC2 does not know ${operation} yet`);
      return answer(input);
    },
  };
};

/** The simulated service. */
export type Ec2Service = ReturnType<typeof createEc2Service>;
