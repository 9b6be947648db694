import type * as z from 'zod/mini';
import type { JournalEntry } from '../../domain/journal.ts';
import { type Attention, attentionIn } from '../../domain/telling/attention.ts';
import { counted } from '../../domain/times.ts';
import type { reportHoldState } from '../../events/hold-state.ts';
import { type ReportDependencies, tellOutcome } from '../telling/tell-outcome.ts';

/** What an incident came to: numbers, and the lines a person should read. */
export interface HoldReport extends Attention {
  headline: string;
  groupsPlanned: number;
  groupsHeld: number;
  groupsGivenBack: number;
}

const needsAttention: JournalEntry['event'][] = [
  'raised',
  'not-raised',
  'refused',
  'warned',
  'overridden',
  'replaced',
  'failed',
  'gone',
  'unhealthy',
  'mostly-unhealthy',
  'broken-newcomers',
  'in-progress',
  'taken-back-by-update',
  'left',
];

const countGroups = (journal: JournalEntry[], event: JournalEntry['event']): number =>
  new Set(journal.filter((entry) => entry.event === event).map((entry) => entry.autoScalingGroupName)).size;

/** What a plan came to, or what the sweep asked for. */
export type HoldPlanAction = z.output<typeof reportHoldState>['plan']['action'];

/** Sums up the journal of an incident; pure. */
const summariseHold = (journal: JournalEntry[], action: HoldPlanAction): HoldReport => {
  const groupsPlanned = countGroups(journal, 'planned');
  const groupsHeld = countGroups(journal, 'held');
  const groupsGivenBack = countGroups(journal, 'given-back');
  const groupsRaised = countGroups(journal, 'raised');
  const raised =
    groupsRaised === 0 ? '' : `; desired capacity of ${counted(groupsRaised, 'group')} raised (see below)`;
  const headline = {
    done: `${groupsHeld} of ${counted(groupsPlanned, 'group')} held, ${groupsGivenBack} given back${raised}`,
    REPORT: `${counted(groupsPlanned, 'group')} would be held`,
    REFUSE: 'nothing was done',
  }[action === 'HOLD' || action === 'GIVE_BACK' ? 'done' : action];
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
