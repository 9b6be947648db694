import type { AutoScaling } from '../aws/auto-scaling.ts';
import type { Clock } from '../clock.ts';
import { decideApply } from '../domain/decide-apply.ts';
import type { Incident, JournalEntry } from '../domain/incident.ts';
import { firstOf } from '../domain/times.ts';
import type { Store } from '../state/store.ts';
import { describeAwsError, isInstanceNotInService } from './aws-error.ts';
import { changeGroup } from './change-group.ts';
import { lookAtGroup, type SeenGroup } from './look-at-groups.ts';
import { createGroupNotes } from './note-group.ts';

/** What changing one group needs. */
export interface GroupDependencies {
  autoScaling: AutoScaling;
  store: Store;
  clock: Clock;
  newOwner: () => string;
}

/** What became of one group. */
export type ApplyOutcome = 'changed' | 'inForce' | 'unfinished' | 'gone' | 'refused';

/** Looks at one group within one round, when instances leave it while they are being protected. */
const looksMax = 3;

/**
 * Brings one group to its wanted state on behalf of an incident. An instance that leaves while the fifty of its call
 * are protected makes AWS refuse the call: the group is looked at again at once, so that the others do not wait.
 */
export const applyToGroup = async (
  dependencies: GroupDependencies,
  incident: Incident,
  seen: SeenGroup,
  journal: JournalEntry[],
  looks = 1,
): Promise<ApplyOutcome> => {
  const { autoScaling, store, clock, newOwner } = dependencies;
  const note = createGroupNotes(journal, clock, seen.name);
  const decision = decideApply(incident, seen.group, seen.record, newOwner(), clock.now());
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
  try {
    await changeGroup(store, autoScaling, decision);
  } catch (error) {
    if (isInstanceNotInService(error) && looks < looksMax) {
      const again = await lookAtGroup(store, autoScaling, seen.name);
      if (again !== undefined) return applyToGroup(dependencies, incident, again, journal, looks + 1);
    }
    note('failed', `${describeAwsError(error)}; tried again in the next round`, decision.calls);
    return 'unfinished';
  }
  if (decision.newlyOverridden.length > 0) {
    note(
      'overridden',
      `a person took back ${firstOf(decision.newlyOverridden)} meanwhile; left alone from now on`,
    );
  }
  if (decision.calls.length > 0) note('held', `held: ${decision.reason}`, decision.calls);
  return decision.calls.length > 0 ? 'changed' : 'inForce';
};
