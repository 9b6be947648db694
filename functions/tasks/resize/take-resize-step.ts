import type * as z from 'zod/mini';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { changeBudgetSeconds } from '../../domain/limits.ts';
import type { ResizeOperation } from '../../domain/resize/resize-facts.ts';
import { inFlight } from '../../domain/resize/resize-record.ts';
import { secondsBetween } from '../../domain/times.ts';
import type { resizeRoundState } from '../../events/hold-state.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { createGroupNotes } from '../incidents/note-group.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import { withLease } from '../incidents/with-lease.ts';
import { clientsFor, lookAtResize, type ResizeDependencies } from './look-at-resizes.ts';
import { type ResizingGroup, resizeInstance } from './resize-instance.ts';
import type { ResizeStepResult } from './resize-step-result.ts';

/**
 * Takes one kind of step with every instance that is due for it, each looked at again right before, group by group
 * under the group's lease. Written before done: whatever dies, the record says what was asked.
 *
 * @param operation the step; a state of `statemachines/resize-in-place.asl.yml`
 */
export const createTakeResizeStep = (dependencies: ResizeDependencies, operation: ResizeOperation) => {
  const { killSwitch, store, clock, stageMode } = dependencies;

  return async (state: z.output<typeof resizeRoundState>): Promise<ResizeStepResult> => {
    const { incidentId } = state.plan;
    const startedAt = clock.now();
    const result: ResizeStepResult = { taken: 0, hasToWait: false };
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return result;
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    const clients = clientsFor(dependencies, incident.mode);
    const names = await store.readIncidentGroups(incidentId);

    for (const { autoScalingGroupName: name, work } of await store.readResizes(names)) {
      if (work?.incidentId !== incidentId || inFlight(work).length === 0) continue;
      const journal: JournalEntry[] = [];
      const isInTime = secondsBetween(startedAt, clock.now()) < changeBudgetSeconds;
      const takeSteps = async (): Promise<boolean> => {
        const looked = await lookAtResize(clients, store, incidentId, name);
        if (looked?.seen === undefined) return true;
        const { seen, resize: record } = looked;
        const group: ResizingGroup = {
          operation,
          name,
          incident,
          mode,
          clients,
          store,
          clock,
          seen,
          record,
          entered: [],
          exits: 0,
          journal,
          result,
        };
        for (const resize of inFlight(looked.work)) await resizeInstance(group, resize);
        return true;
      };
      try {
        const done = isInTime ? await withLease(dependencies, name, takeSteps) : undefined;
        if (done === undefined) result.hasToWait = true;
      } catch (error) {
        // One group that cannot be looked at never keeps the others from going home.
        createGroupNotes(
          journal,
          clock,
          name,
        )('failed', `${operation}: ${describeAwsError(error)}; tried again`);
        result.hasToWait = true;
      }
      await writeJournal(store, incidentId, journal);
    }
    return result;
  };
};
