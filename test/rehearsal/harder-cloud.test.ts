import { describe, expect, it } from 'vitest';
import { capacityInService } from '../../rehearsal/cloud/auto-scaling-group.ts';
import { afterCheck, registeredTarget } from '../../rehearsal/cloud/target-health.ts';
import { createThrottle } from '../../rehearsal/cloud/throttle.ts';
import { runInVirtualTime } from '../../rehearsal/virtual-time.ts';
import { startOf } from './launch-incident.ts';
import { calmWorld, withGroup } from './one-group.ts';
import { resizeIncident } from './resize-incident.ts';
import {
  accepted,
  lossBeginsAt,
  minutes,
  rehearseSmall,
  smallGroup,
  smallIncident,
} from './small-incident.ts';

const cpu = { type: 'TargetTrackingScaling', name: 'cpu-50', targetValue: 50 } as const;

describe('the simulated cloud, where AWS is not kind', () => {
  it('finds a target unhealthy that never passes a check', () => {
    const failing = [1, 2, 3].reduce((target) => afterCheck(target, false), registeredTarget());
    expect(failing.state).toBe('unhealthy');
    // One that fails now and then has its first verdict later.
    const wavering = [false, false, true, false, false].reduce(afterCheck, registeredTarget());
    expect(wavering.state).toBe('initial');
  });

  it('marks and replaces an instance whose target never passes a check', () =>
    withGroup(
      async ({ time, group, call }) => {
        call('SetDesiredCapacity', { DesiredCapacity: 5 });
        await time.runUntil(1200);
        expect(group.terminations.map(({ because }) => because)).toContain('unhealthy');
      },
      {
        spec: { healthCheckType: 'ELB' },
        world: {
          ...calmWorld,
          checkRound:
            () =>
            ({ launchActivity }) =>
              launchActivity === undefined,
        },
      },
    ));

  it('counts as capacity only what works', () =>
    withGroup(async ({ group }) => {
      const [first, second, third] = group.instances;
      expect(capacityInService(group)).toBe(4);
      if (first !== undefined) first.isDeaf = true;
      if (second !== undefined) second.ec2.state = 'stopped';
      if (third !== undefined) third.bootstrapFailure = { cause: 'hangs', consoleOutput: '' };
      expect(capacityInService(group)).toBe(1);
    }));

  it('lets no policy scale in before what was scaled out is there and warm', () =>
    withGroup(async ({ time, group, service, call }) => {
      call('SetDesiredCapacity', { DesiredCapacity: 6 });
      await time.runUntil(60);
      service.actOnPolicy(group, cpu, 'in', 5);
      expect(group.desiredCapacity).toBe(6);
      await time.runUntil(240);
      service.actOnPolicy(group, cpu, 'in', 5);
      expect(group.desiredCapacity).toBe(6);
      await time.runUntil(600);
      service.actOnPolicy(group, cpu, 'in', 5);
      expect(group.desiredCapacity).toBe(5);
    }));

  it.each([true, false])('lets a policy wait for replacements: %s, as the quirk says', (waits) =>
    withGroup(
      async ({ time, group, service }) => {
        const [instance] = group.instances;
        if (instance === undefined) throw new Error('no instance');
        service.loseInstance(group, instance);
        await time.runUntil(30);
        expect(group.instances.some(({ lifecycleState }) => lifecycleState.startsWith('Pending'))).toBe(true);
        service.actOnPolicy(group, cpu, 'in', 5);
        expect(group.desiredCapacity).toBe(waits ? 4 : 3);
      },
      { quirks: { scaleInWaitsForReplacements: waits } },
    ),
  );

  it('marks an instance whose status checks stay impaired, whatever the type of its health check', () =>
    withGroup(
      async ({ time, group }) => {
        const [instance] = group.instances;
        if (instance === undefined) throw new Error('no instance');
        instance.ec2.checksOkAt = Number.POSITIVE_INFINITY;
        await time.runUntil(60);
        expect(group.terminations).toMatchObject([{ instanceId: instance.instanceId, because: 'unhealthy' }]);
      },
      { spec: { healthCheckType: 'EC2' } },
    ));

  it('protects what it launches where the group says so, and a hold gives that back to nobody', async () => {
    const { result, cloud } = await rehearseSmall(
      resizeIncident(
        [
          startOf(
            'protect-instances',
            'by-hand',
            { autoScalingGroupName: 'web', reason: 'a test', expiresAfter: '20m' },
            60,
          ),
          {
            atSeconds: 300,
            text: 'somebody asks for one more',
            act: ({ autoScaling }) =>
              void autoScaling.handle('SetDesiredCapacity', {
                AutoScalingGroupName: 'web',
                DesiredCapacity: 5,
              }),
          },
        ],
        { groups: [smallGroup('web', { newInstancesProtected: true })], durationSeconds: minutes(60) },
      ),
    );
    const group = cloud.autoScaling.groups.get('web');
    expect(group?.instances.map(({ protectedFromScaleIn }) => protectedFromScaleIn)).toEqual(
      Array.from({ length: 5 }, () => true),
    );
    expect(accepted(result, 'SetInstanceProtection')).toEqual([]);
  });

  it('shares the bucket of Auto Scaling with other callers', async () => {
    const heldAt = async (othersShareOfCalls: number) => {
      const { result } = await rehearseSmall(
        smallIncident({
          groups: Array.from({ length: 60 }, (_, index) =>
            smallGroup(`web-${index}`, { desiredCapacity: 2 }),
          ),
          load: () => 80,
        }),
        {
          quirks: { duplicateRate: 0, suspensionDelaySeconds: 0, metricDelayMinutes: 0, othersShareOfCalls },
        },
      );
      expect(result.violations).toEqual([]);
      return accepted(result, 'SuspendProcesses').at(-1)?.seconds ?? 0;
    };
    expect(await heldAt(0.5)).toBeGreaterThan(await heldAt(0));
  });

  it('has a bucket for StartInstances, of five and two a second', () =>
    runInVirtualTime('2026-03-02T03:00:00.000Z', 1, async (time) => {
      const start = createThrottle(time, 2, 5, ['RequestLimitExceeded', 'Request limit exceeded.', 503]);
      for (let call = 0; call < 5; call += 1) start();
      expect(start).toThrow('Request limit exceeded.');
      await time.runUntil(1);
      start();
      start();
      expect(start).toThrow('Request limit exceeded.');
    }));

  it('lets metrics of the network arrive late, by as much as the quirk says', async () => {
    const alarmAt = async (metricDelayMinutes: number) => {
      const { result } = await rehearseSmall(smallIncident(), {
        quirks: { duplicateRate: 0, suspensionDelaySeconds: 0, othersShareOfCalls: 0, metricDelayMinutes },
      });
      expect(result.violations).toEqual([]);
      return result.timeline.find(({ text }) => text.includes('is ALARM'))?.seconds ?? 0;
    };
    const prompt = await alarmAt(0);
    expect(prompt).toBeGreaterThan(lossBeginsAt);
    expect((await alarmAt(3)) - prompt).toBe(minutes(3));
  });

  it('refuses an input above 256 KiB', async () => {
    const { cloud } = await rehearseSmall(smallIncident({ losses: [] }));
    expect(() =>
      startOf(
        'pause-scaling',
        'too-long',
        { autoScalingGroupName: 'web', reason: 'a test', note: 'x'.repeat(262_144) },
        0,
      ).act(cloud),
    ).toThrow('Input is too long');
  });
});
