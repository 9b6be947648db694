import { AsyncLocalStorage } from 'node:async_hooks';
import type { LambdaHandler } from '../../functions/lambda/define-function.ts';
import type { VirtualTime } from '../virtual-time.ts';

/** A deployed function: its handler and its timeout from `serverless.yml`. */
export interface DeployedFunction {
  name: string;
  handler: LambdaHandler;
  timeoutSeconds: number;
  /** Retries of an asynchronous invocation. */
  retryAttempts: number;
}

/** The function whose code runs now: what it calls is recorded under its name. */
export const runningFunction = new AsyncLocalStorage<string>();

/** What the function that runs was invoked with. */
export const runningEvent = new AsyncLocalStorage<unknown>();

/** Retries of an asynchronous invocation: after one minute, then after two (invocation-async). */
const asyncRetryDelaysSeconds = [60, 120];

/**
 * AWS Lambda, simulated: a start takes a moment, a function that runs over its timeout is ended, and what goes in and
 * out is JSON.
 */
export const createLambdaService = (
  time: VirtualTime,
  functions: DeployedFunction[],
  onFailure: (name: string, error: Error) => void,
) => {
  const warm = new Set<string>();
  const byName = new Map(functions.map((deployed) => [deployed.name, deployed]));
  const work = { invocations: 0, billedSeconds: 0, largestPayloadBytes: 0 };
  /** As it comes after it was sent: JSON, whose size is remembered. */
  const sent = (value: unknown): unknown => {
    const text = JSON.stringify(value);
    work.largestPayloadBytes = Math.max(work.largestPayloadBytes, Buffer.byteLength(text));
    return JSON.parse(text);
  };

  const invoke = async (name: string, event: unknown): Promise<unknown> => {
    const deployed = byName.get(name);
    if (deployed === undefined) throw new Error(`serverless.yml deploys no function ${name}`);
    work.invocations += 1;
    const requestId = `request-${work.invocations}`;
    const startedAt = time.now();
    await time.sleep(warm.has(name) ? 10 : 450);
    warm.add(name);
    const endsAt = time.now() + deployed.timeoutSeconds * 1000;
    const context = {
      functionName: name,
      functionVersion: '$LATEST',
      invokedFunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
      memoryLimitInMB: '512',
      awsRequestId: requestId,
      getRemainingTimeInMillis: () => endsAt - time.now(),
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const error = new Error(`Task timed out after ${deployed.timeoutSeconds}.00 seconds`);
        // Step Functions sees a function's own timeout under this name.
        error.name = 'Sandbox.Timedout';
        reject(error);
      }, deployed.timeoutSeconds * 1000);
    });
    try {
      const result = await Promise.race([
        runningFunction.run(name, () =>
          runningEvent.run(event, () => deployed.handler(sent(event), context as never)),
        ),
        timeout,
      ]);
      return result === undefined ? null : sent(result);
    } finally {
      clearTimeout(timer);
      work.billedSeconds += (time.now() - startedAt) / 1000;
    }
  };

  return {
    invoke,

    /** Nothing is warm any more: the code of the functions is another. */
    startAnew: (): void => warm.clear(),

    /** What was invoked so far, for how long in all, and the largest event or result; a start is billed too (Lambda pricing, INIT phase). */
    work,

    /** An asynchronous invocation: nobody waits, errors are tried again twice. */
    invokeAsync: (name: string, event: unknown): void => {
      const attempt = async (tries: number): Promise<void> => {
        try {
          await invoke(name, event);
        } catch (error) {
          onFailure(name, error as Error);
          const delay = asyncRetryDelaysSeconds[tries];
          if (delay === undefined || tries >= (byName.get(name)?.retryAttempts ?? 0)) return;
          await time.sleep(delay * 1000);
          await attempt(tries + 1);
        }
      };
      void attempt(0);
    },
  };
};

/** The simulated service. */
export type LambdaService = ReturnType<typeof createLambdaService>;
