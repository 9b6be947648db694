import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type Connect, createConnect } from '../../functions/aws/connect.ts';
import type { SdkClient } from '../../functions/aws/dry-run-gate.ts';
import type { Clock } from '../../functions/clock.ts';
import { parseArn } from '../../functions/domain/arn.ts';
import { AccessError } from '../access-error.ts';

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
  /** The time as AWS has it: ages are counted from its times, and a machine of one's own may be minutes off. */
  clock: Clock;
}

/** What the SDK gives a middleware that looks at answers. */
interface Answer {
  response?: { headers?: Record<string, string> };
}

/** An offset this small says nothing: the header counts whole seconds, and an answer takes its time. */
const offsetMillisecondsMin = 3000;

const connectWith = ({ profile, region }: AccountFlags): Pick<Account, 'connect' | 'clock'> => {
  let offsetMilliseconds = 0;
  const readClock = (client: SdkClient): void => {
    const look =
      (next: (args: unknown) => Promise<Answer>, { commandName = '' }) =>
      async (args: unknown) => {
        const answer = await next(args).catch((error: unknown) => {
          // An error of the SDK does not say which call it is about.
          if (error instanceof Error)
            Object.assign(error, { operation: commandName.replace(/Command$/, '') });
          throw error;
        });
        const offset = Date.parse(answer.response?.headers?.date ?? '') - Date.now();
        if (Math.abs(offset) >= offsetMillisecondsMin) offsetMilliseconds = offset;
        return answer;
      };
    client.middlewareStack.add(look as never, { step: 'deserialize', name: 'holdfastClock' } as never);
  };
  return {
    connect: createConnect(
      {
        userAgentAppId: 'holdfast-command',
        ...(profile === undefined ? {} : { profile }),
        ...(region === undefined ? {} : { region }),
      },
      readClock,
    ),
    clock: { now: () => new Date(Date.now() + offsetMilliseconds).toISOString() },
  };
};

/**
 * Finds out in which account and Region a command runs. `AWS_ENDPOINT_URL` is the SDK's own and honoured throughout.
 *
 * @throws what the SDK throws without a Region or credentials, and what AWS answers to credentials that are wrong
 */
export const openAccount = async (flags: AccountFlags): Promise<Account> => {
  const { connect, clock } = connectWith(flags);
  // A list of commands that only read knows this one too.
  const client = connect(STSClient, 'dry-run');
  const { Arn: caller = '', Account: accountId = '' } = await ofProfile(flags, () =>
    client.send(new GetCallerIdentityCommand({})),
  );
  return {
    accountId,
    partition: parseArn(caller).partition,
    region: await client.config.region(),
    caller,
    connect,
    clock,
  };
};

/** That a profile gives no credentials is said with its name. */
const ofProfile = async <Value>({ profile }: AccountFlags, ask: () => Promise<Value>): Promise<Value> => {
  try {
    return await ask();
  } catch (cause) {
    if (profile === undefined || (cause as Error).name !== 'CredentialsProviderError') throw cause;
    throw new AccessError(
      `The profile "${profile}" gives no credentials: look at its name in ~/.aws/config and ~/.aws/credentials, or sign in, such as with aws sso login --profile ${profile}.`,
      { cause },
    );
  }
};

/** The same account in another Region: who asks is known already. */
export const inRegion = (account: Account, flags: AccountFlags, region: string): Account => ({
  ...account,
  region,
  ...connectWith({ ...flags, region }),
});

/** The account and Region of an ARN: nobody has to be asked where it is. */
export const openAccountOf = (arn: string, { profile }: AccountFlags): Account => {
  const { partition, region, accountId } = parseArn(arn);
  const connected = connectWith({ region, ...(profile === undefined ? {} : { profile }) });
  return { partition, region, accountId, caller: 'whoever runs this command', ...connected };
};
