import * as z from 'zod/mini';

/**
 * `Step Functions Execution Status Change`: an execution of ours ended otherwise than it should.
 * Source: AWS Step Functions Developer Guide, "Automating event delivery with EventBridge" (cw-events).
 */
const executionEndedSchema = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({
    executionArn: z.string().check(z.minLength(1)),
    status: z.string(),
    // Left out where it is large.
    input: z.nullish(z.string()),
    error: z.nullish(z.string()),
    cause: z.nullish(z.string()),
  }),
});

/** An execution that failed by itself, and why as far as the event says. */
export interface FailedExecution {
  executionArn: string;
  status: 'FAILED' | 'TIMED_OUT';
  error: string;
  cause: string;
  /** The groups that its input names, as far as the event has it. */
  groups: string[];
}

const lambdaError = z.object({ errorMessage: z.string() });

/** Why, in words: what a Lambda function throws, Step Functions passes on as JSON with its stack trace. */
const causeOf = (cause: string): string => {
  try {
    return lambdaError.parse(JSON.parse(cause)).errorMessage;
  } catch {
    return cause;
  }
};

const inputByHand = z.object({
  autoScalingGroupName: z.union([z.string(), z.array(z.string())]),
});

/** The groups that an input names; those of a rule are found by their tags, and named nowhere before. */
const groupsOf = (input: string): string[] => {
  try {
    return [inputByHand.parse(JSON.parse(input)).autoScalingGroupName].flat();
  } catch {
    return [];
  }
};

/** What an event tells of a failed execution; `undefined` for the schedule's, and for one that a person stopped. */
export const parseFailedExecution = (event: unknown): FailedExecution | undefined => {
  const parsed = executionEndedSchema.safeParse(event);
  if (!parsed.success) return undefined;
  const { executionArn, status, input, error, cause } = parsed.data.detail;
  if (status !== 'FAILED' && status !== 'TIMED_OUT') return undefined;
  return {
    executionArn,
    status,
    error: error ?? '',
    cause: causeOf(cause ?? ''),
    groups: groupsOf(input ?? ''),
  };
};
