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

/** What an event tells of a failed execution; `undefined` for the schedule's, and for one that a person stopped. */
export const parseFailedExecution = (event: unknown): FailedExecution | undefined => {
  const parsed = executionEndedSchema.safeParse(event);
  if (!parsed.success) return undefined;
  const { executionArn, status, error, cause } = parsed.data.detail;
  if (status !== 'FAILED' && status !== 'TIMED_OUT') return undefined;
  return { executionArn, status, error: error ?? '', cause: causeOf(cause ?? '') };
};
