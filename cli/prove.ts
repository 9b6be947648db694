import { spawnSync } from 'node:child_process';
import { didYouMean } from '../functions/events/nearest.ts';
import { parseOptions, runCommand } from './parse-options.ts';
import { UsageError } from './usage-error.ts';

/** Random incidents of a run that asks for nothing else. */
const standardIncidents = 500;

/** The test files that run longer with `npm run prove`: more seeds, every moment to die in, more runs of properties. */
const long = [
  'test/domain/holds/holds.property.test.ts',
  'test/rehearsal/nothing-stays.property.test.ts',
  'test/rehearsal/told.property.test.ts',
  'test/rehearsal/crash-everywhere.test.ts',
  'test/rehearsal/draining.test.ts',
  'test/rehearsal/faults.test.ts',
  'test/rehearsal/load.test.ts',
  'test/rehearsal/packet-loss.test.ts',
  'test/rehearsal/package-repository.test.ts',
  'test/rehearsal/promises.test.ts',
  'test/rehearsal/protecting.test.ts',
  'test/rehearsal/reboot-loop.test.ts',
  'test/rehearsal/restart-everything.test.ts',
  'test/rehearsal/switch-upgrade.test.ts',
  'test/rehearsal/us-east-1.test.ts',
  'test/rehearsal/resizing-deaths.test.ts',
  'test/rehearsal/resizing-floor.test.ts',
];

const usage = `npm run prove
Runs what npm test runs only a slice of: every seed of each matrix, every moment to die in, and properties for longer;
then ${standardIncidents} random incidents.

npm run prove -- [--seeds N] [--from S] [--minutes M] [--groups G] [--as-found]
Tells random incidents only: N of them from seed S (1), or as many as M minutes allow, of up to G groups instead of seven.
G is from 1 to 999; with both N and M it ends with whichever comes first; with --from alone it tells ${standardIncidents}.
The first that break a promise are made short, unless --as-found is given. What was found is in .prove/report.txt, every half minute.
npm run prove -- --tell SEED [--groups G]
Tells one, with its parts and its timeline.
npm run prove -- --replay FILE
Tells one again that was made short.
npm run prove -- FILE ... [--seeds N] [--from S]
Runs these tests only, of each matrix N seeds from S. Files: ${long.join(', ')}`;

const numberOf = (option: string, text: string | undefined, isAllowed: RegExp, allowed: string) => {
  if (text === undefined) return undefined;
  if (!isAllowed.test(text)) throw new UsageError(`--${option}: found "${text}"; allowed: ${allowed}`);
  return Number(text);
};

/** Runs test files in their long form; gives the exit code. */
const runTests = (files: string[], seeds: number | undefined, from: number | undefined): number => {
  const { status } = spawnSync('vitest', ['run', ...files], {
    stdio: 'inherit',
    env: {
      ...process.env,
      HOLDFAST_PROVE: '1',
      ...(seeds === undefined ? {} : { HOLDFAST_SEEDS: String(seeds) }),
      ...(from === undefined ? {} : { HOLDFAST_SEEDS_FROM: String(from) }),
    },
  });
  return status ?? 1;
};

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions(process.argv.slice(2), {
    seeds: { type: 'string' },
    from: { type: 'string' },
    minutes: { type: 'string' },
    groups: { type: 'string' },
    replay: { type: 'string' },
    'as-found': { type: 'boolean' },
    tell: { type: 'string' },
    help: { type: 'boolean' },
  });
  const unknown = positionals.find((file) => !long.includes(file));
  if (unknown !== undefined) {
    throw new UsageError(
      `${unknown}: no test file that runs longer with npm run prove${didYouMean(unknown, long)}`,
    );
  }
  const seeds = numberOf('seeds', values.seeds, /^[1-9]\d{0,6}$/, 'a whole number from 1 to 9999999');
  const from = numberOf('from', values.from, /^\d{1,7}$/, 'a whole number from 0 to 9999999');
  const minutes = numberOf('minutes', values.minutes, /^[1-9]\d{0,3}$/, 'a whole number from 1 to 9999');
  const groupsMax = numberOf('groups', values.groups, /^[1-9]\d{0,2}$/, 'a whole number from 1 to 999');
  if (positionals.length > 0) {
    const stray = (['minutes', 'groups', 'as-found', 'replay', 'tell'] as const).find(
      (name) => values[name] !== undefined,
    );
    if (stray !== undefined)
      throw new UsageError(`--${stray}: found with a test file; allowed: --seeds and --from`);
    return runTests(positionals, seeds, from);
  }
  const alone = (['tell', 'replay'] as const).find((name) => values[name] !== undefined);
  const beside = (['tell', 'replay', 'seeds', 'from', 'minutes', 'groups', 'as-found'] as const).find(
    (name) => name !== alone && values[name] !== undefined && !(alone === 'tell' && name === 'groups'),
  );
  if (alone !== undefined && beside !== undefined) {
    throw new UsageError(
      `--${beside}: found with --${alone}; allowed: --${alone} alone${alone === 'tell' ? ', or with --groups' : ''}`,
    );
  }
  const { proveIncidents, replayIncident, tellIncident } = await import('./prove-incidents.ts');
  const told = numberOf('tell', values.tell, /^\d{1,7}$/, 'the number of a seed, from 0 to 9999999');
  if (told !== undefined) return tellIncident(told, groupsMax);
  if (values.replay !== undefined) return replayIncident(values.replay);
  const asksForIncidents = [seeds, from, minutes, groupsMax, values['as-found']].some(
    (each) => each !== undefined,
  );
  if (!asksForIncidents) {
    const tests = runTests(long, undefined, undefined);
    return tests === 0 ? proveIncidents({ from: 1, seeds: standardIncidents, isAsFound: false }) : tests;
  }
  return proveIncidents({
    from: from ?? 1,
    ...(minutes === undefined ? { seeds: seeds ?? standardIncidents } : { minutes }),
    ...(minutes !== undefined && seeds !== undefined ? { seeds } : {}),
    ...(groupsMax === undefined ? {} : { groupsMax }),
    isAsFound: values['as-found'] === true,
  });
});
