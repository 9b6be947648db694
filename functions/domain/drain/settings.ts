import type { HoldEffect } from '../holds/settings.ts';

/** What the open breaker of `drain-pending-wait` does to the one group whose launches all fail. */
export const launchBreakerEffect: HoldEffect = {
  processes: ['Launch', 'ReplaceUnhealthy'],
  protectsInstances: false,
};

/** How draining behaves; the policy's `with`, with durations in seconds. */
export interface DrainSettings {
  /** Instances in `Pending:Wait` for longer than this are stuck. */
  olderThanSeconds: number;
  /** Instances being drained at one time, in all groups of the rule. */
  atOnce: number;
  perGroupPerHour: number;
  /** Drains an hour in all groups, whichever rule asked for them. */
  perHour: number;
  /** Drains of a group without a launch that succeeded, after which no more are made. */
  breakerAfter: number;
  /** How long the open breaker waits before it probes; the delay doubles with each probe, up to `probeAtMost`. */
  probeAfterSeconds: number;
  probeAtMostSeconds: number;
  /** Whether instances are drained too whose launch hooks would let them into service when they time out. */
  drainsContinuing: boolean;
  /** Whether volumes are snapshotted before an instance is ended. */
  snapshot: boolean;
}
