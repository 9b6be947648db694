import type { ScalingProcess } from '../auto-scaling-group.ts';
import { inForceWithinSeconds } from '../limits.ts';
import { secondsBetween } from '../times.ts';
import type { BrokenNewcomer } from './broken-newcomers.ts';

/**
 * Where a hold stands.
 * - `HELD`: everything is claimed.
 * - `SETTLING`: HealthCheck was given back; everything else is still claimed.
 * - `REPLACING`: everything was given back but scale-in protection: the good instances have it while the group replaces
 *   broken newcomers.
 * - `VERIFYING`: everything was given back; not yet seen to be so.
 */
type HoldStage = 'HELD' | 'SETTLING' | 'REPLACING' | 'VERIFYING';

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
  /** Whether it is written down, and not yet known to be in force: its calls are on their way, or failed. */
  isAsked?: true;
  /** When it is given back at the latest. */
  endsAtLatest?: string;
  stage: HoldStage;
  /** When the stage began. */
  stageAt: string;
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
 * `givingBackAt` before it is taken back, `givenBackAt` after AWS accepted that. With `refusedAt` AWS refused to put it in
 * force: if it is in force all the same, somebody else did that.
 */
export interface Imposed {
  setting: Setting;
  recordedAt: string;
  appliedAt?: string;
  refusedAt?: string;
  givingBackAt?: string;
  givenBackAt?: string;
}

/**
 * A setting that a person took back while it was held. It is left alone until the last hold that claims it ends; what a
 * CloudFormation update took back is left alone until the update ends.
 */
export interface Overridden {
  setting: Setting;
  seenAt: string;
  by?: 'STACK_UPDATE';
  /** When AWS accepted it from Holdfast; absent in what an earlier release wrote. */
  appliedAt?: string;
  /** When people were told who it was, as CloudTrail says. */
  explainedAt?: string;
}

/** The group as it was before the first hold, when that was put in force. */
export interface Baseline {
  /** When it was seen; a description shows the world of up to `inForceWithinSeconds` ago. */
  seenAt?: string;
  suspendedProcesses: string[];
  protectedInstances: string[];
  minSize: number;
  maxSize: number;
  desiredCapacity: number;
}

/**
 * A scheduled action of a group as it was listed when its hold was young: a one-off that has run is not listed any
 * more, and it may have set desired capacity.
 */
export interface ScheduledAction {
  name: string;
  /** ISO 8601: of a one-off when it runs, of a recurring one the earliest. */
  startsAt?: string;
  endsAt?: string;
  /** Cron, five fields. */
  recurrence?: string;
  timeZone?: string;
  /** What it sets; one that sets nothing of these is not remembered. */
  desiredCapacity?: number;
  minSize?: number;
  maxSize?: number;
}

/** What a group had since its instances have been kept from scale-in, in the group's own units. */
export interface KeptSizes {
  /** Since when some hold keeps them, without a gap. */
  since: string;
  /** The highest desired capacity seen since. */
  desiredHighest: number;
  /** Minimum, maximum and desired capacity then. */
  minSize: number;
  maxSize: number;
  desiredCapacity: number;
  /** Its scheduled actions, once they were read. */
  scheduledActions?: ScheduledAction[];
}

/** An update of the CloudFormation stack that a group belongs to, while it is in progress. */
export interface StackUpdate {
  /** When it began. */
  startedAt: string;
  /** When it was seen to have ended: what is found taken back soon after was its doing still. */
  endedAt?: string;
}

