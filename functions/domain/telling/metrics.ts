import type { Incident } from '../incident.ts';
import { remediations } from '../remediations.ts';
import { secondsBetween } from '../times.ts';
import type { Notice } from './notice.ts';

/** The metrics of a stage, in the namespace `Holdfast` with one dimension: few and fixed, since each is paid for. */
export type Metrics = Partial<
  Record<
    /** Groups of open incidents, each once, as a sweep counts them, and those of one incident once it holds: a gauge. */
    | 'GroupsHeld'
    /** Executions that failed or timed out by themselves, a wrong input by hand left out. */
    | 'FailedExecutions'
    | 'InstancesDrained'
    | 'InstancesResized'
    | 'Refusals'
    | 'NeedsAPerson'
    | 'SecondsFromAlarmToHold'
    | 'OpenIncidents'
    | 'OverdueIncidents',
    number
  >
>;

/** Takes metrics. */
export type Measure = (metrics: Metrics) => void;

/** What a notice adds to the metrics. */
export const metricsOf = ({ kind, counts }: Notice): Metrics => ({
  ...(counts.instancesDrained === undefined ? {} : { InstancesDrained: counts.instancesDrained }),
  ...(counts.instancesResized === undefined ? {} : { InstancesResized: counts.instancesResized }),
  ...(counts.groupsHeld === undefined ? {} : { GroupsHeld: counts.groupsHeld }),
  ...(counts.secondsFromAlarmToHold === undefined
    ? {}
    : { SecondsFromAlarmToHold: counts.secondsFromAlarmToHold }),
  ...(kind === 'refused' ? { Refusals: 1 } : {}),
  ...(kind === 'needs-a-person' || kind === 'failed' ? { NeedsAPerson: 1 } : {}),
});

/** How long after its expiry an incident must have begun to be given back, by its execution or by the sweep. */
const beginSecondsMax = 900;

/** Whether something is held that should have been given back by now: neither its execution nor the sweep could. */
export const isOverdue = (incident: Incident, now: string): boolean => {
  const { status, expiresAt, releasingSince, remediation } = incident;
  if (status === 'HELD' || releasingSince === undefined) {
    return secondsBetween(expiresAt, now) > beginSecondsMax;
  }
  return secondsBetween(releasingSince, now) > remediations[remediation].giveBackSecondsMax;
};
