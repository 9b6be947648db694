import { executionNameOf, remediationOf } from '../execution-arn.ts';
import type { RemediationRecord } from '../remediation.ts';
import { remediations } from '../remediations.ts';
import { counted, firstOf, secondsBetween, spokenClock, spokenTime } from '../times.ts';
import {
  listHeldGroupsCommand,
  readJournalCommand,
  setKillSwitchCommand,
  stopExecutionCommand,
} from './commands.ts';
import {
  alarmLink,
  evidenceLink,
  executionLink,
  groupLink,
  type Place,
  runbookLink,
} from './console-links.ts';
import { type HeldNow, type HolderNow, tellHeldNow } from './held-now.ts';
import { type Notice, type NoticeKind, notReleasedHeadline } from './notice.ts';
import { foldLines, type Line, tellLine } from './sentence-of.ts';
import { type GroupsTold, needsAction, tellGroups, toSubject } from './subject.ts';

/** One message, in the forms in which it is sent. */
export interface Message {
  kind: NoticeKind;
  remediation: string;
  /** ASCII, under 100 characters (SNS API reference, Publish). */
  subject: string;
  /** For people who read mail. */
  text: string;
  /** For chat: a custom notification (Amazon Q Developer in chat applications, "Custom notifications"). */
  chat: object;
  /** What it tells. */
  notices: Notice[];
}

const seenShown = 5;
const doneShown = 15;
const todoShown = 10;
const detailsShown = 15;
const heldShown = 10;
const groupsShown = 20;
const groupsInFirstLine = 5;
const alikeShown = 3;
const linksShown = 5;
const stopCommandsShown = 3;
/** Of a custom notification (the same page): 250 characters of title, 8,000 of description. */
const titleCharactersMax = 250;
const descriptionCharactersMax = 8000;

/** What a message says whose notices say different things. */
const headlineOfMany = (kind: NoticeKind, count: number): string =>
  ({
    'would-act': 'Would act',
    acted: 'Acted',
    'gave-back': 'Over',
    refused: 'NOT done',
    overridden: 'Part of a hold undone by somebody',
    'breaker-opened': 'Launching suspended',
    failed: `${count} failures`,
    'needs-a-person': `${count} things need you`,
    'not-ready': `Not ready for an outage: ${count} things`,
    'ready-again': 'No longer in the way',
  })[kind];

