import { groupsMax } from '../limits.ts';

/**
 * Scaling processes of an Auto Scaling group, in AWS's words.
 * Source: Amazon EC2 Auto Scaling API reference, SuspendProcesses.
 */
export type ScalingProcess =
  | 'Launch'
  | 'Terminate'
  | 'AddToLoadBalancer'
  | 'AlarmNotification'
  | 'AZRebalance'
  | 'HealthCheck'
  | 'InstanceRefresh'
  | 'ReplaceUnhealthy'
  | 'ScheduledActions';

/** The remediations that exist; each has a state machine of its name. */
export const remediations = [
  'pause-scaling',
  'protect-instances',
  'drain-pending-wait',
  'resize-in-place',
] as const;

/** One of them. */
export type Remediation = (typeof remediations)[number];

/** What a hold forbids: only the loss of instances, or every change of size. */
export type Block = 'scale-in' | 'all';

/** What a hold does to each of its groups. */
export interface HoldEffect {
  processes: ScalingProcess[];
  /** Whether every instance in service is protected from scale-in, those that come into service later included. */
  protectsInstances: boolean;
  /** Whether `Launch` has to run meanwhile, whatever other holds want: Standby cannot be left without it. */
  keepsLaunch?: boolean;
}

/**
 * Why each remediation suspends what it suspends. Order is the order of the call.
 * Source: Amazon EC2 Auto Scaling User Guide, "Suspend and resume processes".
 */
export const suspendedBecause: Record<Remediation, Partial<Record<ScalingProcess, string>>> = {
  'pause-scaling': {
    Terminate: 'scale-in would take instances that the fleet needs when the packets flow again',
    ReplaceUnhealthy: 'an instance whose health check was lost on the way is not a sick instance',
    AZRebalance:
      'rebalancing launches and terminates, and with Terminate suspended may exceed the maximum by 10 %',
    HealthCheck:
      'load balancer checks fail with the network, and marks made now would be acted on at the end',
    InstanceRefresh: 'a rolling replacement must not run over a network that loses packets',
    Launch: 'asked for by block: all',
    AlarmNotification: 'asked for by block: all',
    ScheduledActions: 'asked for by block: all',
  },
  'protect-instances': {
    ReplaceUnhealthy:
      'protection from scale-in does not stop it from ending an instance for which no replacement can be launched',
    AZRebalance: 'it would move instances between zones, and none can be launched',
    HealthCheck:
      'instances overloaded because others are missing fail their checks, and marks made now would be acted on at the end',
    InstanceRefresh: 'a rolling replacement ends instances and needs launches that succeed',
  },
  'drain-pending-wait': {
    Launch: 'every launch fails, so each one only feeds the loop',
    ReplaceUnhealthy: 'with Launch suspended it would end instances and replace none',
  },
  'resize-in-place': {
    Terminate: 'nothing may be taken away while instances are out of service',
    ReplaceUnhealthy:
      'an instance that has just come back must not be replaced by one that cannot be launched',
    AZRebalance: 'Standby unbalances the zones, and balancing them would launch and end instances',
    HealthCheck: 'an instance that warms up again is not a sick one, and we look at its health ourselves',
    InstanceRefresh: 'a rolling replacement would undo the resize as it goes',
    AlarmNotification: 'desired capacity moves with Standby, and nothing else may move it meanwhile',
    ScheduledActions: 'they would set desired capacity under our hands; what is due meanwhile is lost',
  },
};

const scaleInProcesses: ScalingProcess[] = [
  'Terminate',
  'ReplaceUnhealthy',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
];

/** What a `pause-scaling` hold does. `AddToLoadBalancer` never: what launches meanwhile would never be added. */
export const pauseScalingEffect = (block: Block): HoldEffect => ({
  processes:
    block === 'all'
      ? [...scaleInProcesses, 'Launch', 'AlarmNotification', 'ScheduledActions']
      : [...scaleInProcesses],
  protectsInstances: false,
});

/**
 * What a `protect-instances` hold does. Not `Terminate`: protection stops scale-in by itself, and draining needs
 * `Terminate` to run. Not `Launch`, `AlarmNotification` or `ScheduledActions`: more capacity stays welcome.
 */
export const protectInstancesEffect: HoldEffect = {
  processes: ['ReplaceUnhealthy', 'AZRebalance', 'HealthCheck', 'InstanceRefresh'],
  protectsInstances: true,
};

/** What the open breaker of `drain-pending-wait` does to the one group whose launches all fail. */
export const launchBreakerEffect: HoldEffect = {
  processes: ['Launch', 'ReplaceUnhealthy'],
  protectsInstances: false,
};

/**
 * What a `resize-in-place` hold does while instances are in Standby: nothing but the resize moves the group's size.
 * Never `Launch`: Standby cannot be left without it (as-enter-exit-standby).
 */
export const resizeEffect: HoldEffect = {
  processes: [...scaleInProcesses, 'AlarmNotification', 'ScheduledActions'],
  protectsInstances: false,
  keepsLaunch: true,
};

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
export const defaultHoldSettings: HoldSettings = {
  effect: pauseScalingEffect('scale-in'),
  coolOffSeconds: 600,
  expiresAfterSeconds: 7200,
  holdAtMostSeconds: 43_200,
  checkEverySeconds: 60,
  settleSeconds: 180,
  groupsMax,
  launchesToRelease: 3,
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
  /** Whether volumes are snapshotted before an instance is ended. */
  snapshot: boolean;
}

/** How resizing behaves; the policy's `with` or the input by hand. */
export interface ResizeSettings {
  /** In order of preference; `larger` is the next size above the launch template's type, of the same family. */
  instanceTypes: 'larger' | string[];
  /** Instances out of service at one time in a group, after the canary. */
  waveSize: number;
  /** The fewest in service and healthy that may be left: a number, or a percentage of what is now. */
  floor?: { instances: number } | { percent: number };
  reserveCapacity: boolean;
  snapshot: boolean;
  updateLaunchTemplate: boolean;
  /** Whether a group of one may be without any for a while. */
  allowDowntime: boolean;
  allowInstanceStoreLoss: boolean;
}
