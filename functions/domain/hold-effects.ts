import { groupsMax } from './limits.ts';

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

/** What a hold forbids: only the loss of instances, or every change of size. */
export type Block = 'scale-in' | 'all';

/**
 * Why each process is suspended. Order is the order of the call.
 * Source: Amazon EC2 Auto Scaling User Guide, "Suspend and resume processes".
 */
export const suspendedBecause: Partial<Record<ScalingProcess, string>> = {
  Terminate: 'scale-in would take instances that the fleet needs when the packets flow again',
  ReplaceUnhealthy: 'an instance whose health check was lost on the way is not a sick instance',
  AZRebalance:
    'rebalancing launches and terminates, and with Terminate suspended may exceed the maximum by 10 %',
  HealthCheck: 'load balancer checks fail with the network, and marks made now would be acted on at the end',
  InstanceRefresh: 'a rolling replacement must not run over a network that loses packets',
  Launch: 'asked for by block: all',
  AlarmNotification: 'asked for by block: all',
  ScheduledActions: 'asked for by block: all',
};

const scaleInProcesses: ScalingProcess[] = [
  'Terminate',
  'ReplaceUnhealthy',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
];

/** The processes a `pause-scaling` hold suspends. `AddToLoadBalancer` never: what launches meanwhile would never be added. */
export const processesToSuspend = (block: Block): ScalingProcess[] =>
  block === 'all'
    ? [...scaleInProcesses, 'Launch', 'AlarmNotification', 'ScheduledActions']
    : [...scaleInProcesses];

/** Given back first: health has to be judged afresh before anything may act on it. */
export const resumedFirst: ScalingProcess[] = ['HealthCheck'];

/** Resuming any of these lets the group end instances down to its desired capacity. */
export const processesThatEndInstances: ScalingProcess[] = ['Terminate'];

/** How one hold behaves; the policy's `with`, with durations in seconds. */
export interface HoldSettings {
  block: Block;
  /** How long the alarm must have been OK before the groups are given back. */
  coolOffSeconds: number;
  /** How long the hold lasts after its alarm was last seen in ALARM, or after a start by hand. */
  expiresAfterSeconds: number;
  /** The longest the hold may last, however long the alarm stays. */
  holdAtMostSeconds: number;
  /** Pause between two rounds. */
  checkEverySeconds: number;
  /** How long health is judged afresh between giving back HealthCheck and giving back what acts on it. */
  settleSeconds: number;
  /** More groups than this are refused. */
  groupsMax: number;
}

/** The settings of a hold whose rule or input says nothing else. */
export const defaultHoldSettings: HoldSettings = {
  block: 'scale-in',
  coolOffSeconds: 600,
  expiresAfterSeconds: 7200,
  holdAtMostSeconds: 43_200,
  checkEverySeconds: 60,
  settleSeconds: 180,
  groupsMax,
};
