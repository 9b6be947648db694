import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { executionArnOf, remediationOf } from '../../functions/domain/execution-arn.ts';
import { type Remediation, remediationNames } from '../../functions/domain/remediation-names.ts';
import { UsageError } from '../usage-error.ts';
import type { Account } from './account.ts';
import { ofStage, stateMachineArn } from './deployed-stage.ts';

/** An execution of a stage. */
export interface Execution {
  executionArn: string;
  status: string;
  /** ISO 8601. */
  startedAt: string;
  error?: string;
}

/** The executions of a stage, as far as the commands need them. */
export interface Executions {
  /** @throws UsageError where the stage has no state machine of it */
  mustBeDeployed(remediation: Remediation): Promise<void>;
  /** The execution; `undefined` when AWS does not know it. */
  describe(executionArn: string): Promise<Execution | undefined>;
  /** The latest executions of all remediations, newest first. */
  listLatest(ofEach: number): Promise<Execution[]>;
  /**
   * The execution of a name, or of an ARN.
   * @throws UsageError when there is none
   */
  find(nameOrArn: string): Promise<Execution>;
  /** @returns its ARN */
  start(remediation: Remediation, name: string, input: object): Promise<string>;
  stop(executionArn: string, cause: string): Promise<void>;
}

const isNoExecution = (error: unknown): boolean =>
  error instanceof Error && /DoesNotExist|InvalidArn/.test(error.name);

/** The executions of a stage in an account. */
export const openExecutions = (account: Account, stage: string): Executions => {
  // The executions are Holdfast's own, and not the fleet: what may be done to the fleet is decided by the stage.
  const client = account.connect(SFNClient, 'live');
  const arnOf = (remediation: Remediation): string => stateMachineArn(account, stage, remediation);

  const describe: Executions['describe'] = async (executionArn) => {
    try {
      const {
        status = '',
        startDate,
        error,
      } = await client.send(new DescribeExecutionCommand({ executionArn }));
      return {
        executionArn,
        status,
        startedAt: startDate?.toISOString() ?? '',
        ...(error === undefined ? {} : { error }),
      };
    } catch (error) {
      if (isNoExecution(error)) return undefined;
      throw error;
    }
  };

  const mustBeDeployed: Executions['mustBeDeployed'] = async (remediation) => {
    await ofStage(stage, account, () =>
      client.send(new DescribeStateMachineCommand({ stateMachineArn: arnOf(remediation) })),
    );
  };

  return {
    mustBeDeployed,

    describe,

    listLatest: async (ofEach) => {
      const lists = await Promise.all(
        remediationNames.map(async (remediation) => {
          const { executions = [] } = await ofStage(stage, account, () =>
            client.send(
              new ListExecutionsCommand({ stateMachineArn: arnOf(remediation), maxResults: ofEach }),
            ),
          );
          return executions.map(({ executionArn = '', status = '', startDate }) => ({
            executionArn,
            status,
            startedAt: startDate?.toISOString() ?? '',
          }));
        }),
      );
      return lists.flat().sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
    },

    find: async (nameOrArn) => {
      const isArn = remediationOf(nameOrArn) !== undefined;
      const arns = isArn
        ? [nameOrArn]
        : remediationNames.map((each) => executionArnOf(arnOf(each), nameOrArn));
      for (const arn of arns) {
        const found = await describe(arn);
        if (found !== undefined) return found;
      }
      // A name that is not there may be of a stage that is not.
      await mustBeDeployed(remediationNames[0]);
      throw new UsageError(
        `execution or group: there is no execution "${nameOrArn}" of stage ${stage} in account ${account.accountId}, ${account.region}, and none holds a group of this name; holdfast status shows who holds what. Look at the name, --stage and --region`,
      );
    },

    start: async (remediation, name, input) => {
      const { executionArn = '' } = await client.send(
        new StartExecutionCommand({
          stateMachineArn: arnOf(remediation),
          name,
          input: JSON.stringify(input),
        }),
      );
      return executionArn;
    },

    stop: async (executionArn, cause) => {
      await client.send(new StopExecutionCommand({ executionArn, error: 'StoppedByHand', cause }));
    },
  };
};
