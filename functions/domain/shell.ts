/** Words that every shell takes as they are. */
const plain = /^[A-Za-z0-9_./:=@%+-]+$/;

/** A word as it may stand in a command for a POSIX shell, whatever is in it. */
const shellWord = (word: string): string => (plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** A command of the AWS CLI for a POSIX shell; every word is quoted where it has to be. */
export const awsCommand = (...words: (string | number)[]): string =>
  ['aws', ...words.map((word) => shellWord(String(word)))].join(' ');
