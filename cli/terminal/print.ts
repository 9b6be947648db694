/** Writes a text, and ends the line. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Writes JSON for programs: one value, and nothing else. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, undefined, 2));
