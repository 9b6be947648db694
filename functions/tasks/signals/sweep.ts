import type { CloudTrail } from '../../aws/cloudtrail.ts';
import type { CloudWatch } from '../../aws/cloudwatch.ts';
import type { Ec2 } from '../../aws/ec2.ts';
import { IncidentClosedError } from '../../domain/errors.ts';
import { changeBudgetSeconds } from '../../domain/limits.ts';
import { decideStart } from '../../domain/signals/decide-start.ts';
import { isOverdue, type Measure } from '../../domain/telling/metrics.ts';
import { secondsBetween } from '../../domain/times.ts';
import type { Policy } from '../../events/policy.ts';
import type { StageMode } from '../../state/store.ts';
import { patiently } from '../incidents/patiently.ts';
import { type StartDependencies, startExecutionsAgain } from '../incidents/start-executions.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';
import { explainOverrides } from './explain-overrides.ts';
import { type AbandonedResult, giveBackAbandoned } from './give-back-abandoned.ts';
import { readStageMode } from './read-stage-mode.ts';
import { readAlarmAgain } from './route-signal.ts';
import { sweepLaunches } from './sweep-launches.ts';
import { tellFailedExecution } from './tell-failed-execution.ts';
import { tidyHoldTags } from './tidy-hold-tags.ts';

/** What the sweep needs. */
export interface SweepDependencies extends StartDependencies, TaskDependencies {
  cloudTrail: CloudTrail;
  ec2: Ec2;
  cloudWatch: CloudWatch;
  policy: Policy;
  measure: Measure;
  stage: string;
}

/** What one sweep did. */
export interface SweepResult extends AbandonedResult {
  openIncidents: number;
  /** Tags that were left over. */
  tidied: string[];
  /** Why CloudTrail could not be asked who took something back, where it could not. */
  unexplainedBecause?: string;
}

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
  const { cloudTrail, cloudWatch, store, clock, policy, measure, stageMode } = dependencies;

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

  /** Nothing depends on it, so nothing fails with it: people were told that somebody took something back. */
  const explain = async (names: string[], result: SweepResult): Promise<void> => {
    try {
      await explainOverrides({ cloudTrail, store, clock }, names);
    } catch (error) {
      result.unexplainedBecause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
  };

  return async (event?: unknown): Promise<SweepResult> => {
    const startedAt = clock.now();
    const failures: unknown[] = [];
    const result: SweepResult = { openIncidents: 0, givenBack: [], started: [], tidied: [] };
    const isInTime = (inSeconds = 0): boolean =>
      secondsBetween(startedAt, clock.now()) + inSeconds < changeBudgetSeconds;
    const attempt = async (work: () => Promise<void>): Promise<void> => {
      try {
        await patiently(work, isInTime);
      } catch (error) {
        // Its own execution closed it meanwhile: nothing is left to do.
        if (!(error instanceof IncidentClosedError)) failures.push(error);
      }
    };
    await attempt(() => tellFailedExecution(dependencies, event));
    let stage: StageMode | undefined;
    await attempt(async () => {
      stage = await readStageMode(dependencies);
      await takeUpLostEvents(stage, attempt, result);
    });
    await attempt(async () => {
      const incidents = await store.listOpenIncidents();
      result.openIncidents = incidents.length;
      const overdue = incidents.filter((incident) => isOverdue(incident, clock.now()));
      measure({ OpenIncidents: incidents.length, OverdueIncidents: overdue.length });
      for (const incident of incidents)
        await attempt(() => giveBackAbandoned(dependencies, incident, startedAt, result));
      // After giving back, which no gauge may keep from happening.
      await attempt(async () => {
        const groups = new Set<string>();
        for (const { incidentId } of await store.listOpenIncidents()) {
          for (const name of await store.readIncidentGroups(incidentId)) groups.add(name);
        }
        measure({ GroupsHeld: groups.size });
        await explain([...groups], result);
      });
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
