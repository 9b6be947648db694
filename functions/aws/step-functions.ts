import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';

/** AWS Step Functions, as far as Holdfast uses it: its own state machines. */
export interface StepFunctions {
  /**
   * Starts an execution. That one of this name exists already is success: the signal came twice.
   * @returns whether this call started it
   */
  startExecution(stateMachineArn: string, name: string, input: unknown): Promise<{ started: boolean }>;
  /** Whether the execution still runs. An execution AWS does not know any more does not. */
  isRunning(executionArn: string): Promise<boolean>;
}

/** Wraps a client in the few operations Holdfast makes. */
export const createStepFunctions = (client: SFNClient): StepFunctions => ({
  startExecution: async (stateMachineArn, name, input) => {
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
      return { started: true };
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return { started: false };
      throw error;
    }
  },

  isRunning: async (executionArn) => {
    try {
      const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
      return status === 'RUNNING' || status === 'PENDING_REDRIVE';
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return false;
      throw error;
    }
  },
});
