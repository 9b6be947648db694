import type * as z from 'zod/mini';
import type { JournalEntry } from '../../domain/journal.ts';
import { type Attention, attentionIn } from '../../domain/telling/attention.ts';
import { instancesWith } from '../../domain/telling/instances-with.ts';
import { counted } from '../../domain/times.ts';
import type { reportResizeState } from '../../events/hold-state.ts';
import { type ReportDependencies, tellOutcome } from '../telling/tell-outcome.ts';

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
  'warned',
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
const summariseResize = (
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
    REPORT: 'this would be resized',
    REFUSE: 'nothing was resized',
  }[action];
  return { headline, chosen, resized, broughtHome, left, ...attentionIn(journal, needsAttention) };
};

/** Reads the journal, has people told, and leaves the report as the execution's output. */
export const createReportResize =
  (dependencies: ReportDependencies) =>
  async (state: z.output<typeof reportResizeState>): Promise<ResizeReport> => {
    const journal = await dependencies.store.readJournal(state.plan.incidentId);
    const report = summariseResize(journal, state.plan.action);
    await tellOutcome(dependencies, state, journal, report, { instancesResized: report.resized });
    return report;
  };
