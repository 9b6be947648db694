import type { ScalingProcess } from './hold-effects.ts';

/**
 * Where a hold stands.
 * - `HELD`: all its processes are claimed.
 * - `SETTLING`: HealthCheck was given back; everything else is still claimed.
 * - `VERIFYING`: everything was given back; not yet seen to be so.
 */
export type HoldStage = 'HELD' | 'SETTLING' | 'VERIFYING';

/** One incident's claim on one group. */
export interface Hold {
  /** ARN of the execution that owns the claim. */
  incidentId: string;
  processes: ScalingProcess[];
  reason: string;
  heldAt: string;
  stage: HoldStage;
  /** When the stage began. */
  stageAt: string;
  /** How often everything was given back and found still suspended. */
  giveBackAttempts: number;
}

/**
 * A process that Holdfast suspended. `recordedAt` is written before the call, `appliedAt` after AWS accepted it;
 * `givingBackAt` before its resumption, `givenBackAt` after AWS accepted that.
 */
export interface Imposed {
  process: string;
  recordedAt: string;
  appliedAt?: string;
  givingBackAt?: string;
  givenBackAt?: string;
}

/** A process that a person resumed while it was held. It is left alone until the last hold ends. */
export interface Overridden {
  process: string;
  seenAt: string;
}

/** The group as it was before the first hold. */
export interface Baseline {
  suspendedProcesses: string[];
  minSize: number;
  maxSize: number;
  desiredCapacity: number;
  recordedAt: string;
}

/** The right to change the group, for a short time. */
export interface Lease {
  owner: string;
  expiresAt: string;
}

/**
 * All Holdfast knows of one group, in one record, so that one conditional write decides.
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

/** When a suspension that is not being given back was accepted by AWS; `undefined` when there is none. */
export const imposedSince = (record: GroupRecord, process: string): string | undefined =>
  record.imposed.find((imposed) => imposed.process === process && imposed.givingBackAt === undefined)
    ?.appliedAt;
