import { describeAwsError } from '../../aws/aws-error.ts';
import { markedUnhealthy } from '../../domain/auto-scaling-group.ts';
import type { AutoScalingCall } from '../../domain/calls.ts';
import { StaleRecordError } from '../../domain/errors.ts';
import { decideRelease, type ReleaseDecision } from '../../domain/holds/decide-release.ts';
import { type GroupRecord, isLeased, withoutLease } from '../../domain/holds/group-record.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { soonSeconds } from '../../domain/limits.ts';
import { regionOf } from '../../domain/telling/commands.ts';
import {
  markedUnhealthyTodo,
  notGivenBackTodo,
  raiseTodo,
  releaseTodo,
  tellMarkedUnhealthy,
  tellNotGivenBack,
  tellRaise,
  tellRelease,
} from '../../domain/telling/hold-sentences.ts';
import type { Note } from '../incidents/note-group.ts';
import { createGroupNotes } from '../incidents/note-group.ts';
import { changeGroup, type GroupDependencies } from './change-group.ts';
import { lookAgain } from './look-again.ts';
import { lookFreshly, type SeenGroup } from './look-at-groups.ts';
import { createReadScalingFacts, type ReadScalingFacts } from './read-scaling-facts.ts';
import { setHoldTag } from './set-hold-tag.ts';

/** A group's outcome: done, seconds after which to look again, or why only a person can go on. */
export type GiveBackOutcome =
  | { done: true }
  | { done: false; waitSeconds: number }
  | { done: false; refused: JournalEntry };

const eventOfRelease = (decision: ReleaseDecision & { action: 'WRITE' }): JournalEntry['event'] => {
  if (decision.because === 'BROKEN_NEWCOMERS_STAY') return 'left';
  if (decision.needsPerson) return 'left';
  if (decision.isGone) return 'gone';
  return decision.isDone ? 'given-back' : 'giving-back';
};

/**
 * Desired capacity is set to a number, and a scale-out since the page was described would be undone by it: whoever
 * sets it looks again right before, at the group's policies and scheduled actions too.
 */
const decideFreshly = async (
  { autoScaling, store, clock, newOwner }: GroupDependencies,
  incident: Incident,
  seen: SeenGroup,
  readScalingFacts: ReadScalingFacts,
): Promise<ReleaseDecision> => {
  const settings = {
    incidentId: incident.incidentId,
    settleSeconds: incident.settings.settleSeconds,
    owner: newOwner(),
    seenAt: seen.seenAt,
  };
  const decision = decideRelease(seen.group, seen.record, settings, clock.now());
  if (decision.action !== 'READ_SCALING') return decision;
  const scaling = await readScalingFacts(seen.name);
  const [resize] = await store.readResizes([seen.name]);
  const seenAt = clock.now();
  const [group] = await autoScaling.describeAutoScalingGroups([seen.name]);
  const ownMinSizes = resize?.work?.sizes?.minSizes ?? [];
  return decideRelease(group, seen.record, { ...settings, scaling, ownMinSizes, seenAt }, clock.now());
};

/** What the journal says of a step back that was taken. */
const noteRelease = (
  note: Note,
  region: string,
  seen: SeenGroup,
  decision: ReleaseDecision & { action: 'WRITE' },
): void => {
  const { because, calls, raise } = decision;
  const todo = releaseTodo(region, seen.name, decision);
  const text = tellRelease(decision);
  if (because === 'IN_FORCE_AGAIN') {
    note('given-back', tellRelease({ because: 'GIVEN_BACK' }), { because: 'GIVEN_BACK', calls });
    note('warned', text, { because, todo });
  } else note(eventOfRelease(decision), text, { because, calls, todo });
  if (raise?.action === 'LEAVE') {
    note('not-raised', tellRaise(raise), { because: raise.because, todo: raiseTodo(region, raise) });
  }
  const ids = (seen.group === undefined ? [] : markedUnhealthy(seen.group)).map(
    ({ instanceId }) => instanceId,
  );
  if (ids.length === 0 || calls.length === 0) return;
  const instances = seen.group?.instances.length ?? 0;
  // One or two are replaced as ever; half of a group is what somebody should stop in time.
  note(2 * ids.length >= instances ? 'mostly-unhealthy' : 'unhealthy', tellMarkedUnhealthy(ids, instances), {
    todo: markedUnhealthyTodo(region, ids),
  });
};

