import type * as z from 'zod/mini';
import { type JournalEntry, namesIn } from '../../domain/journal.ts';
import {
  type Attention,
  type AttentionEvents,
  attentionIn,
  toOutput,
} from '../../domain/telling/attention.ts';
import { notReleasedHeadline } from '../../domain/telling/notice.ts';
import { counted } from '../../domain/times.ts';
import type { reportHoldState } from '../../events/hold-state.ts';
import { type ReportDependencies, readJournalToTell, tellOutcome } from '../telling/tell-outcome.ts';

/** What an incident came to: numbers, and the lines a person should read. */
export interface HoldReport extends Attention {
  headline: string;
  done: string[];
  groupsPlanned: number;
  groupsHeld: number;
  groupsGivenBack: number;
}

const events: AttentionEvents = {
  outcome: [
    'not-given-back',
    'left',
    'raised',
    'not-raised',
    'refused',
    'mostly-unhealthy',
    'unhealthy',
    'gone',
    'replaced',
    'warned',
  ],
  onTheWay: ['overridden', 'override-explained', 'broken-newcomers', 'in-progress', 'taken-back-by-update'],
};

const countGroups = (journal: JournalEntry[], some: JournalEntry['event'][]): number =>
  namesIn(journal, some).length;

/** The journal without that nothing was left to give back of a group that was never held. */
const withoutNeverHeld = (journal: JournalEntry[]): JournalEntry[] => {
  // Another group of the name was held, and whoever found the new one died before saying so.
  const replaced = new Set(namesIn(journal, ['replaced']));
  const heldUnderItsName = new Set(namesIn(journal, ['held']).filter((name) => !replaced.has(name)));
  return journal.filter(
    ({ because, autoScalingGroupName: name = '' }) => because !== 'NEVER_HELD' || heldUnderItsName.has(name),
  );
};

/** What a plan came to, or what the sweep asked for. */
export type HoldPlanAction = z.output<typeof reportHoldState>['plan']['action'];

/** What became of the groups of a hold, in numbers. */
interface HeldGroups {
  asked: number;
  held: number;
  givenBack: number;
  /** Of these, how many needed nothing. */
  nothingLeft: number;
  /** Held, and deleted meanwhile. */
  deleted: number;
}

/** What was held, and what became of it. */
const tellHeld = ({ asked, held, givenBack, nothingLeft, deleted }: HeldGroups): string[] => {
  const heldOf =
    held === asked
      ? `Holdfast held ${counted(held, 'group')}`
      : `Holdfast held ${held} of ${counted(asked, 'group')}`;
  if (held === 0) return [`${heldOf}.`];
  if (nothingLeft > 0 || deleted > 0) {
    const gave = givenBack - nothingLeft;
    const left = held - givenBack - deleted;
    return [
      gave === 0 ? `${heldOf}.` : `${heldOf}, and gave back ${gave === held ? 'all' : gave} of them.`,
      ...(left > 0 ? [`${left} of them could not be given back.`] : []),
      ...(deleted > 0
        ? [`${counted(deleted, 'group')} ${deleted === 1 ? 'was' : 'were'} deleted during the hold.`]
        : []),
      ...(nothingLeft > 0
        ? [
            `In ${counted(nothingLeft, 'group')} there was nothing to give back: other holds need it still, or others had set it before.`,
          ]
        : []),
    ];
  }
  if (givenBack === held) return [`${heldOf} and gave ${held === 1 ? 'it' : 'all of them'} back.`];
  return [
    `${heldOf}, and gave back ${givenBack === 0 ? (held === 1 ? 'nothing' : 'none of them') : `only ${givenBack} of them`}.`,
  ];
};

/**
 * Sums up the journal of an incident; pure.
 *
 * @param notGivenBack groups that could not be given back, when it was given up
 */
export const summariseHold = (
  journal: JournalEntry[],
  { action, reason = '' }: Pick<z.output<typeof reportHoldState>['plan'], 'action' | 'incidentId' | 'reason'>,
  notGivenBack: number,
): HoldReport => {
  const groupsPlanned = countGroups(journal, ['planned']);
  // What was refused was asked for too.
  const groupsAsked = countGroups(journal, ['planned', 'refused']);
  const ofHeld = withoutNeverHeld(journal);
  const givenBack = namesIn(ofHeld, ['given-back']);
  const groupsGivenBack = givenBack.length;
  // Of what could not be given back nobody knows whether AWS put it in force; or only its tag is left.
  const groupsHeld = Math.max(
    countGroups(ofHeld, ['held', 'given-back']),
    Math.min(groupsAsked, groupsGivenBack + notGivenBack),
  );
  const returned = new Set(
    namesIn(
      ofHeld.filter(({ because }) => because !== 'NOTHING_LEFT' && because !== 'NEVER_HELD'),
      ['given-back', 'giving-back'],
    ),
  );
  // Nothing was given back of a group that another hold has still.
  const nothingLeft = givenBack.filter((name) => !returned.has(name)).length;
  const wereHeld = namesIn(ofHeld, ['held']);
  const deleted = namesIn(ofHeld, ['gone', 'replaced']).filter(
    (name) => wereHeld.includes(name) && !givenBack.includes(name),
  ).length;
  const held = tellHeld({
    asked: groupsAsked,
    held: groupsHeld,
    givenBack: groupsGivenBack,
    nothingLeft,
    deleted,
  });
  const isIncomplete = groupsGivenBack + deleted < groupsHeld;
  const over = 'Hold ended';
  const headlines: Record<HoldPlanAction, string> = {
    HOLD: over,
    GIVE_BACK: over,
    REPORT: 'Would hold',
    REFUSE: 'NOT held',
  };
  const ended = journal.find(({ event }) => event === 'releasing')?.text;
  const because = ended === undefined ? [] : [`The hold ended because ${ended}.`];
  const done: Record<HoldPlanAction, string[]> = {
    HOLD: [...held, ...because],
    GIVE_BACK: [...held, ...because],
    REPORT: [],
    REFUSE: [`Nothing was changed: ${reason.replace(/\.$/, '')}.`],
  };
  return {
    headline: isIncomplete ? notReleasedHeadline : headlines[action],
    done: done[action],
    groupsPlanned,
    groupsHeld,
    groupsGivenBack,
    ...attentionIn(journal, events),
  };
};

/** Reads the journal, has people told, and leaves the report as the execution's output. */
export const createReportHold =
  (dependencies: ReportDependencies) =>
  async (state: z.output<typeof reportHoldState>): Promise<ReturnType<typeof toOutput<HoldReport>>> => {
    const journal = await readJournalToTell(dependencies, state);
    const { release } = state;
    const notGivenBack = release?.action === 'GIVE_UP' ? (release.remaining ?? 0) : 0;
    const report = summariseHold(journal, state.plan, notGivenBack);
    await tellOutcome(dependencies, state, journal, report);
    return toOutput(report);
  };
