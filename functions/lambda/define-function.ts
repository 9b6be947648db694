import { Logger } from '@aws-lambda-powertools/logger';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import * as z from 'zod/v4/core';
import { InvalidInputError } from '../domain/errors.ts';
import { createProductionRuntime, type Runtime } from './runtime.ts';

/** Says what happened, as structured lines. */
export interface Log {
  info(message: string, details: Record<string, unknown>): void;
}

/** One Lambda function: what it accepts, and how its task is wired to a runtime. */
export interface FunctionDefinition<Input extends z.$ZodType, Output> {
  name: string;
  input: Input;
  wire: (runtime: Runtime, log: Log) => (input: z.output<Input>) => Promise<Output>;
}

/** Lets the types of a definition flow from its input schema to its task. */
export const defineFunction = <Input extends z.$ZodType, Output>(
  definition: FunctionDefinition<Input, Output>,
): FunctionDefinition<Input, Output> => definition;

/** A Lambda handler. */
export type LambdaHandler<Output = unknown> = (event: unknown, context: Context) => Promise<Output>;

/**
 * The one middy chain: log context, parse, run. Nothing catches: an error that leaves the task fails the
 * invocation, and the state machine or the event source knows what to do.
 *
 * @param definition the function
 * @param createRuntime makes the runtime, once, at the first invocation
 * @param logger where lines go; by default to standard output as JSON
 */
export const createHandler = <Input extends z.$ZodType, Output>(
  definition: FunctionDefinition<Input, Output>,
  createRuntime: () => Runtime = createProductionRuntime,
  logger: Log & { addContext?: (context: Context) => void } = new Logger({ serviceName: 'holdfast' }),
): LambdaHandler<Output> => {
  let task: ((input: z.output<Input>) => Promise<Output>) | undefined;
  return middy()
    .before(({ context }) => {
      logger.addContext?.(context);
    })
    .before((request) => {
      const parsed = z.safeParse(definition.input, request.event);
      if (!parsed.success) {
        throw new InvalidInputError(`${definition.name}: ${z.prettifyError(parsed.error)}`);
      }
      request.event = parsed.data;
    })
    .handler(async (event: unknown) => {
      task ??= definition.wire(createRuntime(), logger);
      return task(event as z.output<Input>);
    }) as LambdaHandler<Output>;
};
