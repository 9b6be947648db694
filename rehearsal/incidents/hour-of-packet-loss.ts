import type { GroupSpec } from '../cloud/auto-scaling-group.ts';
import type { Story } from '../incident.ts';
import { packetLoss } from './packet-loss.ts';

const minutes = (count: number): number => count * 60;

/** A group of two instances that nothing else changes, as large fleets are made of where only their number counts. */
export const groupOfTwo = (name: string, tier: string): GroupSpec => ({
  name,
  tags: { tier, holdfast: 'true' },
  minSize: 1,
  maxSize: 8,
  desiredCapacity: 2,
  availabilityZones: ['us-east-1a', 'us-east-1b'],
  healthCheckType: 'ELB',
  healthCheckGracePeriodSeconds: 300,
  bootSeconds: 120,
  deregistrationDelaySeconds: 30,
  requestsPerSecondAtFullCpu: 100,
  policies: [],
});

/** An hour of packet loss over so many groups, told until everything is given back: what it costs is counted. */
export const hourOfPacketLoss = (groups: number): Story => ({
  ...packetLoss,
  name: 'hour-of-packet-loss',
  title: `An hour of packet loss over ${groups} groups`,
  story: [],
  mustBeHeld: [],
  deeds: [],
  launchFaults: [],
  durationSeconds: minutes(120),
  groups: Array.from({ length: groups }, (_, index) =>
    groupOfTwo(`web-${String(index).padStart(3, '0')}`, 'web'),
  ),
  load: () => 80,
  losses: [
    {
      name: 'packets are lost',
      fromSeconds: minutes(10),
      untilSeconds: minutes(70),
      fraction: () => 0.2,
    },
  ],
  autoScalingCallsPerSecond: 10,
  autoScalingBurst: 20,
});
