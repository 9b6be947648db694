import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../functions/events/policy.ts';
import { manageTerminationProtection } from '../../rehearsal/cloud/ecs.ts';
import type { Deed } from '../../rehearsal/incident.ts';
import { calm, groupOf, startOf } from './launch-incident.ts';
import { calmWorld, withGroup } from './one-group.ts';
import {
  accepted,
  deed,
  journalOf,
  lossBeginsAt,
  lossEndsAt,
  minutes,
  rehearseSmall,
  smallGroup,
  smallIncident,
} from './small-incident.ts';

const cpu = { type: 'StepScaling', name: 'cpu', above: 90, add: 2, below: 40, remove: 2 } as const;

const protect = (expiresAfter: string, atSeconds = 60): Deed =>
  startOf(
    'protect-instances',
    'by-hand',
    { autoScalingGroupName: 'web', reason: 'a test', expiresAfter },
    atSeconds,
  );

describe('a group that counts weights', () => {
  const weighted = smallGroup('web', {
    weightedCapacity: '2',
    minSize: 4,
    maxSize: 40,
    desiredCapacity: 16,
    policies: [cpu],
  });

  it('launches until its desired capacity is reached, and ends none that would leave less', () =>
    withGroup(
      async ({ time, group, call, inService }) => {
        expect(inService()).toBe(8);
        call('SetDesiredCapacity', { DesiredCapacity: 19 });
        await time.runUntil(600);
        expect(inService()).toBe(10);
        call('SetDesiredCapacity', { DesiredCapacity: 17 });
        await time.runUntil(900);
        expect(inService()).toBe(9);
        expect(group.desiredCapacity).toBe(17);
      },
      { spec: weighted },
    ));

  it('is held in its own units: what policies took away is given back before scale-in may act on it', async () => {
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        groups: [weighted],
        load: () => 480,
      }),
      { quirks: { ...calm, desiredFallsWhileTerminateIsSuspended: true } },
    );
    expect(result.violations).toEqual([]);
    expect(accepted(result, 'SetDesiredCapacity').map(({ input }) => input.DesiredCapacity)).toEqual([16]);
    const lost = groupOf(cloud, 'web').terminations.filter(
      ({ at, because }) =>
        because === 'scale-in' && at < Date.parse('2021-01-04T14:00:00Z') + lossEndsAt * 1000,
    );
    expect(lost).toEqual([]);
  });
});

describe('an instance refresh', () => {
  it('replaces what was there, one instance after the other', () =>
    withGroup(async ({ time, service, group, inService }) => {
      const before = new Set(group.instances.map(({ instanceId }) => instanceId));
      service.startInstanceRefresh(group);
      await time.runUntil(1800);
      expect(group.refresh?.status).toBe('Successful');
      expect(group.instances.filter(({ instanceId }) => before.has(instanceId))).toEqual([]);
      expect(inService()).toBe(4);
    }));

  it('pauses while it is suspended, and fails when it has waited an hour for protected instances', () =>
    withGroup(async ({ time, service, group }) => {
      group.suspended.set('InstanceRefresh', 'User suspended');
      service.startInstanceRefresh(group);
      await time.runUntil(1800);
      expect(group.terminations).toEqual([]);
      for (const instance of group.instances) instance.protectedFromScaleIn = true;
      group.suspended.clear();
      await time.runUntil(1800 + 3590);
      expect(group.refresh?.status).toBe('InProgress');
      await time.runUntil(1800 + 3620);
      expect(group.refresh?.status).toBe('Failed');
    }));

  it('pauses during a protection, loses nothing meanwhile, and goes on when that is given back', async () => {
    const ended: number[] = [];
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        losses: [],
        groups: [smallGroup('web')],
        deeds: [
          deed(30, (running) => running.autoScaling.startInstanceRefresh(groupOf(running, 'web'))),
          protect('30m', 40),
          deed(minutes(2), (running) => ended.push(groupOf(running, 'web').terminations.length)),
          deed(minutes(29), (running) => ended.push(groupOf(running, 'web').terminations.length)),
        ],
        durationSeconds: minutes(90),
      }),
      { quirks: calm },
    );
    expect(ended[1]).toBe(ended[0]);
    expect(groupOf(cloud, 'web').refresh?.status).toBe('Successful');
    const told = journalOf(cloud).filter((line) => line.startsWith('in-progress: web: an instance refresh'));
    expect(told).toHaveLength(1);
    expect(result.messages.some(({ text }) => text.includes('an instance refresh is in progress'))).toBe(
      true,
    );
    expect(result.holdsLeft).toEqual([]);
  });
});

