import type { CloudWatch } from '../../aws/cloudwatch.ts';
import type { Ec2 } from '../../aws/ec2.ts';
import type { KillSwitchState } from '../../aws/systems-manager.ts';
import { IncidentClosedError, UnknownModeError, UnreadableFactError } from '../../domain/errors.ts';
import { executionArnOf, executionNameOf } from '../../domain/execution-arn.ts';
import { secondsUntilClosable } from '../../domain/holds/seconds-until-closable.ts';
import type { Incident } from '../../domain/incident.ts';
import { laterOf } from '../../domain/launches/launch-record.ts';
import { changeBudgetSeconds, giveBackAgainSeconds } from '../../domain/limits.ts';
import { lowestMode, type Mode } from '../../domain/mode.ts';
import { remediations } from '../../domain/remediations.ts';
import { awsCommand } from '../../domain/shell.ts';
import { abandonedBecause } from '../../domain/signals/abandoned-because.ts';
import { decideStart, nameExecution, signalNameOf } from '../../domain/signals/decide-start.ts';
import { attentionIn, sizeEvents } from '../../domain/telling/attention.ts';
import { isOverdue, type Measure } from '../../domain/telling/metrics.ts';
import { addSeconds, counted, secondsBetween } from '../../domain/times.ts';
import { parseFailedExecution } from '../../events/execution-ended.ts';
import type { Policy } from '../../events/policy.ts';
import type { StageMode } from '../../state/store.ts';
import { giveBackGroups } from '../holds/give-back-groups.ts';
import { writeJournal, writeNotice } from '../incidents/emit-facts.ts';
import { beginRelease, closeIncident } from '../incidents/end-incident.ts';
import { groupsBeingResized } from '../incidents/groups-being-resized.ts';
import {
  type StartDependencies,
  type StartOutcome,
  saysChanged,
  startExecutionsAgain,
} from '../incidents/start-executions.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';
import { readAlarmAgain } from './route-signal.ts';
import { sweepLaunches } from './sweep-launches.ts';
import { tidyHoldTags } from './tidy-hold-tags.ts';

/** What the sweep needs. */
export interface SweepDependencies extends StartDependencies, TaskDependencies {
  ec2: Ec2;
  cloudWatch: CloudWatch;
  policy: Policy;
  measure: Measure;
  stage: string;
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

/** What happens after an execution failed. */
const nextAfterFailure = (hasBegun: boolean, isOfSignal: boolean): string => {
  if (hasBegun) return 'what is still held is given back by the sweep, and what is in flight is brought back';
  return isOfSignal
    ? 'the sweep tries it again for as long as what started it is true'
    : 'nothing: nothing is held; start it again once what made it fail is mended';
};

/**
 * Finds what no event told: alarms in ALARM whose event was lost are taken up under the name the event would have
 * given, and what failed before it began is started again; failed launches that no event told are counted, and instances
 * that are stuck start their rule; holds whose execution is gone or whose time is over are given back by an execution of
 * their own.
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
    const isResizing = open.resize !== undefined && (await groupsBeingResized(store, names)).size > 0;
    // Its holds stay until nothing is in flight. An execution that runs sees by itself that it is to end.
    if (isResizing && isRunning) return;
    if (isResizing) {
      await startGivingBack(incident, because, result);
      return;
    }
    const { remaining, refused } = await giveBackGroups(
      { autoScaling: dependencies.autoScaling(incident.mode), store, clock, newOwner },
      incident,
      startedAt,
    );
    result.givenBack.push({ incidentId, because, remaining, refused });
    if (refused.length > 0) {
      await writeNotice(store, {
        kind: 'needs-a-person',
        at: clock.now(),
        incidentId,
        about: refused.join('\n'),
        seen: incident.reason,
        done: `${counted(refused.length, 'group')} cannot be given back (${because})`,
        next: 'the sweep goes on trying',
        groups: names,
        lines: refused,
      });
    }
    // What an execution can give back is given back by one: it waits in seconds, where sweeps are minutes apart.
    const startedFor =
      open.tendedSince === undefined ? undefined : secondsBetween(open.tendedSince, clock.now());
    const isStartedLately = startedFor !== undefined && startedFor < giveBackAgainSeconds;
    if (remaining > refused.length && !isStartedLately) await startGivingBack(incident, because, result);
    if (remaining > 0 || secondsUntilClosable(incident, clock.now()) > 0) return;
    const { attention, attentionLeftOut } = attentionIn(await store.readJournal(incidentId), sizeEvents);
    await writeNotice(store, {
      kind: 'gave-back',
      at: clock.now(),
      incidentId,
      seen: incident.reason,
      done: `${counted(names.length, 'group')} given back by the sweep: ${because}`,
      next: 'nothing; it is over',
      groups: names,
      lines: attention,
      linesLeftOut: attentionLeftOut,
    });
    await closeIncident(store, clock, incident);
  };

  /** Another execution gives back what one left, and brings home what it left in flight. */
  const startGivingBack = async (
    { incidentId, remediation }: Incident,
    because: string,
    result: SweepResult,
  ): Promise<void> => {
    const arn = dependencies.stateMachineArns[remediation];
    const now = clock.now();
    const { continuedBy } = remediations[remediation];
    // Anew each time, because one that ended before it was done has to be followed by another.
    const name = nameExecution(continuedBy.name, incidentId, now);
    await store.changeIncident(incidentId, { tendedBy: executionArnOf(arn, name), tendedSince: now });
    try {
      await stepFunctions.startExecution(arn, name, { [continuedBy.field]: incidentId });
    } catch (error) {
      // Nothing was started: the next sweep need not wait for it.
      await store.changeIncident(incidentId, { tendedSince: addSeconds(now, -giveBackAgainSeconds) });
      throw error;
    }
    const reason = `${executionNameOf(incidentId)} is given back: ${because}`;
    await writeJournal(store, incidentId, [{ at: now, event: 'releasing', text: `${name}: ${reason}` }]);
    result.started.push({ action: 'STARTED', executionName: name, reason });
  };

