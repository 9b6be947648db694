import type { ScalingProcess } from '../auto-scaling-group.ts';
import { groupsByDefault } from '../limits.ts';

/** What a hold does to each of its groups. */
export interface HoldEffect {
  processes: ScalingProcess[];
  /** Whether every instance in service is protected from scale-in, those that come into service later included. */
  protectsInstances: boolean;
  /** Whether `Launch` has to run meanwhile, whatever other holds want: Standby cannot be left without it. */
  keepsLaunch?: boolean;
}

/** What takes instances away, or marks them for it. */
export const scaleInProcesses: ScalingProcess[] = [
  'Terminate',
  'ReplaceUnhealthy',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
];

/** Every process a hold may name, in the order in which calls name them. */
export const processOrder: ScalingProcess[] = [
  ...scaleInProcesses,
  'Launch',
  'AlarmNotification',
  'ScheduledActions',
];

/** Given back first: health has to be judged afresh before anything may act on it. */
export const resumedFirst: ScalingProcess[] = ['HealthCheck'];

/** Resuming any of these lets the group end instances down to its desired capacity. */
export const processesThatEndInstances: ScalingProcess[] = ['Terminate'];

/** How one hold behaves; the policy's `with`, with durations in seconds. */
export interface HoldSettings {
  effect: HoldEffect;
  /** How long the alarm must have been OK before the groups are given back. */
  coolOffSeconds: number;
  /** How long the hold lasts after what it is for was last seen, or after a start by hand. */
  expiresAfterSeconds: number;
  /** The longest the hold may last, however long what it is for lasts. */
  holdAtMostSeconds: number;
  /** Pause between two rounds. */
  checkEverySeconds: number;
  /** How long health is judged afresh between giving back HealthCheck and giving back what acts on it. */
  settleSeconds: number;
  /** More groups than this are refused. */
  groupsMax: number;
  /** Launches of a group that must have come into service since its last failure for it to count as well again. */
  launchesToRelease: number;
}

/** The settings of a hold whose rule or input says nothing else. */
export const holdDefaults: Omit<HoldSettings, 'effect'> = {
  coolOffSeconds: 600,
  expiresAfterSeconds: 7200,
  holdAtMostSeconds: 43_200,
  checkEverySeconds: 60,
  settleSeconds: 180,
  groupsMax: groupsByDefault,
  launchesToRelease: 3,
};
