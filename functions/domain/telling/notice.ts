import { createHash } from 'node:crypto';
import { bounded } from '../bounded.ts';
import { boundedLine, foldLines, type Line } from './sentence-of.ts';

/**
 * What people are told of.
 * - `would-act`: a dry run, and what a live stage would have done.
 * - `acted`: something was changed.
 * - `gave-back`: an incident is over, and what came of it.
 * - `refused`: nothing was done, and why.
 * - `overridden`: somebody took back what Holdfast had put in force.
 * - `breaker-opened`: launches fail again and again, so no more are ended.
 * - `failed`: Holdfast could not do what it was to do.
 * - `needs-a-person`: something is left that only a person can mend.
 * - `not-ready`: no outage, and something that would keep Holdfast from its work in one.
 * - `ready-again`: that is over.
 */
export const noticeKinds = [
  'would-act',
  'acted',
  'gave-back',
  'refused',
  'overridden',
  'breaker-opened',
  'failed',
  'needs-a-person',
  'not-ready',
  'ready-again',
] as const;

/** One of them. */
export type NoticeKind = (typeof noticeKinds)[number];

/** How often, and how fast: what metrics are made of. */
export interface NoticeCounts {
  instancesDrained?: number;
  instancesResized?: number;
  secondsFromAlarmToHold?: number;
  groupsHeld?: number;
}

/**
 * How what a notice tells is undone.
 * - `NOTHING`: there is nothing to undo.
 * - `STOP`: the execution runs, and stopping it gives everything back.
 * - `ENDED`: the execution has ended; what it left is given back by the sweep, or by hand.
 */
export type Undo = 'NOTHING' | 'STOP' | 'ENDED';

/** One thing that people are told, before it has a form. */
export interface Notice {
  kind: NoticeKind;
  /** When everything in it was true, ISO 8601. */
  at: string;
  /** ARN of the execution; empty for what the sweep finds by itself. */
  incidentId: string;
  /** What is the same is told once. */
  identity: string;
  /** What happened, in a few words, without names: a subject begins with it. */
  headline: string;
  /** In how many of the groups that were asked for, where not in all; true of this incident alone. */
  inSomeGroups?: { held: number; asked: number };
  /** What a person must or can do, each line with one whole command. */
  todo: Line[];
  /** What was seen, where that is known. */
  seen?: string;
  /** What was done, and what was not, of everything that was asked for. */
  done: Line[];
  /** What happens next, and when. */
  next?: string;
  /** What else there is to know. */
  details: string[];
  /** Lines that there was no room for. */
  leftOut: { todo: number; done: number; details: number };
  /** The first of the groups. */
  groups: string[];
  groupsLeftOut: number;
  /** Groups that it says are not held: which of them are by now is looked up before it is sent. */
  notHeld?: string[];
  /** Whether it says that these groups, and no others, cannot be given back: which of them are by now is looked up before it is sent. */
  cannotGiveBack?: boolean;
  /** Of its groups those that there are not: a link to them would lead nowhere. */
  notThere?: string[];
  /** The alarm that started it. */
  alarmName?: string;
  undo: Undo;
  counts: NoticeCounts;
}

const groupsShown = 20;
const todoShown = 10;
const doneShown = 20;
const detailsShown = 10;
/** A message is for reading; all of it is in the journal. A line of `todo` holds a command, which is never cut. */
const charactersShown = 500;
const todoCharactersShown = 2000;

const undoOf: Record<NoticeKind, Undo> = {
  'would-act': 'NOTHING',
  acted: 'STOP',
  'gave-back': 'NOTHING',
  refused: 'NOTHING',
  overridden: 'STOP',
  'breaker-opened': 'STOP',
  failed: 'ENDED',
  'needs-a-person': 'STOP',
  'not-ready': 'NOTHING',
  'ready-again': 'NOTHING',
};

/** That Holdfast cannot give a group back. */
export const notReleasedHeadline = 'Cannot be given back';

/** What happens next to a group that only a person can give back. */
export const needsTagNext =
  'Nothing: this does not end by itself while the tag is missing. Until then the group stays as it is.';

/** What happens next to a group that could not be given back. */
export const notGivenBackNext = 'The sweep tries to give back the rest every five minutes.';

/** What there is to tell. */
export type NoticeFacts = Pick<
  Notice,
  | 'kind'
  | 'at'
  | 'incidentId'
  | 'headline'
  | 'seen'
  | 'next'
  | 'notHeld'
  | 'cannotGiveBack'
  | 'notThere'
  | 'alarmName'
  | 'inSomeGroups'
> &
  Partial<Pick<Notice, 'details' | 'groups' | 'undo' | 'counts'>> & {
    todo?: (Line | string)[];
    done?: (Line | string)[];
    /** Lines of `done` that were left out before. */
    doneLeftOut?: number;
    /** Tells it from others of its kind in the incident. */
    about?: string;
    /** Instead of incident, kind and what it is about. */
    identity?: string;
  };

/** Makes a notice of what there is to tell; only the first groups and lines are kept. */
export const toNotice = (facts: NoticeFacts): Notice => {
  const {
    about = '',
    identity = `${facts.incidentId}#${facts.kind}#${about}`,
    todo = [],
    done = [],
    details = [],
    groups = [],
    doneLeftOut = 0,
    undo = undoOf[facts.kind],
    counts = {},
    ...rest
  } = facts;
  const folded = (lines: (Line | string)[]): Line[] =>
    foldLines(lines.map((line) => (typeof line === 'string' ? { text: line } : line)));
  const most = (lines: Line[], shown: number, charactersMax: number): Line[] =>
    lines.slice(0, shown).map((line) => boundedLine(line, charactersMax));
  const toDo = folded(todo);
  const whatWasDone = folded(done);
  return {
    ...rest,
    // Short, whatever it is about: it becomes a key.
    identity: createHash('sha256').update(identity).digest('hex'),
    headline: bounded(rest.headline, 100),
    todo: most(toDo, todoShown, todoCharactersShown),
    ...(rest.seen === undefined ? {} : { seen: bounded(rest.seen, charactersShown) }),
    done: most(whatWasDone, doneShown, charactersShown),
    details: details.slice(0, detailsShown).map((line) => bounded(line, charactersShown)),
    leftOut: {
      todo: Math.max(0, toDo.length - todoShown),
      done: doneLeftOut + Math.max(0, whatWasDone.length - doneShown),
      details: Math.max(0, details.length - detailsShown),
    },
    groups: groups.slice(0, groupsShown),
    groupsLeftOut: Math.max(0, groups.length - groupsShown),
    undo,
    counts,
  };
};
