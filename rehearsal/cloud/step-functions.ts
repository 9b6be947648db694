import {
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidExecutionInput,
  InvalidName,
  StateMachineDoesNotExist,
} from '@aws-sdk/client-sfn';
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import type { VirtualTime } from '../virtual-time.ts';
import { accountId, region } from './cloudwatch.ts';

/** A deployed state machine: its definition as written, and what each Task's placeholder stands for. */
export interface DeployedStateMachine {
  name: string;
  definition: StateMachineDefinition;
  /** Function name of each Task state. */
  functionOfTask: Record<string, string>;
}

/** An execution and what became of it. */
export interface Execution {
  machine: string;
  name: string;
  executionArn: string;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED' | 'TIMED_OUT';
  input: unknown;
  startedAt: string;
  stoppedAt?: string;
  output?: unknown;
  error?: string;
  cause?: string;
  /** States entered: each is a billed transition. */
  transitions: number;
  /** History events as AWS counts them; above 25,000 it ends the execution. */
  historyEvents: number;
}

/** About what one state writes to the history (step functions developer guide, "Execution event history"). */
const historyEventsOf: Record<string, number> = { Task: 5 };

/** The ARN of a state machine. */
export const stateMachineArn = (name: string): string =>
  `arn:aws:states:${region}:${accountId}:stateMachine:${name}`;

/** Input and output of a state, and of an execution, in bytes of UTF-8 (Step Functions quotas). */
const dataBytesMax = 262_144;

/** Ends a task whose data are larger than a state may have; nothing catches that but `States.ALL`. */
const mustFit = (data: unknown): void => {
  if (Buffer.byteLength(JSON.stringify(data) ?? '') <= dataBytesMax) return;
  throw Object.assign(
    new Error(
      'The state/task returned a result with a size exceeding the maximum number of bytes service limit.',
    ),
    { name: 'States.DataLimitExceeded' },
  );
};

/**
 * AWS Step Functions, simulated: the real definitions in the interpreter `aws-local-stepfunctions`, Standard
 * executions with names that count once.
 * Source: Step Functions API reference, StartExecution.
 */
