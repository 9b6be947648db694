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
import type { reportResizeState } from '../../events/hold-state.ts';
import { type ReportDependencies, readJournalToTell, tellOutcome } from '../telling/tell-outcome.ts';

/** What a resize came to: numbers, and the lines a person should read. */
export interface ResizeReport extends Attention {
  headline: string;
  done: string[];
  chosen: number;
  /** Instances that were to be resized, and were not begun. */
  notBegun: number;
  resized: number;
  broughtHome: number;
  /** Instances, and groups, left for a person. */
  left: number;
}

type ResizePlanAction = z.output<typeof reportResizeState>['plan']['action'];

const events: AttentionEvents = {
  outcome: ['not-given-back', 'left', 'brought-home', 'gone', 'refused', 'drift', 'restored', 'warned'],
  onTheWay: ['overridden', 'override-explained', 'turned'],
};

/** Sums up the journal of a resize; pure. */
const summariseResize = (
  journal: JournalEntry[],
  { action, reason = '' }: Pick<z.output<typeof reportResizeState>['plan'], 'action' | 'reason'>,
): ResizeReport => {
  const chosen = instancesWith(journal, 'chosen');
  const notBegunByGroup = new Map(
    journal.flatMap(({ autoScalingGroupName, notBegun: count }) =>
      count === undefined ? [] : [[autoScalingGroupName, count]],
    ),
  );
  const notBegun = [...notBegunByGroup.values()].reduce((sum, count) => sum + count, 0);
  const planned = chosen + notBegun;
  const resized = instancesWith(journal, 'resized');
  const broughtHome = instancesWith(journal, 'brought-home');
  const left = new Set(
    journal
      .filter(({ event }) => event === 'left')
      .map(({ instanceId, autoScalingGroupName }) => instanceId ?? autoScalingGroupName),
  ).size;
  const more = [
    ...(broughtHome === 0 ? [] : [`${broughtHome} brought back with the old type`]),
    ...(left === 0 ? [] : [`${left} left for you`]),
  ];
  // A subject has room for the first of these.
  const headline = [
    ...(left === 0 ? [] : [`${left} left for you`]),
    `${left === 0 ? 'Resized' : 'resized'} ${resized} of ${counted(planned, 'instance')}`,
    ...(broughtHome === 0 ? [] : [`${broughtHome} brought back with the old type`]),
  ].join(', ');
  const headlines: Record<ResizePlanAction, string> = {
    RESIZE: headline,
    BRING_HOME: headline,
    NOTHING: 'Nothing to resize',
    REPORT: 'Would resize',
    REFUSE: 'Nothing resized',
  };
  const begun =
    notBegun === 0
      ? `${counted(chosen, 'instance')}, and resized ${resized === chosen ? 'all' : resized} of them`
      : `${chosen} of ${counted(planned, 'instance')}, and resized ${resized}`;
  const sentence =
    chosen === 0
      ? 'Holdfast resized no instance.'
      : `Holdfast began with ${begun}${more.length === 0 ? '' : `; ${more.join(', ')}`}.`;
  const done: Record<ResizePlanAction, string[]> = {
    RESIZE: [sentence],
    BRING_HOME: [`Another execution finished what the first one had left. ${sentence}`],
    NOTHING: [`Every instance has a type that was asked for: ${reason}.`],
    REPORT: [],
    REFUSE: [`Nothing was changed: ${reason.replace(/\.$/, '')}.`],
  };
  return {
    headline: headlines[action],
    done: done[action],
    chosen,
    notBegun,
    resized,
    broughtHome,
    left,
    ...attentionIn(journal, events),
  };
};

/** Reads the journal, has people told, and leaves the report as the execution's output. */
export const createReportResize =
  (dependencies: ReportDependencies) =>
  async (state: z.output<typeof reportResizeState>): Promise<ReturnType<typeof toOutput<ResizeReport>>> => {
    const journal = await readJournalToTell(dependencies, state);
    const report = summariseResize(journal, state.plan);
    await tellOutcome(dependencies, state, journal, report, { instancesResized: report.resized });
    return toOutput(report);
  };
