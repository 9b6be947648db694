import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ListSubscriptionsByTopicCommand, NotFoundException, SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../../functions/aws/auto-scaling.ts';
import { createCloudWatch } from '../../functions/aws/cloudwatch.ts';
import { createKillSwitch } from '../../functions/aws/systems-manager.ts';
import { UnknownModeError } from '../../functions/domain/errors.ts';
import { decideReadiness, type ReadinessFinding } from '../../functions/domain/readiness/decide-readiness.ts';
import type { StageFacts, UnreadableFact } from '../../functions/domain/readiness/readiness-facts.ts';
import { tellReadiness } from '../../functions/domain/telling/readiness-sentences.ts';
import { counted, spokenTime } from '../../functions/domain/times.ts';
import { nearestToPattern } from '../../functions/events/nearest.ts';
import type { Policy, Rule } from '../../functions/events/policy.ts';
import { lookAtReadiness } from '../../functions/tasks/readiness/look-at-readiness.ts';
import { explainError } from '../explain-error.ts';
import { type Account, type AccountFlags, openAccount } from '../laptop/account.ts';
import { isNotThere, stageOf } from '../laptop/deployed-stage.ts';
import { createPlanningRuntime } from '../laptop/planning-runtime.ts';
import { openStore } from '../laptop/read-status.ts';
import { toExecutionRequest } from '../laptop/request.ts';
import { bad, good, warned } from '../terminal/colour.ts';
import { print, printJson } from '../terminal/print.ts';
import { tellTable } from '../terminal/table.ts';
import { waiting } from '../terminal/waiting.ts';
import { makePlan } from './plan.ts';
import { nameOfPolicy, readPolicy } from './read-policy.ts';

/** What the command line says of a check. */
export interface CheckFlags extends AccountFlags {
  policy?: string;
  stage?: string;
  json?: boolean;
}

/** What a resize of a rule finds now, by group, from a plan of it. */
const resizesOf = async (account: Account, policy: Policy, rule: Rule) => {
  const request = toExecutionRequest(
    rule.name,
    {},
    { policy, reason: 'holdfast check', dryRun: true, now: account.clock.now() },
  );
  const { journal } = await makePlan(
    account,
    createPlanningRuntime(account, policy, 'check', false),
    request,
  );
  return journal.flatMap(({ event, because, autoScalingGroupName, text = '' }) =>
    autoScalingGroupName !== undefined && (event === 'refused' || event === 'planned')
      ? [{ autoScalingGroupName, isFit: event === 'planned' && because !== 'REFUSE', text }]
      : [],
  );
};

/** How the deployed stage is; what cannot be read is taken down. */
const lookAtStage = async (
  account: Account,
  stage: string,
  unreadable: UnreadableFact[],
): Promise<StageFacts> => {
  const read = async <Value>(what: string, ask: () => Promise<Value>): Promise<Value | undefined> => {
    try {
      return await ask();
    } catch (error) {
      unreadable.push({ what, because: explainError(error) });
      return undefined;
    }
  };
  const isDeployed = await read('whether the stage is deployed', async () => {
    try {
      await openStore(account, stage).listOpenIncidents();
      return true;
    } catch (error) {
      if (isNotThere(error)) return false;
      throw error;
    }
  });
  // Where that is not known, the switch and the topic may still be read.
  if (isDeployed === false) return { stage, isDeployed };
  const killSwitch = await read('the kill switch', async (): Promise<StageFacts['killSwitch'] & {}> => {
    try {
      const client = account.connect(SSMClient, 'dry-run');
      return (await createKillSwitch(client, `/holdfast/${stage}/mode`).read()).mode;
    } catch (error) {
      if (error instanceof UnknownModeError) return { unknownWord: error.word };
      throw error;
    }
  });
  const subscriptions = await read(
    'who is subscribed to the topic',
    async (): Promise<StageFacts['subscriptions'] & {}> => {
      const { partition, region, accountId } = account;
      const TopicArn = `arn:${partition}:sns:${region}:${accountId}:holdfast-${stage}-notifications`;
      try {
        const { Subscriptions = [] } = await account
          .connect(SNSClient, 'dry-run')
          .send(new ListSubscriptionsByTopicCommand({ TopicArn }));
        const pending = Subscriptions.filter(
          ({ SubscriptionArn = '' }) => !SubscriptionArn.startsWith('arn:'),
        ).length;
        return { confirmed: Subscriptions.length - pending, pending };
      } catch (error) {
        if (error instanceof NotFoundException) return 'NO_TOPIC';
        throw error;
      }
    },
  );
  return {
    stage,
    isDeployed: true,
    ...(killSwitch === undefined ? {} : { killSwitch }),
    ...(subscriptions === undefined ? {} : { subscriptions }),
  };
};

/** A finding, in words. */
interface ToldFinding {
  finding: ReadinessFinding;
  found: string;
  remedy: string;
}

