import { describe, expect, it } from 'vitest';
import { type AlarmSpec, createCloudWatchService } from '../../rehearsal/cloud/cloudwatch.ts';
import { matchesEventPattern } from '../../rehearsal/cloud/eventbridge.ts';
import { afterCheck, registeredTarget } from '../../rehearsal/cloud/target-health.ts';
import { createThrottle } from '../../rehearsal/cloud/throttle.ts';
import { runInVirtualTime } from '../../rehearsal/virtual-time.ts';
import { calmWorld, withGroup } from './one-group.ts';
import { smallGroup } from './small-incident.ts';

describe('the simulated Auto Scaling', () => {
  it('launches what is missing, which takes its time to boot', () =>
    withGroup(async ({ time, call, inService }) => {
      call('SetDesiredCapacity', { DesiredCapacity: 6 });
      await time.runUntil(60);
      expect(inService()).toBe(4);
      await time.runUntil(200);
      expect(inService()).toBe(6);
    }));

  it('ends the oldest of the fullest zone at scale-in', () =>
    withGroup(async ({ time, group, call }) => {
      const oldest = [...group.instances].sort((a, b) => a.launchedAt - b.launchedAt)[0];
      call('SetDesiredCapacity', { DesiredCapacity: 3 });
      await time.runUntil(15);
      expect(group.terminations.map(({ instanceId, because }) => [instanceId, because])).toEqual([
        [oldest?.instanceId, 'scale-in'],
      ]);
    }));

  it('lowers desired although all are protected, ends none, and ends the surplus once protection goes', () =>
    withGroup(async ({ time, group, call, inService }) => {
      const InstanceIds = group.instances.map(({ instanceId }) => instanceId);
      call('SetInstanceProtection', { InstanceIds, ProtectedFromScaleIn: true });
      call('SetDesiredCapacity', { DesiredCapacity: 2 });
      await time.runUntil(120);
      expect([group.desiredCapacity, inService()]).toEqual([2, 4]);
      call('SetInstanceProtection', { InstanceIds, ProtectedFromScaleIn: false });
      await time.runUntil(180);
      expect(inService()).toBe(2);
    }));

  it.each([false, true])(
    'with Terminate suspended ends what is not in service yet: %s, as the quirk says',
    (ends) =>
      withGroup(
        async ({ time, group, call }) => {
          call('SuspendProcesses', { ScalingProcesses: ['Terminate'] });
          call('SetDesiredCapacity', { DesiredCapacity: group.desiredCapacity + 3 });
          await time.runUntil(20);
          const pending = group.instances.filter(({ lifecycleState }) =>
            lifecycleState.startsWith('Pending'),
          );
          expect(pending).toHaveLength(3);
          call('SetDesiredCapacity', { DesiredCapacity: group.desiredCapacity - 4 });
          await time.runUntil(120);
          expect(group.terminations).toHaveLength(ends ? 3 : 0);
          expect(group.terminations.some(({ wasGood }) => wasGood)).toBe(false);
        },
        { quirks: { endsPendingWhileTerminateIsSuspended: ends } },
      ),
  );

  it('with Terminate suspended ends nothing, replaces nothing, and does both at once when it is resumed', () =>
    withGroup(async ({ time, group, call, inService }) => {
      call('SuspendProcesses', { ScalingProcesses: ['Terminate'] });
      call('SetDesiredCapacity', { DesiredCapacity: 3 });
      call('SetInstanceHealth', { InstanceId: group.instances[1]?.instanceId, HealthStatus: 'Unhealthy' });
      await time.runUntil(600);
      expect(inService()).toBe(4);
      call('ResumeProcesses', { ScalingProcesses: ['Terminate'] });
      await time.runUntil(615);
      expect(group.terminations.length).toBeGreaterThan(0);
    }));

  it('with Launch suspended still ends unhealthy instances, and replaces them only when it is resumed', () =>
    withGroup(async ({ time, group, call, inService }) => {
      call('SuspendProcesses', { ScalingProcesses: ['Launch'] });
      call('SetInstanceHealth', { InstanceId: group.instances[0]?.instanceId, HealthStatus: 'Unhealthy' });
      await time.runUntil(600);
      expect(inService()).toBe(3);
      call('ResumeProcesses', { ScalingProcesses: ['Launch'] });
      await time.runUntil(800);
      expect(inService()).toBe(4);
    }));

  it.each([
    ['nothing', [], true],
    ['HealthCheck', ['HealthCheck'], false],
    ['ReplaceUnhealthy', ['ReplaceUnhealthy'], false],
  ])('with %s suspended and half the targets failing replaces: %s', (_what, ScalingProcesses, replaces) =>
    withGroup(
      async ({ time, group, call }) => {
        if (ScalingProcesses.length > 0) call('SuspendProcesses', { ScalingProcesses });
        await time.runUntil(120);
        expect(group.terminations.length > 0).toBe(replaces);
      },
      {
        world: {
          ...calmWorld,
          checkRound:
            () =>
            ({ availabilityZone }) =>
              availabilityZone === 'us-east-1a',
        },
      },
    ),
  );

  it('marks none when every target fails', () =>
    withGroup(
      async ({ time, group }) => {
        await time.runUntil(120);
        expect(group.instances.every(({ healthStatus }) => healthStatus === 'Healthy')).toBe(true);
      },
      { world: { ...calmWorld, checkRound: () => () => false } },
    ));

  it.each([
    ['only ten percent at a time', [], 2],
    ['without end while Launch is suspended, for it replaces nothing', ['Launch'], 8],
  ])('ends the unhealthy %s', (_what, ScalingProcesses, ended) =>
    withGroup(
      async ({ time, group, call }) => {
        if (ScalingProcesses.length > 0) call('SuspendProcesses', { ScalingProcesses });
        await time.runUntil(100);
        expect(group.terminations.length).toBeGreaterThanOrEqual(ended);
        expect(group.terminations.length).toBeLessThanOrEqual(ended + 2);
      },
      {
        // Boots take longer than the test, and leaving does not: what is missing stays missing.
        spec: { desiredCapacity: 20, maxSize: 30, bootSeconds: 1000, deregistrationDelaySeconds: 10 },
        world: {
          ...calmWorld,
          checkRound:
            () =>
            ({ availabilityZone }) =>
              availabilityZone === 'us-east-1a',
        },
      },
    ),
  );

  it('replaces ten percent at a time, and at once what a caller marked', () =>
    withGroup(
      async ({ time, group, call }) => {
        for (const { instanceId } of group.instances.slice(0, 3)) {
          call('SetInstanceHealth', { InstanceId: instanceId, HealthStatus: 'Unhealthy' });
        }
        await time.runUntil(10);
        expect(group.terminations).toHaveLength(3);
      },
      { spec: { desiredCapacity: 20, maxSize: 30 } },
    ));

  it.each([true, false])(
    'lowers desired by policy while Terminate is suspended: %s, as the quirk says',
    (falls) =>
      withGroup(
        async ({ time, service, group, call }) => {
          call('SuspendProcesses', { ScalingProcesses: ['Terminate'] });
          await time.runUntil(1);
          service.actOnPolicy(
            group,
            { type: 'StepScaling', name: 's', above: 90, add: 1, below: 40, remove: 1 },
            'in',
            20,
          );
          expect(group.desiredCapacity).toBe(falls ? 3 : 4);
        },
        { quirks: { desiredFallsWhileTerminateIsSuspended: falls } },
      ),
  );

  it('with AlarmNotification suspended ignores its policies, in both directions', () =>
    withGroup(async ({ time, service, group, call }) => {
      call('SuspendProcesses', { ScalingProcesses: ['AlarmNotification'] });
      await time.runUntil(1);
      const policy = { type: 'TargetTrackingScaling' as const, name: 't', targetValue: 50 };
      service.actOnPolicy(group, policy, 'out', 90);
      service.actOnPolicy(group, policy, 'in', 10);
      expect(group.desiredCapacity).toBe(4);
    }));

  it('takes an empty list of processes for all of them', () =>
    withGroup(async ({ time, group, call }) => {
      call('SuspendProcesses', { ScalingProcesses: [] });
      await time.runUntil(1);
      expect(group.suspended.size).toBe(9);
      call('ResumeProcesses');
      await time.runUntil(2);
      expect(group.suspended.size).toBe(0);
    }));

  it('lets a suspension show late when the quirk says so', () =>
    withGroup(
      async ({ time, group, call }) => {
        call('SuspendProcesses', { ScalingProcesses: ['Terminate'] });
        await time.runUntil(19);
        expect(group.suspended.size).toBe(0);
        await time.runUntil(21);
        expect(group.suspended.size).toBe(1);
      },
      { quirks: { suspensionDelaySeconds: 20 } },
    ));

  it.each([
    [
      'an unknown group',
      'SuspendProcesses',
      { AutoScalingGroupName: 'nope' },
      'AutoScalingGroup name not found',
    ],
    [
      'an unknown process',
      'SuspendProcesses',
      { ScalingProcesses: ['Everything'] },
      'Invalid process type: Everything',
    ],
    ['more than the maximum', 'SetDesiredCapacity', { DesiredCapacity: 9 }, 'is above max value 8'],
    ['less than the minimum', 'SetDesiredCapacity', { DesiredCapacity: 0 }, 'is below min value 1'],
    ['too many records', 'DescribeAutoScalingGroups', { MaxRecords: 101 }, 'less than or equal to 100'],
    [
      'too many ids',
      'SetInstanceProtection',
      { InstanceIds: Array.from({ length: 51 }, () => 'i') },
      'less than or equal to 50',
    ],
    [
      'an instance that is not in service',
      'SetInstanceProtection',
      { InstanceIds: ['i-none'] },
      'The instance i-none is not in InService or EnteringStandby or Standby.',
    ],
  ])('refuses %s with AWS’s code and text', (_what, operation, input, text) =>
    withGroup(async ({ call }) => {
      expect(() => call(operation, input)).toThrow(
        expect.objectContaining({ code: 'ValidationError', message: expect.stringContaining(text) }),
      );
    }),
  );

  it('refuses to suspend in a group that is being deleted', () =>
    withGroup(async ({ group, call }) => {
      group.status = 'Delete in progress';
      expect(() => call('SuspendProcesses', { ScalingProcesses: ['Launch'] })).toThrow(
        'while the AutoScaling group is pending delete',
      );
    }));

  it('pages descriptions', () =>
    withGroup(async ({ service }) => {
      for (let n = 0; n < 120; n += 1) service.createGroup(smallGroup(`g${n}`));
      const first = service.handle('DescribeAutoScalingGroups', { MaxRecords: 100 }) as {
        AutoScalingGroups: object[];
        NextToken: string;
      };
      const second = service.handle('DescribeAutoScalingGroups', {
        MaxRecords: 100,
        NextToken: first.NextToken,
      }) as typeof first;
      expect([first.AutoScalingGroups.length, second.AutoScalingGroups.length, second.NextToken]).toEqual([
        100,
        21,
        undefined,
      ]);
    }));
});

