import { describe, expect, it } from 'vitest';
import { startOf } from './launch-incident.ts';
import { withGroup } from './one-group.ts';
import { accepted, minutes, rehearseSmall, smallGroup, smallIncident } from './small-incident.ts';

type Cloud = Parameters<Parameters<typeof withGroup>[0]>[0];
const first = ({ group }: Cloud): string => group.instances[0]?.instanceId ?? '';
const enter = (cloud: Cloud, InstanceIds: string[], ShouldDecrementDesiredCapacity = true) =>
  cloud.call('EnterStandby', { InstanceIds, ShouldDecrementDesiredCapacity });
const stateOf = ({ group }: Cloud, id: string) =>
  group.instances.find(({ instanceId }) => instanceId === id)?.lifecycleState;

describe('Standby', () => {
  it('is entered once drained, with desired capacity lowered, and left with it raised', () =>
    withGroup(async (cloud) => {
      const id = first(cloud);
      enter(cloud, [id]);
      expect([stateOf(cloud, id), cloud.group.desiredCapacity]).toEqual(['EnteringStandby', 3]);
      await cloud.time.runUntil(29);
      expect(stateOf(cloud, id)).toBe('EnteringStandby');
      await cloud.time.runUntil(31);
      expect(stateOf(cloud, id)).toBe('Standby');
      await cloud.time.runUntil(300);
      expect(cloud.group.instances).toHaveLength(4);
      cloud.call('ExitStandby', { InstanceIds: [id] });
      expect([stateOf(cloud, id), cloud.group.desiredCapacity]).toEqual(['Pending', 4]);
      await cloud.time.runUntil(320);
      expect(stateOf(cloud, id)).toBe('InService');
      expect(cloud.events).toEqual([]);
    }));

  it('without decrement is made good by a launch, and one is too many at the exit', () =>
    withGroup(async (cloud) => {
      const id = first(cloud);
      enter(cloud, [id], false);
      await cloud.time.runUntil(300);
      expect([cloud.inService(), cloud.group.desiredCapacity]).toEqual([4, 4]);
      cloud.call('ExitStandby', { InstanceIds: [id] });
      await cloud.time.runUntil(400);
      expect([cloud.inService(), cloud.group.desiredCapacity]).toEqual([5, 5]);
    }));

  it.each([
    [
      'below the minimum',
      { minSize: 4 },
      'has min-size=4, max-size=8, and desired-size=4. To place into standby 1',
    ],
  ])('is refused %s', (_what, spec, message) =>
    withGroup(
      async (cloud) => {
        expect(() => enter(cloud, [first(cloud)])).toThrow(message);
      },
      { spec },
    ),
  );

  it('is refused for more than twenty, and for one that is not in service', () =>
    withGroup(
      async (cloud) => {
        const ids = cloud.group.instances.map(({ instanceId }) => instanceId);
        expect(() => enter(cloud, ids)).toThrow('less than or equal to 20');
        enter(cloud, ids.slice(0, 1));
        expect(() => enter(cloud, ids.slice(0, 1))).toThrow(`The instance ${ids[0]} is not in InService.`);
        expect(() => cloud.call('ExitStandby', { InstanceIds: ids.slice(0, 1) })).toThrow(
          'is not in Standby',
        );
      },
      { spec: { desiredCapacity: 21, maxSize: 30 } },
    ));

  it('cannot be left while Launch is suspended', () =>
    withGroup(async (cloud) => {
      const id = first(cloud);
      enter(cloud, [id]);
      await cloud.time.runUntil(60);
      cloud.call('SuspendProcesses', { ScalingProcesses: ['Launch'] });
      await cloud.time.runUntil(61);
      expect(() => cloud.call('ExitStandby', { InstanceIds: [id] })).toThrow(
        'Launch process of web is suspended',
      );
    }));

  it.each([true, false])(
    'at the maximum is refused when the quirk says so: %s',
    (exitStandbyKeepsToMaximum) =>
      withGroup(
        async (cloud) => {
          const id = first(cloud);
          enter(cloud, [id]);
          await cloud.time.runUntil(60);
          cloud.call('SetDesiredCapacity', { DesiredCapacity: 4 });
          const exit = () => cloud.call('ExitStandby', { InstanceIds: [id] });
          if (exitStandbyKeepsToMaximum) expect(exit).toThrow('To exit standby 1 instance');
          else expect(exit).not.toThrow();
        },
        { spec: { maxSize: 4 }, quirks: { exitStandbyKeepsToMaximum } },
      ),
  );

  it('is not checked, not scaled in, and may be protected', () =>
    withGroup(async (cloud) => {
      const id = first(cloud);
      enter(cloud, [id]);
      await cloud.time.runUntil(60);
      cloud.call('SetInstanceProtection', { InstanceIds: [id], ProtectedFromScaleIn: true });
      cloud.call('SetDesiredCapacity', { DesiredCapacity: 1 });
      await cloud.time.runUntil(300);
      expect(stateOf(cloud, id)).toBe('Standby');
      expect(cloud.inService()).toBe(1);
    }));
});

describe('protect-instances over an instance in Standby', () => {
  it('removes at the end the protection of one that went into Standby meanwhile', async () => {
    const instanceOf = 'web-a';
    let moved = '';
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        groups: [smallGroup(instanceOf)],
        losses: [],
        deeds: [
          startOf(
            'protect-instances',
            'by-hand',
            { autoScalingGroupName: instanceOf, reason: 'nothing can be launched', expiresAfter: '20m' },
            minutes(5),
          ),
          {
            atSeconds: minutes(10),
            text: 'somebody takes an instance out',
            act: ({ autoScaling }) => {
              moved = autoScaling.groups.get(instanceOf)?.instances[0]?.instanceId ?? '';
              autoScaling.handle('EnterStandby', {
                AutoScalingGroupName: instanceOf,
                InstanceIds: [moved],
                ShouldDecrementDesiredCapacity: true,
              });
            },
          },
        ],
      }),
    );
    expect(result.violations).toEqual([]);
    const removed = accepted(result, 'SetInstanceProtection').find(
      ({ input }) => input.ProtectedFromScaleIn === false,
    );
    expect(removed?.input.InstanceIds).toContain(moved);
    expect(cloud.autoScaling.groups.get(instanceOf)?.instances.some((i) => i.protectedFromScaleIn)).toBe(
      false,
    );
  });
});
