import { parseArgs } from 'node:util';
import { didYouMean } from '../functions/events/nearest.ts';
import { keptByNpm } from './kept-by-npm.ts';
import { UsageError } from './usage-error.ts';

/** An option: a text or a yes, given once unless several are meant. */
export interface Option {
  type: 'string' | 'boolean';
  multiple?: true;
}

type Values<Options extends Record<string, Option>> = {
  [Name in keyof Options]?: Options[Name]['type'] extends 'boolean'
    ? boolean
    : Options[Name] extends { multiple: true }
      ? string[]
      : string;
};

const isNumber = (text: string | undefined): boolean => text !== undefined && /^-\d/.test(text);

/**
 * Reads the options of a command line.
 *
 * @param argv what follows the program
 * @param options what may be given, by name
 * @param environment the variables of the process
 * @throws UsageError for an unknown option, one without its value or given twice, and one that npm kept for itself
 */
export const parseOptions = <const Options extends Record<string, Option>>(
  argv: string[],
  options: Options,
  environment: NodeJS.ProcessEnv = process.env,
): { values: Values<Options>; positionals: string[] } => {
  const names = Object.keys(options);
  const kept = keptByNpm(names, argv, environment);
  if (kept !== undefined) throw new UsageError(kept);
  const { values, positionals, tokens } = parseArgs({
    args: argv,
    options: Object.fromEntries(names.map((name) => [name, { type: options[name]?.type ?? 'string' }])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const option = options[name];
    if (option === undefined) {
      throw new UsageError(
        `${rawName}: unknown option; allowed: ${names.map((each) => `--${each}`).join(', ')}${didYouMean(
          rawName,
          names.map((each) => `--${each}`),
        )}`,
      );
    }
    if (option.type === 'boolean' && value !== undefined) {
      throw new UsageError(`${rawName}: found "${value}"; allowed: the option without a value`);
    }
    if (option.type === 'string' && (value === undefined || (value.startsWith('-') && !isNumber(value)))) {
      throw new UsageError(`${rawName}: found nothing; allowed: a value, as in ${rawName} VALUE`);
    }
    const before = given.get(name) ?? [];
    if (before.length > 0 && option.multiple !== true) {
      throw new UsageError(`${rawName}: found twice; allowed: once`);
    }
    given.set(name, [...before, value ?? '']);
  }
  const several = [...given].flatMap(([name, all]) =>
    options[name]?.multiple === true ? [[name, all]] : [],
  );
  return { values: { ...values, ...Object.fromEntries(several) } as Values<Options>, positionals };
};

/**
 * Runs a command: tells how it is used for `--help`, and ends with 2 and with what is wrong when its command line makes no
 * sense.
 *
 * @param body reads the options and does what they ask; returns the exit code
 */
export const runCommand = async (usage: string, body: () => number | Promise<number>): Promise<void> => {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  // Whoever reads the output wants no more of it, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    // As a program that the closed pipe ends: 128 and the number of SIGPIPE.
    process.exit(141);
  });
  try {
    process.exitCode = await body();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage}\n`);
    process.exitCode = 2;
  }
};
