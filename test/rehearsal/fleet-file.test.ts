import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  DescribePoliciesCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../functions/events/policy.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { loadFleet, parseFleet, storyOfFleet } from '../../rehearsal/fleet-file.ts';
import { packageRepository } from '../../rehearsal/incidents/package-repository.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { takeSnapshot } from '../../rehearsal/take-snapshot.ts';

/** As `aws autoscaling describe-auto-scaling-groups` prints it, with fields that nobody asks for. */
const described = (name: string, over: object = {}) => ({
  AutoScalingGroupName: name,
  AutoScalingGroupARN: `arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:x:autoScalingGroupName/${name}`,
  MinSize: 2,
  MaxSize: 12,
  DesiredCapacity: 6,
  AvailabilityZones: ['eu-west-1a', 'eu-west-1b'],
  HealthCheckType: 'ELB',
  HealthCheckGracePeriod: 300,
  CreatedTime: '2024-01-01T00:00:00+00:00',
  Instances: Array.from({ length: 6 }, (_, index) => ({
    InstanceId: `i-${index}`,
    InstanceType: 'm7i.xlarge',
    LifecycleState: 'InService',
  })),
  Tags: [
    { Key: 'tier', Value: 'web', PropagateAtLaunch: true },
    { Key: 'holdfast', Value: 'true', PropagateAtLaunch: true },
    { Key: 'owner', Value: 'someone@example.com', PropagateAtLaunch: true },
  ],
  SuspendedProcesses: [],
  ...over,
});
const fleet = (...groups: object[]) => parseFleet({ AutoScalingGroups: groups }, 'fleet.json');

