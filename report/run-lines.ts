import { sourceNames, tellLines } from '../rehearsal/report.ts';
import type { TimelineEntry } from '../rehearsal/timeline.ts';
import { clockOf, type RunLine } from './report.ts';

/**
 * A timeline as the lines of a report.
 *
 * @param startsAt where its seconds are counted from, in milliseconds since 1970
 */
export const runLinesOf = (entries: TimelineEntry[], startsAt: number): RunLine[] =>
  tellLines(entries, (seconds) => clockOf(startsAt + seconds * 1000)).map(({ seconds, source, text }) => {
    const [head = '', ...details] = text.split('\n');
    return {
      at: startsAt + seconds * 1000,
      who: sourceNames[source],
      text: head,
      details: details.map((line) => line.trim()),
    };
  });
