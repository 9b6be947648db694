import type * as z from 'zod/mini';
import type { JournalEntry } from '../domain/incident.ts';
import type { reportHoldState } from '../events/hold-state.ts';
import type { Store } from '../state/store.ts';

/** Tells people; today as a structured log line. */
export type Tell = (message: string, details: Record<string, unknown>) => void;

/** What ReportHold needs. */
export interface ReportHoldDependencies {
  store: Store;
  tell: Tell;
}

/** What an incident came to: numbers, and the lines a person should read. */
export interface HoldReport {
  headline: string;
  groupsPlanned: number;
  groupsHeld: number;
  groupsGivenBack: number;
  /** Refused, overridden, failed, gone, unhealthy: the first lines of each. */
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
  'gone',
  'unhealthy',
]);

const countGroups = (journal: JournalEntry[], event: JournalEntry['event']): number =>
  new Set(journal.filter((entry) => entry.event === event).map((entry) => entry.autoScalingGroupName)).size;

/** Sums up the journal of an incident; pure. */
export const summariseHold = (journal: JournalEntry[], action: 'HOLD' | 'REPORT' | 'REFUSE'): HoldReport => {
  const attention = [
    ...new Set(
      journal
        .filter(({ event }) => needsAttention.has(event))
        .map(({ message }) => message.slice(0, lineCharacters)),
    ),
  ];
  const groupsPlanned = countGroups(journal, 'planned');
  const groupsHeld = countGroups(journal, 'held');
  const groupsGivenBack = countGroups(journal, 'given-back');
  const headline = {
    HOLD: `${groupsHeld} of ${groupsPlanned} groups were held and ${groupsGivenBack} were given back`,
    REPORT: `dry run: ${groupsPlanned} groups would be held`,
    REFUSE: 'nothing was done',
  }[action];
  return {
    headline,
    groupsPlanned,
    groupsHeld,
    groupsGivenBack,
    attention: attention.slice(0, linesShown),
    attentionLeftOut: Math.max(0, attention.length - linesShown),
  };
};

/** Reads the journal, tells people, and leaves the report as the execution's output. */
export const createReportHold =
  ({ store, tell }: ReportHoldDependencies) =>
  async (state: z.output<typeof reportHoldState>): Promise<HoldReport> => {
    const report = summariseHold(await store.readJournal(state.plan.incidentId), state.plan.action);
    tell(report.headline, { incidentId: state.plan.incidentId, ...report });
    return report;
  };
