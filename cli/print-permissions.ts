import { parseOptions } from './parse-options.ts';
import { describePermissions, readStageOptions } from './permissions.ts';

const usage = `npm run permissions [-- --stage STAGE] [--param NAME=VALUE ...]
Prints what each role of a stage may do; of prod where nothing is said. Parameters that matter: mode, launchTemplates, tracing.`;

try {
  const { values } = parseOptions(process.argv.slice(2), {
    help: { type: 'boolean' },
    stage: { type: 'string' },
    param: { type: 'string', multiple: true },
  });
  const { help = false, stage = 'prod', param = [] } = values;
  process.stdout.write(`${help ? usage : describePermissions(await readStageOptions(stage, param))}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${usage}\n`);
  process.exitCode = 2;
}
