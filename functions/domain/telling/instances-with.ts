import type { JournalEntry } from '../journal.ts';

/** How many instances a journal tells an event of; one that is told twice counts once. */
export const instancesWith = (journal: JournalEntry[], event: JournalEntry['event']): number =>
  new Set(
    journal
      .filter((entry) => entry.event === event && entry.instanceId !== undefined)
      .map(({ instanceId }) => instanceId),
  ).size;
