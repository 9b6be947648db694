import type { AutoScaling } from '../aws/auto-scaling.ts';
import type { CloudWatch } from '../aws/cloudwatch.ts';
import type { Ec2 } from '../aws/ec2.ts';
import type { StepFunctions } from '../aws/step-functions.ts';
import type { KillSwitch } from '../aws/systems-manager.ts';
import type { Clock } from '../clock.ts';
import { bringHomeName, decideStart } from '../domain/decide-start.ts';
import { IncidentClosedError } from '../domain/errors.ts';
import type { Incident } from '../domain/incident.ts';
import { changeBudgetSeconds, lostEventSecondsMax, sweepGraceSeconds } from '../domain/limits.ts';
import { secondsUntilClosable } from '../domain/may-close-incident.ts';
import { isOverdue, type Measure } from '../domain/metrics.ts';
import type { Mode } from '../domain/mode.ts';
import { toNotice } from '../domain/notice.ts';
import { addSeconds, counted, secondsBetween } from '../domain/times.ts';
import { parseFailedExecution } from '../events/execution-ended.ts';
import type { Policy } from '../events/policy.ts';
import type { Store } from '../state/store.ts';
import { beginRelease, closeIncident } from './end-incident.ts';
import { giveBackGroups } from './give-back-groups.ts';
import { groupsBeingResized } from './groups-being-resized.ts';
import { keepJournal } from './keep-journal.ts';
import { readModeOrUndefined } from './read-mode.ts';
import { readAlarmAgain } from './route-signal.ts';
import { type StartDependencies, type StartOutcome, startExecutions } from './start-executions.ts';
import { sweepLaunches } from './sweep-launches.ts';
import { tidyHoldTags } from './tidy-hold-tags.ts';

/** What the sweep needs. */
export interface SweepDependencies extends StartDependencies {
  autoScaling: (mode: Mode) => AutoScaling;
  ec2: Ec2;
  cloudWatch: CloudWatch;
  stepFunctions: StepFunctions;
  killSwitch: KillSwitch;
  store: Store;
  clock: Clock;
  newOwner: () => string;
  policy: Policy;
  measure: Measure;
  stage: string;
  stageMode: Mode;
}

/** What one sweep did. */
export interface SweepResult {
  openIncidents: number;
  givenBack: { incidentId: string; because: string; remaining: number; refused: string[] }[];
  started: StartOutcome[];
  /** Tags that were left over. */
  tidied: string[];
}

/** Errors of executions whose report has told already what is left, or whose starter sees them at once. */
const toldOtherwise: ReadonlySet<string> = new Set([
  'GroupsNotGivenBack',
  'InstancesLeftForAPerson',
  'ResizeNotFinished',
  'InvalidInputError',
]);

/** Why the sweep has to give an incident back, or `undefined` when its own execution looks after it. */
const abandonedBecause = (incident: Incident, isRunning: boolean, now: string): string | undefined => {
  if (!isRunning) return 'its execution does not run any more';
  if (incident.status === 'HELD' && addSeconds(incident.expiresAt, sweepGraceSeconds) < now) {
    return `it expired at ${incident.expiresAt} and its execution did not give it back`;
  }
  return undefined;
};

/**
 * Finds what no event told: alarms in ALARM whose event was lost are taken up under the name the event would have
 * given; failed launches that no event told are counted, and instances that are stuck start their rule; holds whose execution is gone or whose time is over are given back, a stage per sweep.
 *
 * What fails for one alarm or incident does not stop the others; the invocation then fails in the end, so that
 * somebody notices, and the next sweep looks again.
 *
 * @throws AggregateError with everything that failed
 */
