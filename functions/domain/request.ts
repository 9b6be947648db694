import { type AskedSettings, askedSettings, type Incident, type IncidentAlarm } from './incident.ts';
import type { Mode } from './mode.ts';
import type { Remediation } from './remediation-names.ts';
import { addSeconds } from './times.ts';

/** What an input asks for, whoever gave it. */
export interface Request extends AskedSettings {
  remediation: Remediation;
  /** The policy rule; absent when a person asks. */
  rule?: string;
  alarm?: IncidentAlarm;
  untilLaunchesSucceed: boolean;
  reason: string;
  /** Groups asked for by name. */
  names: string[];
  /** Of the groups with these tags, only those whose launches failed and that were given to this execution. */
  ofFailingGroups?: true;
  /** Whether its group leaves an incident that many groups shared, which holds it until this one does. */
  leavesShared?: true;
  /** Tags of the groups, where they were not asked for by name. */
  tags: Record<string, string> | undefined;
  dryRun: boolean;
}

/**
 * The incident that a request opens.
 * @param incidentId ARN of the execution
 * @param now ISO 8601
 */
export const toIncident = (request: Request, incidentId: string, mode: Mode, now: string): Incident => ({
  incidentId,
  remediation: request.remediation,
  ...(request.rule === undefined ? {} : { rule: request.rule }),
  ...(request.alarm === undefined ? {} : { alarm: request.alarm }),
  ...(request.untilLaunchesSucceed ? { untilLaunchesSucceed: true } : {}),
  ...(request.ofFailingGroups === true ? { isShared: true as const } : {}),
  ...(request.tags === undefined ? {} : { targetTags: request.tags }),
  reason: request.reason,
  mode,
  ...askedSettings(request),
  startedAt: now,
  expiresAt: addSeconds(now, request.settings.expiresAfterSeconds),
  status: 'HELD',
});

/** Whether an incident and a request are about one alarm and one rule: an alarm that flaps is one incident. */
export const isOfSameAlarm = (incident: Incident, { rule, alarm }: Request): boolean =>
  alarm !== undefined && incident.rule === rule && incident.alarm?.alarmArn === alarm.alarmArn;
