import type { JournalEntry } from '../journal.ts';
import { type Notice, type NoticeKind, toNotice } from './notice.ts';
import { type Line, lineOf, sentenceOf, todoOf } from './sentence-of.ts';

interface ToldAtOnce {
  kind: NoticeKind;
  headline: (entry: JournalEntry) => string;
  next: string;
  /** What a person can do about all of it, besides what each line says. */
  todo?: () => string[];
}

const headlineOfLeft = ({ because, instanceId }: JournalEntry): string => {
  if (because === 'NOT_RESTORED') return 'Sizes not set back after a resize';
  if (because === 'BROKEN_NEWCOMERS_STAY') return 'Broken instances not replaced';
  if (because === 'REFUSED' || because === 'STILL_THERE') return 'Stuck launch could not be terminated';
  return instanceId === undefined ? 'Left for you' : 'Instance left out of service';
};

/** Events of the journal that people are told at once, wherever they are written down. */
const toldAtOnce: Partial<Record<JournalEntry['event'], ToldAtOnce>> = {
  overridden: {
    kind: 'overridden',
    headline: () => 'Part of a hold undone by somebody',
    next: 'Holdfast leaves that as it is until the hold ends, and goes on holding the rest. If CloudTrail tells who it was, another message follows.',
  },
  'override-explained': {
    kind: 'overridden',
    headline: () => 'Who undid part of a hold',
    next: 'Holdfast leaves that as it is until the hold ends, and goes on holding the rest.',
  },
  'breaker-opened': {
    kind: 'breaker-opened',
    headline: () => 'Launching suspended',
    next: 'After the pause Holdfast lets one launch through as a test, and waits longer after each test that fails. When one succeeds, it lets all launches run again. Until the cause is fixed, tests go on failing. The running instances are protected from scale-in.',
  },
  widespread: {
    kind: 'needs-a-person',
    headline: () => 'Launches fail in many groups at once',
    todo: () => [
      'Find out what these groups have in common, and fix it: a package repository, a registry, a quota, the capacity of EC2.',
    ],
    next: 'While so many groups fail, Holdfast terminates no stuck launch, and protects the running instances from scale-in.',
  },
  'mostly-unhealthy': {
    kind: 'needs-a-person',
    headline: () => 'Most instances are marked unhealthy',
    next: 'Auto Scaling terminates and replaces the marked instances within minutes, unless somebody marks them healthy before.',
  },
  'in-progress': {
    kind: 'needs-a-person',
    headline: ({ because }) =>
      because === 'INSTANCE_REFRESH' ? 'Instance refresh in progress' : 'Stack update in progress',
    todo: () => [
      'Let the update or refresh of the group end, cancel it, or stop the execution, which gives the group back.',
    ],
    next: 'Holdfast does nothing about it and goes on holding the group.',
  },
  'taken-back-by-update': {
    kind: 'overridden',
    headline: () => 'Part of a hold undone during a stack update',
    next: 'Holdfast sets it again once the update has ended.',
  },
  'broken-newcomers': {
    kind: 'needs-a-person',
    headline: () => 'New instances fail their checks',
    next: 'The hold goes on. When it ends, Auto Scaling replaces the instances that fail its health checks. Until that is done, Holdfast protects the others from scale-in.',
  },
  left: {
    kind: 'needs-a-person',
    headline: headlineOfLeft,
    next: 'Holdfast does nothing more about it.',
  },
};

const byGroup = (a: Line, b: Line): number => (a.groups?.[0] ?? '').localeCompare(b.groups?.[0] ?? '');

/** Up to so many lines of a kind are a notice each, so that each is told once; more at one time are one. */
const noticesEach = 20;

/** What of these lines of a journal people are told at once. The notices of one moment become one message. */
export const noticesIn = (incidentId: string, journal: JournalEntry[]): Notice[] =>
  Object.entries(toldAtOnce).flatMap(([event, { kind, headline, next, todo }]) => {
    const entries = journal.filter((entry) => entry.event === event);
    const parts = entries.length > noticesEach ? [entries] : entries.map((entry) => [entry]);
    return parts.flatMap((part): Notice[] => {
      const [first] = part;
      if (first === undefined) return [];
      const sentences = part.map(sentenceOf).sort();
      const groups = [
        ...new Set(part.flatMap(({ autoScalingGroupName: name }) => (name === undefined ? [] : [name]))),
      ];
      return [
        toNotice({
          kind,
          at: first.at,
          incidentId,
          about: sentences.join('\n'),
          headline: headline(first),
          done: part.map(lineOf).sort(byGroup),
          todo: [...part.flatMap(todoOf), ...(todo?.() ?? [])],
          next,
          groups,
        }),
      ];
    });
  });
