import { bounded } from '../../domain/bounded.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { noticesIn } from '../../domain/telling/notice.ts';
import type { Store } from '../../state/store.ts';

/** A line may name thousands of instances, and an item of DynamoDB holds 400 KB. */
const textCharactersMax = 10_000;

/** Writes the journal of an incident on, and has people told of what they should know at once. */
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