const cut = (text: string, charactersMax: number): string =>
  text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 3)}...`;

/** As many whole lines as there is room for: half a command is worse than none. */
const wholeLines = (lines: string[], charactersMax: number): string => {
  const rest = '- and more, which the mail and the journal have';
  const whole = lines.join('\n');
  if (whole.length <= charactersMax) return whole;
  const fitting: string[] = [];
  let room = charactersMax - rest.length;
  for (const line of lines) {
    room -= line.length + 1;
    if (room < 0) break;
    fitting.push(line);
  }
  return [...fitting, rest].join('\n');
};

/** What the list of what was done is called, where nothing was. */
const titlesOfDone: Partial<Record<NoticeKind, string>> = {
  'would-act': 'WHAT WOULD BE DONE',
  'not-ready': 'WHAT IS NOT READY',
};

const unique = (lines: string[]): string[] => [...new Set(lines)];

/** The first of many lines, and how many are left out, here or before. */
const firstLines = (lines: string[], shown: number, leftOut = 0): string[] => {
  const more = Math.max(0, lines.length - shown) + leftOut;
  return [...lines.slice(0, shown), ...(more === 0 ? [] : [`and ${more} more`])];
};

/** One part of a message: its title, and lines of which each stands for itself. */
interface Section {
  title: string;
  lines: string[];
}

/** How a person undoes what a message tells: of these very incidents first, then of everything. */
const tellUndo = (place: Place, notices: Notice[]): string[] => {
  const running = unique(
    notices.flatMap(({ undo, incidentId }) => (undo === 'STOP' && incidentId !== '' ? [incidentId] : [])),
  );
  const [first] = running;
  const remediation = first === undefined ? undefined : remediationOf(first);
  const stopAll = `Emergency only. To turn Holdfast off in stage ${place.stage} (it releases every hold, of other incidents too, so that Auto Scaling may terminate instances at once; it starts nothing until the value is live again): ${setKillSwitchCommand(place.region, place.killSwitchParameter, 'off')}`;
  if (first !== undefined) {
    const what = remediation === undefined ? 'Stop the execution.' : remediations[remediation].words.undo;
    return [
      what,
      ...running
        .slice(0, stopCommandsShown)
        .map(
          (incidentId) =>
            `To stop ${running.length === 1 ? 'it' : executionNameOf(incidentId)}: ${stopExecutionCommand(incidentId)}`,
        ),
      ...(running.length > stopCommandsShown
        ? [`and likewise ${running.length - stopCommandsShown} more executions`]
        : []),
      stopAll,
    ];
  }
  return notices.some(({ undo }) => undo === 'ENDED')
    ? ['The execution has ended, so there is nothing to stop.', stopAll]
    : [];
};

/** A time that is told after another one: its day is told where it is another day. */
const spokenAfter = (from: string, to: string): string =>
  from.slice(0, 10) === to.slice(0, 10) ? spokenClock(to) : spokenTime(to);

/** When everything in a message was true. */
const tellWhen = (notices: Notice[]): string => {
  const times = notices.map(({ at }) => at).sort();
  const from = times[0] ?? '';
  const to = times.at(-1) ?? from;
  return spokenTime(from) === spokenTime(to)
    ? spokenTime(to)
    : `${spokenTime(from)} to ${spokenAfter(from, to)}`;
};

/** A message that is sent so long after what it tells of says so: people are told within seconds, unless SNS does not take it. */
const lateSeconds = 600;

/** That a message is late; nothing where it is not, or where nobody looked at the time. */
const tellLate = (notices: Notice[], now: HeldNow | undefined): string => {
  const latest = notices
    .map(({ at }) => at)
    .sort()
    .at(-1);
  if (now === undefined || latest === undefined || secondsBetween(latest, now.at) < lateSeconds) return '';
  return ` This message is late: it was sent at ${spokenAfter(latest, now.at)}, and some of it may have changed.`;
};

/** What is told together: one kind, one remediation. */
interface Together {
  kind: NoticeKind;
  remediation: string;
  notices: Notice[];
  /** What its headline says besides, where the message is late and what it tells of is over. */
  late: string;
}

/** What a message is about: the first groups, how many more there are, and the incidents. */
interface About extends GroupsTold {
  incidentIds: string[];
}

const aboutOf = (notices: Notice[]): About => {
  const groups = unique(notices.flatMap((notice) => notice.groups));
  // What several notices leave out may be the same groups: there are as many as the longest has, or more.
  const most = Math.max(...notices.map((notice) => notice.groups.length + notice.groupsLeftOut));
  return {
    groups,
    groupsLeftOut: Math.max(0, most - groups.length),
    mayBeMore: notices.filter(({ groupsLeftOut }) => groupsLeftOut > 0).length > 1,
    incidentIds: unique(notices.map(({ incidentId }) => incidentId)).filter((id) => id !== ''),
  };
};

/** The remediation of an incident; `undefined` for what is of none. */
const recordOf = (incidentId: string | undefined): RemediationRecord | undefined => {
  const remediation = incidentId === undefined ? undefined : remediationOf(incidentId);
  return remediation === undefined ? undefined : remediations[remediation];
};

/** Whether all that a remediation does is to hold groups, which nothing but its end ends. */
const onlyHolds = (incidentId: string | undefined): boolean => recordOf(incidentId)?.onlyHolds === true;

/** A headline with how many of the groups that were asked for; numbers of one incident are not those of several. */
const tellHeadline = ({ headline, inSomeGroups }: Notice, isOfSeveral: boolean): string => {
  if (inSomeGroups === undefined) return headline;
  const { held, asked } = inSomeGroups;
  return isOfSeveral ? `${headline}, not in all groups` : `${headline} in ${held} of ${asked} groups`;
};

/** Lines of which those that are alike but for their instances are told once, when they are more than a few. */
const foldAlike = (lines: Line[]): string[] => {
  const alike = Map.groupBy(lines, ({ text }) => text.replaceAll(/\bi-[\w-]+/g, 'i-'));
  return [...alike.values()].flatMap((some) => {
    const [first, ...others] = some;
    if (first === undefined || some.length <= alikeShown) return some.map(tellLine);
    const names = unique(others.flatMap(({ groups: of = [] }) => of));
    return [
      tellLine(first),
      names.length === 0
        ? `The same of ${counted(others.length, 'other instance')}.`
        : `The same, with other instances, in ${firstOf(names, 10)}.`,
    ];
  });
};

/** The parts of a message, what a person must do first; without those that have nothing to say. */
const toSections = (
  place: Place,
  { kind, notices }: Together,
  { groups, groupsLeftOut, mayBeMore, incidentIds }: About,
  now: HeldNow | undefined,
): Section[] => {
  const lines = (of: (notice: Notice) => string[]): string[] => unique(notices.flatMap(of));
  const notThere = new Set(notices.flatMap((notice) => notice.notThere ?? []));
  const howToStop = onlyHolds(incidentIds[0]) ? 'HOW TO END THE HOLD' : 'HOW TO STOP IT';
  const isChange = kind !== 'would-act' && kind !== 'refused';
  const isHeldAnyway = groups.some((name) => (now?.holders.get(name) ?? []).length > 0);
  const todo = foldLines(notices.flatMap((notice) => notice.todo)).map(tellLine);
  const leftOutOf = (part: keyof Notice['leftOut']): number =>
    notices.reduce((sum, notice) => sum + notice.leftOut[part], 0);
  const mustDo = needsAction(kind) || todo.length === 0;
  return [
    {
      title: mustDo ? 'WHAT YOU MUST DO' : 'WHAT YOU CAN DO',
      lines: todo.length === 0 ? ['Nothing now.'] : firstLines(todo, todoShown, leftOutOf('todo')),
    },
    {
      title: titlesOfDone[kind] ?? 'WHAT HAPPENED',
      lines: firstLines(
        foldAlike(foldLines(notices.flatMap(({ done }) => done))),
        doneShown,
        leftOutOf('done'),
      ),
    },
    {
      title: 'WHY',
      lines: firstLines(
        lines(({ seen }) => (seen === undefined ? [] : [seen])),
        seenShown,
      ),
    },
    {
      title: `WHO HOLDS THESE GROUPS${now === undefined ? '' : ` AT ${spokenClock(now.at)}`}`,
      lines:
        groups.length === 0 || !(isChange || isHeldAnyway)
          ? []
          : now === undefined
            ? [
                `This could not be looked up, and what is said above may have changed since. To list every group that is held: ${listHeldGroupsCommand(place.region)}`,
              ]
            : firstLines(
                tellHeldNow(
                  now,
                  place.region,
                  groups.slice(0, groupsShown),
                  groupsLeftOut + Math.max(0, groups.length - groupsShown),
                  mayBeMore,
                ),
                heldShown,
              ),
    },
    { title: 'WHAT HAPPENS NEXT', lines: lines(({ next }) => (next === undefined ? [] : [next])) },
    { title: kind === 'acted' ? 'HOW TO UNDO IT' : howToStop, lines: tellUndo(place, notices) },
    {
      title: 'MORE TO KNOW',
      lines: firstLines(
        lines(({ details }) => details),
        detailsShown,
        leftOutOf('details'),
      ),
    },
    {
      title: 'WHERE TO LOOK',
      lines: [
        `What this message means: ${runbookLink(place, kind)}`,
        ...(kind === 'breaker-opened'
          ? [`How to read all that was kept of the terminated instances: ${evidenceLink(place)}`]
          : []),
        ...lines(({ alarmName }) => (alarmName === undefined ? [] : [alarmName]))
          .slice(0, linksShown)
          .map((name) => `Alarm ${name}: ${alarmLink(place, name)}`),
        ...incidentIds
          .slice(0, linksShown)
          .map((id) => `Execution ${executionNameOf(id)}: ${executionLink(place, id)}`),
        ...groups
          .filter((name) => !notThere.has(name))
          .slice(0, linksShown)
          .map((name) => `Group ${name}: ${groupLink(place, name)}`),
        ...incidentIds
          .slice(0, 1)
          .map(
            (id) =>
              `Journal of ${executionNameOf(id)}, everything that was seen, decided and done: ${readJournalCommand(place.region, place.tableName, id)}`,
          ),
      ],
    },
  ].filter(({ lines: some }) => some.length > 0);
};

/** A line of mail: a command stands on a line of its own, so that it can be taken as a whole. */
const toMailLine = (line: string): string =>
  `  ${line.replace(/: (aws [a-z0-9]+ [a-z0-9-]+ --region .*)$/, ':\n    $1')}`;

const toText = (sections: Section[]): string =>
  sections.map(({ title, lines }) => [title, ...lines.map(toMailLine)].join('\n')).join('\n\n');

const toMessage = (place: Place, together: Together, now: HeldNow | undefined): Message => {
  const { kind, remediation, notices, late } = together;
  const { stage, accountId, accountAlias, region } = place;
  const about = aboutOf(notices);
  const { groups, groupsLeftOut, mayBeMore, incidentIds } = about;
  const isOfSeveral = new Set(notices.map(({ incidentId }) => incidentId)).size > 1;
  const [only = '', ...others] = unique(notices.map((notice) => tellHeadline(notice, isOfSeveral)));
  const headline = `${others.length === 0 ? only : headlineOfMany(kind, notices.length)}${late}`;
  const subject = toSubject(place, { kind, headline, groups, groupsLeftOut, mayBeMore });
  const sections = toSections(place, together, about, now);
  const top = [
    `${headline}${groups.length === 0 ? '' : `: ${tellGroups(about, groupsInFirstLine)}`}`,
    `As of ${tellWhen(notices)}.${tellLate(notices, now)} ${remediation}, stage ${stage}, account ${accountId}${accountAlias === undefined ? '' : ` (${accountAlias})`}, Region ${region}.`,
  ];
  const notHeld = unique(notices.flatMap((notice) => notice.notHeld ?? []));
  const isForChat = ({ title }: Section): boolean =>
    title !== 'WHERE TO LOOK' && !title.startsWith('HOW TO ');
  const stepsFrom = sections.filter((section) => !isForChat(section)).flatMap(({ lines }) => lines);
  return {
    kind,
    remediation,
    subject,
    text: [top.join('\n'), toText(sections)].join('\n\n'),
    chat: {
      version: '1.0',
      source: 'custom',
      content: {
        textType: 'client-markdown',
        title: cut(subject, titleCharactersMax),
        description: wholeLines(
          [
            top[1] ?? '',
            ...sections
              .filter(isForChat)
              .flatMap(({ title, lines }) => [`*${title}*`, ...lines.map((line) => `- ${line}`)]),
          ],
          descriptionCharactersMax,
        ),
        nextSteps: stepsFrom,
        keywords: ['holdfast', stage, accountAlias ?? accountId, region, remediation, kind],
      },
      metadata: {
        // What is told of one incident is one thread; a storm of them is its own.
        threadId: executionNameOf(incidentIds[0] ?? `holdfast-${stage}-${remediation.replace(' ', '-')}`),
        summary: subject,
        eventType: `holdfast-${kind}`,
        relatedResources: incidentIds.slice(0, linksShown),
        additionalContext: {
          stage,
          account: accountId,
          ...(accountAlias === undefined ? {} : { accountAlias }),
          region,
          remediation,
          kind,
          ...(notHeld.length === 0 ? {} : { notHeld: JSON.stringify(notHeld) }),
          // For programs: the same as the text says of who holds what.
          ...(now === undefined
            ? {}
            : { heldAt: now.at, heldBy: tellHolders(now, groups.slice(0, groupsShown)) }),
        },
      },
    },
    notices,
  };
};

/** Who holds groups, for programs: JSON of an object from each group to the executions that hold it. */
const tellHolders = ({ holders }: HeldNow, groups: string[]): string =>
  JSON.stringify(
    Object.fromEntries(
      groups.flatMap((name) => {
        const held = holders.get(name);
        return held === undefined ? [] : [[name, held.map(({ executionName }) => executionName)]];
      }),
    ),
  );

/** A notice as it is told at some moment. */
type AsTold = { notice: Notice } & Pick<Together, 'late'>;

const asWritten = (notice: Notice): AsTold => ({ notice, late: '' });

const noLongerHeld = (names: string[], { at }: HeldNow): Line => ({
  text: `No longer held at ${spokenClock(at)}: ${names.join(', ')}.`,
});

/** What is not so any more, with the time at which it was. */
const asOfThen = (line: Line, at: string): Line => ({ ...line, text: `At ${spokenClock(at)}: ${line.text}` });

/** Groups of a notice, as far as they were looked up, each with what its incident holds of it still. */
const holdersOf = (
  { incidentId, groups }: Notice,
  { holders }: HeldNow,
): { name: string; holder: HolderNow | undefined }[] =>
  groups.flatMap((name) => {
    const all = holders.get(name);
    const holder = all?.find(({ executionName }) => executionName === executionNameOf(incidentId));
    return all === undefined ? [] : [{ name, holder }];
  });

/** Those of them that its incident does not hold any more. */
const freeOf = (notice: Notice, now: HeldNow): string[] =>
  holdersOf(notice, now)
    .filter(({ holder }) => holder === undefined)
    .map(({ name }) => name);

/** That something was begun, as of now: a message may be late, and what it tells of be over. */
const begunAsOfNow = (notice: Notice, now: HeldNow): AsTold => {
  const { kind, incidentId } = notice;
  if (kind !== 'acted' || recordOf(incidentId)?.holdsItsGroups !== true) return asWritten(notice);
  const known = holdersOf(notice, now);
  const free = freeOf(notice, now);
  if (known.length === 0) return asWritten(notice);
  if (free.length === known.length)
    return { notice: asOver(notice, 'has ended since'), late: ', ended since' };
  if (known.every(({ holder }) => holder === undefined || holder.isBeingGivenBack))
    return { notice: asOver(notice, 'is being given back'), late: ', ending now' };
  return asWritten(
    free.length === 0 ? notice : { ...notice, done: [...notice.done, noLongerHeld(free, now)] },
  );
};

/** What was begun and is over, told in the past. */
const asOver = (notice: Notice, what: string): Notice => ({
  ...notice,
  todo: [],
  done: notice.done.map((line) => asOfThen(line, notice.at)),
  next: `This message is late: ${onlyHolds(notice.incidentId) ? 'the hold' : 'what it tells of'} ${what}. Another message says what came of it.`,
  undo: 'NOTHING',
});

/** That groups cannot be given back, as of now: they may have been since, and then there is nothing to do about it. */
const stuckAsOfNow = (notice: Notice, now: HeldNow): AsTold => {
  const { groups, groupsLeftOut, leftOut, at } = notice;
  const free = freeOf(notice, now);
  if (free.length === 0) return asWritten(notice);
  // Of groups or lines that there was no room for nobody knows whether anything is left to do.
  const isCut = groupsLeftOut + leftOut.todo > 0;
  const isOfFree = ({ untilGivenBack, groups: of = [], moreGroups }: Line): boolean =>
    untilGivenBack === true && moreGroups === undefined && of.every((name) => free.includes(name));
  if (free.length < groups.length || isCut)
    return asWritten({
      ...notice,
      todo: isCut ? notice.todo : notice.todo.filter((line) => !isOfFree(line)),
      done: [...notice.done, noLongerHeld(free, now)],
    });
  const todo = notice.todo.filter(({ untilGivenBack }) => untilGivenBack !== true);
  const isStuckOnly = notice.headline === notReleasedHeadline;
  return {
    notice: {
      ...notice,
      ...(todo.length === 0 ? { kind: 'gave-back' } : {}),
      ...(isStuckOnly ? { headline: 'Could not be given back' } : {}),
      todo,
      done: notice.done.map((line) => asOfThen(line, at)),
      next: `This message is late: Holdfast no longer holds ${groups.length === 1 ? 'the group' : 'the groups'}. Another message says what came of it.`,
      undo: 'NOTHING',
    },
    late: isStuckOnly ? ' at first' : '',
  };
};

/** What of a notice is still so when it is sent; `undefined` when nothing of it is. */
const asOfNow = (notice: Notice, now: HeldNow | undefined): AsTold | undefined => {
  const { notHeld, incidentId, groups, groupsLeftOut, cannotGiveBack } = notice;
  if (now === undefined) return asWritten(notice);
  if (cannotGiveBack === true) return stuckAsOfNow(notice, now);
  if (notHeld === undefined) return begunAsOfNow(notice, now);
  const still = notHeld.filter((name) => now.inForceOf.get(name)?.includes(incidentId) !== true);
  const heldSince = notHeld.filter((name) => !still.includes(name));
  if (heldSince.length === 0) return asWritten(notice);
  // Of more groups than a notice names, the others were not looked up.
  if (notHeld.length < groups.length + groupsLeftOut)
    return asWritten({
      ...notice,
      headline: 'Groups not held yet',
      done: [
        ...notice.done,
        {
          text: `${spokenClock(now.at)}: of these ${firstOf(heldSince, 10)} ${heldSince.length === 1 ? 'is' : 'are'} held by now.`,
        },
      ],
    });
  return still.length === 0
    ? undefined
    : asWritten({
        ...notice,
        headline: 'Not held yet',
        notHeld: still,
        groups: still,
        groupsLeftOut: 0,
        done: [{ text: `Still not held: ${still.join(', ')}.` }],
      });
};

/** Who found what is of no incident. */
const finderOf = (kind: NoticeKind): string =>
  kind === 'not-ready' || kind === 'ready-again' || kind === 'would-act' ? 'hourly check' : 'sweep';

/**
 * Gives what there is to tell its form: what is of one kind and remediation becomes one message, however many groups
 * and incidents it is about. What is no longer so when it is sent is left out.
 *
 * @param notices in the order in which they were written
 * @param now who holds their groups; `undefined` when that cannot be looked up
 */
export const composeMessages = (place: Place, notices: Notice[], now?: HeldNow): Message[] => {
  const together = new Map<string, Together>();
  for (const written of notices) {
    const told = asOfNow(written, now);
    if (told === undefined) continue;
    const { notice, late } = told;
    const { kind, incidentId } = notice;
    const remediation = remediationOf(incidentId) ?? (incidentId === '' ? finderOf(kind) : 'by hand');
    // What goes on and what has ended since are not told in one.
    const key = `${kind} ${remediation} ${late}`;
    const known = together.get(key) ?? { kind, remediation, notices: [], late };
    known.notices.push(notice);
    together.set(key, known);
  }
  return [...together.values()].map((some) => toMessage(place, some, now));
};
