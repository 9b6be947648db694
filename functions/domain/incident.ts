import type { DrainSettings, HoldSettings, Remediation, ResizeSettings } from './holds/settings.ts';
import type { Mode } from './mode.ts';

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
  /** Absent when a person, or failing launches, started it. */
  alarm?: IncidentAlarm;
  /** Whether the incident is over once launches succeed again. */
  untilLaunchesSucceed?: boolean;
  /** Tags of the groups it is about, where it was not told their names: a group made anew under a name needs them too. */
  targetTags?: Record<string, string>;
  reason: string;
  mode: Mode;
  settings: HoldSettings;
  /** Of an incident that drains. */
  drain?: DrainSettings;
  /** Of an incident that resizes. */
  resize?: ResizeSettings;
  /** The execution that looks after it since its own ended: another one gives back, and brings a resize home. */
  tendedBy?: string;
  /** When that one was started. */
  tendedSince?: string;
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

/** One thing that was seen, decided or done. */
export interface JournalEntry {
  at: string;
  /** What kind of thing: one word, for filters. */
  event:
    | 'planned'
    | 'opened'
    | 'refused'
    | 'held'
    | 'kept'
    | 'failed'
    | 'overridden'
    | 'gone'
    | 'replaced'
    | 'releasing'
    | 'giving-back'
    | 'given-back'
    | 'raised'
    | 'not-raised'
    | 'tagged'
    | 'unhealthy'
    | 'mostly-unhealthy'
    | 'closed'
    | 'chosen'
    | 'evidence'
    | 'abandoned'
    | 'drained'
    | 'left'
    | 'breaker'
    | 'breaker-opened'
    | 'widespread'
    | 'checked'
    | 'prepared'
    | 'reserved'
    | 'step'
    | 'turned'
    | 'resized'
    | 'brought-home'
    | 'restored'
    | 'drift';
  autoScalingGroupName?: string;
  instanceId?: string;
  /** A sentence for a tired person. */
  message: string;
  /** The exact AWS calls, where there were or would be any. */
  calls?: PlannedCall[];
}

/** One exact AWS call that a plan lists and a live run makes. */
export type PlannedCall =
  | {
      service: 'AutoScaling';
      operation:
        | 'SuspendProcesses'
        | 'ResumeProcesses'
        | 'SetDesiredCapacity'
        | 'SetInstanceProtection'
        | 'CompleteLifecycleAction'
        | 'TerminateInstanceInAutoScalingGroup'
        | 'UpdateAutoScalingGroup'
        | 'EnterStandby'
        | 'ExitStandby';
      input: Record<string, unknown> & { AutoScalingGroupName: string };
      reason: string;
    }
  | {
      service: 'AutoScaling';
      operation: 'CreateOrUpdateTags' | 'DeleteTags';
      input: Record<string, unknown> & {
        Tags: {
          ResourceId: string;
          ResourceType: string;
          Key: string;
          Value?: string;
          PropagateAtLaunch?: boolean;
        }[];
      };
      reason: string;
    }
  | {
      service: 'EC2';
      operation:
        | 'CreateSnapshots'
        | 'StopInstances'
        | 'ModifyInstanceAttribute'
        | 'StartInstances'
        | 'CreateCapacityReservation'
        | 'CancelCapacityReservation'
        | 'CreateLaunchTemplateVersion'
        | 'ModifyLaunchTemplate';
      input: Record<string, unknown>;
      reason: string;
    };

/** A call to Auto Scaling about what a group does. */
export type AutoScalingCall = Extract<PlannedCall, { input: { AutoScalingGroupName: string } }>;

/** A call to Auto Scaling about the tags of a group. */
export type TagCall = Extract<PlannedCall, { operation: 'CreateOrUpdateTags' | 'DeleteTags' }>;

/** A call to EC2. */
export type Ec2Call = Extract<PlannedCall, { service: 'EC2' }>;
