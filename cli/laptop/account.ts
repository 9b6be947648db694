import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type Connect, createConnect } from '../../functions/aws/connect.ts';
import { parseArn } from '../../functions/domain/arn.ts';

/** Where the command line says that AWS is. */
export interface AccountFlags {
  profile?: string;
  region?: string;
}

/** An account and Region, with the credentials of whoever runs the command. */
export interface Account {
  accountId: string;
  partition: string;
  region: string;
  /** Who calls: the ARN that AWS says. */
  caller: string;
  connect: Connect;
}

const connectWith = ({ profile, region }: AccountFlags): Connect =>
  createConnect({
    userAgentAppId: 'holdfast-command',
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
  });

/**
 * Finds out in which account and Region a command runs. `AWS_ENDPOINT_URL` is the SDK's own and honoured throughout.
 *
 * @throws what the SDK throws without a Region or credentials, and what AWS answers to credentials that are wrong
 */
export const openAccount = async (flags: AccountFlags): Promise<Account> => {
  const connect = connectWith(flags);
  // A list of commands that only read knows this one too.
  const client = connect(STSClient, 'dry-run');
  const { Arn: caller = '', Account: accountId = '' } = await client.send(new GetCallerIdentityCommand({}));
  return {
    accountId,
    partition: parseArn(caller).partition,
    region: await client.config.region(),
    caller,
    connect,
  };
};

/** The account and Region of an ARN: nobody has to be asked where it is. */
export const openAccountOf = (arn: string, { profile }: AccountFlags): Account => {
  const { partition, region, accountId } = parseArn(arn);
  const connect = connectWith({ region, ...(profile === undefined ? {} : { profile }) });
  return { partition, region, accountId, caller: 'whoever runs this command', connect };
};