describe('a story of one’s own fleet', () => {
  it('is told of what AWS prints of groups alone, and says what it assumes', async () => {
    const own = fleet(
      described('shop'),
      described('paused', {
        SuspendedProcesses: [{ ProcessName: 'AZRebalance', SuspensionReason: 'by us' }],
      }),
      described('alone', { Tags: [{ Key: 'tier', Value: 'web' }] }),
    );
    const story = storyOfFleet(packetLoss, own, loadPolicy());
    expect(story.groups[0]).toMatchObject({ name: 'shop', instanceType: 'm7i.xlarge', maxSize: 12 });
    expect(story.simplified?.join('\n')).toMatch(
      /no scaling policies: a target of 50 % CPU is assumed for shop, paused, alone/,
    );
    const run = (withHoldfast: boolean) =>
      rehearse({ incident: story, seed: 1, policy: loadPolicy(), withHoldfast, dryRun: false });
    const helped = await run(true);
    expect(helped.violations).toEqual([]);
    const held = new Set(
      helped.journals
        .flatMap(({ entries }) => entries)
        .filter(({ event }) => event === 'held')
        .map(({ autoScalingGroupName }) => autoScalingGroupName),
    );
    expect([...held].sort()).toEqual(['paused', 'shop']);
    const lost = (result: typeof helped, name: string) =>
      result.summary.groups.find(({ autoScalingGroupName }) => autoScalingGroupName === name)
        ?.goodInstancesLost;
    const alone = await run(false);
    for (const name of ['shop', 'paused']) {
      expect(lost(helped, name)).toBe(0);
      expect(lost(alone, name)).toBeGreaterThan(0);
    }
    expect(lost(helped, 'alone')).toBeGreaterThan(0);
    // What people had suspended before is as it was.
    expect(helped.summary.finalStateEqualsBaseline).toBe(true);
  });

  it('takes policies, hooks and alarms of the file for what they are', () => {
    const own = parseFleet(
      {
        AutoScalingGroups: [described('shop'), described('manual')],
        ScalingPolicies: [
          {
            AutoScalingGroupName: 'shop',
            PolicyName: 'cpu',
            TargetTrackingConfiguration: {
              TargetValue: 65,
              PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
            },
          },
        ],
        LifecycleHooks: [
          {
            AutoScalingGroupName: 'shop',
            LifecycleHookName: 'boot',
            LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
            HeartbeatTimeout: 900,
            DefaultResult: 'CONTINUE',
          },
        ],
        MetricAlarms: [{ AlarmName: 'tgw-loss-prod' }, { AlarmName: 'other' }],
      },
      'fleet.json',
    );
    const policy = parsePolicy(
      {
        rules: [
          {
            name: 'loss',
            when: { alarm: 'tgw-loss-*' },
            do: 'pause-scaling',
            targets: { tags: { tier: 'web' } },
          },
        ],
      },
      'policy.yml',
    );
    const story = storyOfFleet(packetLoss, own, policy);
    const [shop, manual] = story.groups;
    expect(shop?.policies).toEqual([{ type: 'TargetTrackingScaling', name: 'cpu', targetValue: 65 }]);
    expect(shop?.lifecycleHooks).toMatchObject([{ heartbeatTimeoutSeconds: 900, defaultResult: 'CONTINUE' }]);
    expect(manual?.policies).toEqual([]);
    expect(story.alarms[0]?.alarmName).toBe('tgw-loss-prod');
    expect(story.simplified?.[0]).toBe(
      'The alarm network-packet-loss-tgw of the story is called tgw-loss-prod here, as rule loss names it.',
    );
    // As busy at first as its policy wants it.
    expect(story.load(shop as never, 0)).toBeCloseTo(6 * 65 * 0.96, 5);
    expect(storyOfFleet(packetLoss, own, { rules: [] }).simplified?.[0]).toMatch(
      /^No rule of this policy begins pause-scaling with an alarm/,
    );
  });

  it('lets launches of every group fail where the story’s do', async () => {
    const own = fleet(
      described('shop', {
        Tags: [
          { Key: 'tier', Value: 'api' },
          { Key: 'holdfast', Value: 'true' },
        ],
      }),
    );
    const story = storyOfFleet(packageRepository, own, loadPolicy());
    expect(story.launchFaults?.[0]?.groups).toEqual(['shop']);
    const result = await rehearse({
      incident: story,
      seed: 1,
      policy: loadPolicy(),
      withHoldfast: true,
      dryRun: false,
    });
    expect(result.violations).toEqual([]);
  });

  it('counts weights, leaves scale-in that is disabled alone, and says what it takes for what', () => {
    const own = parseFleet(
      {
        AutoScalingGroups: [
          described('weighted', {
            MinSize: 16,
            MaxSize: 128,
            DesiredCapacity: 64,
            Instances: Array.from({ length: 4 }, () => ({
              InstanceType: 'm7i.xlarge',
              WeightedCapacity: '16',
            })),
          }),
          described('mixed', { Instances: [{ WeightedCapacity: '1' }, { WeightedCapacity: '4' }] }),
          described('held', { Tags: [{ Key: 'holdfast-hold', Value: 'prod holds it' }] }),
        ],
        ScalingPolicies: [
          {
            AutoScalingGroupName: 'weighted',
            PolicyName: 'out',
            TargetTrackingConfiguration: {
              TargetValue: 50,
              DisableScaleIn: true,
              PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
            },
          },
        ],
      },
      'fleet.json',
    );
    const { groups, simplified = [] } = storyOfFleet(packetLoss, own, loadPolicy());
    expect(groups[0]).toMatchObject({
      weightedCapacity: '16',
      policies: [{ type: 'TargetTrackingScaling', name: 'out', targetValue: 50, neverScalesIn: true }],
    });
    expect(groups[1]).not.toHaveProperty('weightedCapacity');
    expect(groups[2]?.tags).toEqual({});
    expect(simplified.join('\n')).toContain('Instances of mixed count differently');
    expect(simplified.join('\n')).toContain('held was held by Holdfast when the file was made');
  });

  it('does not fit an alarm to a policy that names none of the fleet’s', () => {
    const own = parseFleet(
      { AutoScalingGroups: [described('shop')], MetricAlarms: [{ AlarmName: 'cpu' }] },
      'fleet.json',
    );
    const policy = parsePolicy(
      {
        rules: [
          { name: 'net', when: { alarm: 'vpn-*' }, do: 'pause-scaling', targets: { tags: { tier: 'web' } } },
        ],
      },
      'policy.yml',
    );
    const story = storyOfFleet(packetLoss, own, policy);
    expect(story.alarms[0]?.alarmName).toBe('network-packet-loss-tgw');
    expect(story.simplified?.[0]).toBe(
      'Rule net names vpn-*, and the file has no alarm of such a name: nothing would begin it.',
    );
  });

  it.each([
    [
      'sizes that AWS does not have',
      { AutoScalingGroups: [described('shop', { MinSize: 5, MaxSize: 2 })] },
      'AutoScalingGroups.0 (shop).MaxSize: found 2; allowed: at least MinSize',
    ],
    ['nothing', {}, 'AutoScalingGroups: found nothing'],
    ['no group', { AutoScalingGroups: [] }, 'AutoScalingGroups: found []; allowed: at least 1 entry'],
    [
      'a size that is none',
      { AutoScalingGroups: [described('shop', { MinSize: -1 })] },
      'AutoScalingGroups.0 (shop).MinSize: found -1',
    ],
  ])('refuses %s', (_what, raw, message) => {
    expect(() => parseFleet(raw, 'fleet.json')).toThrow(message);
  });

  it('says where in the file a mistake stands, and that a file of YAML is none of JSON', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
    const file = join(folder, 'fleet.json');
    writeFileSync(
      file,
      JSON.stringify({ AutoScalingGroups: [described('shop', { MinSize: 'two' })] }, undefined, 2),
    );
    expect(() => loadFleet(file)).toThrow(
      /fleet\.json:\d+:18: AutoScalingGroups\.0 \(shop\)\.MinSize: found "two"; allowed: a number, without quotes/,
    );
    writeFileSync(file, 'AutoScalingGroups:\n  - AutoScalingGroupName: shop\n');
    expect(() => loadFleet(file)).toThrow(/A fleet file is JSON, as holdfast snapshot prints it$/);
    rmSync(folder, { recursive: true });
  });
});

