import type { AutoScaling } from '../aws/auto-scaling.ts';
import type { CloudWatch } from '../aws/cloudwatch.ts';
import type { KillSwitch } from '../aws/systems-manager.ts';
import type { Clock } from '../clock.ts';
import { decideStart } from '../domain/decide-start.ts';
import type { Incident } from '../domain/incident.ts';
import { changeFunctionTimeoutSeconds, lostEventSecondsMax, sweepGraceSeconds } from '../domain/limits.ts';
import { lowestMode, type Mode } from '../domain/mode.ts';
import { addSeconds, secondsBetween } from '../domain/times.ts';
import type { Policy } from '../events/policy.ts';
import { describeAwsError } from './aws-error.ts';
import { giveBackGroups } from './give-back-groups.ts';
import { readModeOrUndefined } from './read-mode.ts';
import { readAlarmAgain } from './route-signal.ts';
import { type StartDependencies, type StartOutcome, startExecutions } from './start-executions.ts';

/** What the sweep needs. */
export interface SweepDependencies extends StartDependencies {
  autoScaling: (mode: Mode) => AutoScaling;
  cloudWatch: CloudWatch;
  killSwitch: KillSwitch;
  clock: Clock;
  newOwner: () => string;
  policy: Policy;
  stageMode: Mode;
}

/** What one sweep did. */
export interface SweepResult {
  openIncidents: number;
  givenBack: { incidentId: string; because: string; remaining: number }[];
  started: StartOutcome[];
  /** What could not be looked at, and why; looked at again by the next sweep. */
  problems: string[];
}

/** Why the sweep has to give an incident back, or `undefined` when its own execution looks after it. */
const abandonedBecause = (incident: Incident, isRunning: boolean, now: string): string | undefined => {
  if (!isRunning) return 'its execution does not run any more';
  if (addSeconds(incident.expiresAt, sweepGraceSeconds) < now) {
    return `it expired at ${incident.expiresAt} and its execution did not give it back`;
  }
  return undefined;
};

/**
 * Finds what no event told: holds whose execution is gone or whose time is over are given back, a stage per sweep;
 * alarms in ALARM whose event was lost are taken up under the name the event would have given.
 */
export const createSweep = (dependencies: SweepDependencies) => {
  const { cloudWatch, stepFunctions, killSwitch, store, clock, newOwner, policy, stageMode } = dependencies;

  const tendIncident = async (incident: Incident, result: SweepResult): Promise<void> => {
    const { incidentId } = incident;
    const because = abandonedBecause(incident, await stepFunctions.isRunning(incidentId), clock.now());
    if (because === undefined) return;
    const releasingSince = incident.releasingSince ?? clock.now();
    if (incident.status === 'HELD') {
      await store.changeIncident(incidentId, {
        status: 'RELEASING',
        releasingSince,
        releasingBecause: because,
      });
      await store.appendJournal(incidentId, [
        { at: clock.now(), event: 'releasing', message: `the sweep gives it back: ${because}` },
      ]);
    }
    const autoScaling = dependencies.autoScaling(lowestMode(stageMode, incident.mode));
    const { remaining } = await giveBackGroups({ autoScaling, store, clock, newOwner }, incident);
    result.givenBack.push({ incidentId, because, remaining });
    // A function of the ended execution may still be running and hold one more group: only when the last of them
    // must be dead is nothing left the end of it.
    const isLastFunctionDead = secondsBetween(releasingSince, clock.now()) > changeFunctionTimeoutSeconds;
    if (remaining > 0 || !isLastFunctionDead) return;
    await store.closeIncident(incidentId);
    await store.appendJournal(incidentId, [
      { at: clock.now(), event: 'closed', message: 'everything was given back by the sweep' },
    ]);
  };

  const takeUpLostEvents = async (result: SweepResult): Promise<void> => {
    const mode = await readModeOrUndefined(killSwitch, stageMode);
    if (mode === undefined) {
      result.problems.push('the kill switch cannot be read, so no alarm was taken up');
      return;
    }
    const now = clock.now();
    for (const alarm of await cloudWatch.describeAlarmsInAlarm()) {
      const decisions = decideStart(policy, alarm, alarm, mode, now, lostEventSecondsMax);
      if (decisions.every(({ action }) => action === 'IGNORE')) continue;
      const current = await readAlarmAgain(cloudWatch, alarm.alarmName);
      const outcomes = await startExecutions(
        dependencies,
        decideStart(policy, alarm, current, mode, now, lostEventSecondsMax),
      );
      result.started.push(...outcomes.filter(({ action }) => action === 'STARTED'));
    }
  };

  return async (): Promise<SweepResult> => {
    const incidents = await store.listOpenIncidents();
    const result: SweepResult = {
      openIncidents: incidents.length,
      givenBack: [],
      started: [],
      problems: [],
    };
    for (const incident of incidents) {
      try {
        await tendIncident(incident, result);
      } catch (error) {
        result.problems.push(`${incident.incidentId}: ${describeAwsError(error)}`);
      }
    }
    try {
      await takeUpLostEvents(result);
    } catch (error) {
      result.problems.push(`alarms: ${describeAwsError(error)}`);
    }
    return result;
  };
};
