import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { didYouMean } from '../../functions/events/nearest.ts';
import type { Policy } from '../../functions/events/policy.ts';
import { loadFleet, storyOfFleet } from '../../rehearsal/fleet-file.ts';
import type { Story } from '../../rehearsal/incident.ts';
import { allIncidents, otherNames } from '../../rehearsal/incidents/all-incidents.ts';
import { loadStory } from '../../rehearsal/story-file.ts';
import { UsageError } from '../usage-error.ts';
import { readPolicy } from './read-policy.ts';

/** What the command line says of a rehearsal, as it stands there. */
export interface RehearsalFlags {
  seed?: string;
  dryRun?: boolean;
  /** Of `--without-holdfast`. */
  withoutHoldfast?: boolean;
  policy?: string;
  fleet?: string;
  report?: string;
  messages?: boolean;
  json?: boolean;
}

/** What is to be rehearsed. */
export interface Rehearsal {
  incident: Story;
  /** Its name or its file, as it was asked for. */
  story: string;
  seed: number;
  dryRun: boolean;
  withHoldfast: boolean;
  policy: Policy;
  json: boolean;
  /** Whether every message is printed as people would get it. */
  messages: boolean;
  /** Where a report is written, if anywhere. */
  report: string | undefined;
  /** The file of the fleet, where the story is told of one's own. */
  fleetFile: string | undefined;
  /** The file of the policy, where it is not the shipped one. */
  policyFile: string | undefined;
}

const parseSeed = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) {
    throw new UsageError(`--seed: found "${text}"; allowed: a whole number from 0 to 999999999`);
  }
  return Number(text);
};

/** A folder that is there, or that can be made. */
export const parseReportFolder = (folder: string): string => {
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

/** A story by its name, or from a file. */
const findStory = (name: string): Story => {
  const shipped = `${Object.keys(allIncidents).join(', ')}, or a story file such as my-outage.yml`;
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
 * Reads what is to be rehearsed.
 * @throws UsageError for an unknown story, flags that exclude each other, or a bad policy file; nothing has run then
 * @throws InvalidStoryError for a bad story file, and InvalidFleetError for a bad fleet file
 */
export const readRehearsal = (story: string, flags: RehearsalFlags): Rehearsal => {
  const incident = findStory(story);
  const { dryRun = false, withoutHoldfast = false, json = false, policy: policyFile, fleet, report } = flags;
  if (dryRun && withoutHoldfast) {
    throw new UsageError(
      '--dry-run and --without-holdfast exclude each other: without Holdfast nothing plans',
    );
  }
  const policy = readPolicy(policyFile);
  return {
    story,
    incident: fleet === undefined ? incident : storyOfFleet(incident, loadFleet(fleet), policy),
    seed: parseSeed(flags.seed ?? '1'),
    dryRun,
    withHoldfast: !withoutHoldfast,
    policy,
    fleetFile: fleet,
    json,
    messages: flags.messages === true,
    report: report === undefined ? undefined : parseReportFolder(report),
    policyFile,
  };
};
