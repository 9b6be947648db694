/** Whether everything is run that takes long: `npm run prove` sets it. */
const isProving = process.env.HOLDFAST_PROVE === '1';
const asked = process.env.HOLDFAST_SEEDS;
const from = process.env.HOLDFAST_SEEDS_FROM;

/** Seeds of a matrix. */
interface Matrix {
  /** The first seed. */
  first?: number;
  /** How many `npm test` runs: a contributor waits for it. */
  slice: number;
  /** How many `npm run prove` runs where it is not told how many. */
  all: number;
  /** Seeds that once found something: run always. */
  known?: number[];
}

/** The seeds of a matrix that are run now. */
export const seedsOf = ({ first = 1, slice, all, known = [] }: Matrix): number[] => {
  const count = isProving ? Number(asked ?? all) : slice;
  const begin = isProving ? Number(from ?? first) : first;
  const seeds = Array.from({ length: count }, (_, index) => begin + index);
  return isProving && asked !== undefined ? seeds : [...new Set([...seeds, ...known])];
};

/** Some of many cases, from the first to the last at even distances; all of them with `npm run prove`. */
export const sliceOf = <Case>(cases: Case[], count: number): Case[] => {
  if (isProving || cases.length <= count) return cases;
  const step = (cases.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => cases[Math.round(index * step)] as Case);
};

/** How much of something is run: less where a contributor waits for it, all of it with `npm run prove`. */
export const amountOf = ({ slice, all }: { slice: number; all: number }): number => (isProving ? all : slice);

/**
 * Runs the case of one seed; what it throws ends with the command that replays it.
 *
 * @param file the test file
 */
export const withReplay = async (file: string, seed: number, run: () => Promise<void>): Promise<void> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof Error) {
      error.message += `\nReplay: npm run prove -- --from ${seed} --seeds 1 ${file}`;
    }
    throw error;
  }
};
