import { existsSync, readFileSync } from 'node:fs';
import type { Policy } from '../../functions/events/policy.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { UsageError } from '../usage-error.ts';

/** The policy of the folder in which the command is run, where there is one. */
const ownPolicy = 'infra/policy.yml';

/** Which policy it is that no file was named for. */
export const nameOfPolicy = (file: string | undefined): string => {
  if (file !== undefined) return file;
  return existsSync(ownPolicy) ? ownPolicy : 'the example policy of Holdfast (give --policy for yours)';
};

const readAs = (file: string | undefined): Policy => {
  try {
    return loadPolicy(file);
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
};

/**
 * The policy of a file; without one that of this folder, or the shipped example.
 *
 * @param word of the command line that names the file
 * @throws UsageError when the file cannot be read or is no policy
 */
export const readPolicy = (file: string | undefined, word = '--policy'): Policy => {
  if (file === undefined) return existsSync(ownPolicy) ? readPolicy(ownPolicy, word) : readAs(undefined);
  try {
    readFileSync(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new UsageError(
      `${word}: ${code === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read: ${message}`}`,
      { cause },
    );
  }
  return readAs(file);
};
