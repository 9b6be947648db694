import type * as z from 'zod/mini';
import type { JournalEntry } from '../../domain/journal.ts';
import { type Attention, attentionIn } from '../../domain/telling/attention.ts';
import { instancesWith } from '../../domain/telling/instances-with.ts';
import { counted } from '../../domain/times.ts';
import type { reportHoldState } from '../../events/hold-state.ts';
import type { HoldPlanAction } from '../holds/report-hold.ts';
import { type ReportDependencies, tellOutcome } from '../telling/tell-outcome.ts';

/** What an incident that drained came to: numbers, and the lines a person should read. */
export interface DrainReport extends Attention {
  headline: string;
  stuck: number;
  drained: number;
  evidenceKept: number;
}

const needsAttention: JournalEntry['event'][] = [
  'refused',
  'warned',
  'overridden',
  'replaced',
  'failed',
  'left',
  'breaker',
  'breaker-opened',
  'widespread',
];

/** Sums up the journal of an incident; pure. */
export const summariseDrain = (journal: JournalEntry[], action: HoldPlanAction): DrainReport => {
  const stuck = instancesWith(journal, 'planned');
  const first = journal.filter(({ event, because }) => event === 'planned' && because === 'DRAIN').length;
  const drained = instancesWith(journal, 'drained');
  const left = instancesWith(journal, 'left');
  const opened = new Set(
    journal
      .filter(({ event }) => event === 'breaker-opened')
      .map(({ autoScalingGroupName }) => autoScalingGroupName),
  );
  const headline = {
    done: `of what was stuck in Pending:Wait ${counted(drained, 'instance')} ${drained === 1 ? 'was' : 'were'} drained${left === 0 ? '' : `, ${left} left for a person`}${opened.size === 0 ? '' : `; launches failed again and again in ${counted(opened.size, 'group')}`}`,
    REPORT: `${counted(stuck, 'instance')} in Pending:Wait for too long, ${first} of them would be drained at once`,
    REFUSE: 'nothing was done',
  }[action === 'HOLD' || action === 'GIVE_BACK' ? 'done' : action];
  return {
    headline,
    stuck,
    drained,
    evidenceKept: instancesWith(journal, 'evidence'),
    ...attentionIn(journal, needsAttention),
  };
};

/** Reads the journal, has people told, and leaves the report as the execution's output. */
export const createReportDrain =
  (dependencies: ReportDependencies) =>
  async (state: z.output<typeof reportHoldState>): Promise<DrainReport> => {
    const journal = await dependencies.store.readJournal(state.plan.incidentId);
    const report = summariseDrain(journal, state.plan.action);
    await tellOutcome(dependencies, state, journal, report, { instancesDrained: report.drained });
    return report;
  };