export const createStepFunctionsService = (
  time: VirtualTime,
  machines: DeployedStateMachine[],
  invoke: (functionName: string, input: unknown) => Promise<unknown>,
  emit: (event: object) => void,
  onState: (execution: Execution, state: string) => void,
) => {
  const executions = new Map<string, Execution>();
  const aborts = new Map<string, () => void>();

  /** Step Functions tells a function's error by its name, and its text as JSON in the cause. */
  const invokeAsTask = async (functionName: string, input: unknown): Promise<unknown> => {
    try {
      const output = await invoke(functionName, input);
      mustFit(input);
      mustFit(output);
      return output;
    } catch (thrown) {
      const { name, message } = thrown as Error;
      const error = new Error(JSON.stringify({ errorType: name, errorMessage: message }));
      error.name = name;
      throw error;
    }
  };

  /** Standard executions tell of their end (Step Functions developer guide, cw-events). */
  const tellStatus = (
    machine: DeployedStateMachine,
    { executionArn, name, status, input, startedAt, error, cause }: Execution,
  ): void =>
    emit({
      version: '0',
      'detail-type': 'Step Functions Execution Status Change',
      source: 'aws.states',
      account: accountId,
      time: `${time.iso().slice(0, 19)}Z`,
      region,
      resources: [executionArn],
      detail: {
        executionArn,
        stateMachineArn: stateMachineArn(machine.name),
        name,
        status,
        startDate: Date.parse(startedAt),
        stopDate: time.now(),
        input: JSON.stringify(input),
        error: error ?? null,
        cause: cause ?? null,
      },
    });

  const run = async (machine: DeployedStateMachine, execution: Execution): Promise<void> => {
    const running = new StateMachine(machine.definition, {
      validationOptions: { noValidate: true },
    }).run(execution.input as never, {
      overrides: {
        taskResourceLocalHandlers: Object.fromEntries(
          Object.entries(machine.functionOfTask).map(([state, functionName]) => [
            state,
            (input: unknown) => invokeAsTask(functionName, input) as never,
          ]),
        ),
      },
      context: { Execution: { Id: execution.executionArn, Name: execution.name } } as never,
    });
    aborts.set(execution.executionArn, running.abort);
    const count = async (): Promise<void> => {
      for await (const event of running.eventLogs) {
        if (event.type === 'StateEntered') {
          execution.transitions += 1;
          execution.historyEvents += historyEventsOf[event.state.type] ?? 2;
          onState(execution, event.state.name);
        }
        if (event.type === 'StateRetried') {
          execution.transitions += 1;
          execution.historyEvents += 3;
        }
      }
    };
    void count();
    try {
      execution.output = await running.result;
      execution.status = 'SUCCEEDED';
    } catch (thrown) {
      const { name, message, cause } = thrown as Error;
      const isAborted = name === 'ExecutionAbortedError';
      execution.status = isAborted ? 'ABORTED' : name === 'ExecutionTimeoutError' ? 'TIMED_OUT' : 'FAILED';
      if (!isAborted) {
        const original = cause as { name?: string; message?: string } | undefined;
        execution.error = original?.name ?? name;
        execution.cause = original?.message ?? message;
      }
    }
    execution.stoppedAt = time.iso();
    tellStatus(machine, execution);
  };

  const startExecution = (
    arn: string,
    name: string,
    input: unknown,
  ): { executionArn: string; startDate: Date } => {
    const machine = machines.find((candidate) => stateMachineArn(candidate.name) === arn);
    const $metadata = { httpStatusCode: 400 };
    if (machine === undefined) {
      throw new StateMachineDoesNotExist({ message: `State Machine Does Not Exist: '${arn}'`, $metadata });
    }
    // Stricter than AWS: outside of these characters an execution is not logged.
    if (!/^[0-9A-Za-z_-]{1,80}$/.test(name)) {
      throw new InvalidName({ message: `Invalid Name: '${name}'`, $metadata });
    }
    const executionArn = `arn:aws:states:${region}:${accountId}:execution:${machine.name}:${name}`;
    const existing = executions.get(executionArn);
    if (existing !== undefined) {
      // The same name with the same input while running is answered as if it were new.
      if (existing.status === 'RUNNING' && JSON.stringify(existing.input) === JSON.stringify(input)) {
        return { executionArn, startDate: new Date(existing.startedAt) };
      }
      throw new ExecutionAlreadyExists({
        message: `Execution Already Exists: '${executionArn}'`,
        $metadata: { httpStatusCode: 400 },
      });
    }
    if (Buffer.byteLength(JSON.stringify(input)) > dataBytesMax) {
      throw new InvalidExecutionInput({ message: 'Input is too long', $metadata });
    }
    const execution: Execution = {
      machine: machine.name,
      name,
      executionArn,
      status: 'RUNNING',
      input,
      startedAt: time.iso(),
      transitions: 0,
      historyEvents: 1,
    };
    executions.set(executionArn, execution);
    void run(machine, execution);
    return { executionArn, startDate: new Date(execution.startedAt) };
  };

  return {
    executions,
    startExecution,

    /** Ends an execution as the console's Stop does: nothing is caught, nothing is cleaned up. */
    stopExecution: (executionArn: string): void => {
      aborts.get(executionArn)?.();
    },

    handle: (operation: string, input: Record<string, unknown>): object => {
      if (operation === 'StartExecution') {
        return startExecution(
          String(input.stateMachineArn),
          String(input.name),
          JSON.parse(String(input.input)),
        );
      }
      if (operation === 'DescribeExecution') {
        const execution = executions.get(String(input.executionArn));
        if (execution === undefined) {
          throw new ExecutionDoesNotExist({
            message: `Execution Does Not Exist: '${input.executionArn}'`,
            $metadata: { httpStatusCode: 400 },
          });
        }
        const { executionArn, status, error, cause, stoppedAt } = execution;
        return {
          executionArn,
          status,
          ...(error === undefined ? {} : { error }),
          ...(cause === undefined ? {} : { cause }),
          ...(stoppedAt === undefined ? {} : { stopDate: new Date(stoppedAt) }),
        };
      }
      throw new Error(`The simulated Step Functions does not know ${operation} yet`);
    },
  };
};

/** The simulated service. */
export type StepFunctionsService = ReturnType<typeof createStepFunctionsService>;
