import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageStage } from './package-stage.ts';
import { parseOptions } from './parse-options.ts';
import { UsageError } from './usage-error.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const folderOf = (stage: string): string => `.packaged/${stage}`;

/** Gives a stage the functions that another one was packaged with, so that only its template has to be made. */
const copyFunctions = (from: string, to: string): void => {
  const [source, target] = [`${root}${folderOf(from)}`, `${root}${folderOf(to)}`];
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(source).filter((name) => name.endsWith('.zip'))) {
    cpSync(`${source}/${file}`, `${target}/${file}`);
  }
};

/*
 * Packages every stage into `.packaged/<stage>`. With `--templates` the functions are bundled once, for the first
 * stage: the tests look at three templates, whose functions are the same.
 */
const readOptions = () => {
  try {
    return parseOptions(process.argv.slice(2), { templates: { type: 'boolean' } });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return process.exit(2);
  }
};

const { values } = readOptions();
const packageOrEnd = (stage: string, reusesBundles: boolean): void => {
  const environment = { HOLDFAST_REUSE_BUNDLES: String(reusesBundles) };
  const status = packageStage(stage, folderOf(stage), { environment });
  if (status !== 0) process.exit(status);
};
const [first, ...others] = ['dev', 'staging', 'prod'] as const;
packageOrEnd(first, false);
for (const stage of others) {
  if (values.templates === true) copyFunctions(first, stage);
  packageOrEnd(stage, values.templates === true);
}
