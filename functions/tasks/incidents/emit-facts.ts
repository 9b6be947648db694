import { bounded } from '../../domain/bounded.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { type NoticeFacts, toNotice } from '../../domain/telling/notice.ts';
import { noticesIn } from '../../domain/telling/told-at-once.ts';
import type { Store } from '../../state/store.ts';

/*
 * The one way out for the facts of an incident: into its journal, and to people. Nothing else writes a journal or a
 * notice; whoever else is to hear of them is added here.
 */

/** A line may name thousands of instances, and an item of DynamoDB holds 400 KB. */
const textCharactersMax = 10_000;

/** Appends lines to the journal of an incident, and has people told of what they should know at once. */
export const writeJournal = async (
  store: Store,
  incidentId: string,
  entries: JournalEntry[],
): Promise<void> => {
  if (entries.length === 0) return;
  await store.appendJournal(
    incidentId,
    entries.map((entry) => ({ ...entry, text: bounded(entry.text ?? '', textCharactersMax) })),
  );
  for (const notice of noticesIn(incidentId, entries)) await store.addNotice(notice);
};

/**
 * Has people told of something, once for what is the same.
 * @returns whether it is told for the first time
 */
export const writeNotice = (store: Store, facts: NoticeFacts): Promise<boolean> =>
  store.addNotice(toNotice(facts));
