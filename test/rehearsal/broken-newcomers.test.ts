import { describe, expect, it } from 'vitest';
import type { SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import type { Story } from '../../rehearsal/incident.ts';
import { calm, groupOf, startOf, stuck } from './launch-incident.ts';
import {
  journalOf,
  lossBeginsAt,
  minutes,
  rehearseSmall,
  smallGroup,
  smallIncident,
} from './small-incident.ts';

/** While packets are lost somebody asks for four more, which come into service and never work; then the load falls. */
const newcomersBreak = (over: Partial<Story> = {}): Story =>
  smallIncident({
    groups: [
      smallGroup('web', {
        minSize: 2,
        policies: [{ type: 'StepScaling', name: 'cpu-steps', above: 90, add: 1, below: 40, remove: 2 }],
      }),
    ],
    load: (_group, seconds) => (seconds < minutes(50) ? 200 : 100),
    launchFaults: [
      {
        name: 'provisioning breaks',
        groups: ['web'],
        fromSeconds: minutes(14),
        untilSeconds: minutes(45),
        outcome: stuck,
      },
    ],
    deeds: [
      {
        atSeconds: minutes(15),
        text: 'somebody asks for more',
        act: ({ autoScaling }) =>
          void autoScaling.handle('SetDesiredCapacity', { AutoScalingGroupName: 'web', DesiredCapacity: 8 }),
      },
    ],
    durationSeconds: minutes(180),
    ...over,
  });

/** Why good instances ended since the hold began. */
const lostGood = (cloud: SimulatedCloud, sinceSeconds: number): string[] =>
  groupOf(cloud, 'web').terminations.flatMap(({ at, because, wasGood }) =>
    wasGood && at >= Date.parse(smallIncident().startsAt) + sinceSeconds * 1000 ? [because] : [],
  );

describe('broken newcomers', () => {
  it('are told once, by name and with the command, while nothing else can mark them', async () => {
    const { result, cloud } = await rehearseSmall(newcomersBreak(), { quirks: calm });
    expect(result.violations).toEqual([]);
    const told = journalOf(cloud).filter((line) => line.startsWith('broken-newcomers'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /^broken-newcomers: web: 4 instances that came into service lately do not work \(unhealthy in a target group: i-\w+, .* replace i-\w+, and then each of the others \(this terminates the instance and cannot be undone\): aws autoscaling terminate-instance-in-auto-scaling-group --region us-east-1 --instance-id i-\w+ --no-should-decrement-desired-capacity$/,
    );
    const bodies = result.messages.filter(({ text }) => text.includes('do not work'));
    expect(bodies.filter(({ subject }) => subject.includes('ACTION NEEDED'))).toHaveLength(1);
  });

  it('are replaced after the hold before scale-in may take a good instance', async () => {
    const { result, cloud } = await rehearseSmall(newcomersBreak(), { quirks: calm });
    expect(result.violations).toEqual([]);
    const web = groupOf(cloud, 'web');
    const firstScaleIn = web.terminations.find(({ because, wasGood }) => because === 'scale-in' && wasGood);
    const lastBroken = web.terminations.filter(({ wasGood }) => !wasGood).at(-1);
    expect(lastBroken).toBeDefined();
    expect(firstScaleIn?.at ?? Number.POSITIVE_INFINITY).toBeGreaterThan(lastBroken?.at ?? 0);
    expect(web.instances.filter(({ bootstrapFailure }) => bootstrapFailure !== undefined)).toEqual([]);
    expect(web.instances.filter(({ protectedFromScaleIn }) => protectedFromScaleIn)).toEqual([]);
    expect(result.holdsLeft).toEqual([]);
  });

  it('that are not replaced in time are left to a person, and nobody stays protected', async () => {
    const { result, cloud } = await rehearseSmall(
      newcomersBreak({
        groups: [smallGroup('web')],
        deeds: [
          ...(newcomersBreak().deeds ?? []),
          {
            atSeconds: minutes(5),
            text: 'somebody keeps the group from replacing anything',
            act: (running) =>
              void groupOf(running, 'web').suspended.set('ReplaceUnhealthy', 'User suspended'),
          },
        ],
        suspendedAtEnd: { web: ['ReplaceUnhealthy'] },
      }),
      { quirks: calm },
    );
    const told = journalOf(cloud).filter((line) => line.startsWith('left: web: after 30 min'));
    expect(told).toHaveLength(1);
    expect(groupOf(cloud, 'web').instances.some(({ protectedFromScaleIn }) => protectedFromScaleIn)).toBe(
      false,
    );
    expect(result.holdsLeft).toEqual([]);
  });

  it('of a group in which the old ones fail too are nobody’s fault but the path’s', async () => {
    const { cloud } = await rehearseSmall(
      newcomersBreak({
        losses: [
          { name: 'all is lost', fromSeconds: minutes(10), untilSeconds: minutes(40), fraction: () => 0.95 },
        ],
        durationSeconds: minutes(40),
      }),
      { quirks: calm },
    );
    expect(journalOf(cloud).filter((line) => line.startsWith('broken-newcomers'))).toEqual([]);
  });

  it('are the affair of the hold that lasts longest', async () => {
    const { result, cloud } = await rehearseSmall(
      newcomersBreak({
        deeds: [
          ...(newcomersBreak().deeds ?? []),
          startOf(
            'protect-instances',
            'by-hand',
            { autoScalingGroupName: 'web', reason: 'a test', expiresAfter: '80m' },
            minutes(16),
          ),
        ],
      }),
      { quirks: calm },
    );
    expect(result.violations).toEqual([]);
    expect(lostGood(cloud, minutes(12))).toEqual(['scale-in', 'scale-in']);
    expect(groupOf(cloud, 'web').instances.some(({ protectedFromScaleIn }) => protectedFromScaleIn)).toBe(
      false,
    );
  });

  it('are not forgotten by a hold that began after them', async () => {
    const { result, cloud } = await rehearseSmall(
      newcomersBreak({
        losses: [
          {
            name: 'packets are lost',
            fromSeconds: lossBeginsAt,
            untilSeconds: minutes(110),
            fraction: () => 0.2,
          },
        ],
        deeds: [
          ...(newcomersBreak().deeds ?? []),
          startOf(
            'pause-scaling',
            'by-hand',
            { autoScalingGroupName: 'web', reason: 'a test', expiresAfter: '60m' },
            minutes(50),
          ),
          {
            atSeconds: minutes(118),
            text: 'somebody asks for less',
            act: ({ autoScaling }) =>
              void autoScaling.handle('UpdateAutoScalingGroup', {
                AutoScalingGroupName: 'web',
                DesiredCapacity: 4,
              }),
          },
        ],
        groups: [smallGroup('web')],
        load: () => 200,
      }),
      { quirks: calm },
    );
    expect(result.violations).toEqual([]);
    expect(lostGood(cloud, minutes(12))).toEqual([]);
    expect(journalOf(cloud).filter((line) => line.startsWith('broken-newcomers'))).toHaveLength(1);
  });

  it('are told again when others came after those that somebody ended', async () => {
    const end = (running: SimulatedCloud) => {
      for (const instance of [...groupOf(running, 'web').instances]) {
        if (instance.bootstrapFailure === undefined) continue;
        running.autoScaling.handle('TerminateInstanceInAutoScalingGroup', {
          InstanceId: instance.instanceId,
          ShouldDecrementDesiredCapacity: false,
        });
      }
    };
    const { cloud } = await rehearseSmall(
      newcomersBreak({
        losses: [
          {
            name: 'packets are lost',
            fromSeconds: lossBeginsAt,
            untilSeconds: minutes(110),
            fraction: () => 0.2,
          },
        ],
        launchFaults: [
          {
            name: 'provisioning breaks',
            groups: ['web'],
            fromSeconds: minutes(14),
            untilSeconds: minutes(100),
            outcome: stuck,
          },
        ],
        deeds: [
          ...(newcomersBreak().deeds ?? []),
          { atSeconds: minutes(50), text: 'somebody ends them', act: end },
        ],
        groups: [smallGroup('web')],
      }),
      { quirks: calm },
    );
    expect(journalOf(cloud).filter((line) => line.startsWith('broken-newcomers'))).toHaveLength(2);
  });

  it('are seen although the stack of the group cannot be read at all', async () => {
    const { cloud } = await rehearseSmall(
      newcomersBreak({
        groups: newcomersBreak().groups.map((group) => ({
          ...group,
          tags: { ...group.tags, 'aws:cloudformation:stack-name': 'shop' },
        })),
        serviceOutages: [
          { service: 'CloudFormation', fromSeconds: 0, untilSeconds: minutes(180), error: 'AccessDenied' },
        ],
      }),
      { quirks: calm },
    );
    const lines = journalOf(cloud);
    expect(lines.filter((line) => line.startsWith('broken-newcomers'))).toHaveLength(1);
    expect(lines.some((line) => line.includes('that came during the hold and do not work'))).toBe(true);
  });

  it.each(['EC2', 'ElasticLoadBalancing', 'CloudFormation'] as const)(
    'that nobody can see because %s does not answer do not end a hold, and are seen once it does',
    async (service) => {
      const { result, cloud } = await rehearseSmall(
        newcomersBreak({
          groups: newcomersBreak().groups.map((group) => ({
            ...group,
            tags: { ...group.tags, 'aws:cloudformation:stack-name': 'shop' },
          })),
          serviceOutages: [{ service, fromSeconds: 0, untilSeconds: minutes(30) }],
        }),
        { quirks: calm },
      );
      expect(result.violations).toEqual([]);
      const lines = journalOf(cloud);
      const unread = /^failed: whether the instances of 1 group work, .* cannot be read/;
      expect(lines.filter((line) => unread.test(line))).toHaveLength(1);
      expect(lines.filter((line) => line.startsWith('broken-newcomers'))).toHaveLength(1);
      expect(lines.filter((line) => line.startsWith('releasing'))).toEqual([
        expect.stringMatching(/^releasing: the alarm has been OK for 1\d min$/),
      ]);
    },
  );
});
