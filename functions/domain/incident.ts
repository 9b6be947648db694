import type { HoldSettings } from './hold-effects.ts';
import type { Mode } from './mode.ts';

/** The remediations that exist. */
export type Remediation = 'pause-scaling';

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
export interface Incident {
  /** ARN of the execution. */
  incidentId: string;
  remediation: Remediation;
  /** The policy rule that started it; absent when a person did. */
  rule?: string;
  /** Absent when a person started it. */
  alarm?: IncidentAlarm;
  reason: string;
  mode: Mode;
  settings: HoldSettings;
  startedAt: string;
  expiresAt: string;
  status: 'HELD' | 'RELEASING';
  releasingSince?: string;
  releasingBecause?: string;
}

/** One thing that was seen, decided or done. */
export interface JournalEntry {
  at: string;
  /** What kind of thing: one word, for filters. */
  event:
    | 'planned'
    | 'refused'
    | 'held'
    | 'kept'
    | 'failed'
    | 'overridden'
    | 'gone'
    | 'releasing'
    | 'giving-back'
    | 'given-back'
    | 'unhealthy'
    | 'closed';
  autoScalingGroupName?: string;
  /** A sentence for a tired person. */
  message: string;
  /** The exact AWS calls, where there were or would be any. */
  calls?: PlannedCall[];
}

/** One exact AWS call that a plan lists and a live run makes. */
export interface PlannedCall {
  service: 'AutoScaling';
  operation: 'SuspendProcesses' | 'ResumeProcesses' | 'SetDesiredCapacity';
  input: Record<string, unknown> & { AutoScalingGroupName: string };
  reason: string;
}
