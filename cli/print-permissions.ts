import { parseArgs } from 'node:util';
import { describePermissions, readStageOptions } from './permissions.ts';

const usage = `npm run permissions [-- --stage STAGE] [--param NAME=VALUE ...]
Prints what each role of a stage may do; of prod where nothing is said. Parameters that matter: mode, launchTemplates, tracing.`;

try {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      stage: { type: 'string', default: 'prod' },
      param: { type: 'string', multiple: true, default: [] },
    },
  });
  process.stdout.write(
    `${values.help ? usage : describePermissions(await readStageOptions(values.stage, values.param))}\n`,
  );
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${usage}\n`);
  process.exitCode = 2;
}
