import type { AutoScaling } from '../../aws/auto-scaling.ts';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { Clock } from '../../clock.ts';
import { StaleRecordError } from '../../domain/errors.ts';
import { isLeased } from '../../domain/holds/group-record.ts';
import { keepsInstances } from '../../domain/holds/wanted-state.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { groupsReadAlone } from '../../domain/limits.ts';
import type { Store } from '../../state/store.ts';

/** Scheduled actions of one group that are remembered; AWS allows 125 of one group. */
const actionsRemembered = 125;

/**
 * Writes down, once, the scheduled actions of the groups of an incident that keeps instances from scale-in: a one-off
 * that has run is not listed any more, and it may be why desired capacity fell. After the groups are held, because
 * nothing waits for it. What cannot be read or written now is tried again in the next round.
 *
 * @param names the groups that are held by now
 * @param isEverybody whether no other group of the incident may be held later
 */
export const noteSchedules = async (
  { autoScaling, store, clock }: { autoScaling: AutoScaling; store: Store; clock: Clock },
  incident: Incident,
  names: string[],
  isEverybody: boolean,
  journal: JournalEntry[],
): Promise<void> => {
  if (incident.schedulesReadAt !== undefined || names.length === 0) return;
  const { incidentId } = incident;
  try {
    const byGroup = new Map(
      names.length > groupsReadAlone
        ? await autoScaling.describeScheduledActions()
        : (await Promise.all(names.map((name) => autoScaling.describeScheduledActions(name)))).flatMap(
            (actions) => [...actions],
          ),
    );
    const scheduled = names.filter((name) => (byGroup.get(name) ?? []).length > 0);
    const records = scheduled.length === 0 ? [] : await store.readGroups(scheduled);
    let isComplete = isEverybody;
    for (const record of records) {
      const { kept } = record;
      if (kept === undefined || kept.scheduledActions !== undefined) continue;
      if (!record.holds.some(keepsInstances)) continue;
      if (isLeased(record, clock.now())) {
        isComplete = false;
        continue;
      }
      const scheduledActions = (byGroup.get(record.autoScalingGroupName) ?? []).slice(0, actionsRemembered);
      try {
        await store.writeGroup({ ...record, kept: { ...kept, scheduledActions } });
      } catch (error) {
        if (!(error instanceof StaleRecordError)) throw error;
        isComplete = false;
      }
    }
    if (isComplete) await store.changeIncident(incidentId, { schedulesReadAt: clock.now() });
  } catch (error) {
    const text = `scheduled actions cannot be read (${describeAwsError(error)}); tried again in the next round`;
    journal.push({ at: clock.now(), event: 'failed', text });
  }
};
