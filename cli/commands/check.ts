import { isDeepStrictEqual } from 'node:util';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../../functions/aws/auto-scaling.ts';
import { createCloudWatch } from '../../functions/aws/cloudwatch.ts';
import { createSubscriptions } from '../../functions/aws/sns.ts';
import { createKillSwitch } from '../../functions/aws/systems-manager.ts';
import { UnreadableFactError } from '../../functions/domain/errors.ts';
import type { ToldFinding } from '../../functions/domain/readiness/decide-readiness-news.ts';
import type {
  PolicyDifference,
  StageFacts,
  UnreadableFact,
} from '../../functions/domain/readiness/readiness-facts.ts';
import { counted, spokenTime } from '../../functions/domain/times.ts';
import type { Policy } from '../../functions/events/policy.ts';
import { planResizeDependencies } from '../../functions/lambda/plan-resize-dependencies.ts';
import { parsePolicyText } from '../../functions/policy.ts';
import { lookAtReadiness } from '../../functions/tasks/readiness/look-at-readiness.ts';
import { lookAtStage } from '../../functions/tasks/readiness/look-at-stage.ts';
import { noteUnreadable } from '../../functions/tasks/readiness/note-unreadable.ts';
import { tellFindings } from '../../functions/tasks/readiness/tell-findings.ts';
import { createTryResize } from '../../functions/tasks/readiness/try-resize.ts';
import { explainError } from '../explain-error.ts';
import { type Account, type AccountFlags, openAccount } from '../laptop/account.ts';
import { isNotThere, stageOf } from '../laptop/deployed-stage.ts';
import { createPlanningRuntime } from '../laptop/planning-runtime.ts';
import { readRoleDenials } from '../laptop/read-roles.ts';
import { openStore } from '../laptop/read-status.ts';
import { bad, good, warned } from '../terminal/colour.ts';
import { print, printJson } from '../terminal/print.ts';
import { tellTable } from '../terminal/table.ts';
import { waiting } from '../terminal/waiting.ts';
import { nameOfPolicy, readPolicy } from './read-policy.ts';

/** What the command line says of a check. */
export interface CheckFlags extends AccountFlags {
  policy?: string;
  stage?: string;
  json?: boolean;
}

/** How the policy here differs from the one that a stage runs, by the names of rules; `undefined` where it does not. */
export const comparePolicies = (here: Policy, deployed: Policy): PolicyDifference | undefined => {
  const rulesOf = ({ rules }: Policy) => new Map(rules.map((rule) => [rule.name, rule]));
  const [ours, theirs] = [rulesOf(here), rulesOf(deployed)];
  const difference = {
    changed: [...ours.keys()].filter(
      (name) => theirs.has(name) && !isDeepStrictEqual(theirs.get(name), ours.get(name)),
    ),
    onlyHere: [...ours.keys()].filter((name) => !theirs.has(name)),
    onlyDeployed: [...theirs.keys()].filter((name) => !ours.has(name)),
  };
  return Object.values(difference).some((names) => names.length > 0) ? difference : undefined;
};

/** How the deployed stage is; what cannot be read is taken down. */
const lookAtDeployedStage = async (
  account: Account,
  stage: string,
  policy: Policy,
  unreadable: UnreadableFact[],
): Promise<StageFacts> => {
  const read = noteUnreadable(unreadable, explainError);
  const store = openStore(account, stage);
  const isDeployed = await read('whether the stage is deployed', async () => {
    try {
      await store.listOpenIncidents();
      return true;
    } catch (error) {
      if (isNotThere(error)) return false;
      throw error;
    }
  });
  // Where that is not known, the switch and the topic may still be read.
  if (isDeployed === false) return { stage, isDeployed };
  const { partition, region, accountId } = account;
  const found = await lookAtStage(
    {
      killSwitch: createKillSwitch(account.connect(SSMClient, 'dry-run'), `/holdfast/${stage}/mode`),
      topic: createSubscriptions(
        account.connect(SNSClient, 'dry-run'),
        `arn:${partition}:sns:${region}:${accountId}:holdfast-${stage}-notifications`,
      ),
      explain: explainError,
    },
    unreadable,
  );
  const published = await read('which policy the stage runs', async () => {
    const found = await store.readPublishedPolicy();
    if (found === undefined)
      throw new UnreadableFactError('the stage publishes it with its first check, after a deploy');
    const { text, stageMode } = found;
    return { stageMode, difference: comparePolicies(policy, parsePolicyText(text, 'the deployed policy')) };
  });
  const ifMinor = noteUnreadable(unreadable, explainError, { isMinor: true });
  const roleDenials = await ifMinor('what is denied to the roles of the stage', () =>
    readRoleDenials(account, stage, published?.stageMode ?? 'live'),
  );
  return {
    stage,
    isDeployed: true,
    ...found,
    ...(roleDenials === undefined ? {} : { roleDenials }),
    ...(published === undefined ? {} : { stageMode: published.stageMode }),
    ...(published?.difference === undefined ? {} : { policyDifference: published.difference }),
  };
};

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
const tellTableOf = ({ rules }: Policy, findings: ToldFinding[], stage: string | undefined): string => {
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
  const runtime = createPlanningRuntime(account, policy, stage ?? 'check', false);
  const facts = await waiting('Looking at alarms, groups and hooks', () =>
    lookAtReadiness(
      {
        autoScaling: createAutoScaling(account.connect(AutoScalingClient, 'dry-run')),
        cloudWatch: createCloudWatch(account.connect(CloudWatchClient, 'dry-run')),
        explain: explainError,
        clock: account.clock,
        tryResize: createTryResize({
          ...planResizeDependencies(runtime),
          stateMachineArns: runtime.stateMachineArns(),
        }),
      },
      policy,
    ),
  );
  const stageFacts =
    stage === undefined ? {} : { stage: await lookAtDeployedStage(account, stage, policy, facts.unreadable) };
  const findings = tellFindings(policy, { ...facts, ...stageFacts });
  const notReady = findings.filter(({ finding }) => finding.level === 'NOT_READY').length;
  // What is not known is neither ready nor not, but for what only a warning hangs on.
  const isUnknown = ({ finding: { fact } }: ToldFinding): boolean =>
    fact.because === 'UNREADABLE' && fact.isMinor !== true;
  const unknown = findings.filter(isUnknown).length;
  const rulesUnknown = facts.rules.filter(
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
    print(tellTableOf(policy, findings, stage));
    const warnings = findings.length - notReady - unknown;
    const parts = [
      ...(notReady === 0 ? [] : [`${counted(notReady, 'thing')} not ready`]),
      ...(unknown === 0 ? [] : [`${counted(unknown, 'thing')} not known`]),
      ...(notReady + unknown === 0 ? ['Nothing is missing'] : []),
      ...(warnings === 0 ? [] : [counted(warnings, 'warning')]),
    ];
    print(
      `\n${rulesUnknown === 0 ? '' : `${rulesUnknown} of ${counted(policy.rules.length, 'rule')} could not be checked as a whole. `}${parts.join(', ')}.${stage === undefined ? ' The deployed stage was not looked at: give --stage for that.' : ''}`,
    );
  }
  if (rulesUnknown > 0 && rulesUnknown === policy.rules.length) return 2;
  return notReady + unknown === 0 ? 0 : 1;
};
