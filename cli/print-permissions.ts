import { describePermissions } from './permissions.ts';

const [stage = 'prod', mode = 'live', ...rest] = process.argv.slice(2);
if ((mode !== 'live' && mode !== 'dry-run') || rest.length > 0) {
  process.stderr.write(
    'npm run permissions [-- STAGE [live|dry-run]]: prints the policy of every role; prod and live where nothing is said\n',
  );
  process.exitCode = 2;
} else {
  process.stdout.write(`${describePermissions(stage, mode)}\n`);
}
