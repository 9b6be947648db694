import { counted } from '../functions/domain/times.ts';

/** What became of some groups in one run. */
export interface Outcome {
  goodInstancesLost: number;
  /** Of several groups those of the one that lacked it longest. */
  minutesBelowNeeded: number;
  /** Whether it is of several groups. */
  isOfMany?: true;
  /** Only copies of data that were lost; absent where no instance has one. */
  copiesLost?: number;
}

const lostIn = ({ goodInstancesLost }: Outcome): string =>
  goodInstancesLost === 0
    ? 'no good instance was lost'
    : `${counted(goodInstancesLost, 'good instance')} were lost`;

const shortIn = ({ minutesBelowNeeded, isOfMany }: Outcome): string =>
  minutesBelowNeeded === 0
    ? 'capacity was never short'
    : `capacity was short for ${isOfMany === true ? 'up to ' : ''}${counted(minutesBelowNeeded, 'minute')}`;

const copiesIn = ({ copiesLost = 0 }: Outcome): string =>
  copiesLost === 0
    ? 'no data were lost'
    : `the only copies of the data of ${counted(copiesLost, 'instance')} were lost`;

const grammatical = (sentence: string): string =>
  sentence.replace(/\b1 good instance were lost/, '1 good instance was lost');

/** Several outcomes as one: of all groups together. */
export const sumOf = (outcomes: Outcome[]): Outcome => {
  const copies = outcomes.flatMap(({ copiesLost }) => copiesLost ?? []);
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    goodInstancesLost: sum(outcomes.map(({ goodInstancesLost }) => goodInstancesLost)),
    minutesBelowNeeded: Math.max(0, ...outcomes.map(({ minutesBelowNeeded }) => minutesBelowNeeded)),
    ...(outcomes.length > 1 ? { isOfMany: true } : {}),
    ...(copies.length === 0 ? {} : { copiesLost: sum(copies) }),
  };
};

const listed = new Intl.ListFormat('en');

/** What became of a run, in one sentence without its full stop. */
export const tellOutcome = (outcome: Outcome): string =>
  grammatical(
    listed.format([
      lostIn(outcome),
      ...(outcome.copiesLost === undefined ? [] : [copiesIn(outcome)]),
      shortIn(outcome),
    ]),
  );

/**
 * The difference that Holdfast made, in one sentence, also where there is none.
 *
 * @param without what became of the groups that opted in without it, and `helped` with it
 */
export const tellDifference = (without: Outcome, helped: Outcome): string => {
  const same =
    without.goodInstancesLost === helped.goodInstancesLost &&
    without.minutesBelowNeeded === helped.minutesBelowNeeded &&
    without.copiesLost === helped.copiesLost;
  if (same) return `No difference: with Holdfast as without it ${tellOutcome(helped)}.`;
  return `With Holdfast ${tellOutcome(helped)}; without it ${tellOutcome(without)}.`;
};
