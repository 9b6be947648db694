import type * as z from 'zod/mini';
import { type Attention, attentionIn } from '../domain/attention.ts';
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
export interface HoldReport extends Attention {
  headline: string;
  groupsPlanned: number;
  groupsHeld: number;
  groupsGivenBack: number;
}

const needsAttention: JournalEntry['event'][] = ['refused', 'overridden', 'failed', 'gone', 'unhealthy'];

const countGroups = (journal: JournalEntry[], event: JournalEntry['event']): number =>
  new Set(journal.filter((entry) => entry.event === event).map((entry) => entry.autoScalingGroupName)).size;

/** Sums up the journal of an incident; pure. */
export const summariseHold = (journal: JournalEntry[], action: 'HOLD' | 'REPORT' | 'REFUSE'): HoldReport => {
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
    ...attentionIn(journal, needsAttention),
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
