import type { DrainSettings } from './drain/settings.ts';
import type { HoldSettings } from './holds/settings.ts';
import type { Mode } from './mode.ts';
import type { Remediation } from './remediation-names.ts';
import type { ResizeSettings } from './resize/settings.ts';

/** What a rule or an input sets: how it holds and, of a remediation that does more, how it does that. */
export interface AskedSettings {
  settings: HoldSettings;
  /** Of one that drains. */
  drain?: DrainSettings;
  /** Of one that resizes. */
  resize?: ResizeSettings;
}

/** What is set, without what stands beside it. */
export const askedSettings = ({ settings, drain, resize }: AskedSettings): AskedSettings => ({
  settings,
  ...(drain === undefined ? {} : { drain }),
  ...(resize === undefined ? {} : { resize }),
});

/** The alarm behind an incident, as its signal identified it. */
export interface IncidentAlarm {
  alarmName: string;
  alarmArn: string;
  /** ISO 8601 time of the change of state that started the incident. */
  stateTimestamp: string;
}

/**
 * One execution's claim on the world: small, and about the incident. What is per group lives with the group.
 */
export interface Incident extends AskedSettings {
  /** ARN of the execution. */
  incidentId: string;
  remediation: Remediation;
  /** The policy rule that started it; absent when a person did. */
  rule?: string;
  /** Absent when a person, or failing launches, started it. */
  alarm?: IncidentAlarm;
  /** Whether the incident is over once launches succeed again. */
  untilLaunchesSucceed?: boolean;
  /** Whether many groups share it whose launches failed at the same time, each of which might have one of its own. */
  isShared?: true;
  /** Of such a one: since when launches have succeeded again in most of its groups, unless that ended later. */
  mostSucceedSince?: string;
  /** When that was last seen not to be so any more. */
  mostSucceedUntil?: string;
  /** Tags of the groups it is about, where it was not told their names: a group made anew under a name needs them too. */
  targetTags?: Record<string, string>;
  reason: string;
  mode: Mode;
  /** The execution that looks after it since its own ended: another one gives back, and brings a resize home. */
  tendedBy?: string;
  /** When that one was started. */
  tendedSince?: string;
  /** The first of the groups that were asked for, or found, and are left alone: each a sentence that names it. */
  leftAlone?: string[];
  /** What to look out for in its groups, the first of it: each a sentence that names the group. */
  warnings?: string[];
  /** How many groups were asked for, or found, whatever became of them. */
  groupsAsked?: number;
  startedAt: string;
  expiresAt: string;
  status: 'HELD' | 'RELEASING';
  releasingSince?: string;
  releasingBecause?: string;
  /** When its alarm was last seen to be OK for want of data: from then on it has to be OK for the cool-off anew. */
  okWithoutDataAt?: string;
  /** When the scheduled actions of its groups were read. */
  schedulesReadAt?: string;
}

/** Since when launches have succeeded in most groups of a shared incident without a break; `undefined` when they do not. */
export const mostSucceedSinceOf = ({
  mostSucceedSince,
  mostSucceedUntil = '',
}: Incident): string | undefined =>
  mostSucceedSince !== undefined && mostSucceedSince > mostSucceedUntil ? mostSucceedSince : undefined;

/** Whether of two incidents of one remediation that hold the same this one ends: the older one goes on. */
export const yieldsTo = (incident: Incident, other: Incident): boolean =>
  other.remediation === incident.remediation &&
  other.status === 'HELD' &&
  `${other.startedAt} ${other.incidentId}` < `${incident.startedAt} ${incident.incidentId}`;