describe('an instance maintenance policy', () => {
  it('launches before it terminates, and takes away the unhealthy one', () =>
    withGroup(
      async ({ time, group, inService }) => {
        const [first] = group.instances;
        if (first === undefined) throw new Error('no instance');
        first.healthStatus = 'Unhealthy';
        const fewest: number[] = [];
        time.every(10, () => fewest.push(inService()));
        await time.runUntil(600);
        expect(Math.min(...fewest)).toBe(4);
        expect(group.terminations).toMatchObject([{ instanceId: first.instanceId, because: 'unhealthy' }]);
        expect(inService()).toBe(4);
      },
      { spec: { launchesBeforeTerminating: true } },
    ));

  it('launches one more, and no two, for a replacement that is gone', () =>
    withGroup(
      async ({ time, service, group }) => {
        const [first] = group.instances;
        if (first === undefined) throw new Error('no instance');
        first.healthStatus = 'Unhealthy';
        const pending = () => group.instances.filter(({ lifecycleState }) => lifecycleState === 'Pending');
        await time.runUntil(60);
        const [replacement] = pending();
        if (replacement === undefined) throw new Error('no replacement');
        service.loseInstance(group, replacement);
        await time.runUntil(300);
        expect(pending()).toHaveLength(1);
      },
      { spec: { launchesBeforeTerminating: true, bootSeconds: 600 } },
    ));

  it('replaces nothing of what is there beyond desired capacity', () =>
    withGroup(
      async ({ time, group, call, inService }) => {
        for (const instance of group.instances) instance.protectedFromScaleIn = true;
        call('SetDesiredCapacity', { DesiredCapacity: 1 });
        const [first] = group.instances;
        if (first === undefined) throw new Error('no instance');
        first.healthStatus = 'Unhealthy';
        await time.runUntil(3600);
        expect(group.terminations).toMatchObject([{ instanceId: first.instanceId, because: 'unhealthy' }]);
        expect(inService()).toBe(3);
      },
      { spec: { launchesBeforeTerminating: true } },
    ));

  it('leaves one too many for a while, which no hold takes for a fall of desired capacity', async () => {
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        losses: [],
        groups: [smallGroup('web', { launchesBeforeTerminating: true, policies: [cpu] })],
        deeds: [
          deed(30, (running) => {
            const [first] = groupOf(running, 'web').instances;
            if (first !== undefined) first.healthStatus = 'Unhealthy';
          }),
          protect('30m', minutes(2)),
        ],
      }),
      { quirks: calm },
    );
    expect(result.violations).toEqual([]);
    expect(accepted(result, 'SetDesiredCapacity')).toEqual([]);
    expect(groupOf(cloud, 'web').desiredCapacity).toBe(4);
  });
});

describe('a warm pool', () => {
  it('starts what waits in it, and is filled again', () =>
    withGroup(
      async ({ time, call, group, inService, events }) => {
        call('SetDesiredCapacity', { DesiredCapacity: 5 });
        await time.runUntil(60);
        expect(inService()).toBe(5);
        expect(group.warm).toBe(1);
        await time.runUntil(300);
        expect(group.warm).toBe(2);
        expect(events.map(({ detail }) => detail.Destination)).toContain('WarmPool');
      },
      { spec: { warmPoolSize: 2, bootSeconds: 120 } },
    ));

  it('whose launches fail is no launch of the group that fails: nothing is protected for it', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        losses: [],
        groups: [smallGroup('web', { tags: { tier: 'api', holdfast: 'true' }, warmPoolSize: 3 })],
        launchFaults: [
          {
            name: 'the pool cannot be filled',
            groups: ['web'],
            fromSeconds: 0,
            untilSeconds: minutes(110),
            outcome: { kind: 'refused', statusMessage: 'no capacity' },
          },
        ],
        deeds: [
          deed(
            60,
            ({ autoScaling }) =>
              void autoScaling.handle('SetDesiredCapacity', {
                AutoScalingGroupName: 'web',
                DesiredCapacity: 6,
              }),
          ),
        ],
      }),
      { quirks: calm },
    );
    expect(result.executions).toEqual([]);
    expect(result.violations).toEqual([]);
  });
});

