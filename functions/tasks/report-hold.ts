import type * as z from 'zod/mini';
import { type Attention, attentionIn } from '../domain/attention.ts';
import type { JournalEntry } from '../domain/incident.ts';
import { counted } from '../domain/times.ts';
import type { reportHoldState } from '../events/hold-state.ts';
import { type ReportDependencies, tellOutcome } from './tell-outcome.ts';

/** What an incident came to: numbers, and the lines a person should read. */
export interface HoldReport extends Attention {
  headline: string;
  groupsPlanned: number;
  groupsHeld: number;
  groupsGivenBack: number;
}

const needsAttention: JournalEntry['event'][] = [
  'refused',
  'overridden',
  'failed',
  'gone',
  'unhealthy',
  'mostly-unhealthy',
];

const countGroups = (journal: JournalEntry[], event: JournalEntry['event']): number =>
  new Set(journal.filter((entry) => entry.event === event).map((entry) => entry.autoScalingGroupName)).size;

/** Sums up the journal of an incident; pure. */
export const summariseHold = (journal: JournalEntry[], action: 'HOLD' | 'REPORT' | 'REFUSE'): HoldReport => {
  const groupsPlanned = countGroups(journal, 'planned');
  const groupsHeld = countGroups(journal, 'held');
  const groupsGivenBack = countGroups(journal, 'given-back');
  const headline = {
    HOLD: `${groupsHeld} of ${counted(groupsPlanned, 'group')} held, ${groupsGivenBack} given back`,
    REPORT: `dry run: ${counted(groupsPlanned, 'group')} would be held`,
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

/** Reads the journal, has people told, and leaves the report as the execution's output. */
export const createReportHold =
  (dependencies: ReportDependencies) =>
  async (state: z.output<typeof reportHoldState>): Promise<HoldReport> => {
    const journal = await dependencies.store.readJournal(state.plan.incidentId);
    const report = summariseHold(journal, state.plan.action);
    await tellOutcome(dependencies, state, journal, report);
    return report;
  };
