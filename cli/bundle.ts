import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Template, toBundleTemplate } from './bundle-template.ts';
import { packageStage } from './package-stage.ts';
import { parseOptions } from './parse-options.ts';

const usage = `npm run bundle -- --stage STAGE --out FOLDER [--policy FILE] [--param NAME=VALUE ...]
Writes FOLDER/holdfast-STAGE.template.json and the zips of its functions into FOLDER/holdfast/. Put both into a bucket of each Region.`;

const root = fileURLToPath(new URL('../', import.meta.url));

const stop = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(2);
};

/**
 * Writes what is in a bundle.
 *
 * @param packaged where osls packaged the stage
 * @param folder where to
 * @returns the name of the template in it
 */
const writeBundle = (stage: string, packaged: string, folder: string): string => {
  // By content, so that CloudFormation sees which functions changed, and an older template still finds its own.
  const keyOf = (zip: string): string => {
    const hash = createHash('sha256')
      .update(readFileSync(join(packaged, zip)))
      .digest('hex')
      .slice(0, 16);
    return `holdfast/${zip.replace(/\.zip$/, '')}-${hash}.zip`;
  };
  const text = readFileSync(join(packaged, 'cloudformation-template-update-stack.json'), 'utf8');
  const template = toBundleTemplate(JSON.parse(text) as Template, keyOf);
  mkdirSync(join(folder, 'holdfast'));
  for (const zip of readdirSync(packaged).filter((name) => name.endsWith('.zip'))) {
    cpSync(join(packaged, zip), join(folder, keyOf(zip)));
  }
  const name = `holdfast-${stage}.template.json`;
  writeFileSync(join(folder, name), `${JSON.stringify(template)}\n`);
  return name;
};

const readOptions = () => {
  try {
    const { values } = parseOptions(process.argv.slice(2), {
      stage: { type: 'string' },
      out: { type: 'string' },
      policy: { type: 'string' },
      param: { type: 'string', multiple: true },
    });
    return { ...values, param: values.param ?? [] };
  } catch (error) {
    return stop(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
};

const { stage, out, policy, param } = readOptions();
if (stage === undefined || out === undefined) stop(`--stage and --out are both needed.\n${usage}`);
else {
  // Tags belong to a stack, not to its template.
  if (param.some((each) => each.startsWith('tags='))) {
    stop('--param tags: not in a bundle; give them to the stack, with --tags of aws cloudformation deploy');
  }
  const folder = resolve(out);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    stop(`--out: found "${out}", which is not empty; name a new folder`);
  }
  mkdirSync(`${root}.packaged`, { recursive: true });
  // A folder of its own: what npm run package wrote stays.
  const packaged = mkdtempSync(`${root}.packaged/bundle-`);
  // The folder has its name when everything is in it, never before.
  mkdirSync(dirname(folder), { recursive: true });
  const written = mkdtempSync(`${folder}-`);
  try {
    process.exitCode = packageStage(stage, packaged, {
      params: [...param, ...(policy === undefined ? [] : [`policy=${resolve(policy)}`])],
      // What osls says goes where errors go: our output is the name of the template.
      stdout: 2,
    });
    if (process.exitCode === 0) {
      const name = writeBundle(stage, packaged, written);
      rmSync(folder, { recursive: true, force: true });
      // Others read it too: what makes a new folder for one process only lets nobody else in.
      chmodSync(written, 0o755);
      renameSync(written, folder);
      process.stdout.write(`${join(folder, name)}\n`);
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    rmSync(packaged, { recursive: true, force: true });
    rmSync(written, { recursive: true, force: true });
  }
}
