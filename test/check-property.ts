import fc from 'fast-check';

/** How a property is checked. */
interface CheckOptions {
  /** The test file, for the command that replays a failure. */
  file: string;
  /** How often `npm test` tries; `npm run prove` tries ten times as often. */
  runs: number;
  seed?: number;
}

const parametersOf = ({ runs, seed = 1 }: CheckOptions): { numRuns: number; seed: number } => ({
  numRuns: Number(process.env.HOLDFAST_RUNS ?? (process.env.HOLDFAST_PROVE === '1' ? 10 * runs : runs)),
  seed: Number(process.env.HOLDFAST_SEED ?? seed),
});

const report = <Values>(result: fc.RunDetails<Values>, file: string): void => {
  if (!result.failed) return;
  throw new Error(
    `${fc.defaultReportMessage(result)}\n${(result.errorInstance as Error | null)?.message ?? ''}\nReplay: HOLDFAST_SEED=${result.seed} HOLDFAST_RUNS=${result.numRuns} npm run test:unit -- ${file}`,
  );
};

/**
 * Checks a property over many runs from one seed. `HOLDFAST_SEED` chooses another, `HOLDFAST_RUNS` how many; a failure
 * prints the seed and the command that replays it.
 */
export const checkProperty = <Values>(property: fc.IProperty<Values>, options: CheckOptions): void =>
  report(fc.check(property, parametersOf(options)) as fc.RunDetails<Values>, options.file);

/** The same for a property that takes time. */
export const checkAsyncProperty = async <Values>(
  property: fc.IAsyncProperty<Values>,
  options: CheckOptions,
): Promise<void> => report(await fc.check(property, parametersOf(options)), options.file);
