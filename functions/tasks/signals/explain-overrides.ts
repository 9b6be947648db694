import type { CloudTrail } from '../../aws/cloudtrail.ts';
import type { Clock } from '../../clock.ts';
import { StaleRecordError } from '../../domain/errors.ts';
import {
  explainOverrides as explain,
  questionsOf,
  type TrailEvent,
  unexplained,
} from '../../domain/holds/explain-overrides.ts';
import { type GroupRecord, isLeased } from '../../domain/holds/group-record.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { tellExplanation } from '../../domain/telling/hold-sentences.ts';
import { parseTrailEvent } from '../../events/cloudtrail-event.ts';
import type { Store } from '../../state/store.ts';
import { writeJournal } from '../incidents/emit-facts.ts';

/** What explaining needs: clients that only read. */
export interface ExplainDependencies {
  cloudTrail: CloudTrail;
  store: Store;
  clock: Clock;
}

/** Writes down who it was, and has people told; somebody else may have written the record meanwhile: then next time. */
const explainGroup = async (
  { store, clock }: ExplainDependencies,
  stored: GroupRecord,
  events: TrailEvent[],
): Promise<boolean> => {
  const now = clock.now();
  const { explanations, record } = explain(stored, events, now);
  if (explanations.length === 0 || isLeased(stored, now)) return false;
  try {
    await store.writeGroup(record);
  } catch (error) {
    if (error instanceof StaleRecordError) return false;
    throw error;
  }
  const entries = explanations.map(
    (explanation): JournalEntry => ({
      at: now,
      event: 'override-explained',
      autoScalingGroupName: record.autoScalingGroupName,
      text: tellExplanation(explanation),
    }),
  );
  for (const { incidentId } of record.holds) await writeJournal(store, incidentId, entries);
  return true;
};

/**
 * Asks CloudTrail who took back what Holdfast had put in force, once people were told that somebody did: it tells that
 * minutes later. It is asked only while there is something to explain, and at most twice a sweep.
 *
 * @param names the groups that are held
 * @returns the groups of which it is known now
 * @throws what a call to CloudTrail throws; nothing depends on it
 */
export const explainOverrides = async (
  dependencies: ExplainDependencies,
  names: string[],
): Promise<string[]> => {
  const { cloudTrail, store, clock } = dependencies;
  const records = await store.readGroups(names);
  const open = records.flatMap((record) => unexplained(record, clock.now()));
  const events: TrailEvent[] = [];
  for (const { eventName, from, until } of questionsOf(open)) {
    const found = await cloudTrail.lookupEvents(eventName, from, until);
    events.push(...found.flatMap((json) => parseTrailEvent(json) ?? []));
  }
  const explained: string[] = [];
  for (const record of records) {
    if (await explainGroup(dependencies, record, events)) explained.push(record.autoScalingGroupName);
  }
  return explained;
};
