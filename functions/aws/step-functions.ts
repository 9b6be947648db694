import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';

/** An execution as it is now. */
export interface EndedExecution {
  status: string;
  /** The name of the error it ended with. */
  error?: string;
  /** ISO 8601; absent while it runs. */
  stoppedAt?: string;
}

/** AWS Step Functions, as far as Holdfast uses it: its own state machines. */
export interface StepFunctions {
  /**
   * Starts an execution. That one of this name exists already is success: the signal came twice.
   * @returns whether this call started it
   */
  startExecution(stateMachineArn: string, name: string, input: unknown): Promise<{ started: boolean }>;
  /** The execution, or `undefined` when AWS does not know it: never started, or ended more than 90 days ago. */
  describeExecution(executionArn: string): Promise<EndedExecution | undefined>;
  /** Whether the execution still runs. An execution AWS does not know any more does not. */
  isRunning(executionArn: string): Promise<boolean>;
}

/** Wraps a client in the few operations Holdfast makes. */
export const createStepFunctions = (client: SFNClient): StepFunctions => {
  const describeExecution: StepFunctions['describeExecution'] = async (executionArn) => {
    try {
      const execution = await client.send(new DescribeExecutionCommand({ executionArn }));
      const { status = '', error, stopDate } = execution;
      return {
        // One that is being redriven runs again.
        status: status === 'PENDING_REDRIVE' ? 'RUNNING' : status,
        ...(error === undefined ? {} : { error }),
        ...(stopDate === undefined ? {} : { stoppedAt: stopDate.toISOString() }),
      };
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return undefined;
      throw error;
    }
  };
  return {
    startExecution: async (stateMachineArn, name, input) => {
      try {
        await client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
        return { started: true };
      } catch (error) {
        if (error instanceof ExecutionAlreadyExists) return { started: false };
        throw error;
      }
    },

    describeExecution,

    isRunning: async (executionArn) => (await describeExecution(executionArn))?.status === 'RUNNING',
  };
};
