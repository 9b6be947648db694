import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../', import.meta.url));
const folderOf = (stage: string): string => `.packaged/${stage}`;

/** No template depends on it: each names its Region by AWS::Region. */
const anyRegion = 'us-east-1';

/** Packages one stage; ends the process when it cannot, with what osls said. */
const packageStage = (stage: string, environment: Record<string, string>): void => {
  const words = ['package', '--stage', stage, '--region', anyRegion, '--package', folderOf(stage)];
  const { status } = spawnSync('osls', words, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
};

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
const { values } = parseArgs({ options: { templates: { type: 'boolean' } } });
const [first, ...others] = ['dev', 'staging', 'prod'] as const;
packageStage(first, { HOLDFAST_REUSE_BUNDLES: 'false' });
for (const stage of others) {
  if (values.templates === true) copyFunctions(first, stage);
  packageStage(stage, { HOLDFAST_REUSE_BUNDLES: String(values.templates === true) });
}
