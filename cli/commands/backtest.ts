import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { createAutoScaling } from '../../functions/aws/auto-scaling.ts';
import { createCloudTrail } from '../../functions/aws/cloudtrail.ts';
import { createReadHistory } from '../../functions/aws/history.ts';
import { optInTag } from '../../functions/domain/auto-scaling-group.ts';
import {
  alarmPatternsOf,
  decideBacktest,
  type PastHold,
  type RuleBacktest,
  secondsHeld,
} from '../../functions/domain/backtest/decide-backtest.ts';
import { addSeconds, counted, firstOf, spokenDuration, spokenTime } from '../../functions/domain/times.ts';
import type { Policy } from '../../functions/events/policy.ts';
import { createTrailReader, deedsOf, holdsLookedAt, type PastDeed } from '../backtest/deeds.ts';
import { explainError } from '../explain-error.ts';
import { type Account, type AccountFlags, openAccount } from '../laptop/account.ts';
import { bold, dim, good } from '../terminal/colour.ts';
import { print, printJson } from '../terminal/print.ts';
import { tellTable } from '../terminal/table.ts';
import { waiting } from '../terminal/waiting.ts';
import { UsageError } from '../usage-error.ts';
import { readPolicy } from './read-policy.ts';

/** What the command line says of a backtest. */
export interface BacktestFlags extends AccountFlags {
  days?: string;
  policy?: string;
  json?: boolean;
}

/** CloudWatch keeps the history of alarms for 30 days (CloudWatch User Guide, "Alarm history"). */
const daysMax = 30;

const parseDays = (text: string): number => {
  const days = Number(text);
  if (!/^\d{1,2}$/.test(text) || days < 1 || days > daysMax) {
    throw new UsageError(
      `--days: found "${text}"; allowed: a whole number from 1 to ${daysMax}: CloudWatch keeps no more of an alarm's history`,
    );
  }
  return days;
};

const endings: Record<string, string> = {
  COOLED_OFF: 'the alarm was OK for long enough',
  EXPIRED: 'it expired',
  HELD_AT_MOST: 'it had been held as long as it may',
  LAUNCHES_SUCCEED: 'launches succeeded again',
  STILL_HELD: 'it would still be held',
};

const tellTaken = ({ taken, wouldHaveKept }: PastHold): string => {
  const all = Object.entries(taken);
  if (all.length === 0) return 'Auto Scaling took nothing';
  const told = all.map(([because, count]) => `${count} ${because}`).join(', ');
  return `${told}; ${wouldHaveKept === 0 ? 'none' : counted(wouldHaveKept, 'instance')} would have been kept`;
};

const tellRule = (result: RuleBacktest): string => {
  const { rule, holds, silentAlarms, unknownBecause } = result;
  const kept = holds.reduce((sum, hold) => sum + hold.wouldHaveKept, 0);
  const idle = holds.filter((hold) => hold.wouldHaveKept === 0).length;
  const head =
    holds.length === 0
      ? unknownBecause === undefined
        ? 'would not have begun'
        : `is not known: ${unknownBecause}`
      : `would have held ${counted(holds.length, 'time')}, ${spokenDuration(secondsHeld(result))} in all, and kept ${counted(kept, 'instance')}${idle === 0 ? '' : `; ${counted(idle, 'hold')} for nothing`}`;
  return [
    `${bold(rule)} ${head}.`,
    ...(silentAlarms.length === 0 ? [] : [dim(`  Never in ALARM: ${firstOf(silentAlarms, 5)}.`)]),
    ...(holds.length === 0
      ? []
      : [
          tellTable(
            ['FROM', 'FOR', 'STARTED BY', 'ENDED BECAUSE', 'MEANWHILE'],
            holds.map((hold) => [
              spokenTime(hold.from),
              spokenDuration(Math.round((Date.parse(hold.until) - Date.parse(hold.from)) / 60_000) * 60),
              hold.startedBy,
              endings[hold.endedBecause] ?? hold.endedBecause,
              tellTaken(hold),
            ]),
            (text, _row, column) =>
              column === 4 && /would have been kept$/.test(text) && !text.includes('none')
                ? good(text)
                : text,
          ),
        ]),
  ].join('\n');
};

