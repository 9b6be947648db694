import { bounded } from '../bounded.ts';
import { type JournalEntry, namesIn } from '../journal.ts';
import { counted, spokenClock } from '../times.ts';
import { boundedLine, type Line, lineOf, sentenceOf, tellLine, todoOf } from './sentence-of.ts';

/** What of a journal a person should read in the end, in the order of what they must do. */
export interface Attention {
  /** What a person must or can do, each line with one whole command. */
  todo: Line[];
  /** What the outcome is for single groups and instances. */
  attention: Line[];
  /** What happened on the way, each with its time. */
  details: string[];
  attentionLeftOut: number;
}

/** Which events of a journal count for what, in the order in which they are told. */
export interface AttentionEvents {
  /** How things are in the end: these are told as they are. */
  outcome: JournalEntry['event'][];
  /** What happened on the way: of each group and event the latest is told, with its time. */
  onTheWay: JournalEntry['event'][];
}

/** What says what became of desired capacity, and how to change it. */
export const sizeEvents: JournalEntry['event'][] = ['raised', 'not-raised'];

const linesShown = 50;
/** A line is for reading; all of it is in the journal. A command is never cut. */
const lineCharacters = 1000;
const todoCharacters = 2000;

/** Without what was so on the way and is not in the end: a group that could not be given back, and then was. */
export const inTheEndOnly = (journal: JournalEntry[]): JournalEntry[] => {
  const givenBackAt = new Map(
    journal.flatMap(({ event, autoScalingGroupName: name }, index) =>
      event === 'given-back' && name !== undefined ? [[name, index]] : [],
    ),
  );
  return journal.filter(
    ({ event, autoScalingGroupName: name }, index) =>
      event !== 'not-given-back' ||
      // A number of groups is no longer right once one of them was given back.
      index > (name === undefined ? Math.max(-1, ...givenBackAt.values()) : (givenBackAt.get(name) ?? -1)),
  );
};

/**
 * The journal of an incident that was closed: nothing of it is left in any group, though whoever gave one back may have
 * died before saying so.
 */
export const asClosed = (journal: JournalEntry[]): JournalEntry[] => {
  const stayed = journal.filter(({ because }) => because === 'STAYED_PROTECTED');
  const isSaid = new Set([...namesIn(journal, ['given-back', 'gone', 'replaced']), ...namesIn(stayed)]);
  const at = journal.at(-1)?.at ?? '';
  return [
    ...journal.filter(({ event }) => event !== 'not-given-back'),
    ...namesIn(journal, ['held', 'giving-back', 'not-given-back'])
      .filter((name) => !isSaid.has(name))
      .map((autoScalingGroupName): JournalEntry => ({ at, event: 'given-back', autoScalingGroupName })),
  ];
};

const ofEvents = (journal: JournalEntry[], events: JournalEntry['event'][]): JournalEntry[] =>
  events.flatMap((event) => journal.filter((entry) => entry.event === event));

/** What tells lines of one event and group apart that are all told. */
const tellsApart = ({ event, because, text = '' }: JournalEntry): string => {
  if (event === 'warned') return because ?? '';
  return event === 'overridden' || event === 'override-explained' ? text : '';
};

/** Of each group, instance and event the latest line. */
const latestOfEach = (entries: JournalEntry[]): JournalEntry[] => [
  ...new Map(
    entries.map((entry) => [
      `${entry.event}#${entry.autoScalingGroupName ?? ''}#${entry.instanceId ?? ''}#${tellsApart(entry)}`,
      entry,
    ]),
  ).values(),
];

const unique = (lines: Line[]): Line[] => [...new Map(lines.map((line) => [tellLine(line), line])).values()];

/** Picks what a person should read in the end; what was tried again is counted and not told line by line. */
export const attentionIn = (journal: JournalEntry[], { outcome, onTheWay }: AttentionEvents): Attention => {
  const inTheEnd = latestOfEach(ofEvents(inTheEndOnly(journal), outcome));
  const failed = journal.filter(({ event, because }) => event === 'failed' && because === undefined).length;
  const attention = unique(inTheEnd.map((entry) => boundedLine(lineOf(entry), lineCharacters)));
  const details = [
    ...latestOfEach(ofEvents(journal, onTheWay)).map(
      (entry) => `${spokenClock(entry.at)} ${bounded(sentenceOf(entry), lineCharacters)}`,
    ),
    ...(failed === 0
      ? []
      : [
          `${counted(failed, 'attempt')} failed and ${failed === 1 ? 'was' : 'were'} repeated; the journal says which`,
        ]),
  ];
  return {
    todo: unique(inTheEnd.flatMap(todoOf))
      .slice(0, linesShown)
      .map((line) => boundedLine(line, todoCharacters)),
    attention: attention.slice(0, linesShown),
    details: details.slice(0, linesShown),
    attentionLeftOut: Math.max(0, attention.length - linesShown) + Math.max(0, details.length - linesShown),
  };
};

/** A report as an execution has it for its output: its lines as a person reads them. */
export const toOutput = <Report extends Attention>(
  report: Report,
): Omit<Report, 'todo' | 'attention'> & { todo: string[]; attention: string[] } => ({
  ...report,
  todo: report.todo.map(tellLine),
  attention: report.attention.map(tellLine),
});
