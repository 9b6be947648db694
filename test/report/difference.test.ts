import { describe, expect, it } from 'vitest';
import { sumOf, tellDifference, tellOutcome } from '../../report/difference.ts';

const outcome = (goodInstancesLost: number, minutesBelowNeeded: number, copiesLost?: number) => ({
  goodInstancesLost,
  minutesBelowNeeded,
  ...(copiesLost === undefined ? {} : { copiesLost }),
});

describe('tellOutcome', () => {
  it.each([
    [outcome(0, 0), 'no good instance was lost and capacity was never short'],
    [outcome(1, 1), '1 good instance was lost and capacity was short for 1 minute'],
    [
      outcome(2, 30, 1),
      '2 good instances were lost, the only copies of the data of 1 instance were lost, and capacity was short for 30 minutes',
    ],
    [outcome(0, 0, 0), 'no good instance was lost, no data were lost, and capacity was never short'],
  ])('%o', (given, told) => expect(tellOutcome(given)).toBe(told));
});

describe('tellDifference', () => {
  it('tells both, or that there is none', () => {
    expect(tellDifference(outcome(3, 20), outcome(0, 0))).toBe(
      'With Holdfast no good instance was lost and capacity was never short; without it 3 good instances were lost and capacity was short for 20 minutes.',
    );
    expect(tellDifference(outcome(1, 0), outcome(1, 0))).toBe(
      'No difference: with Holdfast as without it 1 good instance was lost and capacity was never short.',
    );
    expect(tellDifference(outcome(1, 0, 2), outcome(1, 0, 1))).toContain('With Holdfast');
  });
});

describe('sumOf', () => {
  it('adds instances up, and takes the longest lack; copies are counted only where an instance has one', () => {
    const isOfMany = true;
    expect(sumOf([outcome(1, 2), outcome(3, 4)])).toEqual({ ...outcome(4, 4), isOfMany });
    expect(sumOf([outcome(1, 2), outcome(3, 4, 1)])).toEqual({ ...outcome(4, 4, 1), isOfMany });
    expect(sumOf([outcome(1, 2)])).toEqual(outcome(1, 2));
    expect(sumOf([])).toEqual(outcome(0, 0));
    expect(tellOutcome(sumOf([outcome(1, 2), outcome(3, 4)]))).toBe(
      '4 good instances were lost and capacity was short for up to 4 minutes',
    );
  });
});