describe('an instance that EC2 ends by itself', () => {
  it('is replaced; while health checks are suspended nobody marks it, and nothing else is ended for it', async () => {
    const states: string[] = [];
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        losses: [],
        groups: [smallGroup('web')],
        deeds: [
          protect('30m'),
          deed(minutes(5), (running) => {
            const web = groupOf(running, 'web');
            const [first] = web.instances;
            if (first !== undefined) running.autoScaling.endByEc2(web, first);
          }),
          deed(minutes(25), (running) => {
            const web = groupOf(running, 'web');
            states.push(...web.instances.map(({ healthStatus }) => healthStatus));
          }),
        ],
      }),
      { quirks: calm },
    );
    expect(result.violations).toEqual([]);
    expect(states).toEqual(['Healthy', 'Healthy', 'Healthy', 'Healthy']);
    const web = groupOf(cloud, 'web');
    expect(web.terminations.map(({ because, wasGood }) => [because, wasGood])).toEqual([
      ['unhealthy', false],
    ]);
    expect(web.instances.map(({ ec2 }) => ec2.state)).toEqual(['running', 'running', 'running', 'running']);
  });

  it('comes by chance where the quirk says so', () =>
    withGroup(
      async ({ time, group, inService }) => {
        await time.runUntil(6 * 3600);
        expect(group.terminations.length).toBeGreaterThan(0);
        expect(group.terminations.every(({ because, wasGood }) => because === 'unhealthy' && !wasGood)).toBe(
          true,
        );
        expect(inService()).toBeGreaterThanOrEqual(3);
      },
      { quirks: { ec2EndsPerHour: 0.2 } },
    ));
});

describe('launches that fail before their hook', () => {
  it('end their instance and tell of it with its id', () =>
    withGroup(
      async ({ time, call, events, group }) => {
        call('SetDesiredCapacity', { DesiredCapacity: 5 });
        await time.runUntil(30);
        const [failed] = events.filter(
          (event) => event['detail-type'] === 'EC2 Instance Launch Unsuccessful',
        );
        expect(failed?.detail).toMatchObject({
          StatusCode: 'Failed',
          EC2InstanceId: expect.stringMatching(/^i-/),
          StatusMessage: 'Client.InvalidKMSKey.InvalidState',
        });
        expect(events.some((event) => event['detail-type'].includes('Lifecycle'))).toBe(false);
        expect(group.instances.every(({ lifecycleState }) => lifecycleState !== 'Pending:Wait')).toBe(true);
      },
      {
        world: {
          ...calmWorld,
          launchOutcome: () => ({ kind: 'ended', statusMessage: 'Client.InvalidKMSKey.InvalidState' }),
        },
        spec: {
          lifecycleHooks: [
            {
              lifecycleHookName: 'ready',
              lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
              heartbeatTimeoutSeconds: 600,
              defaultResult: 'ABANDON',
            },
          ],
        },
      },
    ));

  it('of a day make AWS suspend Launch itself', () =>
    withGroup(
      async ({ time, call, group }) => {
        call('SetDesiredCapacity', { DesiredCapacity: 5 });
        await time.runUntil(86_000);
        expect(group.suspended.has('Launch')).toBe(false);
        await time.runUntil(88_000);
        expect(group.suspended.get('Launch')).toMatch(/^Administratively suspended/);
      },
      {
        quirks: { limitsFailingLaunches: true },
        world: { ...calmWorld, launchOutcome: () => ({ kind: 'refused', statusMessage: 'no such key' }) },
      },
    ));
});

describe('targets that all fail', () => {
  it.each([
    [false, 0],
    [true, 1],
  ])('are marked in part: %s, as the quirk says', (marksFewWhenAllFail, marked) =>
    withGroup(
      async ({ time, group }) => {
        group.suspended.set('ReplaceUnhealthy', 'User suspended');
        await time.runUntil(120);
        expect(group.instances.filter(({ healthStatus }) => healthStatus === 'Unhealthy')).toHaveLength(
          marked,
        );
      },
      {
        spec: { desiredCapacity: 12, maxSize: 20 },
        quirks: { marksFewWhenAllFail },
        world: { ...calmWorld, checkRound: () => () => false },
      },
    ),
  );
});

