import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  DescribeScalingActivitiesCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  ListAlarmMuteRulesCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  CreateSnapshotsCommand,
  DescribeInstancesCommand,
  EC2Client,
  EC2ServiceException,
  GetConsoleOutputCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAutoScaling } from '../../functions/aws/auto-scaling.ts';
import { createCloudWatch } from '../../functions/aws/cloudwatch.ts';
import { createConnect } from '../../functions/aws/connect.ts';
import { createEc2 } from '../../functions/aws/ec2.ts';
import { createStepFunctions } from '../../functions/aws/step-functions.ts';
import { createKillSwitch } from '../../functions/aws/systems-manager.ts';
import { drainSnapshotCall } from '../../functions/domain/drain/drain-snapshot-call.ts';

const configuration = { region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
const autoScalingMock = mockClient(AutoScalingClient);
const cloudWatchMock = mockClient(CloudWatchClient);
const ec2Mock = mockClient(EC2Client);
const sfnMock = mockClient(SFNClient);
const ssmMock = mockClient(SSMClient);

beforeEach(() => {
  // A mock answers undefined to what nobody mocked, and a forgotten mock would pass.
  const forgotten = new Error('nobody mocked this command');
  autoScalingMock.reset().onAnyCommand().rejects(forgotten);
  cloudWatchMock.reset().onAnyCommand().rejects(forgotten);
  ec2Mock.reset().onAnyCommand().rejects(forgotten);
  sfnMock.reset().onAnyCommand().rejects(forgotten);
  ssmMock.reset().onAnyCommand().rejects(forgotten);
});

describe('createConnect', () => {
  const gatedSend = async (mode: 'live' | 'dry-run' | 'off', command: 'reading' | 'changing') => {
    autoScalingMock.restore();
    const sent: string[] = [];
    const connect = createConnect(configuration, (client) => {
      (client.middlewareStack as { add(m: unknown, o: unknown): void }).add(
        (_next: unknown, context: { commandName: string }) => async () => {
          sent.push(context.commandName);
          return { response: {}, output: { $metadata: {} } };
        },
        { step: 'deserialize', priority: 'high' },
      );
    });
    const client = connect(AutoScalingClient, mode);
    const outcome = await client
      .send(
        (command === 'reading'
          ? new DescribeAutoScalingGroupsCommand({})
          : new SuspendProcessesCommand({
              AutoScalingGroupName: 'web',
              ScalingProcesses: ['Terminate'],
            })) as never,
      )
      .then(
        () => 'sent',
        (error: Error) => error.name,
      );
    return { outcome, sent };
  };

  it.each(['live', 'dry-run', 'off'] as const)('lets a reading command through in mode %s', async (mode) => {
    expect(await gatedSend(mode, 'reading')).toEqual({
      outcome: 'sent',
      sent: ['DescribeAutoScalingGroupsCommand'],
    });
  });

  it('lets a changing command through in mode live only', async () => {
    expect(await gatedSend('live', 'changing')).toEqual({
      outcome: 'sent',
      sent: ['SuspendProcessesCommand'],
    });
    expect(await gatedSend('dry-run', 'changing')).toEqual({ outcome: 'DryRunError', sent: [] });
    expect(await gatedSend('off', 'changing')).toEqual({ outcome: 'DryRunError', sent: [] });
  });

  it('gives up on an answer that does not come, so that the SDK can try again', async () => {
    const client = createConnect(configuration)(SSMClient, 'live');
    // The handler resolves its configuration with its first request; this one never leaves the machine.
    ssmMock.restore();
    const handler = client.config.requestHandler as unknown as {
      handle(request: object): Promise<unknown>;
      httpHandlerConfigs(): object;
    };
    await handler
      .handle({ protocol: 'http:', hostname: '127.0.0.1', port: 9, method: 'GET', path: '/', headers: {} })
      .catch(() => {});
    expect(handler.httpHandlerConfigs()).toMatchObject({
      connectionTimeout: 3000,
      requestTimeout: 10_000,
      throwOnRequestTimeout: true,
    });
  });

  it('lets the SDK try five times', async () => {
    const client = createConnect(configuration)(SSMClient, 'live');
    expect(await client.config.maxAttempts()).toBe(5);
  });

  it('gives one client per class and gate', () => {
    const connect = createConnect(configuration);
    expect(connect(SSMClient, 'live')).toBe(connect(SSMClient, 'live'));
    expect(connect(SSMClient, 'off')).toBe(connect(SSMClient, 'dry-run'));
    expect(connect(SSMClient, 'live')).not.toBe(connect(SSMClient, 'dry-run'));
  });
});

describe('createAutoScaling', () => {
  const autoScaling = createAutoScaling(new AutoScalingClient(configuration));

  it('asks for a hundred names a call', async () => {
    autoScalingMock.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [] });
    await autoScaling.describeAutoScalingGroups(Array.from({ length: 201 }, (_, index) => `g${index}`));
    const sizes = autoScalingMock
      .commandCalls(DescribeAutoScalingGroupsCommand)
      .map(({ args }) => args[0].input);
    expect(
      sizes.map(({ AutoScalingGroupNames, MaxRecords }) => [AutoScalingGroupNames?.length, MaxRecords]),
    ).toEqual([
      [100, 100],
      [100, 100],
      [1, 100],
    ]);
  });

  it('follows the pages of a search by tag and leaves out the deprecated process', async () => {
    autoScalingMock
      .on(DescribeAutoScalingGroupsCommand)
      .resolvesOnce({
        AutoScalingGroups: [
          {
            AutoScalingGroupName: 'a',
            MinSize: 1,
            MaxSize: 2,
            DesiredCapacity: 1,
            DefaultCooldown: 300,
            AvailabilityZones: [],
            HealthCheckType: 'ELB',
            CreatedTime: new Date(0),
            SuspendedProcesses: [
              { ProcessName: 'RemoveFromLoadBalancerLowPriority' },
              { ProcessName: 'Launch' },
            ],
          },
        ],
        NextToken: 'more',
      })
      .resolves({ AutoScalingGroups: [] });
    const groups = await autoScaling.describeAutoScalingGroupsByTags({ tier: 'web', holdfast: 'true' });
    expect(groups.map(({ suspendedProcesses }) => suspendedProcesses)).toEqual([['Launch']]);
    const [first, second] = autoScalingMock.commandCalls(DescribeAutoScalingGroupsCommand);
    expect(first?.args[0].input.Filters).toEqual([
      { Name: 'tag:tier', Values: ['web'] },
      { Name: 'tag:holdfast', Values: ['true'] },
    ]);
    expect(second?.args[0].input.NextToken).toBe('more');
  });

  it('makes each planned call', async () => {
    autoScalingMock.on(SuspendProcessesCommand).resolves({});
    autoScalingMock.on(ResumeProcessesCommand).resolves({});
    autoScalingMock.on(SetDesiredCapacityCommand).resolves({});
    const input = { AutoScalingGroupName: 'web', ScalingProcesses: ['Terminate'] };
    const base = { service: 'AutoScaling', reason: 'test' } as const;
    await autoScaling.make({ ...base, operation: 'SuspendProcesses', input });
    await autoScaling.make({ ...base, operation: 'ResumeProcesses', input });
    await autoScaling.make({
      ...base,
      operation: 'SetDesiredCapacity',
      input: { AutoScalingGroupName: 'web', DesiredCapacity: 4 },
    });
    expect(autoScalingMock.calls().map(({ args }) => args[0].input)).toEqual([
      input,
      input,
      { AutoScalingGroupName: 'web', DesiredCapacity: 4, HonorCooldown: false },
    ]);
  });

  it('makes the calls that protect and drain, and never continues a launch', async () => {
    autoScalingMock.on(SetInstanceProtectionCommand).resolves({});
    autoScalingMock.on(CompleteLifecycleActionCommand).resolves({});
    autoScalingMock.on(TerminateInstanceInAutoScalingGroupCommand).resolves({ Activity: undefined });
    const base = { service: 'AutoScaling', reason: 'test' } as const;
    const AutoScalingGroupName = 'web';
    const protection = { AutoScalingGroupName, InstanceIds: ['i-1'], ProtectedFromScaleIn: true };
    await autoScaling.make({ ...base, operation: 'SetInstanceProtection', input: protection });
    await autoScaling.make({
      ...base,
      operation: 'CompleteLifecycleAction',
      input: {
        AutoScalingGroupName,
        LifecycleHookName: 'hook',
        InstanceId: 'i-1',
        LifecycleActionResult: 'CONTINUE',
      },
    });
    await autoScaling.make({
      ...base,
      operation: 'TerminateInstanceInAutoScalingGroup',
      input: { InstanceId: 'i-1', ShouldDecrementDesiredCapacity: true },
    });
    expect(autoScalingMock.calls().map(({ args }) => args[0].input)).toEqual([
      protection,
      {
        AutoScalingGroupName,
        LifecycleHookName: 'hook',
        InstanceId: 'i-1',
        LifecycleActionResult: 'ABANDON',
      },
      { InstanceId: 'i-1', ShouldDecrementDesiredCapacity: false },
    ]);
  });

  it('reads launches from activities, with the instance from the description', async () => {
    const base = { AutoScalingGroupName: 'web', Cause: 'why', StartTime: new Date(0) };
    autoScalingMock.on(DescribeScalingActivitiesCommand).resolves({
      Activities: [
        {
          ...base,
          ActivityId: 'a',
          Description: 'Launching a new EC2 instance: i-0123abc',
          StatusCode: 'MidLifecycleAction',
        },
        {
          ...base,
          ActivityId: 'b',
          Description: 'Launching a new EC2 instance.  Status Reason: no capacity',
          StatusCode: 'Failed',
          StatusMessage: 'no capacity',
          EndTime: new Date(1000),
        },
        { ...base, ActivityId: 'c', Description: 'Terminating EC2 instance: i-9', StatusCode: 'Successful' },
      ],
    });
    expect(await autoScaling.describeLaunches('web')).toEqual([
      {
        activityId: 'a',
        instanceId: 'i-0123abc',
        cause: 'why',
        statusCode: 'MidLifecycleAction',
        statusMessage: '',
        startedAt: '1970-01-01T00:00:00.000Z',
      },
      {
        activityId: 'b',
        cause: 'why',
        statusCode: 'Failed',
        statusMessage: 'no capacity',
        startedAt: '1970-01-01T00:00:00.000Z',
        endedAt: '1970-01-01T00:00:01.000Z',
      },
    ]);
  });

  it('keeps launch hooks and leaves termination hooks out', async () => {
    autoScalingMock.on(DescribeLifecycleHooksCommand).resolves({
      LifecycleHooks: [
        {
          LifecycleHookName: 'in',
          LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
          HeartbeatTimeout: 60,
        },
        { LifecycleHookName: 'out', LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING' },
      ],
    });
    expect(await autoScaling.describeLaunchHooks('web')).toEqual([
      { lifecycleHookName: 'in', heartbeatTimeoutSeconds: 60, defaultResult: 'ABANDON' },
    ]);
  });

  it('knows an instance by its group and state, and that no group has it', async () => {
    autoScalingMock
      .on(DescribeAutoScalingInstancesCommand)
      .resolvesOnce({
        AutoScalingInstances: [
          {
            InstanceId: 'i-1',
            AutoScalingGroupName: 'web',
            AvailabilityZone: 'a',
            LifecycleState: 'Pending:Wait',
            HealthStatus: 'HEALTHY',
            ProtectedFromScaleIn: false,
          },
        ],
      })
      .resolves({ AutoScalingInstances: [] });
    expect(await autoScaling.describeAutoScalingInstance('i-1')).toEqual({
      autoScalingGroupName: 'web',
      lifecycleState: 'Pending:Wait',
    });
    expect(await autoScaling.describeAutoScalingInstance('i-1')).toBeUndefined();
  });

  it.each([[[]], [undefined]])('never sends the list %j, which AWS takes for all processes', async (list) => {
    autoScalingMock.on(ResumeProcessesCommand).resolves({});
    const input = { AutoScalingGroupName: 'web', ScalingProcesses: list };
    await expect(
      autoScaling.make({ service: 'AutoScaling', operation: 'ResumeProcesses', input, reason: 'test' }),
    ).rejects.toThrow('No process is named for web');
    expect(autoScalingMock.calls()).toHaveLength(0);
  });
});

