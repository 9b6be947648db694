import type * as z from 'zod/mini';
import type { AutoScaling, LaunchHook } from '../../aws/auto-scaling.ts';
import { describeAwsError, isNoActiveLifecycleAction, isRefusal } from '../../aws/aws-error.ts';
import { type DrainStep, decideDrainStep } from '../../domain/drain/decide-drain-step.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { type Drain, hasEvidenceFor, isInFlight, withDrain } from '../../domain/launches/launch-record.ts';
import { changeBudgetSeconds } from '../../domain/limits.ts';
import { regionOf } from '../../domain/telling/commands.ts';
import { drainLeftTodo, tellDrainStep } from '../../domain/telling/drain-sentences.ts';
import { secondsBetween } from '../../domain/times.ts';
import type { drainRoundState } from '../../events/hold-state.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { createGroupNotes, createInstanceNotes } from '../incidents/note-group.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';
import { withLease } from '../incidents/with-lease.ts';
import { changeLaunches } from '../launches/change-launches.ts';

/** What one round did. */
export interface AbandonLaunchesResult {
  abandoned: number;
  terminated: number;
  ended: number;
  waiting: number;
}

/** How the journal calls the end of a drain. */
const endedAs = { GONE: 'drained', ESCAPED: 'kept', LEFT: 'left' } as const;

/**
 * Takes every instance that is being drained one step further, each looked at again right before. Group by group,
 * under the group's lease; one that fails never stops the others.
 */
export const createAbandonLaunches = (dependencies: TaskDependencies) => {
  const { killSwitch, store, clock, stageMode } = dependencies;

  const makeCalls = async (autoScaling: AutoScaling, step: DrainStep & { action: 'CALL' }) => {
    for (const call of step.calls) {
      try {
        await autoScaling.make(call);
      } catch (error) {
        // Completed or timed out meanwhile: the next look tells which.
        if (!isNoActiveLifecycleAction(error)) throw error;
      }
    }
  };

  const takeStep = async (
    autoScaling: AutoScaling,
    name: string,
    hooks: LaunchHook[],
    drain: Drain,
    result: AbandonLaunchesResult,
    journal: JournalEntry[],
  ): Promise<void> => {
    const { instanceId } = drain;
    const note = createInstanceNotes(journal, clock, name, instanceId);
    const change = (to: Partial<Drain>): Promise<unknown> =>
      changeLaunches(store, name, (record) => withDrain(record, drain, to));

    let step: DrainStep;
    try {
      const instance = await autoScaling.describeAutoScalingInstance(instanceId);
      const state = instance?.autoScalingGroupName === name ? instance.lifecycleState : undefined;
      const hookNames = hooks.map(({ lifecycleHookName }) => lifecycleHookName);
      step = decideDrainStep(drain, name, state, hookNames, clock.now());
    } catch (error) {
      note('failed', `cannot be looked at (${describeAwsError(error)}); tried again in the next round`);
      result.waiting += 1;
      return;
    }
    try {
      if (step.action === 'CALL') await makeCalls(autoScaling, step);
    } catch (error) {
      note('failed', `could not be drained (${describeAwsError(error)}); looked at again in the next round`);
      if (isRefusal(error)) await change({ attempts: drain.attempts + 1 });
      result.waiting += 1;
      return;
    }
    switch (step.action) {
      case 'WAIT':
        result.waiting += 1;
        return;
      case 'END':
        await change({ stage: step.stage, stageAt: clock.now() });
        note(endedAs[step.stage], tellDrainStep(step), {
          because: step.because,
          todo: drainLeftTodo(regionOf(drain.incidentId), instanceId, step),
        });
        result.ended += 1;
        return;
      case 'CALL':
        await change({ stage: step.stage, stageAt: clock.now(), attempts: 0 });
        note('abandoned', tellDrainStep(step), { because: step.because, calls: step.calls });
        if (step.stage === 'ABANDONED') result.abandoned += 1;
        else result.terminated += 1;
    }
  };

  return async (state: z.output<typeof drainRoundState>): Promise<AbandonLaunchesResult> => {
    const { incidentId } = state.plan;
    const startedAt = clock.now();
    const result: AbandonLaunchesResult = { abandoned: 0, terminated: 0, ended: 0, waiting: 0 };
    const incident = await store.readIncident(incidentId);
    if (incident?.status !== 'HELD') return result;
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    if (mode !== 'live') return result;
    const autoScaling = dependencies.autoScaling(mode);

    for (const record of await store.readLaunches(await store.readIncidentGroups(incidentId))) {
      const drains = record.drains.filter((drain) => isInFlight(drain) && hasEvidenceFor(drain, incidentId));
      if (drains.length === 0) continue;
      const name = record.autoScalingGroupName;
      const journal: JournalEntry[] = [];
      const isInTime = secondsBetween(startedAt, clock.now()) < changeBudgetSeconds;
      const done = isInTime
        ? await withLease(dependencies, name, async () => {
            let hooks: LaunchHook[];
            try {
              hooks = await autoScaling.describeLaunchHooks(name);
            } catch (error) {
              const note = createGroupNotes(journal, clock, name);
              note('failed', `its launch hooks cannot be read (${describeAwsError(error)}); tried again`);
              return false;
            }
            for (const drain of drains) await takeStep(autoScaling, name, hooks, drain, result, journal);
            return true;
          })
        : false;
      if (done !== true) result.waiting += drains.length;
      await writeJournal(store, incidentId, journal);
    }
    return result;
  };
};