/** What people did while rules would have held, or why that is not known. */
interface People {
  deeds: (PastDeed & { rule: string })[];
  holdsLookedAt: number;
  holds: number;
  unknownBecause?: string;
}

const readDeeds = async (account: Account, policy: Policy, results: RuleBacktest[]): Promise<People> => {
  const holds = results.flatMap((result) => result.holds);
  const some = holds.slice(-holdsLookedAt);
  const readTrail = createTrailReader(createCloudTrail(account.connect(CloudTrailClient, 'dry-run')));
  const deeds: People['deeds'] = [];
  try {
    for (const hold of some) {
      const rule = policy.rules.find(({ name }) => name === hold.rule);
      if (rule === undefined) continue;
      const found = deedsOf(rule, hold, await readTrail(hold));
      deeds.push(...found.map((deed) => ({ ...deed, rule: rule.name })));
    }
  } catch (error) {
    return { deeds, holdsLookedAt: some.length, holds: holds.length, unknownBecause: explainError(error) };
  }
  return { deeds, holdsLookedAt: some.length, holds: holds.length };
};

const tellPeople = ({ deeds, holdsLookedAt: looked, holds, unknownBecause }: People): string => {
  if (unknownBecause !== undefined) return `What people did meanwhile is not known: ${unknownBecause}`;
  if (holds === 0) return '';
  const scope = looked < holds ? ` in the last ${looked} of ${counted(holds, 'hold')}` : ' meanwhile';
  if (deeds.length === 0) return `Nobody suspended, resumed or protected anything in these groups${scope}.`;
  return [
    bold(`What people did${scope}`),
    tellTable(
      ['WHEN', 'GROUP', 'WHAT', 'WHO', 'RULE'],
      deeds.map(({ at, autoScalingGroupName, eventName, who, tool, rule, verdict }) => [
        spokenTime(at),
        autoScalingGroupName,
        eventName,
        tool === undefined ? who : `${who}, with ${tool}`,
        `${rule} ${verdict === 'agrees' ? 'would have done the same' : 'would have held against it'}`,
      ]),
    ),
  ].join('\n');
};

/** What a backtest cannot know, whatever it reads. */
const unknown =
  'It cannot know: how a group was set in the past, whether people had suspended something then, since when instances waited in launch hooks, and what would have happened afterwards if an instance had been kept. Groups and tags are those of now.';

/** `holdfast backtest`: what each rule would have done in the last days, from what AWS remembers. */
export const backtestCommand = async (flags: BacktestFlags): Promise<number> => {
  const days = parseDays(flags.days ?? '14');
  const policy = readPolicy(flags.policy);
  const account = await openAccount(flags);
  const until = account.clock.now();
  const from = addSeconds(until, -days * 86_400);
  const autoScaling = account.connect(AutoScalingClient, 'dry-run');
  const groups = await createAutoScaling(autoScaling).describeAutoScalingGroupsByTags({
    [optInTag.key]: optInTag.value,
  });
  const cloudWatch = account.connect(CloudWatchClient, 'dry-run');
  const history = await waiting('Reading what happened', () =>
    createReadHistory(autoScaling, cloudWatch)(alarmPatternsOf(policy), from, until),
  );
  const results = decideBacktest(policy, history, groups);
  const people = await waiting('Asking CloudTrail what people did meanwhile', () =>
    readDeeds(account, policy, results),
  );
  const { accountId, region } = account;
  if (flags.json === true) {
    printJson({ accountId, region, from, until, rules: results, people, unknown });
    return 0;
  }
  print(
    `Account ${accountId}, ${region}: ${counted(days, 'day')}, from ${spokenTime(from)} to ${spokenTime(until)}. ${counted(groups.length, 'group')} opted in, ${counted(history.activities.length, 'scaling activity', 'scaling activities')}.\n`,
  );
  print(results.map(tellRule).join('\n\n'));
  print(`\n${tellPeople(people)}`);
  print(`\n${dim(unknown)}`);
  return 0;
};
