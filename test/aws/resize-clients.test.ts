import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
  SetDesiredCapacityCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateCapacityReservationCommand,
  DescribeCapacityReservationsCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  EC2Client,
  EC2ServiceException,
  ModifyInstanceAttributeCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAutoScaling } from '../../functions/aws/auto-scaling.ts';
import { createConnect } from '../../functions/aws/connect.ts';
import { createEc2Prove } from '../../functions/aws/ec2-prove.ts';
import { createEc2Resize } from '../../functions/aws/ec2-resize.ts';
import { createElasticLoadBalancing } from '../../functions/aws/elastic-load-balancing.ts';
import type { AutoScalingCall } from '../../functions/domain/calls.ts';
import {
  changeTypeCall,
  enterStandbyCall,
  exitStandbyCall,
  reserveCall,
  restoreCalls,
  roomCalls,
  startCall,
  stopCall,
} from '../../functions/domain/resize/resize-calls.ts';
import { now } from '../domain/holds/group-fixtures.ts';

const autoScalingMock = mockClient(AutoScalingClient);
const ec2Mock = mockClient(EC2Client);
const balancingMock = mockClient(ElasticLoadBalancingV2Client);
const connect = createConnect({
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
});
const ec2 = createEc2Resize(connect(EC2Client, 'live'));
const autoScaling = createAutoScaling(connect(AutoScalingClient, 'live'));

const ec2Error = (name: string, httpStatusCode: number) =>
  new EC2ServiceException({ name, message: name, $fault: 'client', $metadata: { httpStatusCode } });

beforeEach(() => {
  // A mock answers undefined to what nobody mocked, and a forgotten mock would pass.
  const forgotten = new Error('nobody mocked this command');
  autoScalingMock.reset().onAnyCommand().rejects(forgotten);
  ec2Mock.reset().onAnyCommand().rejects(forgotten);
  balancingMock.reset().onAnyCommand().rejects(forgotten);
});