describe('the simulated bucket', () => {
  it('grants its burst, then its rate', () =>
    runInVirtualTime('2026-03-02T03:00:00.000Z', 1, async (time) => {
      const throttle = createThrottle(time, 10, 5);
      const granted = () => {
        let count = 0;
        for (let n = 0; n < 20; n += 1) {
          try {
            throttle();
            count += 1;
          } catch (error) {
            expect(error).toMatchObject({ code: 'Throttling', message: 'Rate exceeded' });
          }
        }
        return count;
      };
      expect(granted()).toBe(5);
      await time.runUntil(0.3);
      expect(granted()).toBe(3);
      await time.runUntil(10);
      expect(granted()).toBe(5);
    }));
});

describe('the simulated CloudWatch', () => {
  const alarm: AlarmSpec = {
    alarmName: 'loss',
    metric: { namespace: 'AWS/NetworkMonitor', name: 'PacketLoss', dimensions: {} },
    comparison: 'GreaterThanThreshold',
    threshold: 2,
    datapointsToAlarm: 2,
    evaluationPeriods: 3,
  };
  const states = (values: (number | undefined)[]) =>
    runInVirtualTime('2026-03-02T03:00:00.000Z', 1, async (time) => {
      const events: { detail: { state: { value: string; timestamp: string } } }[] = [];
      const cloudWatch = createCloudWatchService(
        time,
        (event) => events.push(event as never),
        () => {},
      );
      cloudWatch.putMetricAlarm(alarm);
      for (const value of values) cloudWatch.evaluateMinute(() => value);
      return events.map(({ detail }) => detail.state.value);
    });

  it.each([
    ['needs two of three datapoints', [0, 5, 0, 0, 5, 5], ['ALARM']],
    ['sends an event only on a change', [5, 5, 5, 5], ['ALARM']],
    ['is OK again when too few breach', [5, 5, 0, 0], ['ALARM', 'OK']],
    [
      'has too little data when all are missing',
      [5, 5, undefined, undefined, undefined],
      ['ALARM', 'INSUFFICIENT_DATA'],
    ],
    ['stays as it is while it cannot be decided', [5, 5, undefined, undefined], ['ALARM']],
  ])('%s', async (_what, values, expected) => {
    expect(await states(values)).toEqual(expected);
  });

  it('leaves composite alarms and other types to who asks for them, as AWS does', () =>
    runInVirtualTime('2026-03-02T03:00:00.000Z', 1, async (time) => {
      const cloudWatch = createCloudWatchService(
        time,
        () => {},
        () => {},
      );
      cloudWatch.putMetricAlarm(alarm);
      expect(cloudWatch.handle('DescribeAlarms', { AlarmTypes: ['CompositeAlarm'] })).toMatchObject({
        MetricAlarms: [],
      });
      expect(cloudWatch.handle('DescribeAlarms', {})).toMatchObject({
        MetricAlarms: [{ AlarmName: 'loss' }],
      });
    }));
});

