import { type Policy, parsePolicy } from '../../functions/events/policy.ts';

/** What groups of a random incident are for. */
export const tiers = ['web', 'api', 'db'] as const;

const targets = (tier: (typeof tiers)[number]) => ({ tags: { tier } });

/** The alarms of every random incident, on the packets that are lost, in percent. */
export const randomAlarms = [
  { alarmName: 'loss-some', threshold: 2 },
  { alarmName: 'loss-much', threshold: 8 },
  { alarmName: 'loss-most', threshold: 25 },
] as const;

/** A policy of which no rule is meant by any of these alarms. */
export const otherPolicy: Policy = parsePolicy(
  { rules: [{ name: 'other', when: { alarm: 'other' }, do: 'pause-scaling', targets: targets('web') }] },
  'another policy',
);

/** A rule for each remediation and each way to start one; short, so that a random incident ends within hours, and that some holds reach `holdAtMost`. */
export const randomPolicy: Policy = parsePolicy(
  {
    rules: [
      {
        name: 'some-loss',
        when: { alarm: 'loss-some' },
        do: 'pause-scaling',
        targets: targets('web'),
        with: { coolOff: '5m', expiresAfter: '40m', holdAtMost: '2h' },
      },
      {
        name: 'much-loss',
        when: { alarm: ['loss-much', 'loss-most'] },
        do: 'pause-scaling',
        targets: targets('api'),
        with: { block: 'all', coolOff: '5m', expiresAfter: '20m', holdAtMost: '30m' },
      },
      {
        name: 'launches-failing',
        when: { launchFailures: { count: 2, within: '1h' } },
        do: 'protect-instances',
        targets: targets('api'),
        with: { expiresAfter: '40m', holdAtMost: '1h' },
      },
      {
        name: 'stuck-launches',
        when: { stuckInstances: 1 },
        do: 'drain-pending-wait',
        targets: targets('api'),
        with: { olderThan: '10m' },
      },
      {
        name: 'larger',
        when: { alarm: 'loss-most' },
        do: 'resize-in-place',
        targets: targets('db'),
        with: { instanceTypes: 'larger', expiresAfter: '2h' },
      },
    ],
  },
  'the policy of random incidents',
);
