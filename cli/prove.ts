import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

/** The test files that run longer with `npm run prove`: more seeds, every moment to die in, more runs of properties. */
const long = [
  'test/domain/holds/holds.property.test.ts',
  'test/rehearsal/nothing-stays.property.test.ts',
  'test/rehearsal/told.property.test.ts',
  'test/rehearsal/draining.test.ts',
  'test/rehearsal/faults.test.ts',
  'test/rehearsal/packet-loss.test.ts',
  'test/rehearsal/package-repository.test.ts',
  'test/rehearsal/reboot-loop.test.ts',
  'test/rehearsal/restart-everything.test.ts',
  'test/rehearsal/switch-upgrade.test.ts',
  'test/rehearsal/us-east-1.test.ts',
  'test/rehearsal/resizing-deaths.test.ts',
  'test/rehearsal/resizing-floor.test.ts',
];

const usage = `npm run prove [-- [--seeds N] [--from S] [FILE ...]]
Runs what npm test runs only a slice of: every seed of each matrix (or N of them, at least 1, from S), every moment to
die in, and properties for longer. What has no seeds runs whole whatever --seeds says. Files: ${long.join(', ')}`;

const isCount = (text: string | undefined): boolean => text === undefined || /^[1-9]\d{0,6}$/.test(text);
const isFirst = (text: string | undefined): boolean => text === undefined || /^\d{1,7}$/.test(text);

const readOptions = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { seeds: { type: 'string' }, from: { type: 'string' }, help: { type: 'boolean' } },
    });
  } catch {
    return undefined;
  }
};

const options = readOptions();
const { seeds, from, help } = options?.values ?? {};
const unknown = options?.positionals.find((file) => !long.includes(file));
if (help === true) {
  process.stdout.write(`${usage}\n`);
} else if (options === undefined || unknown !== undefined || !isCount(seeds) || !isFirst(from)) {
  const found = unknown === undefined ? '' : `${unknown} runs no longer with it.\n`;
  process.stderr.write(`${found}${usage}\n`);
  process.exitCode = 2;
} else {
  const files = options.positionals.length > 0 ? options.positionals : long;
  const { status } = spawnSync('vitest', ['run', ...files], {
    stdio: 'inherit',
    env: {
      ...process.env,
      HOLDFAST_PROVE: '1',
      ...(seeds === undefined ? {} : { HOLDFAST_SEEDS: seeds }),
      ...(from === undefined ? {} : { HOLDFAST_SEEDS_FROM: from }),
    },
  });
  process.exitCode = status ?? 1;
}
