import {
  DescribeInstancesCommand,
  type EC2Client,
  GetConsoleOutputCommand,
  type Instance,
} from '@aws-sdk/client-ec2';
import type { CallOf } from '../domain/calls.ts';
import { createSnapshots } from './create-snapshots.ts';

/** Amazon EC2, as far as Holdfast uses it. */
export interface Ec2 {
  /** The instance, or `undefined` when EC2 knows none of this id. */
  describeInstance(instanceId: string): Promise<Ec2Instance | undefined>;
  /** What the instance last wrote to its console: at most 64 KiB. Empty when it wrote nothing yet. */
  getConsoleOutput(instanceId: string): Promise<string>;
  /** Makes a planned snapshot of all volumes of an instance. Returns the ids; the data is as of now. */
  createSnapshots(call: CallOf<'CreateSnapshots'>): Promise<string[]>;
}

/** An instance, reduced to what evidence needs. */
export interface Ec2Instance {
  instanceId: string;
  instanceType: string;
  imageId: string;
  availabilityZone: string;
  subnetId: string;
  /** ISO 8601. The latest start: it moves when an instance is stopped and started. */
  launchTime: string;
  tags: Record<string, string>;
}

const toEc2Instance = (instance: Instance): Ec2Instance => ({
  instanceId: instance.InstanceId ?? '',
  instanceType: instance.InstanceType ?? '',
  imageId: instance.ImageId ?? '',
  availabilityZone: instance.Placement?.AvailabilityZone ?? '',
  subnetId: instance.SubnetId ?? '',
  launchTime: instance.LaunchTime?.toISOString() ?? '',
  tags: Object.fromEntries((instance.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
});

const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

/** Wraps a client, which may be gated, in the few operations Holdfast makes. */
export const createEc2 = (client: EC2Client): Ec2 => {
  const readConsole = async (InstanceId: string, Latest: boolean): Promise<string> => {
    const { Output } = await client.send(new GetConsoleOutputCommand({ InstanceId, Latest }));
    return Buffer.from(Output ?? '', 'base64').toString('utf8');
  };
  return {
    describeInstance: async (instanceId) => {
      try {
        const { Reservations } = await client.send(
          new DescribeInstancesCommand({ InstanceIds: [instanceId] }),
        );
        const instance = Reservations?.at(0)?.Instances?.at(0);
        return instance === undefined ? undefined : toEc2Instance(instance);
      } catch (error) {
        if (isNamed(error, 'InvalidInstanceID.NotFound')) return undefined;
        throw error;
      }
    },

    getConsoleOutput: async (instanceId) => {
      try {
        return await readConsole(instanceId, true);
      } catch (error) {
        // Only Nitro instances give their latest output at any time (API reference, GetConsoleOutput).
        if (!isNamed(error, 'UnsupportedOperation')) throw error;
        return readConsole(instanceId, false);
      }
    },

    createSnapshots: (call) => createSnapshots(client, call),
  };
};
