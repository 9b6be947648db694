import { parseArn } from '../functions/domain/arn.ts';
import { executionNameOf, remediationOf, stageOfExecution } from '../functions/domain/execution-arn.ts';
import type { JournalEntry } from '../functions/domain/journal.ts';
import { type Evidence, groupByLikeness } from '../functions/domain/launches/evidence.ts';
import { instancesWith } from '../functions/domain/telling/instances-with.ts';
import { sentenceOf } from '../functions/domain/telling/sentence-of.ts';
import { counted, firstOf, spokenDuration } from '../functions/domain/times.ts';
import { journalTimeline } from '../rehearsal/timeline.ts';
import { lanesOf } from './lanes.ts';
import { chartsMax, type Report } from './report.ts';
import { runLinesOf } from './run-lines.ts';

/** What a person has to look at, or could not be done. */
const notSavedEvents: ReadonlySet<JournalEntry['event']> = new Set([
  'refused',
  'failed',
  'left',
  'gone',
  'unhealthy',
  'mostly-unhealthy',
  'broken-newcomers',
  'not-raised',
  'drift',
]);

const groupsWith = (entries: JournalEntry[], event: JournalEntry['event']): string[] => [
  ...new Set(
    entries
      .filter((entry) => entry.event === event)
      .flatMap(({ autoScalingGroupName }) => autoScalingGroupName ?? []),
  ),
];

/** What became of an incident, in one sentence. */
const summaryOf = (entries: JournalEntry[], seconds: number): string => {
  const held = groupsWith(entries, 'held');
  const parts = [
    ...(held.length === 0 ? [] : [`held ${firstOf(held, 3)}`]),
    ...(['drained', 'resized', 'brought-home', 'left'] as const).flatMap((event) => {
      const count = instancesWith(entries, event);
      const words = {
        drained: 'drained',
        resized: 'resized',
        'brought-home': 'brought back',
        left: 'left to a person',
      };
      return count === 0 ? [] : [`${words[event]} ${counted(count, 'instance')}`];
    }),
  ];
  const isOver = entries.some(({ event }) => event === 'closed');
  const done = parts.length === 0 ? 'changed nothing' : new Intl.ListFormat('en').format(parts);
  const opened = entries.some(({ event }) => event === 'opened');
  const givesBack = isOver && parts.length > 0;
  const end = givesBack
    ? ', and gave everything back'
    : opened && !isOver
      ? '; by its journal it is not over'
      : '';
  return `In ${spokenDuration(seconds)} Holdfast ${done}${end}.`;
};

/** Begins a sentence with a capital letter, unless it begins with a name. */
const asSentence = (entry: JournalEntry): string => {
  const text = sentenceOf(entry);
  const told =
    entry.autoScalingGroupName === undefined ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text;
  return /[.!?]$/.test(told) ? told : `${told}.`;
};

/** Why it began, as far as its journal says: the first entry of each kind that gives a reason, and what failed alike. */
const storyOf = (entries: JournalEntry[], evidence: Evidence[]): string[] => [
  ...(['opened', 'chosen', 'held', 'refused'] as const)
    .flatMap((event) => entries.find((entry) => entry.event === event) ?? [])
    .map(asSentence),
  ...groupByLikeness(evidence).slice(0, 3),
];

/**
 * The report of a real incident, from what its execution wrote: the draft of a post-mortem.
 *
 * @param incidentId the ARN of the execution
 * @param entries its journal, oldest first; one entry at least
 * @param evidence what was kept of instances before they were ended
 */
export const reportOfIncident = (
  incidentId: string,
  entries: JournalEntry[],
  evidence: Evidence[],
): Report => {
  const times = entries.map(({ at }) => Date.parse(at));
  const startsAt = Math.min(...times);
  const lastAt = Math.max(...times);
  // What happened within a moment still needs a width.
  const endsAt = Math.max(lastAt, startsAt + 60_000);
  const names = [...new Set(entries.flatMap(({ autoScalingGroupName }) => autoScalingGroupName ?? []))];
  const journals = [{ incidentId, entries }];
  const { region, accountId } = parseArn(incidentId);
  const calls = entries.flatMap((entry) => (entry.event === 'planned' ? (entry.calls ?? []) : []));
  const groups = names
    .map((name) => ({
      name,
      summary: summaryOf(
        entries.filter(
          ({ autoScalingGroupName: of, event }) => of === name || event === 'closed' || event === 'opened',
        ),
        (lastAt - startsAt) / 1000,
      ),
      courses: [],
      lanes: lanesOf(name, journals, endsAt).filter(({ bands, marks }) => bands.length + marks.length > 0),
    }))
    .filter(({ lanes }) => lanes.length > 0);
  const charted = groups.slice(0, chartsMax);
  return {
    title: `${remediationOf(incidentId) ?? 'Holdfast'}: ${executionNameOf(incidentId)}`,
    about: `An incident of stage ${stageOfExecution(incidentId)} in account ${accountId}, ${region}, from its journal.`,
    startsAt,
    endsAt,
    summary: summaryOf(entries, (lastAt - startsAt) / 1000),
    story: storyOf(entries, evidence),
    sources: [],
    simplified: [],
    notSaved: [...new Set(entries.filter(({ event }) => notSavedEvents.has(event)).map(asSentence))],
    allSaved: 'The journal names nothing that is left for a person. What users lacked it does not know.',
    groups: charted,
    groupsLeftOut: names.length - charted.length,
    runs: [
      {
        id: 'line',
        title: 'The journal',
        lines: runLinesOf(journalTimeline(entries, startsAt, incidentId), startsAt),
      },
    ],
    messages: [],
    plan: calls,
    evidence,
    violations: [],
  };
};
