import * as z from 'zod/mini';
import { parseArn } from '../domain/arn.ts';
import { type Remediation, remediationNames } from '../domain/remediation-names.ts';
import type { Place } from '../domain/telling/console-links.ts';

/** What the deployment tells a function through its environment. This is the only reader of `process.env`. */
const configSchema = z.object({
  HOLDFAST_STAGE: z.string().check(z.minLength(1)),
  HOLDFAST_STAGE_MODE: z.enum(['live', 'dry-run', 'off']),
  HOLDFAST_KILL_SWITCH_PARAMETER: z.string().check(z.minLength(1)),
  HOLDFAST_TABLE: z.string().check(z.minLength(1)),
  HOLDFAST_LAUNCH_TEMPLATES: z.optional(z.enum(['on', 'off'])),
  HOLDFAST_TOPIC_ARN: z.optional(z.string().check(z.minLength(1))),
  HOLDFAST_ACCOUNT_ALIAS: z.optional(z.string()),
  HOLDFAST_DOCS_URL: z.optional(z.string()),
  HOLDFAST_STATE_MACHINE_ARN_PREFIX: z.optional(z.string().check(z.minLength(1))),
});

/** The parsed environment. */
export interface Config {
  stage: string;
  /** The most that may happen in this stage. */
  stageMode: 'live' | 'dry-run' | 'off';
  killSwitchParameter: string;
  tableName: string;
  /** Whether this deployment may give launch templates new versions. */
  changesLaunchTemplates: boolean;
  /** The topic over which people are told. Set for who tells them. */
  topicArn?: string;
  /** What people call the account. */
  accountAlias?: string;
  /** Where people read the docs. */
  docsUrl?: string;
  /** What the ARN of every state machine begins with; the name of its remediation follows. Set for who starts executions. */
  stateMachineArnPrefix?: string;
}

/**
 * Reads the environment.
 * @throws ZodError naming the variable
 */
export const readConfig = (environment: Record<string, string | undefined> = process.env): Config => {
  const parsed = configSchema.parse(environment);
  return {
    stage: parsed.HOLDFAST_STAGE,
    stageMode: parsed.HOLDFAST_STAGE_MODE,
    killSwitchParameter: parsed.HOLDFAST_KILL_SWITCH_PARAMETER,
    tableName: parsed.HOLDFAST_TABLE,
    changesLaunchTemplates: parsed.HOLDFAST_LAUNCH_TEMPLATES === 'on',
    ...(parsed.HOLDFAST_TOPIC_ARN === undefined ? {} : { topicArn: parsed.HOLDFAST_TOPIC_ARN }),
    ...(parsed.HOLDFAST_ACCOUNT_ALIAS ? { accountAlias: parsed.HOLDFAST_ACCOUNT_ALIAS } : {}),
    ...(parsed.HOLDFAST_DOCS_URL ? { docsUrl: parsed.HOLDFAST_DOCS_URL.replace(/\/$/, '') } : {}),
    ...(parsed.HOLDFAST_STATE_MACHINE_ARN_PREFIX === undefined
      ? {}
      : { stateMachineArnPrefix: parsed.HOLDFAST_STATE_MACHINE_ARN_PREFIX }),
  };
};

/**
 * Where people are told, and where the stage lives: the topic is in its account and Region.
 * @throws Error naming the variable that a function which tells people lacks
 */
export const placeOf = (
  config: Pick<
    Config,
    'stage' | 'topicArn' | 'tableName' | 'killSwitchParameter' | 'accountAlias' | 'docsUrl'
  >,
): { topicArn: string; place: Place } => {
  const { stage, topicArn, tableName, killSwitchParameter, accountAlias, docsUrl } = config;
  if (topicArn === undefined) throw new Error('HOLDFAST_TOPIC_ARN is not set, so nobody can be told');
  const { partition, region, accountId } = parseArn(topicArn);
  const account = { accountId, ...(accountAlias === undefined ? {} : { accountAlias }) };
  const docs = docsUrl === undefined ? {} : { docsUrl };
  return {
    topicArn,
    place: { stage, ...account, partition, region, tableName, killSwitchParameter, ...docs },
  };
};

/**
 * The state machine of each remediation.
 * @throws Error naming the variable that a function which starts executions lacks
 */
export const stateMachineArns = (
  config: Pick<Config, 'stateMachineArnPrefix'>,
): Record<Remediation, string> => {
  const { stateMachineArnPrefix } = config;
  if (stateMachineArnPrefix === undefined) {
    throw new Error('HOLDFAST_STATE_MACHINE_ARN_PREFIX is not set, so no execution can be started');
  }
  return Object.fromEntries(
    remediationNames.map((remediation) => [remediation, `${stateMachineArnPrefix}${remediation}`]),
  ) as Record<Remediation, string>;
};
