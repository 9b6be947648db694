import type { GroupRecord } from '../domain/holds/group-record.ts';
import type { Incident } from '../domain/incident.ts';
import type { JournalEntry } from '../domain/journal.ts';
import type { Evidence } from '../domain/launches/evidence.ts';
import type { LaunchFailure, LaunchRecord, LaunchWait } from '../domain/launches/launch-record.ts';
import type { Mode } from '../domain/mode.ts';
import type { KnownFindings } from '../domain/readiness/decide-readiness-news.ts';
import type { ResizeRecord } from '../domain/resize/resize-record.ts';
import type { Notice } from '../domain/telling/notice.ts';

/** What may change in an incident while it lasts. */
type IncidentChange = Partial<
  Pick<
    Incident,
    | 'expiresAt'
    | 'status'
    | 'releasingSince'
    | 'releasingBecause'
    | 'tendedBy'
    | 'tendedSince'
    | 'okWithoutDataAt'
    | 'schedulesReadAt'
    | 'mostSucceedSince'
    | 'mostSucceedUntil'
  >
>;

/** What may happen in a stage, kill switch included, and since when that has been so. */
export interface StageMode {
  mode: Mode;
  /** ISO 8601. */
  since: string;
}

/** What the latest check of a stage found. */
export interface StageReadiness {
  /** When it ended, ISO 8601. */
  at: string;
  known: KnownFindings;
  /** Zero before the first check. */
  version: number;
  /** Since when, or when last, the score of each rule in dry run was told, ISO 8601. */
  scoredAt: Record<string, string>;
}

/** A policy as it was written, and since when the stage runs it. */
export interface PublishedPolicy {
  text: string;
  /** SHA-256 of the text, in hexadecimal. */
  hash: string;
  /** The most that the stage may do. */
  stageMode: Mode;
  /** ISO 8601. */
  since: string;
}

/** Which rules of a policy are about the launches of a group, as its tags were. */
export interface LaunchRules {
  rules: string[];
  /** Tells this policy's rules from another's. */
  policy: string;
  /** ISO 8601: from when on its tags have to be looked at again. */
  until: string;
}

/**
 * Where Holdfast remembers. One implementation over two tables: DynamoDB in production, memory in the rehearsal.
 */
export interface Store {
  /**
   * Opens an incident over groups. Opening it again changes nothing: a retried task is harmless.
   * @returns the incident as stored
   */
  createIncident(incident: Incident, autoScalingGroupNames: string[]): Promise<Incident>;

  /** The open incident, or `undefined` when it was closed or never opened. */
  readIncident(incidentId: string): Promise<Incident | undefined>;

  /** The groups of an open incident, in the order they were planned. */
  readIncidentGroups(incidentId: string): Promise<string[]>;

  /**
   * Changes an open incident: one write, however many groups it holds.
   * @throws IncidentClosedError when it is not open
   */
  changeIncident(incidentId: string, change: IncidentChange): Promise<void>;

  /** Closes an incident. Closing it again changes nothing. Its journal stays for as long as the table keeps it. */
  closeIncident(incidentId: string): Promise<void>;

  /** Every open incident. */
  listOpenIncidents(): Promise<Incident[]>;

  /** The records of these groups, in the same order; an empty record for a group nobody holds. */
  readGroups(autoScalingGroupNames: string[]): Promise<GroupRecord[]>;

  /**
   * Writes a group's record if it is still at `record.version`, and returns it with its new version. A record with
   * neither hold nor lease is removed.
   * @throws StaleRecordError when somebody else wrote it meanwhile
   */
  writeGroup(record: GroupRecord): Promise<GroupRecord>;

  /** What is remembered of the launches of these groups, in the same order. */
  readLaunches(autoScalingGroupNames: string[]): Promise<LaunchRecord[]>;

  /**
   * Writes what is remembered of a group's launches if it is still at `record.version`, and returns it with its new
   * version. Waits and failures are items of their own: those that are new are added, those that are gone are removed.
   * @param stored the record as it was read
   * @throws StaleRecordError when somebody else wrote it meanwhile
   */
  writeLaunches(record: LaunchRecord, stored: LaunchRecord): Promise<LaunchRecord>;

  /** Adds a wait of an instance in a launch hook. What is known of the instance stays; nobody is waited for. */
  addWait(autoScalingGroupName: string, wait: LaunchWait): Promise<void>;

  /** Adds a launch that failed, once however often it is told; nobody is waited for. */
  addFailure(autoScalingGroupName: string, failure: LaunchFailure): Promise<void>;

  /** The rules that were found to be about the launches of a group; `undefined` when none were, or it is not known. */
  readLaunchRules(autoScalingGroupName: string): Promise<LaunchRules | undefined>;

  /** Remembers the rules about the launches of a group, so that its next launch events need not ask Auto Scaling. */
  writeLaunchRules(autoScalingGroupName: string, rules: LaunchRules): Promise<void>;

  /**
   * Whether a group is among the first of a rule in which enough launches failed within the last minute. Asked again of the
   * same group it says the same; of groups that are asked about at one moment it may say so of fewer.
   */
  isAmongFirstToFail(rule: string, autoScalingGroupName: string, first: number): Promise<boolean>;

  /** The resizes of these groups, in the same order; a record without `work` for a group that is not being resized. */
  readResizes(autoScalingGroupNames: string[]): Promise<ResizeRecord[]>;

  /**
   * Writes the resize of a group if it is still at `record.version`, and returns it with its new version. A record
   * without `work` is removed.
   * @throws StaleRecordError when somebody else wrote it meanwhile
   */
  writeResize(record: ResizeRecord): Promise<ResizeRecord>;

  /** Keeps the evidence of one instance, compressed. Keeping it again replaces it. */
  keepEvidence(incidentId: string, evidence: Evidence): Promise<void>;

  /** The evidence kept for an incident: all of it, or that of one instance. Oldest instance id first. */
  readEvidence(incidentId: string, instanceId?: string): Promise<Evidence[]>;

  /**
   * Has people told of something, once: of notices of one incident and kind that are about the same only the first
   * counts.
   * @returns whether this was the first
   */
  addNotice(notice: Notice): Promise<boolean>;

  /** Appends to the journal of an incident, in order. */
  appendJournal(incidentId: string, entries: JournalEntry[]): Promise<void>;

  /** The journal of an incident, oldest first. */
  readJournal(incidentId: string): Promise<JournalEntry[]>;

  /** What the latest sweep found that may happen; `undefined` before the first. */
  readStageMode(): Promise<StageMode | undefined>;

  /** Remembers it. */
  writeStageMode(mode: StageMode): Promise<void>;

  /** What the latest check of the stage found; nothing before the first. */
  readReadiness(): Promise<StageReadiness>;

  /**
   * Remembers it, if it is still at `readiness.version`.
   * @returns it with its new version; `undefined` when another check wrote meanwhile
   */
  writeReadiness(readiness: StageReadiness): Promise<StageReadiness | undefined>;

  /** The policy that the stage runs; `undefined` before its first check. */
  readPublishedPolicy(): Promise<PublishedPolicy | undefined>;

  /** Publishes the policy that the stage runs, if it is not the one that is published already. */
  publishPolicy(text: string, stageMode: Mode): Promise<void>;
}
