import { describe, expect, it } from 'vitest';
import type { AutoScalingQuirks, World } from '../../rehearsal/cloud/auto-scaling-group.ts';
import { createEc2Service } from '../../rehearsal/cloud/ec2.ts';
import { calmWorld, withGroup } from './one-group.ts';

type Cloud = Parameters<Parameters<typeof withGroup>[0]>[0];

/** One instance of the group in Standby, and EC2 over it. */
const withInstance = (
  body: (
    cloud: Cloud & {
      id: string;
      ec2: (operation: string, input?: object) => object;
      state: () => string | undefined;
      seen: () => Cloud['group']['instances'][number];
    },
  ) => Promise<void>,
  quirks: Partial<AutoScalingQuirks> = {},
  world: Partial<World> = {},
) =>
  withGroup(async (cloud) => {
    const id = cloud.group.instances[0]?.instanceId ?? '';
    cloud.call('EnterStandby', { InstanceIds: [id], ShouldDecrementDesiredCapacity: true });
    await cloud.time.runUntil(40);
    const service = createEc2Service(
      cloud.time,
      { ...calmWorld, ...world },
      {
        startFailsLater: false,
        ec2TimeFactor: 1,
        ec2StaleSeconds: 0,
        stuckStopRate: 0,
        impairedStartRate: 0,
        deafStartRate: 0,
        reservationsTakeRunning: false,
        reservationDelaySeconds: 0,
        ...quirks,
      },
      new Map([['web', cloud.group]]),
      cloud.time.random,
    );
    const seen = () => {
      const instance = cloud.group.instances.find(({ instanceId }) => instanceId === id);
      if (instance === undefined) throw new Error('the instance is gone');
      return instance;
    };
    await body({
      ...cloud,
      id,
      ec2: (operation, input = {}) =>
        service.handle(operation, { InstanceIds: [id], InstanceId: id, ...input }),
      state: () => cloud.group.instances.find(({ instanceId }) => instanceId === id)?.ec2.state,
      seen,
    });
  });

/** Somebody takes the last capacity of these types while the instance is stopped. */
const without = (...types: string[]): Partial<World> => ({
  hasCapacity: (instanceType) => !types.includes(instanceType),
});

describe('stop, change of type and start', () => {
  it('may be described as it was a moment ago, and a moment later as it was before that', () =>
    withInstance(
      async ({ time, ec2 }) => {
        ec2('StopInstances');
        await time.runUntil(200);
        ec2('StartInstances');
        const seen: string[] = [];
        for (let seconds = 202; seconds <= 300; seconds += 2) {
          await time.runUntil(seconds);
          const { Reservations } = ec2('DescribeInstances') as {
            Reservations: { Instances: { State: { Name: string } }[] }[];
          };
          seen.push(Reservations[0]?.Instances[0]?.State.Name ?? '');
        }
        const changes = seen.filter((state, index) => state !== seen[index - 1]);
        expect(changes.length).toBeGreaterThan(4);
        expect(new Set(changes)).toEqual(new Set(['stopped', 'pending', 'running']));
        expect(seen.slice(-5)).toEqual(Array(5).fill('running'));
      },
      { ec2StaleSeconds: 30 },
    ));

  it('says why it was stopped on request, and nothing once it is started', () =>
    withInstance(async ({ time, ec2, seen }) => {
      ec2('StopInstances');
      await time.runUntil(200);
      expect(seen().ec2.stateReason?.code).toBe('Client.UserInitiatedShutdown');
      ec2('StartInstances');
      expect(seen().ec2.stateReason).toBeUndefined();
    }));

  it('take their time, each in its own state, and the instance keeps its place in Standby', () =>
    withInstance(async ({ ec2, state, seen, time }) => {
      ec2('StopInstances');
      expect(state()).toBe('stopping');
      await time.runUntil(40 + 91);
      expect(state()).toBe('stopped');
      ec2('ModifyInstanceAttribute', { InstanceType: { Value: 'm7i.xlarge' } });
      ec2('StartInstances');
      expect(state()).toBe('pending');
      await time.runUntil(40 + 91 + 61);
      expect([state(), seen().ec2.instanceType, seen().lifecycleState]).toEqual([
        'running',
        'm7i.xlarge',
        'Standby',
      ]);
      const status = () =>
        (ec2('DescribeInstanceStatus') as { InstanceStatuses: { InstanceStatus: { Status: string } }[] })
          .InstanceStatuses[0]?.InstanceStatus.Status;
      expect(status()).toBe('initializing');
      await time.runUntil(40 + 91 + 61 + 301);
      expect(status()).toBe('ok');
    }));

  it.each([['changed while it runs', 'ModifyInstanceAttribute', { InstanceType: { Value: 'm7i.xlarge' } }]])(
    'cannot be %s',
    (_what, operation, input) =>
      withInstance(async ({ ec2 }) => {
        expect(() => ec2(operation, input)).toThrow('is not in a state from which it can be');
      }),
  );

  it('tell nothing of the status of an instance that does not run, unless all are asked for', () =>
    withInstance(async ({ ec2, time }) => {
      ec2('StopInstances');
      await time.runUntil(140);
      expect(ec2('DescribeInstanceStatus')).toEqual({ InstanceStatuses: [] });
      expect(ec2('DescribeInstanceStatus', { IncludeAllInstances: true })).toMatchObject({
        InstanceStatuses: [
          { InstanceState: { Name: 'stopped' }, InstanceStatus: { Status: 'not-applicable' } },
        ],
      });
    }));

  it('hang in stopping when the quirk says so, until it is forced', () =>
    withInstance(
      async ({ ec2, state, time }) => {
        ec2('StopInstances');
        await time.runUntil(1000);
        expect(state()).toBe('stopping');
        ec2('StopInstances', { Force: true });
        await time.runUntil(1061);
        expect(state()).toBe('stopped');
      },
      { stuckStopRate: 1 },
    ));

  it('end with checks that never pass when the quirk says so', () =>
    withInstance(
      async ({ ec2, time }) => {
        ec2('StopInstances');
        await time.runUntil(140);
        ec2('StartInstances');
        await time.runUntil(1000);
        expect(ec2('DescribeInstanceStatus')).toMatchObject({
          InstanceStatuses: [{ InstanceStatus: { Status: 'impaired' } }],
        });
      },
      { impairedStartRate: 1 },
    ));
});

