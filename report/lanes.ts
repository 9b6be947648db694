import type { JournalEntry } from '../functions/domain/journal.ts';
import { sentenceOf } from '../functions/domain/telling/sentence-of.ts';
import type { Lane } from './report.ts';

/** The journal of one execution. */
export interface Journal {
  incidentId: string;
  entries: JournalEntry[];
}

type Band = Lane['bands'][number];

/** What of a group's journal is drawn as a moment, by lane. */
const markEvents: Record<'launches' | 'resize' | 'person', ReadonlySet<JournalEntry['event']>> = {
  launches: new Set(['abandoned', 'drained', 'breaker', 'breaker-opened']),
  resize: new Set(['step', 'turned', 'resized', 'resizes-no-further', 'brought-home', 'restored']),
  person: new Set(['left', 'broken-newcomers', 'mostly-unhealthy', 'unhealthy']),
};

/** What ends a hold of a group: it was given back, its execution is over, or the group is gone. */
const endsHold = ({ event, autoScalingGroupName: of }: JournalEntry, name: string): boolean =>
  event === 'closed' || (of === name && (event === 'given-back' || event === 'gone' || event === 'replaced'));

/** From when until when each execution held a group. */
const holdsOf = (name: string, journals: Journal[], endsAt: number): Band[] =>
  journals.flatMap(({ entries }) => {
    const bands: Band[] = [];
    let open: JournalEntry | undefined;
    for (const entry of entries) {
      if (entry.event === 'held' && entry.autoScalingGroupName === name) open ??= entry;
      if (open !== undefined && endsHold(entry, name)) {
        bands.push({ from: Date.parse(open.at), until: Date.parse(entry.at), text: sentenceOf(open) });
        open = undefined;
      }
    }
    if (open !== undefined) bands.push({ from: Date.parse(open.at), until: endsAt, text: sentenceOf(open) });
    return bands;
  });

const marksOf = (name: string, journals: Journal[], events: ReadonlySet<JournalEntry['event']>) =>
  journals.flatMap(({ entries }) =>
    entries
      .filter(({ event, autoScalingGroupName }) => autoScalingGroupName === name && events.has(event))
      .map((entry) => ({ at: Date.parse(entry.at), text: sentenceOf(entry) })),
  );

/** From when until when the launch breaker of a group was open. */
const breakersOf = (name: string, journals: Journal[], endsAt: number): Band[] => {
  const entries = journals
    .flatMap((journal) => journal.entries)
    .filter(
      ({ event, autoScalingGroupName }) =>
        autoScalingGroupName === name && (event === 'breaker-opened' || event === 'breaker'),
    )
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const bands: Band[] = [];
  let open: JournalEntry | undefined;
  for (const entry of entries) {
    if (entry.event === 'breaker-opened') open ??= entry;
    const closes = entry.because === 'LAUNCH_SUCCEEDED' || entry.because === 'NOTHING_MISSING';
    if (open !== undefined && closes) {
      bands.push({ from: Date.parse(open.at), until: Date.parse(entry.at), text: sentenceOf(open) });
      open = undefined;
    }
  }
  if (open !== undefined) bands.push({ from: Date.parse(open.at), until: endsAt, text: sentenceOf(open) });
  return bands;
};

/**
 * What Holdfast did to a group, as rows: its holds, its launch breaker and what was drained, the steps
 * of a resize, and what is for a person.
 *
 * @param endsAt where what is not over yet is drawn to, in milliseconds
 */
export const lanesOf = (name: string, journals: Journal[], endsAt: number): Lane[] => [
  { name: 'held', bands: holdsOf(name, journals, endsAt), marks: [] },
  {
    name: 'launches',
    bands: breakersOf(name, journals, endsAt),
    marks: marksOf(name, journals, markEvents.launches),
  },
  { name: 'resize', bands: [], marks: marksOf(name, journals, markEvents.resize) },
  { name: 'needs a person', bands: [], marks: marksOf(name, journals, markEvents.person) },
];
