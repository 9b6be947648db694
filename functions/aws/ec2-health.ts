import {
  DescribeInstanceStatusCommand,
  type EC2Client,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import { chunk } from '../domain/chunk.ts';
import { hoursBetween } from '../domain/times.ts';

/** Amazon EC2, as far as it tells whether instances that came lately are well. */
export interface Ec2Health {
  /**
   * The running instances of Auto Scaling groups that were started since a time, and when, ISO 8601. One call per 1,000.
   *
   * @param since ISO 8601, two days ago at most
   * @param now ISO 8601
   */
  describeStartedSince(since: string, now: string): Promise<Map<string, string>>;
  /**
   * Ids, of these running instances, with a failed status check. One call per 100.
   * Throws what the SDK throws, also when EC2 does not know one of them.
   */
  describeImpaired(instanceIds: string[]): Promise<Set<string>>;
}

const idsPerCall = 100;

/** Wraps a client in the two operations Holdfast makes. */
export const createEc2Health = (client: EC2Client): Ec2Health => ({
  describeStartedSince: async (since, now) => {
    const started = new Map<string, string>();
    const pages = paginateDescribeInstances(
      { client },
      {
        Filters: [
          // A wildcard matches the rest of an hour (API reference, DescribeInstances).
          { Name: 'launch-time', Values: hoursBetween(since, now).map((hour) => `${hour}:*`) },
          { Name: 'instance-state-name', Values: ['running'] },
          { Name: 'tag-key', Values: ['aws:autoscaling:groupName'] },
        ],
        MaxResults: 1000,
      },
    );
    for await (const { Reservations } of pages) {
      for (const { InstanceId, LaunchTime } of (Reservations ?? []).flatMap(
        ({ Instances }) => Instances ?? [],
      )) {
        const startedAt = LaunchTime?.toISOString();
        if (InstanceId !== undefined && startedAt !== undefined && startedAt >= since) {
          started.set(InstanceId, startedAt);
        }
      }
    }
    return started;
  },

  describeImpaired: async (instanceIds) => {
    const impaired = new Set<string>();
    for (const InstanceIds of chunk(instanceIds, idsPerCall)) {
      const { InstanceStatuses } = await client.send(new DescribeInstanceStatusCommand({ InstanceIds }));
      for (const { InstanceId, InstanceStatus, SystemStatus } of InstanceStatuses ?? []) {
        if (InstanceStatus?.Status === 'impaired' || SystemStatus?.Status === 'impaired') {
          impaired.add(InstanceId ?? '');
        }
      }
    }
    return impaired;
  },
});
