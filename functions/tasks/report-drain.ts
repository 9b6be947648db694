import type * as z from 'zod/mini';
import { type Attention, attentionIn } from '../domain/attention.ts';
import type { JournalEntry } from '../domain/incident.ts';
import { instancesWith } from '../domain/instances-with.ts';
import { counted } from '../domain/times.ts';
import type { reportHoldState } from '../events/hold-state.ts';
import type { ReportHoldDependencies } from './report-hold.ts';

/** What an incident that drained came to: numbers, and the lines a person should read. */
export interface DrainReport extends Attention {
  headline: string;
  stuck: number;
  drained: number;
  evidenceKept: number;
}

const needsAttention: JournalEntry['event'][] = ['refused', 'overridden', 'failed', 'left', 'breaker'];

/** Sums up the journal of an incident; pure. */
export const summariseDrain = (
  journal: JournalEntry[],
  action: 'HOLD' | 'REPORT' | 'REFUSE',
): DrainReport => {
  const stuck = instancesWith(journal, 'planned');
  const drained = instancesWith(journal, 'drained');
  const left = instancesWith(journal, 'left');
  const opened = new Set(
    journal
      .filter(({ event }) => event === 'breaker')
      .map(({ autoScalingGroupName }) => autoScalingGroupName),
  );
  const headline = {
    HOLD: `of what was stuck in Pending:Wait ${counted(drained, 'instance')} ${drained === 1 ? 'was' : 'were'} drained${left === 0 ? '' : `, ${left} left for a person`}${opened.size === 0 ? '' : `; launches failed again and again in ${counted(opened.size, 'group')}`}`,
    REPORT: `dry run: ${counted(stuck, 'instance')} in Pending:Wait for too long`,
    REFUSE: 'nothing was done',
  }[action];
  return {
    headline,
    stuck,
    drained,
    evidenceKept: instancesWith(journal, 'evidence'),
    ...attentionIn(journal, needsAttention),
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
