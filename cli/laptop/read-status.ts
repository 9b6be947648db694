import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAutoScaling } from '../../functions/aws/auto-scaling.ts';
import { type AutoScalingGroup, optInTag } from '../../functions/domain/auto-scaling-group.ts';
import { holdTagKey } from '../../functions/domain/holds/hold-tag.ts';
import type { Incident } from '../../functions/domain/incident.ts';
import { createDynamoDbStore } from '../../functions/state/dynamodb-store.ts';
import type { Store } from '../../functions/state/store.ts';
import type { Account } from './account.ts';
import { isNotThere } from './deployed-stage.ts';
import { type GroupMemory, type GroupStatus, groupStatusOf } from './group-status.ts';
import { readSwitchWord } from './switch-word.ts';

/** How the groups of an account and Region stand. */
export interface AccountStatus {
  accountId: string;
  region: string;
  /** ISO 8601. */
  at: string;
  groups: GroupStatus[];
  /** Whether the stage is deployed here: else only descriptions and tags tell. */
  isDeployed: boolean;
  /** What the kill switch says; absent where it cannot be read, or nothing is deployed. */
  killSwitch?: string;
}

/** What a deployed stage remembers; `undefined` where it is not deployed. */
interface Memory {
  store: Store;
  incidents: Incident[];
}

/** The store of a stage, for reading. */
export const openStore = (account: Account, stage: string): Store =>
  createDynamoDbStore(
    account.connect(DynamoDBClient, 'live'),
    `holdfast-${stage}`,
    account.clock,
    () => 'holdfast-command',
  );

const openMemory = async (account: Account, stage: string): Promise<Memory | undefined> => {
  const store = openStore(account, stage);
  try {
    return { store, incidents: await store.listOpenIncidents() };
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
};

/** What is remembered of each group; launches and resizes only of groups that an incident of that kind is about. */
const remember = async (
  { store, incidents }: Memory,
  names: string[],
): Promise<(name: string) => GroupMemory> => {
  const byId = new Map(incidents.map((incident) => [incident.incidentId, incident]));
  const namesOf = async (isMeant: (incident: Incident) => boolean): Promise<string[]> => {
    const all = [];
    for (const { incidentId } of incidents.filter(isMeant))
      all.push(await store.readIncidentGroups(incidentId));
    return [...new Set(all.flat())].filter((name) => names.includes(name));
  };
  const resizing = await namesOf(({ resize }) => resize !== undefined);
  const draining = await namesOf(({ drain }) => drain !== undefined);
  const records = await store.readGroups(names);
  const resizes = resizing.length === 0 ? [] : await store.readResizes(resizing);
  const launches = draining.length === 0 ? [] : await store.readLaunches(draining);
  const find = <Value extends { autoScalingGroupName: string }>(all: Value[], name: string) =>
    all.find(({ autoScalingGroupName }) => autoScalingGroupName === name);
  return (name) => {
    const record = find(records, name);
    const resize = find(resizes, name);
    const launch = find(launches, name);
    return {
      incidents: byId,
      ...(record === undefined ? {} : { record }),
      ...(resize === undefined ? {} : { resize }),
      ...(launch === undefined ? {} : { launches: launch }),
    };
  };
};

/** The groups that a status is about: those asked for, or all that opted in, and all that carry the tag of a hold. */
const describeGroups = async (account: Account, names: string[]): Promise<AutoScalingGroup[]> => {
  const autoScaling = createAutoScaling(account.connect(AutoScalingClient, 'dry-run'));
  if (names.length > 0) {
    return autoScaling.describeAutoScalingGroups(names);
  }
  const optedIn = await autoScaling.describeAutoScalingGroupsByTags({ [optInTag.key]: optInTag.value });
  const held = await autoScaling.describeAutoScalingGroupsWithTag(holdTagKey);
  return [
    ...new Map([...optedIn, ...held].map((group) => [group.autoScalingGroupName, group])).values(),
  ].sort((a, b) => (a.autoScalingGroupName < b.autoScalingGroupName ? -1 : 1));
};

/**
 * Reads how groups stand. It only reads: from the table of the stage where it is deployed, else from tags and
 * descriptions.
 *
 * @param names groups, of which those that are here are told; none for all that opted in
 * @throws what AWS answers
 */
export const readStatus = async (
  account: Account,
  stage: string,
  names: string[],
): Promise<AccountStatus> => {
  const described = await describeGroups(account, names);
  const memory = await openMemory(account, stage);
  const memoryOf =
    memory === undefined
      ? (): GroupMemory => ({ incidents: new Map() })
      : await remember(
          memory,
          described.map(({ autoScalingGroupName }) => autoScalingGroupName),
        );
  const killSwitch = memory === undefined ? undefined : await readSwitchWord(account, stage);
  return {
    accountId: account.accountId,
    region: account.region,
    at: account.clock.now(),
    groups: described.map((group) => groupStatusOf(group, memoryOf(group.autoScalingGroupName))),
    isDeployed: memory !== undefined,
    ...(killSwitch === undefined ? {} : { killSwitch }),
  };
};
