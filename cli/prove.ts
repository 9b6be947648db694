import { spawnSync } from 'node:child_process';
import { didYouMean } from '../functions/events/nearest.ts';
import { parseOptions, runCommand } from './parse-options.ts';
import { UsageError } from './usage-error.ts';

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

const numberOf = (option: string, text: string | undefined, isAllowed: RegExp, allowed: string) => {
  if (text !== undefined && !isAllowed.test(text)) {
    throw new UsageError(`--${option}: found "${text}"; allowed: ${allowed}`);
  }
  return text;
};

await runCommand(usage, () => {
  const { values, positionals } = parseOptions(process.argv.slice(2), {
    seeds: { type: 'string' },
    from: { type: 'string' },
    help: { type: 'boolean' },
  });
  const unknown = positionals.find((file) => !long.includes(file));
  if (unknown !== undefined) {
    throw new UsageError(`${unknown}: runs no longer with it${didYouMean(unknown, long)}`);
  }
  const seeds = numberOf('seeds', values.seeds, /^[1-9]\d{0,6}$/, 'a whole number from 1');
  const from = numberOf('from', values.from, /^\d{1,7}$/, 'a whole number from 0');
  const { status } = spawnSync('vitest', ['run', ...(positionals.length > 0 ? positionals : long)], {
    stdio: 'inherit',
    env: {
      ...process.env,
      HOLDFAST_PROVE: '1',
      ...(seeds === undefined ? {} : { HOLDFAST_SEEDS: seeds }),
      ...(from === undefined ? {} : { HOLDFAST_SEEDS_FROM: from }),
    },
  });
  return status ?? 1;
});
