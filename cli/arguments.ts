import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { didYouMean } from '../functions/events/nearest.ts';
import type { Policy } from '../functions/events/policy.ts';
import { loadPolicy } from '../functions/policy.ts';
import { loadFleet, storyOfFleet } from '../rehearsal/fleet-file.ts';
import type { Story } from '../rehearsal/incident.ts';
import { allIncidents, otherNames } from '../rehearsal/incidents/all-incidents.ts';
import { loadStory } from '../rehearsal/story-file.ts';
import { parseOptions, UsageError } from './parse-options.ts';

/** What the command line asks for. */
export interface Command {
  name: 'rehearse' | 'story';
  incident: Story;
  /** Its name or its file, as it was asked for. */
  story: string;
  seed: number;
  dryRun: boolean;
  withHoldfast: boolean;
  policy: Policy;
  json: boolean;
  /** Where a report is written, if anywhere. */
  report: string | undefined;
  /** The file of the fleet, where the story is told of one's own. */
  fleetFile: string | undefined;
  /** The file of the policy, where it is not the shipped one. */
  policyFile: string | undefined;
}

/** How to use the command. */
export const usage = `holdfast rehearse <story> [--seed N] [--dry-run] [--without-holdfast] [--policy FILE] [--fleet FILE] [--json] [--report DIR]
holdfast story <story> [--seed N] [--policy FILE] [--fleet FILE] [--report DIR]

stories: ${Object.keys(allIncidents).join(', ')}, or a story file such as my-outage.yml`;

const parseSeed = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) {
    throw new UsageError(`--seed: found "${text}"; allowed: a whole number from 0 to 999999999`);
  }
  return Number(text);
};

/** A folder that is there, or that can be made. */
const parseReportFolder = (folder: string): string => {
  if (folder === '') throw new UsageError('--report: found ""; allowed: a folder, such as reports');
  let there = resolve(folder);
  while (!existsSync(there)) there = dirname(there);
  try {
    if (!statSync(there).isDirectory()) throw new Error('it is a file');
    accessSync(there, constants.W_OK);
  } catch (cause) {
    throw new UsageError(`--report: nothing can be written into ${there}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return folder;
};

const readPolicy = (file: string | undefined): Policy => {
  if (file === undefined) return loadPolicy();
  try {
    readFileSync(file);
  } catch (cause) {
    throw new UsageError(`--policy: ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    return loadPolicy(file);
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
};

const options = {
  seed: { type: 'string' },
  'dry-run': { type: 'boolean' },
  'without-holdfast': { type: 'boolean' },
  policy: { type: 'string' },
  json: { type: 'boolean' },
  report: { type: 'string' },
  fleet: { type: 'string' },
} as const;

/** A story by its name, or from a file. */
const findStory = (name: string | undefined): Story => {
  const shipped = `${Object.keys(allIncidents).join(', ')}, or a story file such as my-outage.yml`;
  if (name === undefined) throw new UsageError(`story: found nothing; allowed: ${shipped}`);
  if (/\.(ya?ml|json)$/.test(name)) return loadStory(name);
  const known = Object.hasOwn(otherNames, name) ? otherNames[name] : name;
  const story = known !== undefined && Object.hasOwn(allIncidents, known) ? allIncidents[known] : undefined;
  if (story === undefined)
    throw new UsageError(
      `story: found "${name}"; allowed: ${shipped}${didYouMean(name, Object.keys(allIncidents))}`,
    );
  return story;
};

/**
 * Reads the command line.
 * @throws UsageError for an unknown command, story or option, or a bad policy file; nothing has run then
 * @throws InvalidStoryError for a bad story file, and InvalidFleetError for a bad fleet file
 */
export const parseCommand = (argv: string[]): Command => {
  const { values, positionals } = parseOptions(argv, options);
  const [name, incidentName, ...rest] = positionals;
  if (name !== 'rehearse' && name !== 'story') {
    throw new UsageError(
      `command: found ${name === undefined ? 'nothing' : `"${name}"`}; allowed: rehearse or story${name === undefined ? '' : didYouMean(name, ['rehearse', 'story'])}\n\n${usage}`,
    );
  }
  const incident = findStory(incidentName);
  if (rest.length > 0) {
    throw new UsageError(
      `Unexpected "${rest.join(' ')}". With npm, options follow --: npm run story -- packet-loss --seed 7\n\n${usage}`,
    );
  }
  if (values['dry-run'] === true && values['without-holdfast'] === true) {
    throw new UsageError(
      '--dry-run and --without-holdfast exclude each other: without Holdfast nothing plans',
    );
  }
  if (name === 'story') {
    const unfit = (['dry-run', 'without-holdfast', 'json'] as const).find(
      (option) => values[option] === true,
    );
    if (unfit !== undefined) throw new UsageError(`--${unfit} goes with rehearse, not with story`);
  }
  const policy = readPolicy(values.policy);
  return {
    name,
    story: incidentName ?? '',
    incident: values.fleet === undefined ? incident : storyOfFleet(incident, loadFleet(values.fleet), policy),
    seed: parseSeed(values.seed ?? '1'),
    dryRun: values['dry-run'] ?? false,
    withHoldfast: values['without-holdfast'] !== true,
    policy,
    fleetFile: values.fleet,
    json: values.json ?? false,
    report: values.report === undefined ? undefined : parseReportFolder(values.report),
    policyFile: values.policy,
  };
};
