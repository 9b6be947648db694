import type * as z from 'zod/mini';
import { type GroupRecord, isLeased, withoutLease } from '../domain/group-record.ts';
import type { AutoScalingCall, JournalEntry } from '../domain/incident.ts';
import { leaseSeconds } from '../domain/limits.ts';
import { sizesReason } from '../domain/plan-resize.ts';
import { launchCall, updateSizesCall } from '../domain/resize-calls.ts';
import { inFlight } from '../domain/resize-record.ts';
import { isHeldByUs, launchIsOurs, sizesFor, withSizes } from '../domain/resize-sizes.ts';
import { addSeconds } from '../domain/times.ts';
import type { resizeRoundState } from '../events/hold-state.ts';
import { describeAwsError } from './aws-error.ts';
import { changeGroup } from './change-group.ts';
import { type GroupWorkDependencies, lookAtWork } from './look-at-resizes.ts';
import { createGroupNotes } from './note-group.ts';
import { readModeOrUndefined } from './read-mode.ts';
import type { ResizeStepResult } from './take-resize-step.ts';

/**
 * Sees to it that a group can be resized: its minimum leaves room for a wave; and where another hold of ours had
 * suspended `Launch`, that runs again so that Standby can be left, after desired capacity was set to what is in
 * service, so that nothing is launched. What was before is written down before.
 */
export const createPrepareGroup = (dependencies: GroupWorkDependencies) => {
  const { killSwitch, store, clock, newOwner, stageMode } = dependencies;
  return async (state: z.output<typeof resizeRoundState>): Promise<ResizeStepResult> => {
    const { incidentId } = state.plan;
    const result: ResizeStepResult = { taken: 0, hasToWait: false };
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return result;
    const autoScaling = dependencies.autoScaling(incident.mode);
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    for (const name of await store.readIncidentGroups(incidentId)) {
      const looked = await lookAtWork(autoScaling, store, incidentId, name);
      if (looked?.group === undefined) continue;
      const { work, group, record } = looked;
      const now = clock.now();
      const freesLaunch = launchIsOurs(group, record);
      const pins = freesLaunch || work.sizes?.desiredCapacity !== undefined;
      const entering = inFlight(work).length > 0 ? 0 : Math.min(work.waveSize, work.queue.length);
      const isGoing = inFlight(work).length > 0;
      const mayBegin =
        mode === 'live' && work.endsBecause === undefined && isHeldByUs(group, record, incidentId);
      if (!isGoing && !mayBegin) continue;
      const wanted = work.restoringSince === undefined ? sizesFor(group, entering, pins) : undefined;
      if ((!freesLaunch && wanted === undefined) || work.restoringSince !== undefined) continue;
      // Without it desired capacity below what is alive would end instances.
      const isSafe = group.suspendedProcesses.includes('Terminate');
      if (isLeased(record, now) || (pins && !isSafe)) {
        result.hasToWait = true;
        continue;
      }
      const calls: AutoScalingCall[] = [
        ...(wanted === undefined ? [] : [updateSizesCall(name, wanted, sizesReason(wanted))]),
        ...(freesLaunch ? [launchCall('ResumeProcesses', name)] : []),
      ];
      const journal: JournalEntry[] = [];
      const note = createGroupNotes(journal, clock, name);
      if (wanted !== undefined) {
        await store.writeResize({
          ...looked.resize,
          work: { ...work, sizes: withSizes(work, group, wanted, now) },
        });
      }
      const withLaunch = (givingBack: boolean): GroupRecord['imposed'] =>
        givingBack
          ? record.imposed.map((entry) =>
              entry.setting === 'Launch' ? { ...entry, givingBackAt: now } : entry,
            )
          : record.imposed.filter(({ setting }) => setting !== 'Launch');
      try {
        await changeGroup(store, autoScaling, {
          before: {
            ...record,
            imposed: freesLaunch ? withLaunch(true) : record.imposed,
            lease: { owner: newOwner(), expiresAt: addSeconds(now, leaseSeconds) },
          },
          calls,
          after: withoutLease({ ...record, imposed: freesLaunch ? withLaunch(false) : record.imposed }),
        });
        note('prepared', calls.map(({ reason }) => reason).join('; '), calls);
        result.taken += 1;
      } catch (error) {
        note('failed', `${describeAwsError(error)}; tried again`, calls);
        result.hasToWait = true;
      }
      await store.appendJournal(incidentId, journal);
    }
    // A resumed process shows a little later.
    return { ...result, hasToWait: true };
  };
};
