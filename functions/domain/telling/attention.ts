import { bounded } from '../bounded.ts';
import type { JournalEntry } from '../journal.ts';
import { sentenceOf } from './sentence-of.ts';

/** The lines of a journal that a person should read. */
export interface Attention {
  /** The first lines, each once. */
  attention: string[];
  attentionLeftOut: number;
}

/** What says what became of desired capacity, and how to change it. */
export const sizeEvents: JournalEntry['event'][] = ['raised', 'not-raised'];

const linesShown = 50;
/** A line is for reading; all of it is in the journal. */
const lineCharacters = 1000;

/** Picks what a person should read; first what a report refers to, whatever else went wrong before. */
export const attentionIn = (journal: JournalEntry[], events: JournalEntry['event'][]): Attention => {
  const lines = [
    ...new Set(
      journal
        .filter(({ event }) => events.includes(event))
        .sort((a, b) => Number(sizeEvents.includes(b.event)) - Number(sizeEvents.includes(a.event)))
        .map((entry) => bounded(sentenceOf(entry), lineCharacters)),
    ),
  ];
  return {
    attention: lines.slice(0, linesShown),
    attentionLeftOut: Math.max(0, lines.length - linesShown),
  };
};