const levelWords = { NOT_READY: 'not ready', WARNING: 'warning' } as const;

/** What is so of several rules is said once. */
const merged = (findings: ToldFinding[]): { rules: string[]; told: ToldFinding }[] =>
  [
    ...Map.groupBy(findings, ({ finding, found, remedy }) =>
      JSON.stringify([finding.level, found, remedy]),
    ).values(),
  ].flatMap((some) => {
    const [told] = some;
    return told === undefined
      ? []
      : [{ rules: some.map(({ finding }) => finding.rule ?? 'the stage'), told }];
  });

/** Findings as people read them: what is not ready first, then the rules of which nothing is wrong. */
const tellFindings = ({ rules }: Policy, findings: ToldFinding[], stage: string | undefined): string => {
  const clean = [
    ...rules
      .filter(({ name }) => !findings.some(({ finding }) => finding.rule === name))
      .map(({ name }) => name),
    ...(stage === undefined || findings.some(({ finding }) => finding.rule === undefined)
      ? []
      : [`stage ${stage}`]),
  ];
  const sorted = [...findings].sort(
    (a, b) => Number(a.finding.level === 'WARNING') - Number(b.finding.level === 'WARNING'),
  );
  const colours: Record<string, (text: string) => string> = { 'not ready': bad, warning: warned };
  const table = tellTable(
    ['READY?', 'RULE', 'FOUND', 'WHAT TO DO'],
    merged(sorted).map(({ rules: names, told: { finding, found, remedy } }) => [
      levelWords[finding.level],
      names.join('\n'),
      found,
      remedy,
    ]),
    (text, _row, column) => (column === 0 ? (colours[text] ?? good)(text) : text),
  );
  return [
    ...(findings.length === 0 ? [] : [table]),
    ...(clean.length === 0
      ? []
      : [`${findings.length === 0 ? '' : '\n'}${good('ready')}: ${clean.join(', ')}`]),
  ].join('\n');
};

/** `holdfast check`: whether everything is ready before the night. */
export const checkCommand = async (flags: CheckFlags): Promise<number> => {
  const policy = readPolicy(flags.policy);
  const stage = flags.stage === undefined ? undefined : stageOf(flags);
  const account = await openAccount(flags);
  const facts = await waiting('Looking at alarms, groups and hooks', () =>
    lookAtReadiness(
      {
        autoScaling: createAutoScaling(account.connect(AutoScalingClient, 'dry-run')),
        cloudWatch: createCloudWatch(account.connect(CloudWatchClient, 'dry-run')),
        planResize: (rule) => resizesOf(account, policy, rule),
      },
      policy,
    ),
  );
  const stageFacts =
    stage === undefined ? {} : { stage: await lookAtStage(account, stage, facts.unreadable) };
  const findings = decideReadiness(policy, { ...facts, ...stageFacts }).map((finding) => {
    const { fact } = finding;
    const nearest =
      fact.because === 'NO_ALARM'
        ? fact.patterns
            .map((pattern) => nearestToPattern(pattern, fact.otherAlarmNames))
            .find((name) => name !== undefined)
        : undefined;
    return { finding, ...tellReadiness(fact, nearest) };
  });
  const notReady = findings.filter(({ finding }) => finding.level === 'NOT_READY').length;
  // A rule whose alarm or groups are not known is neither ready nor not.
  const unknown = facts.rules.filter(
    ({ rule, alarms, groups }) =>
      groups === undefined ||
      (alarms === undefined &&
        policy.rules.some(({ name, when }) => name === rule && when.alarm !== undefined)),
  ).length;
  const { accountId, region } = account;
  if (flags.json === true) {
    printJson({
      accountId,
      region,
      isReady: notReady > 0 ? false : unknown > 0 ? null : true,
      findings: findings.map(({ finding, found, remedy }) => ({ ...finding, found, remedy })),
    });
  } else {
    print(
      `Account ${accountId}, ${region}, as of ${spokenTime(account.clock.now())}. Policy: ${nameOfPolicy(flags.policy)}.\n`,
    );
    print(tellFindings(policy, findings, stage));
    const warnings = findings.length - notReady;
    print(
      `\n${[
        ...(unknown === 0
          ? []
          : [`${unknown} of ${counted(policy.rules.length, 'rule')} could not be checked as a whole`]),
        notReady === 0
          ? unknown === 0
            ? 'Nothing is missing'
            : 'nothing else is missing'
          : `${counted(notReady, 'thing')} not ready`,
        ...(warnings === 0 ? [] : [counted(warnings, 'warning')]),
      ].join(
        ', ',
      )}.${stage === undefined ? ' The deployed stage was not looked at: give --stage for that.' : ''}`,
    );
  }
  if (unknown === policy.rules.length) return 2;
  return notReady + unknown === 0 ? 0 : 1;
};
