import { InvalidFleetError } from '../rehearsal/fleet-file.ts';
import { type RehearsalResult, rehearse } from '../rehearsal/rehearse.ts';
import { tellCourse, tellPlan, tellSummary, tellTimeline, tellUnfound } from '../rehearsal/report.ts';
import { InvalidStoryError } from '../rehearsal/story-file.ts';
import { judgePolicy, tellVerdict, type Verdict } from '../rehearsal/verdict.ts';
import { differenceOf, reportOfRehearsal } from '../report/from-rehearsal.ts';
import { writeReport } from '../report/write-report.ts';
import { type Command, parseCommand, usage } from './arguments.ts';
import { UsageError } from './parse-options.ts';

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Progress on a terminal only: in a log it would be noise. */
const progress = (label: string) => {
  if (!process.stderr.isTTY) return undefined;
  let shown = -1;
  return (fraction: number): void => {
    const percent = Math.floor(fraction * 20) * 5;
    if (percent === shown) return;
    shown = percent;
    process.stderr.write(`\r${label} ${'█'.repeat(percent / 5).padEnd(20, '░')} ${percent} %`);
    if (percent >= 95) process.stderr.write('\r\u001b[K');
  };
};

const run = (command: Command, withHoldfast: boolean): Promise<RehearsalResult> => {
  const { incident, seed, policy, dryRun } = command;
  const onProgress = progress(withHoldfast ? 'with Holdfast   ' : 'without Holdfast');
  return rehearse({
    incident,
    seed,
    policy,
    withHoldfast,
    dryRun: dryRun && withHoldfast,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
};

const tellHead = ({ incident, seed, fleetFile }: Command): string =>
  [
    `${incident.title} (incident ${incident.name}, seed ${seed})`,
    '',
    ...incident.story.map((line) => `  ${line}`),
    ...(fleetFile === undefined
      ? []
      : [
          '',
          `  Told of the groups of ${fleetFile}:`,
          ...(incident.simplified ?? []).map((note) => `  - ${note}`),
        ]),
  ].join('\n');

const tellTime = (result: RehearsalResult): string =>
  `(${Math.round(result.virtualSeconds / 60)} virtual minutes in ${(result.wallMilliseconds / 1000).toFixed(1)} s)`;

const tellViolations = (results: RehearsalResult[]): string => {
  const violations = results.flatMap((result) => result.violations);
  return violations.length === 0
    ? 'No promise was broken.'
    : `BROKEN PROMISES\n${violations.map((violation) => `  ${violation}`).join('\n')}`;
};

/** What the policy came to in the run with Holdfast; nothing where there was none. */
const judge = ({ incident, policy }: Command, results: RehearsalResult[]): Verdict[] =>
  results.filter(({ withHoldfast }) => withHoldfast).map((result) => judgePolicy(policy, incident, result));

const tellEnd = (command: Command, results: RehearsalResult[]): string =>
  [
    tellSummary(command.incident, results),
    '',
    ...judge(command, results).flatMap(tellVerdict),
    ...tellUnfound(command.incident, command.policy),
    tellViolations(results),
  ].join('\n');

/** Writes the report of what was told, where one is asked for, and says where. */
const reportOn = (
  { incident, story, report, policyFile, fleetFile, json }: Command,
  without: RehearsalResult | undefined,
  helped: RehearsalResult | undefined,
): void => {
  if (report === undefined) return;
  const page = writeReport(
    reportOfRehearsal(incident, without, helped, { story, policyFile, fleetFile }),
    report,
    incident.name,
  );
  if (!json) print(`\nThe report: ${page}`);
};

const tellOneRun = async (command: Command): Promise<RehearsalResult[]> => {
  const result = await run(command, command.withHoldfast);
  const [without, helped] = command.withHoldfast ? [undefined, result] : [result, undefined];
  if (command.json) {
    const [verdict] = judge(command, [result]);
    print(JSON.stringify({ ...result, ...(verdict === undefined ? {} : { verdict }) }));
    reportOn(command, without, helped);
    return [result];
  }
  const { incident } = command;
  print(tellHead(command));
  print(`\nWHAT HAPPENED ${tellTime(result)}\n\n${tellTimeline(incident, result)}`);
  if (command.dryRun) {
    print(`\nTHE PLAN: what a live run would have called first\n\n${tellPlan(result)}`);
  }
  print(`\nCAPACITY IN SERVICE\n\n${tellCourse(incident, [result])}`);
  print(`\nSUMMARY\n\n${tellEnd(command, [result])}`);
  reportOn(command, without, helped);
  return [result];
};

const tellStory = async (command: Command): Promise<RehearsalResult[]> => {
  const { incident } = command;
  print(tellHead(command));
  const without = await run(command, false);
  print(`\nWITHOUT HOLDFAST ${tellTime(without)}\n\n${tellTimeline(incident, without)}`);
  const withHoldfast = await run(command, true);
  print(`\nWITH HOLDFAST ${tellTime(withHoldfast)}\n\n${tellTimeline(incident, withHoldfast)}`);
  const both = [without, withHoldfast];
  print(`\nCAPACITY IN SERVICE\n\n${tellCourse(incident, both)}`);
  print(`\nSUMMARY\n\n${tellEnd(command, both)}\n\n${differenceOf(incident, without, withHoldfast)}`);
  reportOn(command, without, withHoldfast);
  return both;
};

// Whoever reads our output may have read enough: `--json | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const main = async (): Promise<number> => {
  if (process.argv.includes('--help')) {
    print(usage);
    return 0;
  }
  try {
    const command = parseCommand(process.argv.slice(2));
    const results = command.name === 'story' ? await tellStory(command) : await tellOneRun(command);
    const isBroken = results.some(({ violations }) => violations.length > 0);
    return isBroken || judge(command, results).some(({ hasRemedy }) => !hasRemedy) ? 1 : 0;
  } catch (error) {
    if (
      !(
        error instanceof UsageError ||
        error instanceof InvalidStoryError ||
        error instanceof InvalidFleetError
      )
    )
      throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
};

process.exitCode = await main();
