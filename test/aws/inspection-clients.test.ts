import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeInstanceStatusCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createCloudFormation } from '../../functions/aws/cloudformation.ts';
import { createConnect } from '../../functions/aws/connect.ts';
import { createEc2Health } from '../../functions/aws/ec2-health.ts';
import { createElasticLoadBalancing } from '../../functions/aws/elastic-load-balancing.ts';
import { hoursBetween } from '../../functions/domain/times.ts';

const ec2Mock = mockClient(EC2Client);
const stacksMock = mockClient(CloudFormationClient);
const balancingMock = mockClient(ElasticLoadBalancingV2Client);
const connect = createConnect({
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
});
// What InspectGroups gets: the gate lets nothing through that changes anything.
const ec2 = createEc2Health(connect(EC2Client, 'dry-run'));
const cloudFormation = createCloudFormation(connect(CloudFormationClient, 'dry-run'));

beforeEach(() => {
  const forgotten = new Error('nobody mocked this command');
  ec2Mock.reset().onAnyCommand().rejects(forgotten);
  stacksMock.reset().onAnyCommand().rejects(forgotten);
  balancingMock.reset().onAnyCommand().rejects(forgotten);
});

describe('createEc2Health', () => {
  it('finds what was started since a time, hour by hour and page by page', async () => {
    const started = (id: string, at: string) => ({ InstanceId: id, LaunchTime: new Date(at) });
    ec2Mock
      .on(DescribeInstancesCommand)
      .resolvesOnce({
        Reservations: [
          {
            Instances: [
              started('i-1', '2026-03-02T02:59:59.000Z'),
              started('i-2', '2026-03-02T03:00:00.000Z'),
            ],
          },
        ],
        NextToken: 'more',
      })
      .resolvesOnce({ Reservations: [{ Instances: [started('i-3', '2026-03-02T04:10:00.000Z')] }] });
    expect(await ec2.describeStartedSince('2026-03-02T03:00:00.000Z', '2026-03-02T04:15:00.000Z')).toEqual(
      new Map([
        ['i-2', '2026-03-02T03:00:00.000Z'],
        ['i-3', '2026-03-02T04:10:00.000Z'],
      ]),
    );
    const [first, second] = ec2Mock.commandCalls(DescribeInstancesCommand).map(({ args }) => args[0].input);
    expect(first?.Filters?.[0]).toEqual({
      Name: 'launch-time',
      Values: ['2026-03-02T03:*', '2026-03-02T04:*'],
    });
    expect(second?.NextToken).toBe('more');
  });

  it('finds failed status checks, of the instance or of its system, and not those that run still', async () => {
    const status = (InstanceId: string, instance: 'ok' | 'impaired' | 'initializing', system = 'ok') => ({
      InstanceId,
      InstanceStatus: { Status: instance },
      SystemStatus: { Status: system as 'ok' },
    });
    ec2Mock.on(DescribeInstanceStatusCommand).resolves({
      InstanceStatuses: [
        status('i-1', 'ok'),
        status('i-2', 'impaired'),
        status('i-3', 'ok', 'impaired'),
        status('i-4', 'initializing'),
      ],
    });
    expect(await ec2.describeImpaired(['i-1', 'i-2', 'i-3', 'i-4'])).toEqual(new Set(['i-2', 'i-3']));
  });

  it('asks nothing about nobody: to EC2 no id would mean all instances', async () => {
    expect(await ec2.describeImpaired([])).toEqual(new Set());
    expect(ec2Mock.calls()).toHaveLength(0);
  });
});

describe('hoursBetween', () => {
  it('has every hour, over midnight too', () => {
    expect(hoursBetween('2026-03-01T23:59:00.000Z', '2026-03-02T01:00:00.000Z')).toEqual([
      '2026-03-01T23',
      '2026-03-02T00',
      '2026-03-02T01',
    ]);
  });
});

describe('createCloudFormation', () => {
  it('tells the status of a stack, and when its latest change began', async () => {
    const CreationTime = new Date('2026-03-01T00:00:00.000Z');
    const stack = { StackName: 'shop', StackStatus: 'UPDATE_IN_PROGRESS', CreationTime } as const;
    const LastUpdatedTime = new Date('2026-03-02T03:00:00.000Z');
    stacksMock
      .on(DescribeStacksCommand)
      .resolvesOnce({ Stacks: [{ ...stack, LastUpdatedTime }] })
      .resolves({ Stacks: [stack] });
    expect(await cloudFormation.describeStack('shop')).toEqual({
      status: 'UPDATE_IN_PROGRESS',
      changedAt: '2026-03-02T03:00:00.000Z',
    });
    expect((await cloudFormation.describeStack('shop'))?.changedAt).toBe('2026-03-01T00:00:00.000Z');
  });

  it('knows that there is no such stack from a stack that cannot be read', async () => {
    const refused = (message: string) => Object.assign(new Error(message), { name: 'ValidationError' });
    stacksMock.on(DescribeStacksCommand).rejects(refused('Stack with id shop does not exist'));
    expect(await cloudFormation.describeStack('shop')).toBeUndefined();
    stacksMock.on(DescribeStacksCommand).rejects(refused('1 validation error detected'));
    await expect(cloudFormation.describeStack('shop')).rejects.toThrow('1 validation error detected');
  });
});

describe('createElasticLoadBalancing', () => {
  it('tells the unhealthy targets from those that drain or have no verdict yet', async () => {
    const target = (Id: string, State: 'healthy' | 'unhealthy' | 'initial' | 'draining' | 'unused') => ({
      Target: { Id },
      TargetHealth: { State },
    });
    balancingMock.on(DescribeTargetHealthCommand).resolves({
      TargetHealthDescriptions: [
        target('i-1', 'healthy'),
        target('i-2', 'unhealthy'),
        target('i-3', 'initial'),
        target('i-4', 'draining'),
        target('i-5', 'unused'),
      ],
    });
    const balancing = createElasticLoadBalancing(connect(ElasticLoadBalancingV2Client, 'dry-run'));
    expect(await balancing.describeUnhealthyTargets('arn:tg')).toEqual(new Set(['i-2']));
    expect(await balancing.describeHealthyTargets('arn:tg')).toEqual(new Set(['i-1']));
  });
});
