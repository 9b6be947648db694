import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { UnreadableFactError } from '../domain/errors.ts';
import { isMode, type Mode } from '../domain/mode.ts';

/** Reads the kill switch: what may happen, as an operator set it. */
export interface KillSwitch {
  /** @throws UnreadableFactError when it is not there, cannot be read, or holds something else */
  read(): Promise<Mode>;
}

/**
 * The kill switch in an SSM parameter.
 *
 * @param parameterName a String parameter whose value is `live`, `dry-run` or `off`
 */
export const createKillSwitch = (client: SSMClient, parameterName: string): KillSwitch => ({
  read: async () => {
    let value: string | undefined;
    try {
      const { Parameter } = await client.send(new GetParameterCommand({ Name: parameterName }));
      value = Parameter?.Value?.trim();
    } catch (cause) {
      throw new UnreadableFactError(
        `The kill switch ${parameterName} cannot be read, so nothing is started: ${(cause as Error).message}`,
        { cause },
      );
    }
    if (!isMode(value)) {
      throw new UnreadableFactError(
        `The kill switch ${parameterName} is "${value}"; set it to live, dry-run or off`,
      );
    }
    return value;
  },
});
