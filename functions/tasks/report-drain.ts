import type * as z from 'zod/mini';
import type { JournalEntry } from '../domain/incident.ts';
import type { reportHoldState } from '../events/hold-state.ts';
import type { ReportHoldDependencies } from './report-hold.ts';

/** What an incident that drained came to: numbers, and the lines a person should read. */
export interface DrainReport {
  headline: string;
  stuck: number;
  drained: number;
  evidenceKept: number;
  /** Refused, failed, left for a person, and what breakers did: the first lines. */
  attention: string[];
  attentionLeftOut: number;
}

const linesShown = 50;
/** A line is for reading; all of it is in the journal. */
const lineCharacters = 1000;
const needsAttention: ReadonlySet<JournalEntry['event']> = new Set([
  'refused',
  'overridden',
  'failed',
  'left',
  'breaker',
]);

const instancesWith = (journal: JournalEntry[], event: JournalEntry['event']): number =>
  new Set(journal.filter((entry) => entry.event === event).map(({ instanceId }) => instanceId)).size;

/** Sums up the journal of an incident; pure. */
export const summariseDrain = (
  journal: JournalEntry[],
  action: 'HOLD' | 'REPORT' | 'REFUSE',
): DrainReport => {
  const attention = [
    ...new Set(
      journal
        .filter(({ event }) => needsAttention.has(event))
        .map(({ message }) => message.slice(0, lineCharacters)),
    ),
  ];
  const stuck = instancesWith(journal, 'planned');
  const drained = instancesWith(journal, 'drained');
  const left = instancesWith(journal, 'left');
  const breakers = journal.filter(({ event }) => event === 'breaker').length;
  const headline = {
    HOLD: `${drained} instances that were stuck in Pending:Wait were drained${left === 0 ? '' : `, ${left} are left for a person`}${breakers === 0 ? '' : '; a breaker had its say'}`,
    REPORT: `dry run: ${stuck} instances are stuck in Pending:Wait`,
    REFUSE: 'nothing was done',
  }[action];
  return {
    headline,
    stuck,
    drained,
    evidenceKept: instancesWith(journal, 'evidence'),
    attention: attention.slice(0, linesShown),
    attentionLeftOut: Math.max(0, attention.length - linesShown),
  };
};

/** Reads the journal, tells people, and leaves the report as the execution's output. */
export const createReportDrain =
  ({ store, tell }: ReportHoldDependencies) =>
  async (state: z.output<typeof reportHoldState>): Promise<DrainReport> => {
    const report = summariseDrain(await store.readJournal(state.plan.incidentId), state.plan.action);
    tell(report.headline, { incidentId: state.plan.incidentId, ...report });
    return report;
  };