describe('alarms as real accounts have them', () => {
  const policy = parsePolicy(
    {
      rules: [
        {
          name: 'composite',
          when: { alarm: 'network-is-bad' },
          do: 'pause-scaling',
          targets: { tags: { tier: 'web' } },
        },
      ],
    },
    'test',
  );
  const composite = (suppressor?: string): Deed =>
    deed(2, ({ cloudWatch }) =>
      cloudWatch.putCompositeAlarm({
        alarmName: 'network-is-bad',
        anyOf: ['network-packet-loss-tgw'],
        ...(suppressor === undefined ? {} : { suppressor }),
      }),
    );

  it('hold over a composite alarm, from its ALARM to its OK', async () => {
    const { result, cloud } = await rehearseSmall(smallIncident({ deeds: [composite()] }), {
      policy,
      quirks: calm,
    });
    expect(result.violations).toEqual([]);
    expect(accepted(result, 'SuspendProcesses')).toHaveLength(2);
    expect(result.holdsLeft).toEqual([]);
    expect(journalOf(cloud).some((line) => /^releasing: the alarm has been OK/.test(line))).toBe(true);
  });

  it('start nothing while the composite alarm is suppressed', async () => {
    const { result } = await rehearseSmall(smallIncident({ deeds: [composite('network-packet-loss-tgw')] }), {
      policy,
      quirks: calm,
    });
    expect(accepted(result, 'SuspendProcesses')).toEqual([]);
    expect(result.executions).toEqual([]);
  });

  it('start nothing where the actions of the alarm are disabled', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        deeds: [deed(2, ({ cloudWatch }) => cloudWatch.disableActions('network-packet-loss-tgw'))],
      }),
      { quirks: calm },
    );
    expect(accepted(result, 'SuspendProcesses')).toEqual([]);
  });

  it.each(['missing', 'ignore', 'breaching', 'notBreaching'] as const)(
    'keep the hold while nothing arrives, with missing data treated as %s',
    async (treatMissingData) => {
      const held: boolean[] = [];
      const [alarm] = smallIncident().alarms;
      if (alarm === undefined) throw new Error('the story has no alarm');
      const { result } = await rehearseSmall(
        smallIncident({
          alarms: [{ ...alarm, treatMissingData }],
          durationSeconds: minutes(200),
          losses: [
            {
              name: 'packets are lost',
              fromSeconds: lossBeginsAt,
              untilSeconds: minutes(70),
              fraction: () => 0.2,
              probeIsSilent: (secondsIn) => secondsIn > minutes(8),
            },
          ],
          deeds: [
            deed(minutes(65), (running) => held.push(groupOf(running, 'web-a').suspended.has('Terminate'))),
          ],
        }),
        { quirks: calm },
      );
      expect(held).toEqual([true]);
      expect(result.violations).toEqual([]);
    },
  );
});

describe('Amazon ECS with managed termination protection', () => {
  it('sets and removes protection by itself: what it removes stays removed, what it set alone is left', async () => {
    const tasks = new Set<string>();
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        losses: [],
        groups: [smallGroup('web', { tags: { tier: 'web', holdfast: 'true', AmazonECSManaged: '' } })],
        deeds: [
          deed(2, (running) => {
            const web = groupOf(running, 'web');
            for (const { instanceId } of web.instances.slice(0, 2)) tasks.add(instanceId);
            manageTerminationProtection(running.time, web, (id) => tasks.has(id));
          }),
          protect('30m', minutes(5)),
        ],
        durationSeconds: minutes(90),
      }),
      { quirks: calm },
    );
    const web = groupOf(cloud, 'web');
    expect(
      web.instances.filter(({ protectedFromScaleIn }) => protectedFromScaleIn).map((i) => i.instanceId),
    ).toEqual([...tasks]);
    expect(
      journalOf(cloud).some((line) =>
        /^overridden: web: a person or a tool such as Terraform, or Amazon ECS removed the scale-in protection/.test(
          line,
        ),
      ),
    ).toBe(true);
    expect(result.holdsLeft).toEqual([]);
  });
});
