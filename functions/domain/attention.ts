import type { JournalEntry } from './incident.ts';

/** The lines of a journal that a person should read. */
export interface Attention {
  /** The first lines, each once. */
  attention: string[];
  attentionLeftOut: number;
}

const linesShown = 50;
/** A line is for reading; all of it is in the journal. */
const lineCharacters = 1000;

/** Picks what a person should read. */
export const attentionIn = (journal: JournalEntry[], events: JournalEntry['event'][]): Attention => {
  const lines = [
    ...new Set(
      journal
        .filter(({ event }) => events.includes(event))
        .map(({ message }) => message.slice(0, lineCharacters)),
    ),
  ];
  return {
    attention: lines.slice(0, linesShown),
    attentionLeftOut: Math.max(0, lines.length - linesShown),
  };
};
