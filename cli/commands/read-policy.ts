import { readFileSync } from 'node:fs';
import type { Policy } from '../../functions/events/policy.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { UsageError } from '../usage-error.ts';

/**
 * The policy of a file, or the shipped one.
 *
 * @param word of the command line that names the file
 * @throws UsageError when the file cannot be read or is no policy
 */
export const readPolicy = (file: string | undefined, word = '--policy'): Policy => {
  if (file === undefined) return loadPolicy();
  try {
    readFileSync(file);
  } catch (cause) {
    throw new UsageError(`${word}: ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    return loadPolicy(file);
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
};
