import { describeAwsError } from '../../aws/aws-error.ts';
import { StaleRecordError } from '../../domain/errors.ts';
import { decideApply, isOnlyAsked } from '../../domain/holds/decide-apply.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { regionOf } from '../../domain/telling/commands.ts';
import {
  overriddenTodo,
  tellApplied,
  tellOverridden,
  tellReplaced,
  tellTakenBackByUpdate,
} from '../../domain/telling/hold-sentences.ts';
import { createGroupNotes } from '../incidents/note-group.ts';
import { changeGroup, type GroupDependencies } from './change-group.ts';
import { lookAgain } from './look-again.ts';
import { lookFreshly, type SeenGroup } from './look-at-groups.ts';

/** What became of one group. */
export type ApplyOutcome = 'changed' | 'inForce' | 'unfinished' | 'gone' | 'refused';

/**
 * Brings one group to its wanted state on behalf of an incident. An instance that leaves while the fifty of its call
 * are protected makes AWS refuse the call: the group is looked at again at once, so that the others do not wait.
 */
export const applyToGroup = async (
  dependencies: GroupDependencies,
  incident: Incident,
  known: SeenGroup,
  journal: JournalEntry[],
  looks = 1,
): Promise<ApplyOutcome> => {
  const { clock, newOwner } = dependencies;
  const note = createGroupNotes(journal, clock, known.name);
  const seen = await lookFreshly(dependencies, known);
  if (seen === undefined) {
    note('failed', 'the group cannot be read; tried again in the next round');
    return 'unfinished';
  }
  const decision = decideApply(incident, seen.group, seen.record, newOwner(), clock.now(), seen.seenAt);
  switch (decision.action) {
    case 'IN_FORCE':
      return 'inForce';
    case 'UNVERIFIED':
    case 'BUSY':
      return 'unfinished';
    case 'GONE':
      return 'gone';
    case 'REFUSE':
      return 'refused';
    case 'WRITE':
      break;
  }
  const noteNews = (): void => {
    const { newlyOverridden, isReplaced } = decision;
    if (isReplaced) note('replaced', tellReplaced);
    if (newlyOverridden.length === 0) return;
    if (decision.isStackUpdating) note('taken-back-by-update', tellTakenBackByUpdate(newlyOverridden));
    else {
      note('overridden', tellOverridden(newlyOverridden, seen.group?.tags ?? {}), {
        todo: overriddenTodo(regionOf(incident.incidentId), seen.name, newlyOverridden),
      });
    }
  };
  try {
    await changeGroup(dependencies, decision);
  } catch (error) {
    // What was written before the call says so already, and the next look finds nothing new in it.
    if (!(error instanceof StaleRecordError)) noteNews();
    const again = await lookAgain(dependencies, seen.name, error, looks);
    if (again !== undefined) return applyToGroup(dependencies, incident, again, journal, looks + 1);
    note('failed', `${describeAwsError(error)}; tried again in the next round`, { calls: decision.calls });
    return 'unfinished';
  }
  noteNews();
  const isNew = isOnlyAsked(decision.before, incident.incidentId);
  // What was in force already is held too: somebody else may end their claim on it.
  if (decision.calls.length > 0 || isNew) {
    const { because, calls } = decision;
    note('held', tellApplied(decision, incident), { because, calls });
  }
  return decision.calls.length > 0 ? 'changed' : 'inForce';
};