describe('createEc2Resize', () => {
  it('asks for instances by filter, page by page, and says nothing that EC2 does not say', async () => {
    ec2Mock
      .on(DescribeInstancesCommand, { Filters: [{ Name: 'instance-id', Values: ['i-1', 'i-2'] }] })
      .resolves({
        Reservations: [
          { Instances: [{ InstanceId: 'i-1', InstanceType: 'm7i.large', State: { Name: 'running' } }] },
        ],
        NextToken: 'more',
      })
      .on(DescribeInstancesCommand, { NextToken: 'more' })
      .resolves({
        Reservations: [
          {
            Instances: [
              {
                InstanceId: 'i-2',
                Placement: { AvailabilityZone: 'us-east-1a', Tenancy: 'default', GroupName: '' },
                CapacityReservationSpecification: { CapacityReservationPreference: 'none' },
                NetworkInterfaces: [{ Association: { IpOwnerId: 'amazon', PublicIp: '203.0.113.7' } }],
                ProductCodes: [{ ProductCodeType: 'marketplace' }],
                HibernationOptions: { Configured: true },
              },
            ],
          },
        ],
      });
    const [first, second] = await ec2.describeInstances(['i-1', 'i-2']);
    expect(first).not.toHaveProperty('architecture');
    expect(first).toMatchObject({ instanceId: 'i-1', state: 'running', usesOpenReservations: true });
    expect(second).not.toHaveProperty('placementGroup');
    expect(second).toMatchObject({
      tenancy: 'default',
      usesOpenReservations: false,
      changingPublicIpv4: '203.0.113.7',
      hasMarketplaceProduct: true,
      isHibernationConfigured: true,
    });
  });

  it.each([
    ['both are ok', { InstanceStatus: { Status: 'ok' }, SystemStatus: { Status: 'ok' } }, true],
    [
      'the others are ok or not applicable',
      {
        InstanceStatus: { Status: 'ok' },
        SystemStatus: { Status: 'ok' },
        AttachedEbsStatus: { Status: 'not-applicable' },
        ApplicationStatus: { Status: 'ok' },
      },
      true,
    ],
    [
      'one initializes',
      { InstanceStatus: { Status: 'initializing' }, SystemStatus: { Status: 'ok' } },
      false,
    ],
    [
      'a volume is impaired',
      {
        InstanceStatus: { Status: 'ok' },
        SystemStatus: { Status: 'ok' },
        AttachedEbsStatus: { Status: 'impaired' },
      },
      false,
    ],
    [
      'the application is impaired',
      {
        InstanceStatus: { Status: 'ok' },
        SystemStatus: { Status: 'ok' },
        ApplicationStatus: { Status: 'impaired' },
      },
      false,
    ],
    ['none is told', {}, false],
  ])('finds status checks passed when %s: %s %s', async (_what, status, expected) => {
    ec2Mock
      .on(DescribeInstanceStatusCommand)
      .resolves({ InstanceStatuses: [{ InstanceId: 'i-1', ...status } as object] });
    expect((await ec2.describePassedChecks(['i-1'])).has('i-1')).toBe(expected);
  });

  it('takes stop protection for on unless EC2 says that it is off', async () => {
    ec2Mock.on(DescribeInstanceAttributeCommand).resolves({ DisableApiStop: { Value: false } });
    expect(await ec2.isStopProtected('i-1')).toBe(false);
    ec2Mock.on(DescribeInstanceAttributeCommand).resolves({});
    expect(await ec2.isStopProtected('i-1')).toBe(true);
  });

  it('finds a family by pattern, page by page', async () => {
    ec2Mock
      .on(DescribeInstanceTypesCommand, { Filters: [{ Name: 'instance-type', Values: ['m7i.*'] }] })
      .resolves({ InstanceTypes: [{ InstanceType: 'm7i.large' }], NextToken: 'more' })
      .on(DescribeInstanceTypesCommand, { NextToken: 'more' })
      .resolves({ InstanceTypes: [{ InstanceType: 'm7i.xlarge', VCpuInfo: { DefaultVCpus: 4 } }] });
    expect((await ec2.describeFamily('m7i')).map(({ instanceType, vCpus }) => [instanceType, vCpus])).toEqual(
      [
        ['m7i.large', 0],
        ['m7i.xlarge', 4],
      ],
    );
  });

  it('holds capacity that ends by itself, open to what fits, tagged', async () => {
    ec2Mock
      .on(CreateCapacityReservationCommand)
      .resolves({ CapacityReservation: { CapacityReservationId: 'cr-1', AvailableInstanceCount: 2 } });
    const call = reserveCall({
      clientToken: 'token',
      instanceType: 'm7i.xlarge',
      availabilityZone: 'us-east-1a',
      platform: 'Linux/UNIX',
      count: 2,
      instanceIds: ['i-1', 'i-2'],
      recordedAt: now,
      endsAt: '2026-03-02T05:00:00.000Z',
    });
    expect(await ec2.reserve(call)).toEqual({
      capacityReservationId: 'cr-1',
      availableInstanceCount: 2,
      isPending: false,
    });
    expect(ec2Mock.commandCalls(CreateCapacityReservationCommand)[0]?.args[0].input).toMatchObject({
      ClientToken: 'token',
      InstanceCount: 2,
      InstanceMatchCriteria: 'open',
      EndDateType: 'limited',
      EndDate: new Date('2026-03-02T05:00:00.000Z'),
      TagSpecifications: [
        {
          ResourceType: 'capacity-reservation',
          Tags: expect.arrayContaining([{ Key: 'holdfast', Value: 'true' }]),
        },
      ],
    });
  });

  it('finds a reservation that is held, and none that is cancelled', async () => {
    ec2Mock.on(DescribeCapacityReservationsCommand).resolves({
      CapacityReservations: [
        { CapacityReservationId: 'cr-0', State: 'cancelled' },
        { CapacityReservationId: 'cr-1', State: 'active', AvailableInstanceCount: 1 },
      ],
    });
    expect(await ec2.describeReservation({ clientToken: 'token' })).toEqual({
      capacityReservationId: 'cr-1',
      availableInstanceCount: 1,
      isPending: false,
    });
    ec2Mock
      .on(DescribeCapacityReservationsCommand)
      .resolves({ CapacityReservations: [{ CapacityReservationId: 'cr-0', State: 'expired' }] });
    expect(await ec2.describeReservation({ id: 'cr-0' })).toBeUndefined();
  });

  it('stops with force only when it is asked to, and changes one attribute', async () => {
    ec2Mock.on(StopInstancesCommand).resolves({}).on(ModifyInstanceAttributeCommand).resolves({});
    await ec2.make(stopCall('i-1', false));
    await ec2.make(stopCall('i-1', true));
    await ec2.make(changeTypeCall('i-1', 'm7i.xlarge', 'm7i.large'));
    expect(ec2Mock.commandCalls(StopInstancesCommand).map(({ args }) => args[0].input)).toEqual([
      { InstanceIds: ['i-1'] },
      { InstanceIds: ['i-1'], Force: true },
    ]);
    expect(ec2Mock.commandCalls(ModifyInstanceAttributeCommand)[0]?.args[0].input).toEqual({
      InstanceId: 'i-1',
      InstanceType: { Value: 'm7i.xlarge' },
    });
  });
});

describe('createEc2Prove', () => {
  const prove = createEc2Prove(connect(EC2Client, 'live'));

  it('takes DryRunOperation for a yes, and asks nothing without DryRun', async () => {
    ec2Mock.onAnyCommand().rejects(ec2Error('DryRunOperation', 412));
    for (const call of [
      stopCall('i-1', false),
      startCall('i-1', 'm7i.large'),
      changeTypeCall('i-1', 'm7i.xlarge', 'm7i.large'),
    ]) {
      expect(await prove.prove(call)).toBeUndefined();
    }
    for (const { args } of ec2Mock.calls()) expect(args[0].input).toMatchObject({ DryRun: true });
  });

  it('tells a refusal, and throws what it could not ask', async () => {
    ec2Mock.onAnyCommand().rejects(ec2Error('UnauthorizedOperation', 403));
    expect(await prove.prove(stopCall('i-1', false))).toBe('UnauthorizedOperation: UnauthorizedOperation');
    ec2Mock.onAnyCommand().rejects(ec2Error('IncorrectInstanceState', 400));
    expect(await prove.prove(stopCall('i-1', false))).toBeUndefined();
    ec2Mock.onAnyCommand().rejects(ec2Error('InternalError', 500));
    await expect(prove.prove(stopCall('i-1', false))).rejects.toThrow('InternalError');
    ec2Mock.onAnyCommand().resolves({});
    await expect(prove.prove(stopCall('i-1', false))).rejects.toThrow('although DryRun was set');
  });
});

