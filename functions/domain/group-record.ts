import type { ScalingProcess } from './hold-effects.ts';

/**
 * Where a hold stands.
 * - `HELD`: everything is claimed.
 * - `SETTLING`: HealthCheck was given back; everything else is still claimed.
 * - `VERIFYING`: everything was given back; not yet seen to be so.
 */
export type HoldStage = 'HELD' | 'SETTLING' | 'VERIFYING';

/** One incident's claim on one group. */
export interface Hold {
  /** ARN of the execution that owns the claim. */
  incidentId: string;
  processes: ScalingProcess[];
  /** Whether every instance in service is claimed to be protected from scale-in. */
  protectsInstances: boolean;
  /** Whether `Launch` has to run, whatever other holds want. */
  keepsLaunch?: boolean;
  reason: string;
  heldAt: string;
  /** When it is given back at the latest. */
  endsAtLatest?: string;
  stage: HoldStage;
  /** When the stage began. */
  stageAt: string;
  /** How often everything was given back and found still in force. */
  giveBackAttempts: number;
  /** Of a hold that protects: what was in the group, and not on its way into service, when it began. */
  presentAtFirst?: string[];
  /** Of a hold that protects: the latest instances that came into service since it began. */
  launched?: LaunchedInstance[];
}

/** An instance that came into service during a hold, and when it was first seen there. */
export interface LaunchedInstance {
  instanceId: string;
  seenAt: string;
}

/**
 * A setting of a group that Holdfast changes: the name of a process (it is suspended), or the id of an instance (it is
 * protected from scale-in). AWS's process names never begin with `i-`, so one list serves both.
 */
export type Setting = string;

/** Whether a setting is the protection of an instance. */
export const isInstance = (setting: Setting): boolean => setting.startsWith('i-');

/**
 * A setting that Holdfast put in force. `recordedAt` is written before the call, `appliedAt` after AWS accepted it;
 * `givingBackAt` before it is taken back, `givenBackAt` after AWS accepted that.
 */
export interface Imposed {
  setting: Setting;
  recordedAt: string;
  appliedAt?: string;
  givingBackAt?: string;
  givenBackAt?: string;
}

/** A setting that a person took back while it was held. It is left alone until the last hold that claims it ends. */
export interface Overridden {
  setting: Setting;
  seenAt: string;
}

/** The group as it was before the first hold, when that was put in force. */
export interface Baseline {
  suspendedProcesses: string[];
  protectedInstances: string[];
  minSize: number;
  maxSize: number;
  desiredCapacity: number;
}

/** The right to change the group, for a short time. */
export interface Lease {
  owner: string;
  expiresAt: string;
}

/**
 * All that is held of one group, in one record, so that one conditional write decides.
 * `version` is 0 when nothing is stored and grows by one with each write.
 */
export interface GroupRecord {
  autoScalingGroupName: string;
  version: number;
  baseline?: Baseline;
  holds: Hold[];
  imposed: Imposed[];
  overridden: Overridden[];
  lease?: Lease;
}

/** The record of a group that nobody holds. */
export const emptyGroupRecord = (autoScalingGroupName: string): GroupRecord => ({
  autoScalingGroupName,
  version: 0,
  holds: [],
  imposed: [],
  overridden: [],
});

/** Whether somebody else may be changing the group right now. */
export const isLeased = (record: GroupRecord, now: string): boolean =>
  record.lease !== undefined && record.lease.expiresAt > now;

/** The record without its lease: what is written when a change is done. */
export const withoutLease = ({ lease: _lease, ...record }: GroupRecord): GroupRecord => record;

/** When a setting that is not being given back was accepted by AWS; `undefined` when there is none. */
export const imposedSince = (record: GroupRecord, setting: Setting): string | undefined =>
  record.imposed.find((imposed) => imposed.setting === setting && imposed.givingBackAt === undefined)
    ?.appliedAt;
