import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Template, toBundleTemplate } from './bundle-template.ts';
import { packageStage } from './package-stage.ts';

const usage = `npm run bundle -- --stage STAGE --out FOLDER [--policy FILE] [--param NAME=VALUE ...]
Writes FOLDER/holdfast-STAGE.template.json and the zips of its functions into FOLDER/holdfast/. Put both into a bucket of each Region.`;

const root = fileURLToPath(new URL('../', import.meta.url));

const stop = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(2);
};

const readOptions = () => {
  try {
    const { values } = parseArgs({
      options: {
        stage: { type: 'string' },
        out: { type: 'string' },
        policy: { type: 'string' },
        param: { type: 'string', multiple: true, default: [] },
      },
    });
    return values;
  } catch (error) {
    return stop(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
};

const { stage, out, policy, param } = readOptions();
if (stage === undefined || out === undefined) stop(`--stage and --out are both needed.\n${usage}`);
else {
  const folder = resolve(out);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    stop(`--out: found "${out}", which is not empty; name a new folder`);
  }
  mkdirSync(`${root}.packaged`, { recursive: true });
  // A folder of its own: what npm run package wrote stays.
  const packaged = mkdtempSync(`${root}.packaged/bundle-`);
  const params = [...param, ...(policy === undefined ? [] : [`policy=${resolve(policy)}`])];
  // What osls says goes where errors go: our output is the name of the template.
  const status = packageStage(stage, packaged, { params, stdout: 2 });
  if (status === 0) {
    mkdirSync(join(folder, 'holdfast'), { recursive: true });
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
    for (const zip of readdirSync(packaged).filter((name) => name.endsWith('.zip'))) {
      cpSync(join(packaged, zip), join(folder, keyOf(zip)));
    }
    const file = join(folder, `holdfast-${stage}.template.json`);
    writeFileSync(file, `${JSON.stringify(template)}\n`);
    process.stdout.write(`${file}\n`);
  }
  rmSync(packaged, { recursive: true, force: true });
  process.exitCode = status;
}