describe('createCloudWatch', () => {
  const cloudWatch = createCloudWatch(new CloudWatchClient(configuration));
  const since = new Date('2026-03-02T03:00:00.000Z');

  it('asks for composite alarms too, and sees that their actions are suppressed', async () => {
    cloudWatchMock.on(DescribeAlarmsCommand).resolves({
      CompositeAlarms: [
        {
          AlarmName: 'c',
          AlarmArn: 'arn:c',
          StateValue: 'ALARM',
          StateTransitionedTimestamp: since,
          ActionsSuppressedBy: 'Alarm',
        },
      ],
    });
    expect(await cloudWatch.describeAlarm('c')).toEqual({
      alarmName: 'c',
      alarmArn: 'arn:c',
      value: 'ALARM',
      since: since.toISOString(),
      suppressedBecause: "the alarm's actions are suppressed by Alarm",
    });
    expect(cloudWatchMock.commandCalls(DescribeAlarmsCommand)[0]?.args[0].input.AlarmTypes).toEqual([
      'MetricAlarm',
      'CompositeAlarm',
      'LogAlarm',
    ]);
  });

  it('asks without log alarms where CloudWatch does not know them yet', async () => {
    const refusal = Object.assign(new Error('1 validation error detected'), { name: 'ValidationError' });
    const log = { AlarmName: 'l', AlarmArn: 'arn:l', StateTransitionedTimestamp: since } as const;
    cloudWatchMock
      .on(DescribeAlarmsCommand)
      .resolvesOnce({ LogAlarms: [{ ...log, StateValue: 'ALARM' }] })
      .rejectsOnce(refusal)
      .resolves({ MetricAlarms: [] });
    const young = createCloudWatch(new CloudWatchClient(configuration));
    expect(await young.describeAlarm('l')).toMatchObject({ alarmName: 'l', value: 'ALARM' });
    expect(await young.describeAlarm('l')).toBeUndefined();
    const types = cloudWatchMock
      .commandCalls(DescribeAlarmsCommand)
      .map(({ args }) => args[0].input.AlarmTypes?.length);
    expect(types).toEqual([3, 3, 2]);
  });

  it('sees that actions are disabled', async () => {
    cloudWatchMock.on(DescribeAlarmsCommand).resolves({
      MetricAlarms: [
        {
          AlarmName: 'a',
          AlarmArn: 'arn:a',
          StateValue: 'ALARM',
          StateTransitionedTimestamp: since,
          ActionsEnabled: false,
        },
      ],
    });
    expect((await cloudWatch.describeAlarm('a'))?.suppressedBecause).toBe("the alarm's actions are disabled");
  });

  describe('of an OK tells whether it is only for want of data', () => {
    const ok = (over: object) => ({
      AlarmName: 'a',
      AlarmArn: 'arn:a',
      StateValue: 'OK' as const,
      StateTransitionedTimestamp: since,
      ...over,
    });
    it('of a composite alarm by what its own data says of its children', async () => {
      const StateReasonData = JSON.stringify({
        triggeringAlarms: [
          { arn: 'arn:aws:cloudwatch:us-east-1:1:alarm:x', state: { value: 'INSUFFICIENT_DATA' } },
        ],
      });
      cloudWatchMock
        .on(DescribeAlarmsCommand)
        .resolves({ CompositeAlarms: [ok({ AlarmRule: 'ALARM(x)', StateReasonData })] });
      expect((await cloudWatch.describeAlarm('a'))?.lacksData).toBe(true);
    });

    it.each([
      ['an OK that lacks data', 'no datapoints were received for 3 periods', true],
      ['an OK that has it', '3 datapoints were not greater than the threshold', undefined],
    ])('of a composite alarm by a child in %s', async (_what, StateReason, lacksData) => {
      const StateReasonData = JSON.stringify({
        triggeringAlarms: [{ arn: 'arn:aws:cloudwatch:us-east-1:1:alarm:x', state: { value: 'OK' } }],
      });
      cloudWatchMock
        .on(DescribeAlarmsCommand, { AlarmNames: ['a'] })
        .resolves({ CompositeAlarms: [ok({ AlarmRule: 'ALARM(x)', StateReasonData })] })
        .on(DescribeAlarmsCommand, { AlarmNames: ['x'] })
        .resolves({ MetricAlarms: [ok({ AlarmName: 'x', StateReason })] });
      expect((await cloudWatch.describeAlarm('a'))?.lacksData).toBe(lacksData);
    });
  });

  it.each(['UnknownOperationException', 'InvalidAction'])(
    'takes %s for a Region without mute rules',
    async (name) => {
      cloudWatchMock.on(ListAlarmMuteRulesCommand).rejects(Object.assign(new Error('?'), { name }));
      expect(await cloudWatch.describeMute('a')).toBeUndefined();
    },
  );

  it('does not take any other failure to read mute rules for none', async () => {
    cloudWatchMock
      .on(ListAlarmMuteRulesCommand)
      .rejects(Object.assign(new Error('Rate exceeded'), { name: 'Throttling' }));
    await expect(cloudWatch.describeMute('a')).rejects.toThrow('Rate exceeded');
  });

  it('tells a deleted alarm from one that cannot be read', async () => {
    cloudWatchMock
      .on(DescribeAlarmsCommand)
      .resolvesOnce({ MetricAlarms: [] })
      .rejects(new Error('Throttling'));
    expect(await cloudWatch.describeAlarm('gone')).toBeUndefined();
    await expect(cloudWatch.describeAlarm('gone')).rejects.toThrow('Throttling');
  });

  it('tells since when by the change of state, not by the last evaluation', async () => {
    cloudWatchMock.on(DescribeAlarmsCommand).resolves({
      MetricAlarms: [
        {
          AlarmName: 'a',
          AlarmArn: 'arn:a',
          StateValue: 'OK',
          StateTransitionedTimestamp: since,
          StateUpdatedTimestamp: new Date(since.getTime() + 60_000),
        },
      ],
    });
    expect((await cloudWatch.describeAlarm('a'))?.since).toBe(since.toISOString());
  });

  it('finds the mute rule that is active', async () => {
    cloudWatchMock
      .on(ListAlarmMuteRulesCommand)
      .resolvesOnce({ AlarmMuteRuleSummaries: [{ AlarmMuteRuleArn: 'arn:mute' }] })
      .resolves({});
    expect(await cloudWatch.describeMute('a')).toBe('the alarm is muted by arn:mute');
    expect(await cloudWatch.describeMute('a')).toBeUndefined();
  });
});