describe('afterCheck', () => {
  it('turns a healthy target only after three failures in a row', () => {
    let target = registeredTarget();
    const check = (...passed: boolean[]) => {
      for (const one of passed) target = afterCheck(target, one);
      return target.state;
    };
    expect(check(true, true, true)).toBe('healthy');
    expect(check(false, false, true, false, false)).toBe('healthy');
    expect(check(false)).toBe('unhealthy');
    expect(check(true, true)).toBe('unhealthy');
    expect(check(true)).toBe('healthy');
  });
});

describe('matchesEventPattern', () => {
  const event = { source: 'aws.cloudwatch', detail: { state: { value: 'ALARM' } }, resources: ['a', 'b'] };

  it.each([
    [{ source: ['aws.cloudwatch'], detail: { state: { value: ['ALARM'] } } }, true],
    [{ source: ['aws.cloudwatch', 'other'] }, true],
    [{ resources: ['b'] }, true],
    [{ detail: { state: { value: ['OK'] } } }, false],
    [{ detail: { missing: ['x'] } }, false],
  ])('%j is %s', (pattern, expected) => {
    expect(matchesEventPattern(pattern, event)).toBe(expected);
  });

  it('refuses an operator it does not know', () => {
    expect(() => matchesEventPattern({ source: [{ prefix: 'aws' }] as never }, event)).toThrow(
      'exact values only',
    );
  });
});
