import { remediationOf } from '../execution-arn.ts';
import type { JournalEntry } from '../journal.ts';
import { remediations } from '../remediations.ts';
import { counted } from '../times.ts';
import { startExecutionCommand } from './commands.ts';
import { type Notice, type NoticeKind, toNotice } from './notice.ts';
import { type Line, lineOf, sentenceOf, todoOf } from './sentence-of.ts';

/** How a person holds a group again after what was held of it was taken back. */
const holdAgainTodo = (incidentId: string, [group, ...others]: string[]): string[] => {
  const remediation = remediationOf(incidentId);
  const fields = remediation === undefined ? undefined : remediations[remediation].heldAgainWith;
  if (fields === undefined || group === undefined) return [];
  const andOthers = others.length === 0 ? '' : `, and likewise ${counted(others.length, 'other group')}`;
  const input = { autoScalingGroupName: group, reason: 'held again after it was taken back', ...fields };
  return [
    `If somebody meant to take that back, do nothing. To hold ${group} again${andOthers}, stop the execution, wait until its groups are given back, and start another: ${startExecutionCommand(incidentId, input)}`,
  ];
};

interface ToldAtOnce {
  kind: NoticeKind;
  headline: (entry: JournalEntry) => string;
  next: string;
  /** What a person can do about all of it, besides what each line says. */
  todo?: (incidentId: string, groups: string[]) => string[];
}

const headlineOfLeft = ({ because, instanceId }: JournalEntry): string => {
  if (because === 'NOT_RESTORED') return 'Sizes not set back';
  if (because === 'BROKEN_NEWCOMERS_STAY') return 'Broken instances not replaced';
  return instanceId === undefined ? 'Left for you' : 'Instance left for you';
};

/** Events of the journal that people are told at once, wherever they are written down. */
const toldAtOnce: Partial<Record<JournalEntry['event'], ToldAtOnce>> = {
  overridden: {
    kind: 'overridden',
    headline: () => 'Somebody took back part of a hold',
    next: 'Holdfast leaves that alone until the last hold of the group ends. The rest of the hold goes on. If CloudTrail tells who it was, a message follows.',
    todo: holdAgainTodo,
  },
  'override-explained': {
    kind: 'overridden',
    headline: () => 'Who took back part of a hold',
    next: 'Holdfast leaves that alone until the last hold of the group ends. The rest of the hold goes on.',
  },
  'breaker-opened': {
    kind: 'breaker-opened',
    headline: () => 'Breaker open, launches stopped',
    todo: () => [
      'Find out why what is launched does not come into service, and mend that. What instances printed last is in the lines below.',
    ],
    next: 'Holdfast suspends Launch in the group, protects its instances from scale-in, and tries one launch now and then. The breaker closes by itself once launches succeed.',
  },
  widespread: {
    kind: 'needs-a-person',
    headline: () => 'Launches fail in many groups at once',
    todo: () => [
      'Find out what so many groups have in common: a package repository, a registry, a quota, the capacity of EC2.',
    ],
    next: 'Holdfast ends no launch while so many groups fail, and protects what runs.',
  },
  'mostly-unhealthy': {
    kind: 'needs-a-person',
    headline: () => 'Most instances are marked unhealthy',
    next: 'The group replaces the marked instances within minutes, unless somebody marks them healthy before.',
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
    headline: () => 'Taken back during a stack update',
    next: 'Holdfast sets it again once the update has ended.',
  },
  'broken-newcomers': {
    kind: 'needs-a-person',
    headline: () => 'New instances do not work',
    next: 'The hold goes on. Once it ends, the group replaces those that its health checks fail, and the others stay protected from scale-in until it has.',
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
          todo: [...part.flatMap(todoOf), ...(todo?.(incidentId, groups) ?? [])],
          next,
          groups,
        }),
      ];
    });
  });
