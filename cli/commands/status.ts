import { DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { counted, firstOf, spokenClock, spokenTime } from '../../functions/domain/times.ts';
import { explainError } from '../explain-error.ts';
import { type Account, inRegion, openAccount } from '../laptop/account.ts';
import { stageOf } from '../laptop/deployed-stage.ts';
import { type GroupStatus, isWorthTelling } from '../laptop/group-status.ts';
import { type AccountStatus, readStatus } from '../laptop/read-status.ts';
import { tellSwitchWord } from '../laptop/switch-word.ts';
import { print, printJson } from '../terminal/print.ts';
import { tellTable } from '../terminal/table.ts';
import { waiting } from '../terminal/waiting.ts';
import { UsageError } from '../usage-error.ts';

/** What the command line says of a status. */
export interface StatusFlags {
  profile?: string[];
  region?: string;
  allRegions?: boolean;
  stage?: string;
  json?: boolean;
}

/** The accounts and Regions that are asked for. */
const accountsOf = async ({ profile, region, allRegions }: StatusFlags): Promise<Account[]> => {
  const accounts: Account[] = [];
  for (const name of profile ?? [undefined]) {
    const flags = {
      ...(name === undefined ? {} : { profile: name }),
      ...(region === undefined ? {} : { region }),
    };
    const account = await openAccount(flags);
    if (allRegions !== true) {
      accounts.push(account);
      continue;
    }
    const { Regions = [] } = await account
      .connect(EC2Client, 'dry-run')
      .send(new DescribeRegionsCommand({ AllRegions: false }));
    for (const { RegionName = '' } of Regions) accounts.push(inRegion(account, flags, RegionName));
  }
  return accounts;
};

const holdersOf = ({ holders, tag }: GroupStatus): [who: string, since: string, until: string] => {
  if (holders.length === 0) return [tag === undefined ? '-' : tag, '-', '-'];
  return [
    holders
      .map(
        ({ remediation, startedBy, executionName, isGivingBack }) =>
          `${remediation}${startedBy === undefined ? '' : ` ${startedBy}`}${isGivingBack ? ', to be given back' : ''} (${executionName})`,
      )
      .join('\n'),
    holders.map(({ since }) => (since === undefined ? '-' : spokenTime(since))).join('\n'),
    holders.map(({ until }) => (until === undefined ? 'no end set' : spokenTime(until))).join('\n'),
  ];
};

const suspendedOf = ({ suspended }: GroupStatus): string => {
  const by = Map.groupBy(suspended, (each) => each.by);
  return by.size === 0
    ? '-'
    : [...by].map(([who, some]) => `${who}: ${some.map(({ process }) => process).join(', ')}`).join('\n');
};

const restOf = ({ protected: counts, instances, standby, resize, breaker }: GroupStatus): string => {
  const lines = [
    ...Object.entries(counts).map(([by, count]) => `${count} of ${instances} protected by ${by}`),
    ...(standby.length === 0 ? [] : [`in Standby: ${firstOf(standby, 3)}`]),
    ...(resize === undefined
      ? []
      : [
          `resize: ${resize.resized} done, ${resize.inFlight} in flight, ${resize.waiting} waiting, ${resize.left} left for you`,
        ]),
    ...(breaker === undefined
      ? []
      : [`breaker ${breaker.state.toLowerCase()}, next test ${spokenClock(breaker.nextProbeAt)}`]),
  ];
  return lines.length === 0 ? '-' : lines.join('\n');
};

/** What there is to say of all groups together. */
const tellRest = (groups: GroupStatus[], told: number): string => {
  if (groups.length === 0) {
    return 'No group has opted in (tag holdfast=true), and none carries the tag of a hold.';
  }
  const isHeld = groups.some(({ holders, tag }) => holders.length > 0 || tag !== undefined);
  const others = groups.length - told;
  return [
    ...(isHeld ? [] : ['Nothing is held.']),
    ...(others === 0
      ? []
      : [`${counted(others, told === 0 ? 'group' : 'more group')} opted in, with nothing to tell.`]),
  ].join(' ');
};

/** A status as people read it: groups of which there is nothing to tell are counted, unless they were asked for. */
const tellStatus = (
  { accountId, region, at, groups, isDeployed, killSwitch }: AccountStatus,
  stage: string,
  all: boolean,
): string => {
  const told = all ? groups : groups.filter(isWorthTelling);
  return [
    `Account ${accountId}, ${region}, as of ${spokenTime(at)}. ${
      isDeployed
        ? `Stage ${stage}.`
        : `No stage ${stage} is deployed here: this is what descriptions and tags tell.`
    }`,
    ...[tellSwitchWord(killSwitch, stage)].filter((line) => line !== undefined),
    ...(told.length === 0
      ? []
      : [
          '',
          tellTable(
            ['GROUP', 'SINCE', 'UNTIL, AT THE LATEST', 'SUSPENDED', 'INSTANCES', 'HELD BY'],
            told.map((status) => {
              const [who, since, until] = holdersOf(status);
              return [status.autoScalingGroupName, since, until, suspendedOf(status), restOf(status), who];
            }),
          ),
          '',
        ]),
    tellRest(groups, told.length),
  ]
    .join('\n')
    .trimEnd();
};

/** `holdfast status`: which groups are held, by whom, and until when. */
export const statusCommand = async (names: string[], flags: StatusFlags): Promise<number> => {
  const stage = stageOf(flags);
  const statuses: AccountStatus[] = [];
  const failed: string[] = [];
  await waiting('Looking at the groups', async () => {
    const accounts = await accountsOf(flags);
    for (const account of accounts) {
      try {
        statuses.push(await readStatus(account, stage, names));
      } catch (error) {
        if (accounts.length === 1) throw error;
        failed.push(`${account.accountId}, ${account.region}: ${explainError(error)}`);
      }
    }
  });
  const found = new Set(
    statuses.flatMap(({ groups }) => groups.map(({ autoScalingGroupName }) => autoScalingGroupName)),
  );
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0 && failed.length === 0) {
    const where = statuses.map(({ accountId, region }) => `${accountId}, ${region}`);
    throw new UsageError(
      `group: there is no Auto Scaling group ${missing.join(', ')} in ${firstOf(where, 3)}; look at the name, --profile and --region`,
    );
  }
  if (flags.json === true) printJson(statuses);
  else {
    // Of many Regions those are told in which there is something.
    const told = statuses.length === 1 ? statuses : statuses.filter(({ groups }) => groups.length > 0);
    const empty = statuses.length - told.length;
    print(
      [
        ...told.map((status) => tellStatus(status, stage, names.length > 0)),
        ...(empty === 0
          ? []
          : [`${counted(empty, told.length === 0 ? 'Region' : 'other Region')}: no group has opted in.`]),
      ].join('\n\n'),
    );
  }
  for (const line of failed) process.stderr.write(`${line}\n`);
  return failed.length === 0 ? 0 : 2;
};
