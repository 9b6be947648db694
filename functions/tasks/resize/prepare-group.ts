import type * as z from 'zod/mini';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { CloudFormation } from '../../aws/cloudformation.ts';
import type { AutoScalingGroup } from '../../domain/auto-scaling-group.ts';
import type { AutoScalingCall } from '../../domain/calls.ts';
import {
  afterLease,
  type GroupRecord,
  type Imposed,
  isLeased,
  withoutLease,
} from '../../domain/holds/group-record.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { leaseSeconds } from '../../domain/limits.ts';
import type { Mode } from '../../domain/mode.ts';
import { launchCall, roomCalls } from '../../domain/resize/resize-calls.ts';
import { inFlight } from '../../domain/resize/resize-record.ts';
import {
  isHeldByUs,
  launchIsOurs,
  minSizeBeforeUpdate,
  sizesFor,
  withSizes,
} from '../../domain/resize/resize-sizes.ts';
import { addSeconds } from '../../domain/times.ts';
import type { resizeRoundState } from '../../events/hold-state.ts';
import { changeGroup } from '../holds/change-group.ts';
import { type DescribeStack, groupsBeingUpdated, remembering } from '../holds/stacks.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { createGroupNotes } from '../incidents/note-group.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';
import { lookAtWork } from './look-at-resizes.ts';
import type { ResizeStepResult } from './resize-step-result.ts';

/** What preparing groups needs. */
export type PrepareGroupDependencies = TaskDependencies & { cloudFormation: CloudFormation };

/**
 * Sees to it that a group can be resized: its minimum leaves room for a wave; and where another hold of ours had
 * suspended `Launch`, that runs again so that Standby can be left, after desired capacity was set to what is in
 * service, so that nothing is launched. What was before is written down before.
 */
export const createPrepareGroup = (dependencies: PrepareGroupDependencies) => {
  const { killSwitch, store, clock, newOwner, stageMode } = dependencies;

  /**
   * The minimum that a group is meant to have: a rolling update of its stack raises it for its duration. No wave begins
   * while CloudFormation cannot be asked; but what is on its way comes home, with the minimum of before the hold.
   */
  const readUsualMinSize = async (
    group: AutoScalingGroup,
    record: GroupRecord,
    isGoing: boolean,
    describeStack: DescribeStack,
  ): Promise<number> => {
    const before = minSizeBeforeUpdate(group, record);
    if (before === undefined) return group.minSize;
    try {
      const updating = await groupsBeingUpdated(describeStack, [group]);
      return updating.length > 0 ? before : group.minSize;
    } catch (error) {
      describeAwsError(error);
      if (isGoing) return before;
      throw error;
    }
  };

  /** Prepares one group, if it needs it and may be prepared now. */
  const prepare = async (
    incident: Incident,
    mode: Mode | undefined,
    name: string,
    note: ReturnType<typeof createGroupNotes>,
    describeStack: DescribeStack,
    result: ResizeStepResult,
  ): Promise<void> => {
    const autoScaling = dependencies.autoScaling(incident.mode);
    const looked = await lookAtWork(autoScaling, store, incident.incidentId, name);
    if (looked?.group === undefined) return;
    const { work, group } = looked;
    const now = clock.now();
    const record = afterLease(looked.record, now);
    const freesLaunch = launchIsOurs(group, record);
    const pins = freesLaunch || work.sizes?.desiredCapacity !== undefined;
    const isGoing = inFlight(work).length > 0;
    const mayBegin =
      mode === 'live' &&
      work.endsBecause === undefined &&
      isHeldByUs(group, record, incident.incidentId, now);
    if (work.restoringSince !== undefined || !(isGoing || mayBegin)) return;
    const wanted = sizesFor(group, isGoing ? 0 : (work.nextWave ?? 1), pins);
    if (!freesLaunch && wanted === undefined) return;
    // Without Terminate suspended, desired capacity below what is alive would end instances.
    const isSafe = !pins || group.suspendedProcesses.includes('Terminate');
    if (isLeased(record, now) || !isSafe) return;
    const calls: AutoScalingCall[] = [
      ...(wanted === undefined ? [] : roomCalls(name, wanted)),
      ...(freesLaunch ? [launchCall('ResumeProcesses', name)] : []),
    ];
    if (wanted !== undefined) {
      const usualMinSize =
        work.sizes === undefined
          ? await readUsualMinSize(group, record, isGoing, describeStack)
          : work.sizes.before.minSize;
      await store.writeResize({
        ...looked.resize,
        work: { ...work, sizes: withSizes(work, group, usualMinSize, wanted, now) },
      });
    }
    // It stays in the record: a description from before must not be believed.
    const withLaunch = (change: Partial<Imposed>): GroupRecord['imposed'] =>
      freesLaunch
        ? record.imposed.map((entry) => (entry.setting === 'Launch' ? { ...entry, ...change } : entry))
        : record.imposed;
    await changeGroup(
      { store, autoScaling, clock },
      {
        decidedAt: now,
        before: {
          ...record,
          imposed: withLaunch({ givingBackAt: now }),
          lease: { owner: newOwner(), expiresAt: addSeconds(now, leaseSeconds) },
        },
        calls,
        after: withoutLease({ ...record, imposed: withLaunch({ givingBackAt: now, givenBackAt: now }) }),
      },
    );
    note('prepared', calls.flatMap(({ reason }) => reason).join('; '), { calls });
    result.taken += 1;
  };

  return async (state: z.output<typeof resizeRoundState>): Promise<ResizeStepResult> => {
    const { incidentId } = state.plan;
    // A resumed process shows a little later: the next look waits in any case.
    const result: ResizeStepResult = { taken: 0, hasToWait: true };
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return result;
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    const describeStack = remembering(dependencies.cloudFormation);
    for (const name of await store.readIncidentGroups(incidentId)) {
      const journal: JournalEntry[] = [];
      const note = createGroupNotes(journal, clock, name);
      try {
        await prepare(incident, mode, name, note, describeStack, result);
      } catch (error) {
        note('failed', `cannot be prepared now (${describeAwsError(error)}); tried again`);
      }
      await writeJournal(store, incidentId, journal);
    }
    return result;
  };
};
