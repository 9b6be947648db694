/** Words that every shell takes as they are. */
const plain = /^[A-Za-z0-9_./:@%+-][A-Za-z0-9_./:=@%+-]*$/;

/** A word as it may stand in a command for a POSIX shell, whatever is in it. */
const shellWord = (word: string): string => (plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * A command of the AWS CLI for a POSIX shell, complete: with its Region, and every word quoted where it has to be.
 * Whoever is to run it at night may have another Region in their profile.
 */
export const awsCommand = (
  region: string,
  service: string,
  operation: string,
  ...options: (string | number)[]
): string =>
  ['aws', service, operation, '--region', region, ...options]
    .map((word) => shellWord(String(word)))
    .join(' ');

/**
 * An option with a value that people chose: one that begins with `-` is joined to it, or the CLI would take it for an
 * option (argparse, "Arguments containing -").
 */
export const optionOf = (name: string, value: string): string[] =>
  value.startsWith('-') ? [`${name}=${value}`] : [name, value];
