import type * as z from 'zod/mini';
import type { Clock } from '../../clock.ts';
import { type JournalEntry, namesIn } from '../../domain/journal.ts';
import { type Attention, asClosed, inTheEndOnly } from '../../domain/telling/attention.ts';
import {
  type NoticeCounts,
  type NoticeKind,
  needsTagNext,
  notGivenBackNext,
} from '../../domain/telling/notice.ts';
import { lineOf } from '../../domain/telling/sentence-of.ts';
import { tellReason } from '../../domain/telling/start-sentences.ts';
import { unixSeconds } from '../../domain/times.ts';
import type { reportHoldState, reportResizeState } from '../../events/hold-state.ts';
import type { Store } from '../../state/store.ts';
import { writeNotice } from '../incidents/emit-facts.ts';

/** What a function needs that sums up an incident. */
export interface ReportDependencies {
  store: Store;
  clock: Clock;
}

/** A report, as far as all remediations have it. */
interface Report extends Attention {
  /** What it came to, in a few words. */
  headline: string;
  /** What it came to, in sentences. */
  done: string[];
  /** Instances, and groups, left for a person. */
  left?: number;
}

type ReportState = z.output<typeof reportHoldState> | z.output<typeof reportResizeState>;

type OutcomeKind = NoticeKind & ('would-act' | 'refused' | 'gave-back' | 'failed' | 'needs-a-person');

const nextOf: Record<OutcomeKind, string> = {
  'would-act':
    'Nothing: Holdfast holds nothing in a dry run. The exact calls are in the output of the execution and in its journal.',
  refused: 'Nothing, until its rule or a person starts it again.',
  'gave-back': 'Nothing: this incident is over.',
  failed: 'The sweep gives back what is still held, and brings back what is out of service.',
  'needs-a-person': 'Holdfast does nothing more about what is left for you.',
};

/** Whether something is held still that could not be given back. */
const hasGivenUp = (release: ReportState['release']): boolean =>
  release?.action === 'GIVE_UP' && release.remaining !== 0;

const noticeKindOf = ({ plan, failure, release, round }: ReportState, { left = 0 }: Report): OutcomeKind => {
  if (plan.action === 'REPORT') return 'would-act';
  if (plan.action === 'REFUSE' || plan.action === 'NOTHING') return 'refused';
  if (left > 0 || hasGivenUp(release)) return 'needs-a-person';
  // Its history is full: another execution brings home what is in flight, and tells the end.
  if (round?.next === 'GiveUp') return 'failed';
  return failure === undefined ? 'gave-back' : 'failed';
};

const nextAfter = (
  { release }: ReportState,
  kind: OutcomeKind,
  { todo }: Report,
  onlyTagsMissing: boolean,
): string => {
  if (hasGivenUp(release)) return onlyTagsMissing ? needsTagNext : notGivenBackNext;
  return kind === 'gave-back' && todo.length > 0
    ? 'Holdfast does nothing more about this incident.'
    : nextOf[kind];
};

/** How long a rule that would act on the same groups again is no news. */
const sameNewsSeconds = 21_600;

/**
 * What a dry run of a rule would have done, or why a rule was refused, is told once in a while: nothing was changed, so
 * the same rule comes to the same again and again for as long as the trouble lasts.
 */
const identityOf = (
  { plan }: ReportState,
  kind: NoticeKind,
  groups: string[],
  now: string,
): { identity?: string } =>
  (kind === 'would-act' || kind === 'refused') && plan.rule !== undefined
    ? {
        identity: `${kind}#${plan.rule}#${kind === 'refused' ? plan.reason : ''}#${[...groups].sort().join()}#${Math.floor(unixSeconds(now) / sameNewsSeconds)}`,
      }
    : {};