describe('takeSnapshot', () => {
  const snapshot = async (masksNames: boolean) => {
    const autoScaling = mockClient(AutoScalingClient);
    const cloudWatch = mockClient(CloudWatchClient);
    autoScaling
      .on(DescribeAutoScalingGroupsCommand)
      .resolvesOnce({ AutoScalingGroups: [described('shop') as never], NextToken: 'more' })
      .resolves({ AutoScalingGroups: [described('other') as never] });
    autoScaling.on(DescribePoliciesCommand).resolves({
      ScalingPolicies: [
        {
          AutoScalingGroupName: 'shop',
          PolicyName: 'cpu',
          PolicyType: 'StepScaling',
          AdjustmentType: 'ChangeInCapacity',
        },
      ],
    });
    autoScaling.on(DescribeLifecycleHooksCommand, { AutoScalingGroupName: 'shop' }).resolves({
      LifecycleHooks: [
        {
          AutoScalingGroupName: 'shop',
          LifecycleHookName: 'boot',
          LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
          HeartbeatTimeout: 600,
          DefaultResult: 'ABANDON',
          NotificationMetadata: 's3cr3t',
        },
      ],
    });
    autoScaling.on(DescribeLifecycleHooksCommand, { AutoScalingGroupName: 'other' }).resolves({});
    cloudWatch.on(DescribeAlarmsCommand).resolves({
      MetricAlarms: [{ AlarmName: 'network-packet-loss-tgw' }, { AlarmName: 'payroll' }],
    });
    const taken = await takeSnapshot({
      autoScaling: new AutoScalingClient({}),
      cloudWatch: new CloudWatchClient({}),
      policy: loadPolicy(),
      masksNames,
    });
    const calls = autoScaling.calls().map(({ args }) => args[0].constructor.name);
    autoScaling.restore();
    cloudWatch.restore();
    return { taken, calls };
  };

  it('keeps what a rehearsal needs, reads every page, and changes nothing', async () => {
    const { taken, calls } = await snapshot(false);
    expect(parseFleet(taken, 'snapshot')).toEqual(taken);
    expect(taken.AutoScalingGroups.map(({ AutoScalingGroupName }) => AutoScalingGroupName)).toEqual([
      'shop',
      'other',
    ]);
    expect(taken.MetricAlarms).toEqual([{ AlarmName: 'network-packet-loss-tgw' }]);
    const text = JSON.stringify(taken);
    for (const secret of ['someone@example.com', 's3cr3t', 'payroll', '123456789012', 'i-0']) {
      expect(text).not.toContain(secret);
    }
    expect(calls.every((name) => name.startsWith('Describe'))).toBe(true);
  });

  it('calls groups by numbers where it is asked to', async () => {
    const { taken } = await snapshot(true);
    expect(JSON.stringify(taken)).not.toMatch(/shop|other|boot|network/);
    expect(taken.LifecycleHooks?.[0]?.AutoScalingGroupName).toBe('group-0001');
    expect(taken.ScalingPolicies?.[0]?.AutoScalingGroupName).toBe('group-0001');
  });
});
