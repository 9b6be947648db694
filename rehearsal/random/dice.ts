import { seededRandom } from '../virtual-time.ts';

/** Chance, from one seed. */
export interface Dice {
  chance: (share: number) => boolean;
  between: (from: number, to: number) => number;
  pick: <Value>(values: readonly Value[]) => Value;
  some: <Value>(values: readonly Value[], share: number) => Value[];
}

/** Dice that fall the same way for the same seed. */
export const diceOf = (seed: number): Dice => {
  const random = seededRandom(seed);
  // The first numbers of neighbouring seeds are neighbours too.
  for (let n = 0; n < 20; n += 1) random();
  const between = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  return {
    chance: (share) => random() < share,
    between,
    pick: (values) => {
      const picked = values[between(0, values.length - 1)];
      if (picked === undefined) throw new Error('there is nothing to pick');
      return picked;
    },
    some: (values, share) => values.filter(() => random() < share),
  };
};
