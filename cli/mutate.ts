import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseOptions, runCommand } from './parse-options.ts';
import { UsageError } from './usage-error.ts';

/** Where everything of a run is. */
const folder = '.stryker';

/** Not a dependency: it brings 150 packages, which ask for a newer Node than whoever runs `npm ci` may have. */
const stryker = ['@stryker-mutator/core@10.1.1', '@stryker-mutator/vitest-runner@10.1.1'];

const usage = `npm run mutate [-- FILE ...]
Changes the rules in functions/domain in thousands of small ways, and looks whether a test of theirs notices each.
FILE: only these files or patterns, such as functions/domain/drain/*.ts. All of them take more than an hour on two cores.
Prints the score of each file, and what no test noticed. What the compiler refuses is not counted.
The first time it installs Stryker into ${folder}, which needs a registry of npm packages.`;

/** A change of the code, in the form of the mutation testing elements' report schema. */
interface Mutant {
  mutatorName: string;
  replacement?: string;
  status: string;
  location: { start: Position; end: Position };
}

/** Both from 1. */
interface Position {
  line: number;
  column: number;
}

interface Report {
  files: Record<string, { source: string; mutants: Mutant[] }>;
}

const offsetOf = (source: string, { line, column }: Position): number =>
  source
    .split('\n')
    .slice(0, line - 1)
    .reduce((sum, text) => sum + text.length + 1, 0) +
  column -
  1;

const mutated = (source: string, { location, replacement = '' }: Mutant): string =>
  source.slice(0, offsetOf(source, location.start)) +
  replacement +
  source.slice(offsetOf(source, location.end));

const isUnnoticed = ({ status }: Mutant): boolean => status === 'Survived' || status === 'NoCoverage';
const isNoticed = ({ status }: Mutant): boolean => status === 'Killed' || status === 'Timeout';

/** A copy of the functions in which one file at a time is changed, for the compiler. Stryker's own plugin needs the API of TypeScript 5. */
const createCompiler = () => {
  const copy = join(folder, 'compiled');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  cpSync('functions', join(copy, 'functions'), { recursive: true });
  // What a change leaves unused is no mistake of types; who imports the file is left out, which is ten times as fast.
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, allowUnreachableCode: true };
  return {
    refuses: (file: string, source: string, mutant: Mutant): boolean => {
      const config = { extends: '../../tsconfig.json', compilerOptions, files: [file], include: [] };
      writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify(config));
      writeFileSync(join(copy, file), mutated(source, mutant));
      const { status } = spawnSync('tsc', ['-p', copy], { stdio: 'ignore' });
      writeFileSync(join(copy, file), source);
      return status !== 0;
    },
  };
};

const tellMutant = (
  file: string,
  source: string,
  { location, mutatorName, replacement = '' }: Mutant,
): string => {
  const { start, end } = location;
  const found = source.slice(offsetOf(source, start), offsetOf(source, end));
  const short = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 90);
  return `  ${file}:${start.line}:${start.column} ${mutatorName}: ${short(found)} => ${short(replacement)}`;
};

const program = join(folder, 'node_modules', '.bin', 'stryker');

/** Installs Stryker beside the project, whose Vitest it uses; gives the exit code. */
const install = (): number => {
  if (existsSync(program)) return 0;
  mkdirSync(folder, { recursive: true });
  const options = ['--no-save', '--no-package-lock', '--legacy-peer-deps', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', ['install', '--prefix', folder, ...options, ...stryker], {
    stdio: 'inherit',
  });
  return status ?? 1;
};

const percent = (noticed: number, all: number): string =>
  all === 0 ? '   n/a' : `${((100 * noticed) / all).toFixed(1).padStart(5)} %`;

/** What the report comes to: a line for each file, and each change that neither a test nor the compiler noticed. */
const tellReport = ({ files }: Report): string[] => {
  const compiler = createCompiler();
  const sum = { noticed: 0, all: 0, refused: 0 };
  const scores: string[] = [];
  const unnoticed: string[] = [];
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const left = mutants.filter(isUnnoticed).filter((mutant) => !compiler.refuses(file, source, mutant));
    const noticed = mutants.filter(isNoticed).length;
    const all = noticed + left.length;
    sum.noticed += noticed;
    sum.all += all;
    sum.refused += mutants.filter(isUnnoticed).length - left.length;
    scores.push(
      `${percent(noticed, all)}  ${String(noticed).padStart(5)} of ${String(all).padStart(5)}  ${file}`,
    );
    unnoticed.push(...left.map((mutant) => tellMutant(file, source, mutant)));
  }
  return [
    ...scores,
    `${percent(sum.noticed, sum.all)}  ${String(sum.noticed).padStart(5)} of ${String(sum.all).padStart(5)}  all; ${sum.refused} that no test noticed the compiler refuses`,
    '',
    unnoticed.length === 0 ? 'Nothing stayed unnoticed.' : 'Unnoticed:',
    ...unnoticed,
  ];
};

await runCommand(usage, async () => {
  const { positionals } = parseOptions(process.argv.slice(2), { help: { type: 'boolean' } });
  const stray = positionals.find((file) => !file.startsWith('functions/domain/'));
  if (stray !== undefined) {
    throw new UsageError(`${stray}: found another folder; allowed: files in functions/domain/`);
  }
  const only = positionals.length === 0 ? [] : ['--mutate', positionals.join(',')];
  const installed = install();
  if (installed !== 0) return installed;
  const { status } = spawnSync(program, ['run', ...only], { stdio: 'inherit' });
  if (status !== 0) return status ?? 1;
  const report = JSON.parse(readFileSync(join(folder, 'mutation.json'), 'utf8')) as Report;
  const page = `${tellReport(report).join('\n')}\n`;
  writeFileSync(join(folder, 'report.txt'), page);
  process.stdout.write(page);
  return 0;
});
