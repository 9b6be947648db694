import { describeAwsError } from '../../aws/aws-error.ts';
import { InvalidInputError, UnreadableFactError } from '../../domain/errors.ts';
import type { UnreadableFact } from '../../domain/readiness/readiness-facts.ts';

/** An error in a few words. */
export type ExplainError = (error: unknown) => string;

/** An error as a function tells it. */
export const explainBriefly: ExplainError = (error) =>
  error instanceof UnreadableFactError || error instanceof InvalidInputError
    ? error.message
    : describeAwsError(error);

/**
 * Reads on without what cannot be read, and takes that down with why.
 *
 * @param unreadable where it is taken down
 * @param about the rule that it is about, else it is about the stage; and whether it is about a warning only
 */
export const noteUnreadable =
  (
    unreadable: UnreadableFact[],
    explain: ExplainError,
    about: Pick<UnreadableFact, 'rule' | 'isMinor'> = {},
  ) =>
  async <Value>(what: string, read: () => Promise<Value>): Promise<Value | undefined> => {
    try {
      return await read();
    } catch (error) {
      // Once, however many things it was about.
      if (!unreadable.some((known) => known.what === what && known.rule === about.rule))
        unreadable.push({ what, because: explain(error), ...about });
      return undefined;
    }
  };
