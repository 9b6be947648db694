import type * as z from 'zod/mini';
import type { AutoScaling } from '../../aws/auto-scaling.ts';
import { describeAwsError, isRefusal } from '../../aws/aws-error.ts';
import { type AutoScalingGroup, isOptedIn } from '../../domain/auto-scaling-group.ts';
import type { AutoScalingCall } from '../../domain/calls.ts';
import type { Imposed } from '../../domain/holds/group-record.ts';
import { afterLease, type GroupRecord, isLeased, withoutLease } from '../../domain/holds/group-record.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { homeSecondsMax, leaseSeconds } from '../../domain/limits.ts';
import type { RestoreDecision } from '../../domain/resize/decide-restore.ts';
import { decideRestore, driftOf } from '../../domain/resize/decide-restore.ts';
import { launchCall, restoreCalls } from '../../domain/resize/resize-calls.ts';
import {
  heldReservations,
  inFlight,
  type ResizeRecord,
  type ResizeWork,
} from '../../domain/resize/resize-record.ts';
import { regionOf } from '../../domain/telling/commands.ts';
import {
  sizesTodo,
  tellGivenUp,
  tellNotResized,
  tellNotRestored,
  tellRestored,
} from '../../domain/telling/resize-sentences.ts';
import { addSeconds, secondsBetween } from '../../domain/times.ts';
import type { resizeRoundState } from '../../events/hold-state.ts';
import { changeGroup } from '../holds/change-group.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import type { Note } from '../incidents/note-group.ts';
import { createGroupNotes } from '../incidents/note-group.ts';
import type { GiveBackDependencies } from '../incidents/task-dependencies.ts';
import type { SeenGroupWork } from './look-at-resizes.ts';
import { lookAtWork } from './look-at-resizes.ts';
import { noteDrift } from './note-drift.ts';
import type { ResizeStepResult } from './resize-step-result.ts';

/** A group that is being set back. */
interface Restoring {
  autoScaling: AutoScaling;
  incident: Incident;
  name: string;
  note: Note;
}

/** The group as it is, and its records. */
type Looked = SeenGroupWork & { group: AutoScalingGroup };

/** Says of how many instances nothing was changed, although they were to be resized. */
const noteNotResized = ({ queue, resizes, endsBecause }: ResizeWork, note: Note): void => {
  const count = queue.length + resizes.filter(({ outcome }) => outcome === 'UNTOUCHED').length;
  if (count === 0) return;
  note('warned', tellNotResized(count, endsBecause), { because: 'NOT_RESIZED', notBegun: queue.length });
};

/**
 * Sets a group back once none of its instances is in flight: `Launch` as the other holds want it, and seen to be so,
 * before the sizes of before are set again; then says what differs from the launch template. Called until nothing is
 * left to set back.
 */