describe('createStepFunctions', () => {
  const stepFunctions = createStepFunctions(new SFNClient(configuration));

  it('takes ExecutionAlreadyExists for success', async () => {
    sfnMock
      .on(StartExecutionCommand)
      .resolvesOnce({ executionArn: 'arn:e', startDate: new Date(0) })
      .rejects(new ExecutionAlreadyExists({ message: 'exists', $metadata: {} }));
    expect(await stepFunctions.startExecution('arn:m', 'name', { a: 1 })).toEqual({
      started: true,
    });
    expect(await stepFunctions.startExecution('arn:m', 'name', { a: 1 })).toEqual({ started: false });
  });

  it('throws everything else on', async () => {
    sfnMock.on(StartExecutionCommand).rejects(new Error('StateMachineDoesNotExist'));
    await expect(stepFunctions.startExecution('arn:m', 'name', {})).rejects.toThrow(
      'StateMachineDoesNotExist',
    );
  });
});

describe('isRunning', () => {
  const stepFunctions = createStepFunctions(new SFNClient(configuration));

  it.each([
    ['RUNNING', true],
    ['PENDING_REDRIVE', true],
    ['SUCCEEDED', false],
    ['FAILED', false],
    ['ABORTED', false],
    ['TIMED_OUT', false],
  ] as const)('takes %s for running: %s', async (status, expected) => {
    sfnMock.on(DescribeExecutionCommand).resolves({ status });
    expect(await stepFunctions.isRunning('arn:e')).toBe(expected);
  });

  it('takes an execution AWS has forgotten for ended, and an error for no answer', async () => {
    sfnMock
      .on(DescribeExecutionCommand)
      .rejectsOnce(new ExecutionDoesNotExist({ message: 'gone', $metadata: {} }))
      .rejects(new Error('Throttling'));
    expect(await stepFunctions.isRunning('arn:e')).toBe(false);
    await expect(stepFunctions.isRunning('arn:e')).rejects.toThrow('Throttling');
  });
});

