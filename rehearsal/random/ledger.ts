/** The promises of docs/promises.md, by their short names. */
export const promises = [
  'gives back',
  'keeps the floor',
  'touches only its own',
  'does as asked',
  'dry run',
  'the switch stops it',
  'one execution',
  'ends',
  'tells the truth',
  'leaves nothing',
  'a person outranks it',
  'evidence first',
  'stops no other',
  'answers',
] as const;

export type Promised = (typeof promises)[number];

/** A promise that was broken: when, and how. */
export interface BrokenPromise {
  promise: Promised;
  text: string;
}

/** How often each promise was looked at; those that were not are left out. */
export type Looks = Partial<Record<Promised, number>>;

/** What was looked at, and what was found broken. */
export interface Ledger {
  broken: BrokenPromise[];
  looks: Looks;
  /**
   * Looks whether a promise is kept.
   *
   * @param tell says how it is broken; asked only where it is
   */
  look: (promise: Promised, isBroken: boolean, tell: () => string) => void;
}

/** An empty ledger. */
export const createLedger = (): Ledger => {
  const broken: BrokenPromise[] = [];
  const looks: Looks = {};
  return {
    broken,
    looks,
    look: (promise, isBroken, tell) => {
      looks[promise] = (looks[promise] ?? 0) + 1;
      if (isBroken) broken.push({ promise, text: tell() });
    },
  };
};

/** The looks of two runs together. */
export const addLooks = (one: Looks, other: Looks): Looks =>
  Object.fromEntries(
    promises.flatMap((promise) => {
      const sum = (one[promise] ?? 0) + (other[promise] ?? 0);
      return sum === 0 ? [] : [[promise, sum]];
    }),
  );
