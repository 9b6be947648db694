import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { UnknownModeError, UnreadableFactError } from '../domain/errors.ts';
import { type Mode, parseMode } from '../domain/mode.ts';

/** What an operator allows, and since when the parameter says so. */
export interface KillSwitchState {
  mode: Mode;
  /** ISO 8601; absent where the service does not tell. */
  changedAt?: string;
}

/** Reads the kill switch: what may happen, as an operator set it. */
export interface KillSwitch {
  /**
   * A switch that is not there was never thrown: `live`.
   * @throws UnreadableFactError when it cannot be read
   * @throws UnknownModeError when it holds another word
   */
  read(): Promise<KillSwitchState>;
}

const isNotThere = (error: unknown): boolean => error instanceof Error && error.name === 'ParameterNotFound';

/**
 * The kill switch in an SSM parameter, which whoever throws it first makes: no template owns it, so no deploy can write
 * its value.
 *
 * @param parameterName a String parameter whose value is `live`, `dry-run` or `off`; case, space and quotes are forgiven
 */
export const createKillSwitch = (client: SSMClient, parameterName: string): KillSwitch => ({
  read: async () => {
    let value: string | undefined;
    let changedAt: Date | undefined;
    try {
      const { Parameter } = await client.send(new GetParameterCommand({ Name: parameterName }));
      value = Parameter?.Value;
      changedAt = Parameter?.LastModifiedDate;
    } catch (cause) {
      if (isNotThere(cause)) return { mode: 'live' };
      throw new UnreadableFactError(
        `The kill switch ${parameterName} cannot be read, so nothing is started: ${(cause as Error).message}`,
        { cause },
      );
    }
    const mode = parseMode(value);
    if (mode === undefined) throw new UnknownModeError(parameterName, value ?? '');
    return { mode, ...(changedAt === undefined ? {} : { changedAt: changedAt.toISOString() }) };
  },
});