describe('createAutoScaling, for a resize', () => {
  it('enters Standby with desired capacity lowered, and leaves it', async () => {
    autoScalingMock.on(EnterStandbyCommand).resolves({}).on(ExitStandbyCommand).resolves({});
    await autoScaling.make(enterStandbyCall('web', 'i-1'));
    await autoScaling.make(exitStandbyCall('web', 'i-1'));
    expect(autoScalingMock.commandCalls(EnterStandbyCommand)[0]?.args[0].input).toEqual({
      AutoScalingGroupName: 'web',
      InstanceIds: ['i-1'],
      ShouldDecrementDesiredCapacity: true,
    });
    expect(autoScalingMock.commandCalls(ExitStandbyCommand)[0]?.args[0].input).toEqual({
      AutoScalingGroupName: 'web',
      InstanceIds: ['i-1'],
    });
  });

  it('sets sizes, and desired capacity only when it is given', async () => {
    autoScalingMock.on(UpdateAutoScalingGroupCommand).resolves({}).on(SetDesiredCapacityCommand).resolves({});
    const sent = async (calls: AutoScalingCall[]) => {
      autoScalingMock.resetHistory();
      for (const call of calls) await autoScaling.make(call);
      return autoScalingMock.calls().map(({ args }) => args[0].input);
    };
    const minimum = { AutoScalingGroupName: 'web', MinSize: 2 };
    const desired = { AutoScalingGroupName: 'web', DesiredCapacity: 4, HonorCooldown: false };
    expect(await sent(roomCalls('web', { minSize: 2 }))).toEqual([minimum]);
    // The minimum first on the way down, last on the way up.
    expect(await sent(roomCalls('web', { minSize: 2, desiredCapacity: 4 }))).toEqual([minimum, desired]);
    expect(await sent(restoreCalls('web', { minSize: 2, desiredCapacity: 4 }))).toEqual([desired, minimum]);
  });

  it.each([
    ['InProgress', 'InProgress'],
    ['Baking', 'Baking'],
    ['RollbackInProgress', 'RollbackInProgress'],
    ['Successful', undefined],
    ['Cancelled', undefined],
    ['RollbackSuccessful', undefined],
  ])('finds an instance refresh that is %s: %s', async (Status, expected) => {
    autoScalingMock
      .on(DescribeInstanceRefreshesCommand)
      .resolves({ InstanceRefreshes: [{ Status: Status as 'InProgress' }] });
    expect(await autoScaling.describeInstanceRefresh('web')).toBe(expected);
  });

  it('knows what sends a group traffic, and which template it launches', async () => {
    autoScalingMock.on(DescribeAutoScalingGroupsCommand).resolves({
      AutoScalingGroups: [
        {
          AutoScalingGroupName: 'web',
          MinSize: 1,
          MaxSize: 2,
          DesiredCapacity: 1,
          DefaultCooldown: 1,
          AvailabilityZones: [],
          HealthCheckType: 'ELB',
          CreatedTime: new Date(),
          LoadBalancerNames: ['classic'],
          TargetGroupARNs: ['arn:tg'],
          TrafficSources: [
            { Identifier: 'arn:tg', Type: 'elbv2' },
            { Identifier: 'arn:lattice', Type: 'vpc-lattice' },
          ],
          LaunchTemplate: { LaunchTemplateId: 'lt-1' },
        },
      ],
    });
    expect(await autoScaling.describeAutoScalingGroups(['web'])).toMatchObject([
      {
        targetGroupArns: ['arn:tg'],
        otherTrafficSources: ['classic', 'arn:lattice'],
        launchTemplate: { launchTemplateId: 'lt-1', version: '$Default' },
      },
    ]);
  });
});

describe('createElasticLoadBalancing', () => {
  it('counts healthy targets only', async () => {
    balancingMock.on(DescribeTargetHealthCommand).resolves({
      TargetHealthDescriptions: [
        'healthy',
        'initial',
        'unhealthy',
        'draining',
        'unhealthy.draining',
        'unavailable',
      ].map((State, index) => ({
        Target: { Id: `i-${index}` },
        TargetHealth: { State: State as 'healthy' },
      })),
    });
    const balancing = createElasticLoadBalancing(connect(ElasticLoadBalancingV2Client, 'dry-run'));
    expect(await balancing.describeHealthyTargets('arn:tg')).toEqual(new Set(['i-0']));
  });
});
