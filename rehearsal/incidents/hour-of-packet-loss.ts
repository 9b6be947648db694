import type { Story } from '../incident.ts';
import { packetLoss } from './packet-loss.ts';

const minutes = (count: number): number => count * 60;

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
  groups: Array.from({ length: groups }, (_, index) => ({
    name: `web-${String(index).padStart(3, '0')}`,
    tags: { tier: 'web', holdfast: 'true' },
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
  })),
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
