import * as z from 'zod/mini';

/** What the deployment tells a function through its environment. This is the only reader of `process.env`. */
const configSchema = z.object({
  HOLDFAST_STAGE_MODE: z.enum(['live', 'dry-run', 'off']),
  HOLDFAST_KILL_SWITCH_PARAMETER: z.string().check(z.minLength(1)),
  HOLDFAST_TABLE: z.string().check(z.minLength(1)),
  HOLDFAST_PAUSE_SCALING_STATE_MACHINE_ARN: z.optional(z.string().check(z.minLength(1))),
});

/** The parsed environment. */
export interface Config {
  /** The most that may happen in this stage. */
  stageMode: 'live' | 'dry-run' | 'off';
  killSwitchParameter: string;
  tableName: string;
  /** Set for the functions that start executions. */
  pauseScalingStateMachineArn?: string;
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
    ...(parsed.HOLDFAST_PAUSE_SCALING_STATE_MACHINE_ARN === undefined
      ? {}
      : { pauseScalingStateMachineArn: parsed.HOLDFAST_PAUSE_SCALING_STATE_MACHINE_ARN }),
  };
};

/**
 * The state machine of each remediation.
 * @throws Error naming the variable that a function which starts executions lacks
 */
export const stateMachineArns = (config: Config): Record<'pause-scaling', string> => {
  if (config.pauseScalingStateMachineArn === undefined) {
    throw new Error('HOLDFAST_PAUSE_SCALING_STATE_MACHINE_ARN is not set, so no execution can be started');
  }
  return { 'pause-scaling': config.pauseScalingStateMachineArn };
};
