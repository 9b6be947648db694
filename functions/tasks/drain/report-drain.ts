import type * as z from 'zod/mini';
import type { JournalEntry } from '../../domain/journal.ts';
import {
  type Attention,
  type AttentionEvents,
  attentionIn,
  toOutput,
} from '../../domain/telling/attention.ts';
import { instancesWith } from '../../domain/telling/instances-with.ts';
import { counted } from '../../domain/times.ts';
import type { reportHoldState } from '../../events/hold-state.ts';
import type { HoldPlanAction } from '../holds/report-hold.ts';
import { type ReportDependencies, readJournalToTell, tellOutcome } from '../telling/tell-outcome.ts';

/** What an incident that drained came to: numbers, and the lines a person should read. */
export interface DrainReport extends Attention {
  headline: string;
  done: string[];
  stuck: number;
  drained: number;
  evidenceKept: number;
}

const events: AttentionEvents = {
  outcome: ['not-given-back', 'left', 'refused', 'replaced', 'warned'],
  onTheWay: ['overridden', 'override-explained', 'breaker-opened', 'breaker', 'widespread'],
};

/** Sums up the journal of an incident; pure. */
export const summariseDrain = (
  journal: JournalEntry[],
  { action, reason = '' }: Pick<z.output<typeof reportHoldState>['plan'], 'action' | 'reason'>,
): DrainReport => {
  const stuck = instancesWith(journal, 'planned');
  const first = journal.filter(({ event, because }) => event === 'planned' && because === 'DRAIN').length;
  const drained = instancesWith(journal, 'drained');
  const left = instancesWith(journal, 'left');
  const opened = new Set(
    journal
      .filter(({ event }) => event === 'breaker-opened')
      .map(({ autoScalingGroupName }) => autoScalingGroupName),
  );
  const ended = [
    `Holdfast terminated ${counted(drained, 'launch', 'launches')} stuck in Pending:Wait${left === 0 ? '' : `, and left ${left} for you`}.`,
    ...(opened.size === 0 ? [] : [`The breaker opened in ${counted(opened.size, 'group')}.`]),
  ];
  const headline = `${left === 0 ? 'Over' : `${left} left for you`}, ${counted(drained, 'stuck launch', 'stuck launches')} terminated`;
  const headlines: Record<HoldPlanAction, string> = {
    HOLD: headline,
    GIVE_BACK: headline,
    REPORT: 'Would terminate stuck launches',
    REFUSE: 'Nothing drained',
  };
  const done: Record<HoldPlanAction, string[]> = {
    HOLD: ended,
    GIVE_BACK: ended,
    REPORT: [
      `A stage that is live would now terminate ${first} of ${counted(stuck, 'launch', 'launches')} stuck in Pending:Wait.`,
    ],
    REFUSE: [`Nothing was changed: ${reason.replace(/\.$/, '')}.`],
  };
  return {
    headline: headlines[action],
    done: done[action],
    stuck,
    drained,
    evidenceKept: instancesWith(journal, 'evidence'),
    ...attentionIn(journal, events),
  };
};

/** Reads the journal, has people told, and leaves the report as the execution's output. */
export const createReportDrain =
  (dependencies: ReportDependencies) =>
  async (state: z.output<typeof reportHoldState>): Promise<ReturnType<typeof toOutput<DrainReport>>> => {
    const journal = await readJournalToTell(dependencies, state);
    const report = summariseDrain(journal, state.plan);
    await tellOutcome(dependencies, state, journal, report, { instancesDrained: report.drained });
    return toOutput(report);
  };