describe('createKillSwitch', () => {
  const killSwitch = createKillSwitch(new SSMClient(configuration), '/holdfast/test/mode');

  it.each([
    ['live', 'live'],
    ['dry-run', 'dry-run'],
    ['off', 'off'],
    ['OFF', 'off'],
    [' Off\n', 'off'],
    ['"off"', 'off'],
    ["'Dry-Run'", 'dry-run'],
  ])('reads %j as %s', async (Value, mode) => {
    const LastModifiedDate = new Date('2026-03-02T03:00:00.000Z');
    ssmMock.on(GetParameterCommand).resolves({ Parameter: { Value, LastModifiedDate } });
    expect(await killSwitch.read()).toEqual({ mode, changedAt: '2026-03-02T03:00:00.000Z' });
  });

  it.each([['on'], [''], ['disabled'], ['constructor'], ['o ff'], [undefined]])(
    'takes %j for a word that means nothing',
    async (Value) => {
      ssmMock.on(GetParameterCommand).resolves({ Parameter: Value === undefined ? {} : { Value } });
      await expect(killSwitch.read()).rejects.toMatchObject({
        name: 'UnreadableFactError',
        word: Value ?? '',
        message: expect.stringContaining('none of live, dry-run and off'),
      });
    },
  );

  it('was never thrown where it is not there', async () => {
    ssmMock
      .on(GetParameterCommand)
      .rejects(new ParameterNotFound({ message: 'Parameter /holdfast/test/mode not found.', $metadata: {} }));
    expect(await killSwitch.read()).toEqual({ mode: 'live' });
  });

  it('takes any other error for unreadable', async () => {
    ssmMock.on(GetParameterCommand).rejects(new Error('AccessDenied'));
    await expect(killSwitch.read()).rejects.toMatchObject({ name: 'UnreadableFactError' });
  });
});

