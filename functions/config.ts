import * as z from 'zod/mini';
import { type Remediation, remediations } from './domain/hold-effects.ts';

/** What the deployment tells a function through its environment. This is the only reader of `process.env`. */
const configSchema = z.object({
  HOLDFAST_STAGE_MODE: z.enum(['live', 'dry-run', 'off']),
  HOLDFAST_KILL_SWITCH_PARAMETER: z.string().check(z.minLength(1)),
  HOLDFAST_TABLE: z.string().check(z.minLength(1)),
  HOLDFAST_STATE_MACHINE_ARN_PREFIX: z.optional(z.string().check(z.minLength(1))),
});

/** The parsed environment. */
export interface Config {
  /** The most that may happen in this stage. */
  stageMode: 'live' | 'dry-run' | 'off';
  killSwitchParameter: string;
  tableName: string;
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
    stageMode: parsed.HOLDFAST_STAGE_MODE,
    killSwitchParameter: parsed.HOLDFAST_KILL_SWITCH_PARAMETER,
    tableName: parsed.HOLDFAST_TABLE,
    ...(parsed.HOLDFAST_STATE_MACHINE_ARN_PREFIX === undefined
      ? {}
      : { stateMachineArnPrefix: parsed.HOLDFAST_STATE_MACHINE_ARN_PREFIX }),
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
    remediations.map((remediation) => [remediation, `${stateMachineArnPrefix}${remediation}`]),
  ) as Record<Remediation, string>;
};