  /** People are told of a word in the kill switch that means nothing, once for each word. */
  const tellUnknownMode = async ({ parameterName, word, message }: UnknownModeError): Promise<void> => {
    const writeMode = (mode: Mode): string =>
      awsCommand('ssm', 'put-parameter', '--name', parameterName, '--value', mode, '--overwrite');
    await writeNotice(store, {
      kind: 'needs-a-person',
      at: clock.now(),
      incidentId: '',
      identity: `kill switch#${word}`,
      seen: message,
      done: `the kill switch says "${word}", which means nothing: nothing new begins, and what is held ends when it expires instead of being renewed`,
      next: 'the sweep looks again every five minutes; write one of the two lines',
      lines: [
        `So that Holdfast works: ${writeMode('live')}`,
        `So that everything is given back and nothing begins: ${writeMode('off')}`,
      ],
    });
  };

  /**
   * What may happen, and since when: since the mode was last seen to be another, since an operator last wrote the kill
   * switch, or since the first sweep.
   *
   * @throws UnreadableFactError when that cannot be read; a word that means nothing is told to people first
   */
  const readStageMode = async (): Promise<StageMode> => {
    let state: KillSwitchState;
    try {
      state = await killSwitch.read();
    } catch (error) {
      if (error instanceof UnknownModeError) await tellUnknownMode(error);
      throw error instanceof UnreadableFactError
        ? new UnreadableFactError(`${error.message}; nothing was taken up`, { cause: error })
        : error;
    }
    const mode = lowestMode(stageMode, state.mode);
    const known = await store.readStageMode();
    const { changedAt } = state;
    if (known?.mode === mode) return { mode, since: laterOf(changedAt, known.since) };
    // The switch says itself since when; a mode that changed with a deployment was last seen to be another.
    const isSwitched = changedAt !== undefined && (known === undefined || changedAt > known.since);
    const seen: StageMode = { mode, since: isSwitched ? changedAt : clock.now() };
    await store.writeStageMode(seen);
    return seen;
  };

  const takeUpLostEvents = async (
    { mode, since }: StageMode,
    attempt: (work: () => Promise<void>) => Promise<void>,
    result: SweepResult,
  ): Promise<void> => {
    const now = clock.now();
    for (const alarm of await cloudWatch.describeAlarmsInAlarm()) {
      const decide = (current: typeof alarm | undefined) =>
        decideStart(policy, alarm, current, mode, now, { since });
      if (decide(alarm).every(({ action }) => action === 'IGNORE')) continue;
      // What cannot be read of one alarm does not keep the others waiting.
      await attempt(async () => {
        const current = await readAlarmAgain(cloudWatch, alarm.alarmName);
        const outcomes = await startExecutionsAgain(dependencies, decide(current));
        result.started.push(...outcomes.filter(({ action }) => action === 'STARTED'));
      });
    }
  };

  /** That an execution failed before, or outside, its report: one that its report told of is not told again. */
  const tellFailure = async (event: unknown): Promise<void> => {
    const failed = parseFailedExecution(event);
    if (failed === undefined) return;
    const { executionArn, status, error, cause } = failed;
    const ofSignal = signalNameOf(executionArn);
    // Whoever starts an execution by hand sees at once that its input is wrong; nobody sees that of a rule's.
    if (toldOtherwise.has(error) && !(error === 'InvalidInputError' && ofSignal !== undefined)) return;
    const hasBegun = (await store.readJournal(executionArn)).some(saysChanged);
    await writeNotice(store, {
      kind: 'failed',
      at: clock.now(),
      incidentId: executionArn,
      // Its signal is tried again and again; that it fails is told once.
      ...(hasBegun || ofSignal === undefined ? {} : { identity: `failed before it began#${ofSignal}` }),
      done: `the execution ${status === 'FAILED' ? 'failed' : 'timed out'}${error === '' ? '' : `: ${error}`}${hasBegun ? '' : '; nothing was changed'}`,
      next: nextAfterFailure(hasBegun, ofSignal !== undefined),
      lines: cause === '' ? [] : [cause],
    });
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
    let stage: StageMode | undefined;
    await attempt(async () => {
      stage = await readStageMode();
      await takeUpLostEvents(stage, attempt, result);
    });
    await attempt(async () => {
      const incidents = await store.listOpenIncidents();
      result.openIncidents = incidents.length;
      const overdue = incidents.filter((incident) => isOverdue(incident, clock.now()));
      measure({ OpenIncidents: incidents.length, OverdueIncidents: overdue.length });
      for (const incident of incidents) await attempt(() => tendIncident(incident, startedAt, result));
    });
    // Last, because it may take long: nobody waits for it as for what is to be given back.
    const mode = stage?.mode;
    if (mode !== undefined) {
      await attempt(async () => {
        result.started.push(...(await sweepLaunches(dependencies, mode, isInTime, attempt)));
      });
    }
    // A stage that is a dry run tags nothing, and may not.
    if (stageMode === 'live') {
      await attempt(async () => {
        const autoScaling = dependencies.autoScaling(stageMode);
        result.tidied = await tidyHoldTags(
          { autoScaling, store, clock },
          dependencies.stage,
          dependencies.stateMachineArns,
        );
      });
    }
    if (failures.length === 0) return result;
    const messages = failures.map((failure) =>
      failure instanceof Error ? failure.message : String(failure),
    );
    throw new AggregateError(failures, `The sweep could not do everything: ${messages.join('; ')}`);
  };
};
