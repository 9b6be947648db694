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

/** That something of a stage is not there. */
export const noSuchStage = (stage: string, { region, accountId }: Account, what: string): UsageError =>
  new UsageError(
    `--stage: there is no ${what} of a stage "${stage}" in account ${accountId}, ${region}; look at --stage, --profile and --region. Nothing was changed.`,
  );
