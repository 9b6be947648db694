import type { Remediation } from '../../functions/domain/remediation-names.ts';
import { UsageError } from '../usage-error.ts';
import type { Account } from './account.ts';

/** The stage that commands are about where none is named: the one that acts. */
export const defaultStage = 'prod';

/**
 * The stage of a command.
 * @throws UsageError for what is no name of a stage
 */
export const stageOf = ({ stage = defaultStage }: { stage?: string }): string => {
  if (!/^[a-z0-9][a-z0-9-]{0,19}$/.test(stage)) {
    throw new UsageError(
      `--stage: found "${stage}"; allowed: the name of a deployed stage, such as prod or staging`,
    );
  }
  return stage;
};

/** The ARN of a state machine of a stage. */
export const stateMachineArn = (
  { partition, region, accountId }: Pick<Account, 'partition' | 'region' | 'accountId'>,
  stage: string,
  remediation: Remediation,
): string => `arn:${partition}:states:${region}:${accountId}:stateMachine:holdfast-${stage}-${remediation}`;

/** That a stage is not there. */
export const noSuchStage = (stage: string, { region, accountId }: Account): UsageError =>
  new UsageError(
    `Stage "${stage}" is not deployed in account ${accountId}, ${region}; look at --stage, --profile and --region. Nothing was changed.`,
  );

/** Whether AWS says that something is not there. */
export const isNotThere = (error: unknown): boolean =>
  error instanceof Error && /^(ResourceNotFoundException|StateMachineDoesNotExist)$/.test(error.name);

/**
 * Reads something of a deployed stage.
 * @throws UsageError where the stage is not there
 */
export const ofStage = async <Value>(
  stage: string,
  account: Account,
  read: () => Promise<Value>,
): Promise<Value> => {
  try {
    return await read();
  } catch (error) {
    throw isNotThere(error) ? noSuchStage(stage, account) : error;
  }
};