export const createSweep = (dependencies: SweepDependencies) => {
  const { cloudWatch, stepFunctions, killSwitch, store, clock, newOwner, policy, measure, stageMode } =
    dependencies;

  const tendIncident = async (open: Incident, startedAt: string, result: SweepResult): Promise<void> => {
    const { incidentId } = open;
    const isRunning = await stepFunctions.isRunning(open.tendedBy ?? incidentId);
    const because = abandonedBecause(open, isRunning, clock.now());
    if (because === undefined) return;
    const incident = await beginRelease(store, clock, open, `the sweep gives it back: ${because}`);
    const names = await store.readIncidentGroups(incidentId);
    if (open.remediation === 'resize-in-place' && (await groupsBeingResized(store, names)).size > 0) {
      // Its holds stay until nothing is in flight. An execution that runs sees by itself that it is to end.
      if (!isRunning) await startBringingHome(incident, result);
      return;
    }
    const { remaining, refused } = await giveBackGroups(
      { autoScaling: dependencies.autoScaling(incident.mode), store, clock, newOwner },
      incident,
      startedAt,
    );
    result.givenBack.push({ incidentId, because, remaining, refused });
    if (refused.length > 0) {
      await store.addNotice(
        toNotice({
          kind: 'needs-a-person',
          at: clock.now(),
          incidentId,
          about: refused.join('\n'),
          seen: incident.reason,
          done: `${counted(refused.length, 'group')} cannot be given back (${because})`,
          next: 'the sweep goes on trying',
          groups: names,
          lines: refused,
        }),
      );
    }
    if (remaining > 0 || secondsUntilClosable(incident, clock.now()) > 0) return;
    await store.addNotice(
      toNotice({
        kind: 'gave-back',
        at: clock.now(),
        incidentId,
        seen: incident.reason,
        done: `${counted(names.length, 'group')} given back by the sweep: ${because}`,
        next: 'nothing; it is over',
        groups: names,
      }),
    );
    await closeIncident(store, clock, incident);
  };

  /** Another execution brings home what one left in flight: it waits in seconds, where sweeps are minutes apart. */
  const startBringingHome = async ({ incidentId }: Incident, result: SweepResult): Promise<void> => {
    const arn = dependencies.stateMachineArns['resize-in-place'];
    const name = bringHomeName(incidentId, clock.now());
    await store.changeIncident(incidentId, {
      tendedBy: `${arn.replace(':stateMachine:', ':execution:')}:${name}`,
    });
    await stepFunctions.startExecution(arn, name, { bringHome: incidentId });
    const reason = `${incidentId.split(':').at(-1)} ended with instances in flight; they are brought home`;
    await keepJournal(store, incidentId, [
      { at: clock.now(), event: 'releasing', message: `${name}: ${reason}` },
    ]);
    result.started.push({ action: 'STARTED', executionName: name, reason });
  };

  const readMode = async (): Promise<Mode> => {
    const mode = await readModeOrUndefined(killSwitch, stageMode);
    if (mode === undefined) throw new Error('The kill switch cannot be read, so nothing was taken up');
    return mode;
  };

  const takeUpLostEvents = async (result: SweepResult): Promise<void> => {
    const mode = await readMode();
    const now = clock.now();
    for (const alarm of await cloudWatch.describeAlarmsInAlarm()) {
      const decide = (current: typeof alarm | undefined) =>
        decideStart(policy, alarm, current, mode, now, lostEventSecondsMax);
      if (decide(alarm).every(({ action }) => action === 'IGNORE')) continue;
      const current = await readAlarmAgain(cloudWatch, alarm.alarmName);
      const outcomes = await startExecutions(dependencies, decide(current));
      result.started.push(...outcomes.filter(({ action }) => action === 'STARTED'));
    }
  };

  /** That an execution failed before, or outside, its report: one that its report told of is not told again. */
  const tellFailure = async (event: unknown): Promise<void> => {
    const failed = parseFailedExecution(event);
    if (failed === undefined || toldOtherwise.has(failed.error)) return;
    const { executionArn, status, error, cause } = failed;
    await store.addNotice(
      toNotice({
        kind: 'failed',
        at: clock.now(),
        incidentId: executionArn,
        done: `the execution ${status === 'FAILED' ? 'failed' : 'timed out'}${error === '' ? '' : `: ${error}`}`,
        next: 'what is still held is given back by the sweep, and what is in flight is brought back',
        lines: cause === '' ? [] : [cause],
      }),
    );
  };

  return async (event?: unknown): Promise<SweepResult> => {
    const startedAt = clock.now();
    const failures: unknown[] = [];
    const result: SweepResult = { openIncidents: 0, givenBack: [], started: [], tidied: [] };
    const attempt = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        // Its own execution closed it meanwhile: nothing is left to do.
        if (!(error instanceof IncidentClosedError)) failures.push(error);
      }
    };
    const isInTime = (): boolean => secondsBetween(startedAt, clock.now()) < changeBudgetSeconds;
    await attempt(() => tellFailure(event));
    await attempt(() => takeUpLostEvents(result));
    await attempt(async () => {
      const incidents = await store.listOpenIncidents();
      result.openIncidents = incidents.length;
      const overdue = incidents.filter((incident) => isOverdue(incident, clock.now()));
      measure({ OpenIncidents: incidents.length, OverdueIncidents: overdue.length });
      for (const incident of incidents) await attempt(() => tendIncident(incident, startedAt, result));
    });
    // Last, because it may take long: nobody waits for it as for what is to be given back.
    await attempt(async () => {
      result.started.push(...(await sweepLaunches(dependencies, await readMode(), isInTime, attempt)));
    });
    // A stage that is a dry run tags nothing, and may not.
    if (stageMode === 'live') {
      await attempt(async () => {
        const autoScaling = dependencies.autoScaling(stageMode);
        result.tidied = await tidyHoldTags({ autoScaling, store }, dependencies.stage);
      });
    }
    if (failures.length === 0) return result;
    const messages = failures.map((failure) =>
      failure instanceof Error ? failure.message : String(failure),
    );
    throw new AggregateError(failures, `The sweep could not do everything: ${messages.join('; ')}`);
  };
};