/**
 * Whether nobody's lease is left of a group that nobody holds. Who drains takes a lease without a hold; one that died, or
 * could not write, leaves it behind, and nobody else would take it away.
 */
const isFreeOfLeases = async (
  { store, clock }: Pick<GroupDependencies, 'store' | 'clock'>,
  record: GroupRecord,
): Promise<boolean> => {
  if (record.lease === undefined || record.holds.length > 0) return true;
  if (isLeased(record, clock.now())) return false;
  try {
    await store.writeGroup(withoutLease(record));
    return true;
  } catch (error) {
    if (error instanceof StaleRecordError) return false;
    throw error;
  }
};

/** Takes one group of an incident one stage further on its way back. */
export const giveBackGroup = async (
  dependencies: GroupDependencies,
  incident: Incident,
  known: SeenGroup,
  journal: JournalEntry[],
  readScalingFacts: ReadScalingFacts = createReadScalingFacts(dependencies.autoScaling, 1),
  looks = 1,
): Promise<GiveBackOutcome> => {
  const { clock } = dependencies;
  const region = regionOf(incident.incidentId);
  const note = createGroupNotes(journal, clock, known.name);
  const seen = await lookFreshly(dependencies, known);
  if (seen === undefined) {
    note('failed', 'the group cannot be read; tried again');
    return { done: false, waitSeconds: soonSeconds };
  }
  let decision: ReleaseDecision;
  try {
    decision = await decideFreshly(dependencies, incident, seen, readScalingFacts);
  } catch (error) {
    note('failed', `${describeAwsError(error)}; tried again`);
    return { done: false, waitSeconds: soonSeconds };
  }
  switch (decision.action) {
    case 'DONE':
      if (!(await isFreeOfLeases(dependencies, seen.record))) {
        return { done: false, waitSeconds: soonSeconds };
      }
      await setHoldTag(dependencies, incident.incidentId, seen, journal);
      return { done: true };
    case 'WAIT':
      return { done: false, waitSeconds: decision.seconds };
    case 'BUSY':
    case 'READ_SCALING':
      return { done: false, waitSeconds: soonSeconds };
    case 'REFUSE':
      return {
        done: false,
        refused: {
          at: clock.now(),
          event: 'failed',
          because: decision.because,
          autoScalingGroupName: seen.name,
          text: tellNotGivenBack(decision.inForce),
          todo: notGivenBackTodo(region, seen.name, decision.inForce),
        },
      };
    case 'WRITE':
      break;
  }
  // Told as soon as it is so: the calls after it may fail, and the next look finds nothing to raise.
  const noteAccepted = ({ operation }: AutoScalingCall): void => {
    if (operation === 'SetDesiredCapacity' && decision.action === 'WRITE' && decision.raise !== undefined) {
      note('raised', tellRaise(decision.raise), { todo: raiseTodo(region, decision.raise) });
    }
  };
  try {
    await changeGroup(dependencies, decision, noteAccepted);
  } catch (error) {
    const again = await lookAgain(dependencies, seen.name, error, looks);
    if (again !== undefined)
      return giveBackGroup(dependencies, incident, again, journal, readScalingFacts, looks + 1);
    note('failed', `${describeAwsError(error)}; tried again`, { calls: decision.calls });
    return { done: false, waitSeconds: soonSeconds };
  }
  noteRelease(note, region, seen, decision);
  if (!decision.isDone) return { done: false, waitSeconds: soonSeconds };
  await setHoldTag(dependencies, incident.incidentId, { ...seen, record: decision.after }, journal);
  return { done: true };
};
