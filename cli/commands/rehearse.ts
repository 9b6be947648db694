import { counted } from '../../functions/domain/times.ts';
import { type RehearsalResult, rehearse } from '../../rehearsal/rehearse.ts';
import {
  clockTime,
  tellCourse,
  tellPlan,
  tellSummary,
  tellTimeline,
  tellUnfound,
} from '../../rehearsal/report.ts';
import { judgePolicy, tellVerdict, type Verdict } from '../../rehearsal/verdict.ts';
import { differenceOf, reportOfRehearsal } from '../../report/from-rehearsal.ts';
import { writeReport } from '../../report/write-report.ts';
import { print } from '../terminal/print.ts';
import { createProgress } from '../terminal/progress.ts';
import { type Rehearsal, type RehearsalFlags, readRehearsal } from './rehearsal-options.ts';

const run = (command: Rehearsal, withHoldfast: boolean): Promise<RehearsalResult> => {
  const { incident, seed, policy, dryRun } = command;
  const onProgress = createProgress(withHoldfast ? 'with Holdfast   ' : 'without Holdfast');
  return rehearse({
    incident,
    seed,
    policy,
    withHoldfast,
    dryRun: dryRun && withHoldfast,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
};

const tellHead = ({ incident, seed, fleetFile }: Rehearsal): string =>
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
const judge = ({ incident, policy }: Rehearsal, results: RehearsalResult[]): Verdict[] =>
  results.filter(({ withHoldfast }) => withHoldfast).map((result) => judgePolicy(policy, incident, result));

const tellEnd = (command: Rehearsal, results: RehearsalResult[]): string =>
  [
    tellSummary(command.incident, results),
    '',
    ...judge(command, results).flatMap(tellVerdict),
    ...tellUnfound(command.incident, command.policy),
    tellViolations(results),
  ].join('\n');

/** What people would have got, whole where that is asked for: the timeline has the first line of each. */
const tellMessages = ({ incident, messages }: Rehearsal, result: RehearsalResult): string => {
  if (!messages)
    return result.messages.length === 0
      ? ''
      : `\n${counted(result.messages.length, 'message')} to people. To read them: --messages\n`;
  const told = result.messages.map(({ seconds, subject, text }) =>
    [
      `  ${clockTime(incident, seconds)}  ${subject}`,
      '',
      ...text.split('\n').map((line) => (line === '' ? '' : `    ${line}`)),
    ].join('\n'),
  );
  return `\nWHAT PEOPLE WERE TOLD\n\n${told.length === 0 ? '  Nothing.' : told.join('\n\n')}\n`;
};

/** Writes the report of what was told, where one is asked for, and says where. */
const reportOn = (
  { incident, story, report, policyFile, fleetFile, json }: Rehearsal,
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

const tellOneRun = async (command: Rehearsal): Promise<RehearsalResult[]> => {
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
  print(tellMessages(command, result));
  print(`CAPACITY IN SERVICE\n\n${tellCourse(incident, [result])}`);
  print(`\nSUMMARY\n\n${tellEnd(command, [result])}`);
  reportOn(command, without, helped);
  return [result];
};

const tellStory = async (command: Rehearsal): Promise<RehearsalResult[]> => {
  const { incident } = command;
  if (command.json) {
    const both = [await run(command, false), await run(command, true)];
    const [alone, helped] = both;
    const [verdict] = judge(command, both);
    print(JSON.stringify({ withoutHoldfast: alone, withHoldfast: helped, verdict }));
    reportOn(command, alone, helped);
    return both;
  }
  print(tellHead(command));
  const without = await run(command, false);
  print(`\nWITHOUT HOLDFAST ${tellTime(without)}\n\n${tellTimeline(incident, without)}`);
  const withHoldfast = await run(command, true);
  print(`\nWITH HOLDFAST ${tellTime(withHoldfast)}\n\n${tellTimeline(incident, withHoldfast)}`);
  const both = [without, withHoldfast];
  print(tellMessages(command, withHoldfast));
  print(`CAPACITY IN SERVICE\n\n${tellCourse(incident, both)}`);
  print(`\nSUMMARY\n\n${tellEnd(command, both)}\n\n${differenceOf(incident, without, withHoldfast)}`);
  reportOn(command, without, withHoldfast);
  return both;
};

/** Whether promises were kept and, where Holdfast took part, a remedy began. */
const exitCodeOf = (command: Rehearsal, results: RehearsalResult[]): number =>
  results.some(({ violations }) => violations.length > 0) ||
  judge(command, results).some(({ hasRemedy }) => !hasRemedy)
    ? 1
    : 0;

/** `holdfast rehearse`: one run of a story. */
export const rehearseCommand = async (story: string, flags: RehearsalFlags): Promise<number> => {
  const command = readRehearsal(story, flags);
  return exitCodeOf(command, await tellOneRun(command));
};

/** `holdfast story`: a story without Holdfast, and then with it. */
export const storyCommand = async (story: string, flags: RehearsalFlags): Promise<number> => {
  const command = readRehearsal(story, flags);
  return exitCodeOf(command, await tellStory(command));
};