describe('createEc2', () => {
  const ec2 = createEc2(new EC2Client(configuration));
  const refusal = (name: string) =>
    new EC2ServiceException({ name, $fault: 'client', message: name, $metadata: { httpStatusCode: 400 } });

  it('reads an instance, and tells one EC2 does not know from an error', async () => {
    ec2Mock
      .on(DescribeInstancesCommand)
      .resolvesOnce({
        Reservations: [
          {
            Instances: [
              {
                InstanceId: 'i-1',
                InstanceType: 'm7i.large',
                ImageId: 'ami-1',
                Placement: { AvailabilityZone: 'us-east-1a' },
                SubnetId: 'subnet-1',
                LaunchTime: new Date(0),
                Tags: [{ Key: 'holdfast', Value: 'true' }],
              },
            ],
          },
        ],
      })
      .rejectsOnce(refusal('InvalidInstanceID.NotFound'))
      .rejects(refusal('UnauthorizedOperation'));
    expect(await ec2.describeInstance('i-1')).toEqual({
      instanceId: 'i-1',
      instanceType: 'm7i.large',
      imageId: 'ami-1',
      availabilityZone: 'us-east-1a',
      subnetId: 'subnet-1',
      launchTime: '1970-01-01T00:00:00.000Z',
      tags: { holdfast: 'true' },
    });
    expect(await ec2.describeInstance('i-1')).toBeUndefined();
    await expect(ec2.describeInstance('i-1')).rejects.toThrow('UnauthorizedOperation');
  });

  it('asks for the latest console output, and for what there is where that is not supported', async () => {
    ec2Mock
      .on(GetConsoleOutputCommand)
      .rejectsOnce(refusal('UnsupportedOperation'))
      .resolves({ Output: Buffer.from('E: failed é').toString('base64') });
    expect(await ec2.getConsoleOutput('i-1')).toBe('E: failed é');
    expect(ec2Mock.commandCalls(GetConsoleOutputCommand).map(({ args }) => args[0].input.Latest)).toEqual([
      true,
      false,
    ]);
  });

  it('snapshots every volume of an instance', async () => {
    ec2Mock
      .on(CreateSnapshotsCommand)
      .resolves({ Snapshots: [{ SnapshotId: 'snap-1' }, { SnapshotId: 'snap-2' }] });
    expect(await ec2.createSnapshots(drainSnapshotCall('web', 'i-1'))).toEqual(['snap-1', 'snap-2']);
    expect(ec2Mock.calls()[0]?.args[0].input).toMatchObject({ InstanceSpecification: { InstanceId: 'i-1' } });
  });
});