/** The groups that a headline is about: not those that were asked for and left alone, except where all were. */
const groupsOf = (journal: JournalEntry[], kind: OutcomeKind, stillHeld: string[]): string[] => {
  const all = namesIn(journal);
  if (stillHeld.length > 0) return stillHeld;
  if (kind === 'refused') return all;
  const leftAlone = new Set(namesIn(journal, ['refused']));
  const acted = new Set(namesIn(journal, ['planned', 'held', 'given-back', 'chosen', 'drained', 'resized']));
  const about = all.filter((name) => acted.has(name) || !leftAlone.has(name));
  return about.length === 0 ? all : about;
};

/** The journal of an incident, as people are told of it. */
export const readJournalToTell = async (
  { store }: ReportDependencies,
  { plan, release }: ReportState,
): Promise<JournalEntry[]> => {
  const journal = await store.readJournal(plan.incidentId);
  const isClosed = release?.action === 'DONE' || (release?.action === 'GIVE_UP' && !hasGivenUp(release));
  return isClosed ? asClosed(journal) : journal;
};

/**
 * Has people told what an incident came to. That another execution has the same in hand already is no news: its start was.
 */
export const tellOutcome = async (
  { store, clock }: ReportDependencies,
  state: ReportState,
  journal: JournalEntry[],
  report: Report,
  counts: NoticeCounts = {},
): Promise<void> => {
  const { plan, failure } = state;
  if (plan.tendedBy !== undefined || plan.isNoNews === true) return;
  const kind = noticeKindOf(state, report);
  const planned = kind === 'would-act' ? journal.filter(({ event }) => event === 'planned').map(lineOf) : [];
  const now = clock.now();
  const notGivenBack = inTheEndOnly(journal).filter(
    ({ event, autoScalingGroupName }) => event === 'not-given-back' && autoScalingGroupName !== undefined,
  );
  const stillHeld = hasGivenUp(state.release) ? namesIn(notGivenBack) : [];
  const onlyTagsMissing =
    notGivenBack.length > 0 && notGivenBack.every(({ because }) => because === 'NOT_OPTED_IN');
  const groups = groupsOf(journal, kind, plan.action === 'REFUSE' ? [] : stillHeld);
  const notThere = namesIn(journal.filter(({ because }) => because === 'NO_SUCH_GROUP'));
  const asked = plan.askedFor ?? (kind === 'refused' ? undefined : plan.reason);
  const seen = asked === undefined ? undefined : tellReason({ ...plan, reason: asked });
  const isRefused = kind === 'refused' && plan.action === 'REFUSE';
  const isRefusedByHand = isRefused && plan.rule === undefined;
  const isRefusedByRule = isRefused && plan.rule !== undefined;
  await writeNotice(store, {
    kind,
    at: now,
    ...identityOf(state, kind, groups, now),
    incidentId: plan.incidentId,
    headline: failure === undefined ? report.headline : 'The execution failed',
    ...(seen === undefined ? {} : { seen }),
    done: [
      ...(failure === undefined ? [] : [`The execution failed: ${failure.Error}.`]),
      ...report.done,
      ...planned,
      // Why nothing was done at all is said already.
      ...report.attention.filter(({ text }) => text !== plan.reason),
    ],
    todo: [
      ...report.todo,
      ...(isRefusedByRule
        ? ['If these groups need it now, do it by hand; WHAT HAPPENED says why Holdfast does not.']
        : []),
      ...(isRefusedByHand ? ['Correct what stands under WHAT HAPPENED, and start again.'] : []),
      ...(failure === undefined ? [] : ['Look at the execution (the link is below), and fix the cause.']),
    ],
    details: report.details,
    next: nextAfter(state, kind, report, onlyTagsMissing),
    groups,
    ...(stillHeld.length > 0 && stillHeld.length === state.release?.remaining
      ? { cannotGiveBack: true }
      : {}),
    ...(notThere.length === 0 ? {} : { notThere }),
    doneLeftOut: report.attentionLeftOut,
    undo: (kind === 'needs-a-person' && !onlyTagsMissing) || kind === 'failed' ? 'ENDED' : 'NOTHING',
    counts,
  });
};
