import { SSMClient } from '@aws-sdk/client-ssm';
import { createKillSwitch } from '../../functions/aws/systems-manager.ts';
import { UnknownModeError } from '../../functions/domain/errors.ts';
import type { Account } from './account.ts';

/** What the kill switch of a stage says, in its own words; `undefined` where it cannot be read. */
export const readSwitchWord = async (account: Account, stage: string): Promise<string | undefined> => {
  try {
    const client = account.connect(SSMClient, 'dry-run');
    return (await createKillSwitch(client, `/holdfast/${stage}/mode`).read()).mode;
  } catch (error) {
    return error instanceof UnknownModeError ? error.word : undefined;
  }
};

/** What that means for whoever looks or starts something; nothing where it is live, or not known. */
export const tellSwitchWord = (word: string | undefined, stage: string): string | undefined => {
  if (word === undefined || word === 'live') return undefined;
  const means = word === 'dry-run' ? 'what begins only plans' : 'nothing begins, and nothing is held';
  return `The kill switch says ${word}: ${means}. To let Holdfast act: holdfast switch live --stage ${stage}`;
};
