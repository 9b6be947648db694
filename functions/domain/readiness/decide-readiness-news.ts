import { secondsBetween } from '../times.ts';
import type { ReadinessFact, ReadinessFinding } from './decide-readiness.ts';

/** A finding, in words. */
export interface ToldFinding {
  finding: ReadinessFinding;
  found: string;
  remedy: string;
}

/** A finding that an earlier check made, as the table keeps it. */
export interface KnownFinding extends ToldFinding {
  /** When it was first found, ISO 8601. */
  since: string;
  /** Whether people were told. */
  isTold: boolean;
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
const unreadableToldAfterSeconds = 6 * 3600;

const aboutOf = (fact: ReadinessFact): string => {
  if (fact.because === 'UNREADABLE') return fact.what;
  if ('alarmName' in fact) return fact.alarmName;
  return 'patterns' in fact ? fact.patterns.join(' ') : '';
};

/** What tells a finding from others of the stage: not its groups or numbers, which change while it lasts. */
const keyOf = ({ finding: { rule = '', fact } }: ToldFinding): string =>
  `${rule}#${fact.because}#${aboutOf(fact)}`;

/** Whether people are told of it without having asked: what would keep a rule from its work, or may. */
const matters = ({ finding: { level, fact } }: ToldFinding): boolean =>
  level === 'NOT_READY' || fact.because === 'UNREADABLE';

const byKey = (findings: ToldFinding[]): Map<string, ToldFinding> =>
  new Map(findings.filter(matters).map((told) => [keyOf(told), told]));

/** Whether a look found other things than are known: then it is worth a second one. */
export const isNews = (known: KnownFindings, findings: ToldFinding[]): boolean => {
  const found = byKey(findings);
  return (
    [...found.keys()].some((key) => !Object.hasOwn(known, key)) ||
    Object.keys(known).some((key) => !found.has(key))
  );
};

/**
 * What people are to be told, of two looks at a stage: what both found and is not known, and what neither found any more.
 * Of a rule of which something could not be read nothing is known to be over.
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
    looks.flat().flatMap(({ finding: { rule, fact } }) => (fact.because === 'UNREADABLE' ? [rule] : [])),
  );
  const isOver = ([key, { finding }]: [string, KnownFinding]): boolean =>
    !first.has(key) &&
    !second.has(key) &&
    (finding.fact.because === 'UNREADABLE' || !unread.has(finding.rule));
  const lasting = Object.entries(known).filter((entry) => !isOver(entry));
  const found = [...second].filter(([key]) => first.has(key) || Object.hasOwn(known, key));
  const next: KnownFindings = Object.fromEntries([
    ...lasting,
    ...found.map(([key, told]): [string, KnownFinding] => {
      const { since = now, isTold = false } = known[key] ?? {};
      return [key, { ...told, since, isTold }];
    }),
  ]);
  return {
    notReady: Object.entries(next).filter(
      ([, { finding, since, isTold }]) =>
        !isTold &&
        (finding.level === 'NOT_READY' || secondsBetween(since, now) >= unreadableToldAfterSeconds),
    ),
    readyAgain: Object.entries(known).filter((entry) => entry[1].isTold && isOver(entry)),
    known: next,
  };
};
