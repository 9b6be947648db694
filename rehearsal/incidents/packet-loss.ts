import type { GroupSpec } from '../cloud/auto-scaling-group.ts';
import type { Story } from '../incident.ts';

const minutes = (count: number): number => count * 60;

const webGroup = (name: string, over: Partial<GroupSpec>): GroupSpec => ({
  name,
  tags: { tier: 'web', holdfast: 'true' },
  minSize: 8,
  maxSize: 120,
  desiredCapacity: 40,
  availabilityZones: ['us-east-1a', 'us-east-1b', 'us-east-1c', 'us-east-1d'],
  healthCheckType: 'ELB',
  healthCheckGracePeriodSeconds: 300,
  bootSeconds: 240,
  deregistrationDelaySeconds: 60,
  requestsPerSecondAtFullCpu: 100,
  policies: [{ type: 'TargetTrackingScaling', name: 'cpu-50', targetValue: 50 }],
  ...over,
});

/** Share of the demand over a Monday morning: it climbs, and does not wait for the network. */
const mondayMorning = (seconds: number): number => 1 + 0.25 * Math.min(1, seconds / minutes(150));

const loadOf: Record<string, number> = { 'web-frontend': 2000, 'web-api': 1150, 'web-legacy': 400 };

/** Slack, 4 January 2021, retold with a smaller fleet. */
export const packetLoss: Story = {
  name: 'packet-loss',
  title: 'Packet loss on the first Monday of the year',
  story: [
    'Retold after Slack’s outage of 4 January 2021. The transit gateways between the VPCs are overloaded and lose',
    'packets. Threads of the web tier wait for answers, so CPU falls; autoscaling reads that as too little work',
    'and takes instances away. Load balancer checks fail with the network, and healthy instances are replaced by',
    'new ones that cannot boot in time. When the packets flow again, the demand finds too few servers.',
  ],
  startsAt: '2021-01-04T14:00:00.000Z',
  durationSeconds: minutes(180),
  groups: [
    webGroup('web-frontend', {}),
    webGroup('web-api', {
      desiredCapacity: 24,
      minSize: 6,
      maxSize: 60,
      policies: [{ type: 'StepScaling', name: 'cpu-steps', above: 70, add: 4, below: 40, remove: 3 }],
    }),
    // The same tier, but its owners did not opt in: Holdfast must leave it alone, and it shows what happens then.
    webGroup('web-legacy', { desiredCapacity: 8, minSize: 2, maxSize: 24, tags: { tier: 'web' } }),
  ],
  alarms: [
    {
      alarmName: 'network-packet-loss-tgw',
      metric: {
        namespace: 'AWS/NetworkMonitor',
        name: 'PacketLoss',
        dimensions: { Monitor: 'between-vpcs', Probe: 'web-to-backend' },
      },
      comparison: 'GreaterThanThreshold',
      threshold: 2,
      datapointsToAlarm: 2,
      evaluationPeriods: 3,
    },
  ],
  load: (group, seconds) => (loadOf[group.name] ?? 0) * mondayMorning(seconds),
  losses: [
    {
      name: 'transit gateways lose packets',
      fromSeconds: minutes(20),
      untilSeconds: minutes(75),
      fraction: (secondsIn) => 0.12 + 0.16 * Math.min(1, secondsIn / minutes(20)),
      // At its worst the probe's own packets are lost too: the metric is missing, not high.
      probeIsSilent: (secondsIn) => secondsIn >= minutes(30) && secondsIn < minutes(42),
    },
  ],
  mustBeHeld: ['web-frontend', 'web-api'],
  autoScalingCallsPerSecond: 10,
  autoScalingBurst: 20,
};