export const createRestoreGroup = (dependencies: GiveBackDependencies) => {
  const { store, clock, newOwner } = dependencies;

  /** Makes changes of a group that its record remembers. */
  const change = (
    autoScaling: AutoScaling,
    record: GroupRecord,
    calls: AutoScalingCall[],
    before: Partial<GroupRecord>,
    after: Partial<GroupRecord>,
    now: string,
  ): Promise<void> =>
    changeGroup(
      { store, autoScaling, clock },
      {
        decidedAt: now,
        before: {
          ...record,
          ...before,
          lease: { owner: newOwner(), expiresAt: addSeconds(now, leaseSeconds) },
        },
        calls,
        after: withoutLease({ ...record, ...after }),
      },
    );

  /** What is left of the resize once everything is set back. */
  const finish = async (
    incident: Incident,
    resize: ResizeRecord,
    work: ResizeWork,
    group: AutoScalingGroup | undefined,
    note: ReturnType<typeof createGroupNotes>,
  ): Promise<void> => {
    noteNotResized(work, note);
    const updates =
      incident.resize?.updateLaunchTemplate === true && driftOf(work) !== undefined && group !== undefined;
    // Where the launch template is to be changed, who does that says what came of it.
    if (!updates && group !== undefined) noteDrift(incident.incidentId, work, note);
    const { work: _work, ...rest } = resize;
    await store.writeResize(updates ? { ...rest, work: { ...work, restoredAt: clock.now() } } : rest);
  };

  /** `Launch` need not run any more: it is suspended again where another hold wants it. */
  const holdLaunch = async (
    { autoScaling, name, note }: Restoring,
    { resize, work, record }: Looked,
    { holds, suspendsLaunch }: RestoreDecision & { action: 'HOLD_LAUNCH' },
    now: string,
  ): Promise<void> => {
    const calls = suspendsLaunch ? [launchCall('SuspendProcesses', name)] : [];
    await store.writeResize({ ...resize, work: { ...work, restoringSince: work.restoringSince ?? now } });
    const others = record.imposed.filter(({ setting }) => setting !== 'Launch');
    const withLaunch = (appliedAt: Partial<Imposed>): GroupRecord['imposed'] =>
      suspendsLaunch ? [...others, { setting: 'Launch', recordedAt: now, ...appliedAt }] : record.imposed;
    const before = { holds, imposed: withLaunch({}) };
    const after = { holds, imposed: withLaunch({ appliedAt: now }) };
    await change(autoScaling, record, calls, before, after, now);
    if (calls.length > 0) note('prepared', 'Launch is suspended again, as another hold wants it', { calls });
  };

  /** Sets the sizes, written down before and after. */
  const setSizes = async (
    { autoScaling, name, note }: Restoring,
    { resize, work, record, group }: Looked,
    decision: RestoreDecision & { action: 'SET' },
    now: string,
  ): Promise<void> => {
    const { sizes } = decision;
    const calls = restoreCalls(name, sizes);
    const written = await store.writeResize({ ...resize, work: { ...work, restore: sizes } });
    await change(autoScaling, record, calls, {}, {}, now);
    await store.writeResize({ ...written, work: { ...work, restore: { ...sizes, appliedAt: clock.now() } } });
    note('restored', tellRestored(group, decision), { calls });
  };

  const restore = async (restoring: Restoring): Promise<'restored' | 'not yet' | 'nothing'> => {
    const { autoScaling, incident, name, note } = restoring;
    const looked = await lookAtWork(autoScaling, store, incident.incidentId, name);
    if (looked === undefined || looked.work.restoredAt !== undefined) return 'nothing';
    const { resize, work, group } = looked;
    if (inFlight(work).length > 0 || heldReservations(work).length > 0) return 'nothing';
    if (group === undefined) {
      await finish(incident, resize, work, undefined, note);
      return 'restored';
    }
    const now = clock.now();
    if (!isOptedIn(group) && work.sizes !== undefined) {
      const { before } = work.sizes;
      note('left', tellNotRestored(before), {
        because: 'NOT_RESTORED',
        todo: sizesTodo(regionOf(incident.incidentId), name, before),
      });
      await finish(incident, resize, work, group, note);
      return 'restored';
    }
    const record = afterLease(looked.record, now);
    if (isLeased(record, now)) return 'not yet';
    const decision = decideRestore(group, record, work, now);
    switch (decision.action) {
      case 'HOLD_LAUNCH':
        await holdLaunch(restoring, { ...looked, record, group }, decision, now);
        return 'not yet';
      case 'WAIT':
        return 'not yet';
      case 'SET':
        await setSizes(restoring, { ...looked, record, group }, decision, now);
        return 'not yet';
      case 'DONE':
        await finish(incident, resize, work, group, note);
        return 'restored';
    }
  };

  /** Sizes that AWS refuses are decided anew, as the group is then; after a while they are left to a person. */
  const decideAgain = async (incident: Incident, name: string, journal: JournalEntry[]): Promise<void> => {
    const [resize] = await store.readResizes([name]);
    const { work } = resize ?? {};
    if (resize === undefined || work?.incidentId !== incident.incidentId) return;
    const { restore, ...rest } = work;
    const isTooLong = secondsBetween(work.restoringSince ?? clock.now(), clock.now()) > homeSecondsMax;
    if (!isTooLong) {
      await store.writeResize({ ...resize, work: rest });
      return;
    }
    const before = restore ?? work.sizes?.before ?? { minSize: 0, desiredCapacity: 0 };
    createGroupNotes(journal, clock, name)('left', tellGivenUp(before, homeSecondsMax), {
      because: 'NOT_RESTORED',
      todo: sizesTodo(regionOf(incident.incidentId), name, before),
    });
    noteNotResized(work, createGroupNotes(journal, clock, name));
    const { work: _work, ...bare } = resize;
    await store.writeResize(bare);
  };

  return async (state: z.output<typeof resizeRoundState>): Promise<ResizeStepResult> => {
    const { incidentId } = state.plan;
    const result: ResizeStepResult = { taken: 0, hasToWait: false };
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return result;
    const autoScaling = dependencies.autoScaling(incident.mode);
    for (const name of await store.readIncidentGroups(incidentId)) {
      const journal: JournalEntry[] = [];
      try {
        const note = createGroupNotes(journal, clock, name);
        const outcome = await restore({ autoScaling, incident, name, note });
        if (outcome === 'restored') result.taken += 1;
        if (outcome === 'not yet') result.hasToWait = true;
      } catch (error) {
        createGroupNotes(
          journal,
          clock,
          name,
        )('failed', `cannot be set back now (${describeAwsError(error)}); tried again`);
        if (isRefusal(error)) await decideAgain(incident, name, journal);
        result.hasToWait = true;
      }
      await writeJournal(store, incidentId, journal);
    }
    return result;
  };
};
