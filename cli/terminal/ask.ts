import { createInterface } from 'node:readline/promises';
import { UsageError } from '../usage-error.ts';

/**
 * Asks whether to go on; only a yes is one.
 *
 * @param isAgreed whether `--yes` was given
 * @throws UsageError where nobody can be asked: then it must have been said before
 */
export const mayGoOn = async (question: string, isAgreed: boolean): Promise<boolean> => {
  if (isAgreed) return true;
  if (!process.stdin.isTTY) {
    throw new UsageError(`${question} There is no terminal to ask: give --yes. Nothing was changed.`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } catch (error) {
    // Ctrl-C, or the end of the input.
    if (error instanceof Error && error.name === 'AbortError') return false;
    throw error;
  } finally {
    terminal.close();
  }
};