describe('capacity', () => {
  it('may be gone for the old type too while an instance is stopped', () =>
    withInstance(
      async ({ ec2, state, time }) => {
        ec2('StopInstances');
        await time.runUntil(140);
        expect(() => ec2('StartInstances')).toThrow('sufficient m7i.large capacity');
        expect(state()).toBe('stopped');
      },
      {},
      without('m7i.large'),
    ));

  it('lacking, may also show only after the start was accepted', () =>
    withInstance(
      async ({ ec2, state, time }) => {
        ec2('StopInstances');
        await time.runUntil(140);
        ec2('StartInstances');
        await time.runUntil(210);
        expect(state()).toBe('stopped');
        expect(ec2('DescribeInstances')).toMatchObject({
          Reservations: [{ Instances: [{ StateReason: { Code: 'Server.InsufficientInstanceCapacity' } }] }],
        });
      },
      { startFailsLater: true },
      without('m7i.large'),
    ));

  it('is held by a reservation of type and zone, until it is used or cancelled', () => {
    let isGone = false;
    return withInstance(
      async ({ ec2, state, seen, time }) => {
        const zone = seen().availabilityZone;
        const reserve = (InstanceType: string, AvailabilityZone: string) =>
          ec2('CreateCapacityReservation', {
            InstanceType,
            AvailabilityZone,
            InstancePlatform: 'Linux/UNIX',
            InstanceCount: 1,
          }) as {
            CapacityReservation: { CapacityReservationId: string };
          };
        reserve('m7i.large', 'another-zone');
        const { CapacityReservation } = reserve('m7i.large', zone);
        isGone = true;
        expect(() => reserve('m7i.large', zone)).toThrow('sufficient m7i.large capacity');
        ec2('StopInstances');
        await time.runUntil(140);
        ec2('StartInstances');
        await time.runUntil(210);
        expect(state()).toBe('running');
        const { CapacityReservationId } = CapacityReservation;
        const describe = () =>
          ec2('DescribeCapacityReservations', { CapacityReservationIds: [CapacityReservationId] });
        expect(describe()).toMatchObject({
          CapacityReservations: [{ AvailableInstanceCount: 0, State: 'active' }],
        });
        ec2('CancelCapacityReservation', { CapacityReservationId });
        expect(describe()).toMatchObject({ CapacityReservations: [{ State: 'cancelled' }] });
      },
      {},
      { hasCapacity: () => !isGone },
    );
  });
});

describe('an instance that is stopped in service', () => {
  it('is unhealthy at once and replaced', () =>
    withInstance(async ({ ec2, group, time, inService }) => {
      const serving = group.instances.find(({ lifecycleState }) => lifecycleState === 'InService');
      ec2('StopInstances', { InstanceIds: [serving?.instanceId] });
      await time.runUntil(60);
      expect(group.terminations.map(({ because }) => because)).toEqual(['unhealthy']);
      await time.runUntil(400);
      expect(inService()).toBe(3);
    }));

  it('stays while HealthCheck is suspended, and in Standby', () =>
    withInstance(async ({ ec2, group, time, call, id }) => {
      call('SuspendProcesses', { ScalingProcesses: ['HealthCheck'] });
      await time.runUntil(41);
      const serving = group.instances.find(({ lifecycleState }) => lifecycleState === 'InService');
      ec2('StopInstances', { InstanceIds: [serving?.instanceId, id] });
      await time.runUntil(400);
      expect(group.terminations).toEqual([]);
    }));

  it('is found and replaced when it leaves Standby stopped', () =>
    withInstance(async ({ ec2, group, time, call, id }) => {
      ec2('StopInstances');
      await time.runUntil(200);
      call('ExitStandby', { InstanceIds: [id] });
      await time.runUntil(260);
      expect(group.terminations.map(({ instanceId }) => instanceId)).toEqual([id]);
    }));
});

describe('evidence', () => {
  it('is there of an instance that runs, and an unknown one is refused', () =>
    withInstance(async ({ ec2, id }) => {
      const { Output } = ec2('GetConsoleOutput') as { Output: string };
      expect(Buffer.from(Output, 'base64').toString()).toContain('listening on port 8080');
      expect(ec2('DescribeInstances')).toMatchObject({
        Reservations: [
          { Instances: [{ InstanceId: id, InstanceType: 'm7i.large', State: { Name: 'running' } }] },
        ],
      });
      expect(ec2('CreateSnapshots', { InstanceSpecification: { InstanceId: id } })).toMatchObject({
        Snapshots: [{ SnapshotId: expect.stringMatching(/^snap-/) }],
      });
      expect(() => ec2('DescribeInstances', { InstanceIds: ['i-none'] })).toThrow(
        "The instance ID 'i-none' does not exist",
      );
    }));
});
