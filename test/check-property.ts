import fc from 'fast-check';

/**
 * Checks a property over many runs from one seed. `HOLDFAST_SEED` chooses another; a failure prints the seed and the
 * command that replays it.
 *
 * @param file the test file, for that command
 */
export const checkProperty = <Values>(
  property: fc.IProperty<Values>,
  { file, runs, seed = 1 }: { file: string; runs: number; seed?: number },
): void => {
  const chosen = Number(process.env.HOLDFAST_SEED ?? seed);
  const result = fc.check(property, { numRuns: runs, seed: chosen });
  if (!result.failed) return;
  throw new Error(
    `${fc.defaultReportMessage(result)}\nReplay: HOLDFAST_SEED=${result.seed} npm run test:unit -- ${file}`,
  );
};
