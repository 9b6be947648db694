import { createHash } from 'node:crypto';
import { parseArn } from '../arn.ts';
import { bounded } from '../bounded.ts';
import { remediationOf, stateMachineArnOf } from '../execution-arn.ts';
import type { JournalEntry } from '../journal.ts';
import { remediations } from '../remediations.ts';
import { awsCommand } from '../shell.ts';
import { counted } from '../times.ts';
import { sentenceOf } from './sentence-of.ts';

/**
 * What people are told of.
 * - `would-act`: a dry run, and what a live stage would have done.
 * - `acted`: something was changed.
 * - `gave-back`: it is over, and what came of it.
 * - `refused`: nothing was done, and why.
 * - `overridden`: a person took back what Holdfast had put in force.
 * - `breaker-opened`: launches fail again and again, so no more are ended.
 * - `failed`: Holdfast could not do what it was to do.
 * - `needs-a-person`: something is left that only a person can mend.
 */
export type NoticeKind =
  | 'would-act'
  | 'acted'
  | 'gave-back'
  | 'refused'
  | 'overridden'
  | 'breaker-opened'
  | 'failed'
  | 'needs-a-person';

/** How often, and how fast: what metrics are made of. */
export interface NoticeCounts {
  instancesDrained?: number;
  instancesResized?: number;
  secondsFromAlarmToHold?: number;
  groupsHeld?: number;
}

/** One thing that people are told, before it has a form. */
export interface Notice {
  kind: NoticeKind;
  at: string;
  /** ARN of the execution. */
  incidentId: string;
  /** What is the same is told once. */
  identity: string;
  /** What was seen, where that is known. */
  seen?: string;
  /** What was done, in one line. */
  done: string;
  /** What happens next, and when. */
  next?: string;
  /** The first of the groups. */
  groups: string[];
  groupsLeftOut: number;
  /** Lines that a person should read, the first of them. */
  lines: string[];
  linesLeftOut: number;
  counts: NoticeCounts;
}

const groupsShown = 20;
const linesShown = 10;
/** A message is for reading; all of it is in the journal. A line may hold a command, which is never cut. */
const charactersShown = 500;
const lineCharactersShown = 1000;

/** What there is to tell. */
export type NoticeFacts = Omit<
  Notice,
  'identity' | 'groups' | 'groupsLeftOut' | 'lines' | 'linesLeftOut' | 'counts'
> & {
  /** Tells it from others of its kind in the incident. */
  about?: string;
  /** Instead of incident, kind and what it is about. */
  identity?: string;
  groups?: string[];
  lines?: string[];
  linesLeftOut?: number;
  counts?: NoticeCounts;
};

/** Makes a notice of what there is to tell; only the first groups and lines are kept. */
export const toNotice = (facts: NoticeFacts): Notice => {
  const {
    about = '',
    identity = `${facts.incidentId}#${facts.kind}#${about}`,
    groups = [],
    lines = [],
    linesLeftOut = 0,
    counts = {},
    ...rest
  } = facts;
  return {
    ...rest,
    // Short, whatever it is about: it becomes a key.
    identity: createHash('sha256').update(identity).digest('hex'),
    groups: groups.slice(0, groupsShown),
    groupsLeftOut: Math.max(0, groups.length - groupsShown),
    ...(rest.seen === undefined ? {} : { seen: bounded(rest.seen, charactersShown) }),
    done: bounded(rest.done, charactersShown),
    lines: lines.slice(0, linesShown).map((line) => bounded(line, lineCharactersShown)),
    linesLeftOut: linesLeftOut + Math.max(0, lines.length - linesShown),
    counts,
  };
};

/** How a person holds a group again after what was held of it was taken back. A command for one: it is never cut. */
const holdAgain = (incidentId: string, [group, ...others]: string[]): string[] => {
  const remediation = remediationOf(incidentId);
  const fields = remediation === undefined ? undefined : remediations[remediation].heldAgainWith;
  if (fields === undefined || group === undefined) return [];
  const start = awsCommand(
    'stepfunctions',
    'start-execution',
    '--region',
    parseArn(incidentId).region,
    '--state-machine-arn',
    stateMachineArnOf(incidentId),
    '--input',
    JSON.stringify({
      autoScalingGroupName: group,
      reason: 'held again after it was taken back',
      ...fields,
    }),
  );
  const andOthers = others.length === 0 ? '' : `, and the same for ${counted(others.length, 'other group')}`;
  return [
    `To hold ${group} again, stop the execution, wait until everything is given back, and then${andOthers}: ${start}`,
  ];
};

interface ToldAtOnce {
  kind: NoticeKind;
  next: string;
  /** What a person can do about it. */
  commands?: (incidentId: string, groups: string[]) => string[];
}

/** Events of the journal that people are told at once, wherever they are written down. */
const toldAtOnce: Partial<Record<JournalEntry['event'], ToldAtOnce>> = {
  overridden: {
    kind: 'overridden',
    next: 'Holdfast leaves alone what a person or a tool, such as Terraform, took back, until the last hold that claims it ends',
    commands: holdAgain,
  },
  'breaker-opened': {
    kind: 'breaker-opened',
    next: 'Launch is held in these groups, their instances are protected, and one launch is tried now and then; it closes by itself when launches succeed',
  },
  widespread: {
    kind: 'needs-a-person',
    next: 'nothing is drained as long as it is so widespread; what runs is protected',
  },
  'mostly-unhealthy': {
    kind: 'needs-a-person',
    next: 'the group replaces them within minutes, unless somebody sets their health before',
  },
  'in-progress': {
    kind: 'needs-a-person',
    next: 'nothing is done about it: let it end, cancel it, or stop the execution, which gives the group back',
  },
  'taken-back-by-update': {
    kind: 'overridden',
    next: 'it is put in force again once the update has ended',
  },
  'broken-newcomers': {
    kind: 'needs-a-person',
    next: 'once the hold ends the group replaces those that its health checks fail, and the others stay protected from scale-in meanwhile',
  },
  left: { kind: 'needs-a-person', next: 'nothing more is done to it; a person has to' },
};

/** Up to so many lines of a kind are a notice each, so that each is told once; more at one time are one. */
const noticesEach = 20;

/** What of these lines of a journal people are told at once. The notices of one moment become one message. */
export const noticesIn = (incidentId: string, journal: JournalEntry[]): Notice[] =>
  Object.entries(toldAtOnce).flatMap(([event, { kind, next, commands }]) => {
    const entries = journal.filter((entry) => entry.event === event);
    const parts = entries.length > noticesEach ? [entries] : entries.map((entry) => [entry]);
    return parts.map((part): Notice => {
      const messages = part.map(sentenceOf).sort();
      const groups = [
        ...new Set(part.flatMap(({ autoScalingGroupName: name }) => (name === undefined ? [] : [name]))),
      ];
      return toNotice({
        kind,
        at: part[0]?.at ?? '',
        incidentId,
        about: messages.join('\n'),
        done: part.length === 1 ? (messages[0] ?? '') : `${part.length} times, the first: ${messages[0]}`,
        next,
        groups,
        // Commands first: of many lines only the first are shown.
        lines: [...(commands?.(incidentId, groups) ?? []), ...(part.length === 1 ? [] : messages)],
      });
    });
  });