/** The right to change the group, for a short time. */
interface Lease {
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
  /** The group that all of this is about; absent until it was first seen. Another ARN under the name is another group. */
  autoScalingGroupArn?: string;
  /** When that was first seen. */
  arnSeenAt?: string;
  /** Since when no description has the group. */
  missingSince?: string;
  baseline?: Baseline;
  holds: Hold[];
  imposed: Imposed[];
  overridden: Overridden[];
  /** Present while a hold keeps instances from scale-in. */
  kept?: KeptSizes;
  /** While a hold protects: what was in the group, and not on its way into service, when the first such hold began. */
  presentAtFirst?: string[];
  /** While a hold protects: the latest instances that came into service since. */
  launched?: LaunchedInstance[];
  /** While a hold keeps instances from scale-in: those that came lately and do not work. */
  brokenNewcomers?: BrokenNewcomer[];
  /** The update of its CloudFormation stack that was seen in progress. */
  stackUpdate?: StackUpdate;
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

/** When a setting was last put in force, or may have been: after AWS accepted it, or as long as nobody knows. */
const latestApplication = ({ recordedAt, appliedAt }: Imposed): string => appliedAt ?? recordedAt;

/**
 * Whether a setting may be in force although no description shows it: AWS accepted it only just now, or may have.
 * Descriptions show the world of up to `inForceWithinSeconds` ago.
 */
export const mayBeInForceUnseen = (imposed: Imposed, now: string): boolean =>
  imposed.givenBackAt === undefined &&
  imposed.refusedAt === undefined &&
  secondsBetween(latestApplication(imposed), now) < inForceWithinSeconds;

/** Whether what a description shows of a setting may still be from before it was given back. */
export const isGivenBackUnseen = ({ givingBackAt, givenBackAt }: Imposed, now: string): boolean => {
  const at = givenBackAt ?? givingBackAt;
  return at !== undefined && secondsBetween(at, now) < inForceWithinSeconds;
};

/** Seconds until a description of a setting that was given back tells the truth; 0 when it does. */
export const secondsUntilSeen = (imposed: Imposed, now: string): number => {
  const latest = [latestApplication(imposed), imposed.givenBackAt ?? imposed.givingBackAt ?? '']
    .sort()
    .at(-1);
  return Math.max(0, Math.ceil(inForceWithinSeconds - secondsBetween(latest ?? now, now)));
};

/**
 * The record after its lease ran out: its holder died, at the latest when the lease did, and until then it may have
 * made any call that it had written down.
 */
export const afterLease = (record: GroupRecord, now: string): GroupRecord =>
  record.lease === undefined || isLeased(record, now)
    ? record
    : {
        ...record,
        imposed: record.imposed.map((entry) => asOfUncertain(entry, record.lease?.expiresAt ?? now)),
      };

/**
 * A setting of which AWS has not told that it accepted it, or that it is given back, as if asked for at this time. One
 * that is being given back was not asked for again.
 */
const asOfUncertain = (entry: Imposed, at: string): Imposed => {
  if (entry.givenBackAt !== undefined || entry.refusedAt !== undefined) return entry;
  if (entry.givingBackAt !== undefined) return { ...entry, givingBackAt: at };
  return entry.appliedAt === undefined ? { ...entry, recordedAt: at } : entry;
};

/**
 * The record after a call failed: it may have been carried out all the same, until now.
 *
 * @param refused settings of which AWS said that it does not put them in force
 */
export const afterFailure = (
  record: GroupRecord,
  decidedAt: string,
  now: string,
  refused: ReadonlySet<Setting> = new Set(),
): GroupRecord =>
  withoutLease({
    ...record,
    imposed: record.imposed.map((entry) => {
      if (entry.recordedAt !== decidedAt && entry.givingBackAt !== decidedAt) return entry;
      const isRefused = entry.appliedAt === undefined && refused.has(entry.setting);
      return isRefused ? { ...entry, refusedAt: now } : asOfUncertain(entry, now);
    }),
  });

/** The record with what was decided at one time accepted by AWS at another: calls wait for their turn. */
export const acceptedAt = (record: GroupRecord, decidedAt: string, now: string): GroupRecord => {
  const moved = (at: string | undefined): string | undefined => (at === decidedAt ? now : at);
  const times = (entry: Imposed): Imposed => {
    const appliedAt = moved(entry.appliedAt);
    const givenBackAt = moved(entry.givenBackAt);
    return {
      ...entry,
      ...(appliedAt === undefined ? {} : { appliedAt }),
      ...(givenBackAt === undefined ? {} : { givenBackAt }),
    };
  };
  return {
    ...record,
    imposed: record.imposed.map(times),
    holds: record.holds.map((hold) => ({ ...hold, stageAt: moved(hold.stageAt) ?? hold.stageAt })),
  };
};
