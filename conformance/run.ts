import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { packageStage } from '../cli/package-stage.ts';

/** One thing that conformance needs and a machine may lack. */
interface Need {
  what: string;
  command: [string, ...string[]];
  install: string;
}

const needs: Need[] = [
  {
    what: 'Python 3.11 or newer',
    command: ['python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 11))'],
    install: 'install Python from python.org or your system’s packages',
  },
  {
    what: 'moto 5.2 with its server, and boto3',
    command: [
      'python3',
      '-c',
      'import boto3, moto, moto.server, sys; sys.exit(tuple(map(int, moto.__version__.split(".")[:2])) < (5, 2))',
    ],
    install: 'pip install "moto[all,server]>=5.2" boto3',
  },
  {
    what: 'Terraform',
    command: ['terraform', 'version'],
    install: 'install Terraform from developer.hashicorp.com/terraform/install',
  },
];

const awsCommandLine: Need = {
  what: 'the AWS command line',
  command: ['aws', '--version'],
  install: 'install it as docs.aws.amazon.com/cli says',
};

/** The names of the stories, as `stories/__init__.py` lists them. */
const stories = [
  ...readFileSync(new URL('stories/__init__.py', import.meta.url), 'utf8').matchAll(/^ {4}"([a-z-]+)":/gm),
].map(([, name = '']) => name);

const works = ([command, ...words]: Need['command']): boolean =>
  spawnSync(command, words, { stdio: 'ignore' }).status === 0;

/** The first thing that is missing, with what to do about it; `undefined` when nothing is. */
const missing = (wanted: Need[]): string | undefined => {
  const need = wanted.find(({ command }) => !works(command));
  return need === undefined ? undefined : `Conformance needs ${need.what}: ${need.install}.`;
};

/** Packages a stage that is deployed, unless that was done already. */
const packageOf = (stage: string, again: boolean): void => {
  const folder = `.packaged/${stage}`;
  if (again) rmSync(folder, { recursive: true, force: true });
  if (existsSync(`${folder}/cloudformation-template-update-stack.json`)) return;
  if (packageStage(stage, folder, { stdout: 'ignore' }) !== 0) {
    throw new Error(`The stage ${stage} could not be packaged; run npm run package`);
  }
};

const usage = `npm run conformance -- [--packaged] [--bundle <folder> [--by cloudformation|terraform]] [--from <folder>] [--port <port>] [--out <folder>] [<story> ...]
Stories: ${stories.join(', ')}`;

const readOptions = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', default: false },
        // Only looks whether everything is there.
        check: { type: 'boolean', default: false },
        // Takes what is packaged already, whatever was changed since.
        packaged: { type: 'boolean', default: false },
        // Deploys what npm run bundle wrote for prod, with the AWS command line or Terraform; else osls deploys.
        bundle: { type: 'string' },
        by: { type: 'string', default: 'cloudformation' },
        // An earlier release, packaged: the story upgrade deploys the present one over it.
        from: { type: 'string' },
        out: { type: 'string', default: '.conformance' },
        port: { type: 'string', default: '7060' },
      },
    });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
};

const { values, positionals } = readOptions();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const unknown = positionals.find((name) => !stories.includes(name));
const isPort = /^\d{4,5}$/.test(values.port) && Number(values.port) <= 65_533;
if (unknown !== undefined || !isPort) {
  const found =
    unknown === undefined
      ? `--port ${values.port} is no port from 1024 to 65533`
      : `There is no story ${unknown}`;
  console.error(`${found}.\n${usage}`);
  process.exit(2);
}

const deploysWithAws = values.bundle !== undefined && values.by === 'cloudformation';
const problem = missing(deploysWithAws ? [...needs, awsCommandLine] : needs);
if (problem !== undefined) {
  console.error(problem);
  process.exit(2);
}
if (!values.check) {
  const told = positionals.length > 0 ? positionals : stories;
  if (values.bundle === undefined) packageOf('prod', !values.packaged);
  // The second stage of the story.
  if (told.includes('two-stages') && values.from === undefined) packageOf('staging', !values.packaged);
  const earlier = values.from === undefined ? [] : ['--from', values.from];
  const bundle = values.bundle === undefined ? [] : ['--bundle', values.bundle, '--by', values.by];
  const { status } = spawnSync(
    'python3',
    [
      'conformance/tell.py',
      '.packaged/prod',
      ...bundle,
      ...earlier,
      '--out',
      values.out,
      '--port',
      values.port,
      ...positionals,
    ],
    { stdio: 'inherit', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } },
  );
  process.exitCode = status ?? 1;
}
