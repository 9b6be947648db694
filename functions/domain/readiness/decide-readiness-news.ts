import { bounded } from '../bounded.ts';
import { secondsBetween } from '../times.ts';
import type { ReadinessFact, ReadinessFinding, ReadinessLevel } from './decide-readiness.ts';

/** A finding, in words. */
export interface ToldFinding {
  finding: ReadinessFinding;
  found: string;
  remedy: string;
}

/** A finding that an earlier check made, as the table keeps it: of bounded size. */
export interface KnownFinding {
  level: ReadinessLevel;
  /** Absent for the stage. */
  rule?: string;
  isUnreadable: boolean;
  found: string;
  remedy: string;
  /** The first of its groups. */
  groups: string[];
  /** When it was first found, ISO 8601. */
  since: string;
  /** Since when it was not found any more. */
  goneSince?: string;
  /** Whether people were told. */
  isTold: boolean;
  /** That a check was about to tell them: it may have died before it did, or after. */
  isBeingTold?: true;
}

/** The findings of a stage, by what tells one from another. */
export type KnownFindings = Record<string, KnownFinding>;

/** What people are to be told, and what is known from then on. */
export interface ReadinessNews {
  /** What they do not know yet, by its key in `known`. */
  notReady: [key: string, finding: KnownFinding][];
  /** What they were told, and is over. */
  readyAgain: [key: string, finding: KnownFinding][];
  known: KnownFindings;
}

/** For how long something cannot be read before people are told: AWS does not answer every call. */
const unreadableToldAfterSeconds = 5.5 * 3600;
/** For how long a finding has to be gone before it is over, three checks: what comes and goes is one affair. */
const overAfterSeconds = 1.5 * 3600;
/** So much is kept of a finding. */
const groupsKept = 20;
const charactersKept = 1000;

const aboutOf = (fact: ReadinessFact): string => {
  if (fact.because === 'UNREADABLE') return fact.what;
  if (fact.because === 'GROUP_REFUSED') return fact.why;
  if ('alarmName' in fact) return fact.alarmName;
  return 'patterns' in fact ? fact.patterns.join(' ') : '';
};

/** What tells a finding from others of the stage: not its groups or numbers, which change while it lasts. */
const keyOf = ({ finding: { rule = '', fact } }: ToldFinding): string =>
  `${rule}#${fact.because}#${bounded(aboutOf(fact), charactersKept)}`;

/** Whether people are told of it without having asked: what would keep a rule from its work, or may. */
const matters = ({ finding: { level, fact } }: ToldFinding): boolean =>
  level === 'NOT_READY' || (fact.because === 'UNREADABLE' && fact.isMinor !== true);

const byKey = (findings: ToldFinding[]): Map<string, ToldFinding> =>
  new Map(findings.filter(matters).map((told) => [keyOf(told), told]));

const toKnown = (
  { finding: { level, rule, fact }, found, remedy }: ToldFinding,
  { since, isTold }: Pick<KnownFinding, 'since' | 'isTold'>,
): KnownFinding => ({
  level,
  ...(rule === undefined ? {} : { rule }),
  isUnreadable: fact.because === 'UNREADABLE',
  found: bounded(found, charactersKept),
  remedy: bounded(remedy, charactersKept),
  groups: 'groups' in fact ? fact.groups.slice(0, groupsKept) : [],
  since,
  isTold,
});

/** Whether a look found something that is not known: then it is worth a second one. */
export const isNews = (known: KnownFindings, findings: ToldFinding[]): boolean =>
  [...byKey(findings).keys()].some((key) => !Object.hasOwn(known, key));

/**
 * What people are to be told, of two looks at a stage: what both found and is not known, and what has been gone for three
 * checks. Of a rule of which something could not be read nothing is known to be over.
 *
 * @param now ISO 8601
 */
export const decideReadinessNews = (
  known: KnownFindings,
  looks: [first: ToldFinding[], second: ToldFinding[]],
  now: string,
): ReadinessNews => {
  const [first, second] = [byKey(looks[0]), byKey(looks[1])];
  const unread = new Set(
    looks
      .flat()
      .filter((told) => told.finding.fact.because === 'UNREADABLE' && matters(told))
      .map(({ finding: { rule } }) => rule),
  );
  const isFound = (key: string): boolean => first.has(key) || second.has(key);
  const isUnsure = ({ isUnreadable, rule }: KnownFinding): boolean => !isUnreadable && unread.has(rule);
  const next: KnownFindings = {};
  for (const [key, finding] of Object.entries(known)) {
    const { goneSince, ...present } = finding;
    const latest = second.get(key) ?? first.get(key);
    if (latest !== undefined) next[key] = toKnown(latest, present);
    else if (isUnsure(finding)) next[key] = finding;
    // Nobody knows of it, so nobody has to hear that it is over.
    else if (finding.isTold || finding.isBeingTold === true)
      next[key] = { ...present, goneSince: goneSince ?? now };
  }
  for (const [key, told] of second) {
    if (!Object.hasOwn(known, key) && first.has(key))
      next[key] = toKnown(told, { since: now, isTold: false });
  }
  const entries = Object.entries(next);
  const notReady = entries.filter(
    ([key, { level, since, isTold }]) =>
      !isTold &&
      isFound(key) &&
      (level === 'NOT_READY' || secondsBetween(since, now) >= unreadableToldAfterSeconds),
  );
  const toTell = notReady.map(([key, finding]): [string, KnownFinding] => [
    key,
    { ...finding, isBeingTold: true },
  ]);
  return {
    notReady,
    readyAgain: entries.filter(
      ([key, finding]) =>
        finding.goneSince !== undefined &&
        !isFound(key) &&
        !isUnsure(finding) &&
        secondsBetween(finding.goneSince, now) >= overAfterSeconds,
    ),
    known: { ...next, ...Object.fromEntries(toTell) },
  };
};
