import type * as z from 'zod/mini';
import { type Attention, attentionIn } from '../domain/attention.ts';
import type { JournalEntry } from '../domain/incident.ts';
import { instancesWith } from '../domain/instances-with.ts';
import { counted } from '../domain/times.ts';
import type { reportResizeState } from '../events/hold-state.ts';
import type { ReportHoldDependencies } from './report-hold.ts';

/** What a resize came to: numbers, and the lines a person should read. */
export interface ResizeReport extends Attention {
  headline: string;
  chosen: number;
  resized: number;
  broughtHome: number;
  /** Instances, and groups, left for a person. */
  left: number;
}

const needsAttention: JournalEntry['event'][] = [
  'refused',
  'overridden',
  'failed',
  'turned',
  'gone',
  'brought-home',
  'left',
  'releasing',
  'restored',
  'drift',
];

/** Sums up the journal of a resize; pure. */
export const summariseResize = (
  journal: JournalEntry[],
  action: z.output<typeof reportResizeState>['plan']['action'],
): ResizeReport => {
  const chosen = instancesWith(journal, 'chosen');
  const resized = instancesWith(journal, 'resized');
  const broughtHome = instancesWith(journal, 'brought-home');
  const left = new Set(
    journal
      .filter(({ event }) => event === 'left')
      .map(({ instanceId, autoScalingGroupName }) => instanceId ?? autoScalingGroupName),
  ).size;
  const done = `${resized} of ${counted(chosen, 'instance')} ${resized === 1 ? 'was' : 'were'} resized${broughtHome === 0 ? '' : `, ${broughtHome} brought home`}${left === 0 ? '' : `, ${left} LEFT FOR A PERSON`}`;
  const headline = {
    RESIZE: done,
    BRING_HOME: `after its execution had ended: ${done}`,
    NOTHING: 'nothing to do: every instance has a type that was asked for',
    REPORT: 'dry run: this would be resized',
    REFUSE: 'nothing was resized',
  }[action];
  return { headline, chosen, resized, broughtHome, left, ...attentionIn(journal, needsAttention) };
};

/** Reads the journal, tells people, and leaves the report as the execution's output. */
export const createReportResize =
  ({ store, tell }: ReportHoldDependencies) =>
  async (state: z.output<typeof reportResizeState>): Promise<ResizeReport> => {
    const report = summariseResize(await store.readJournal(state.plan.incidentId), state.plan.action);
    tell(report.headline, { incidentId: state.plan.incidentId, ...report });
    return report;
  };
