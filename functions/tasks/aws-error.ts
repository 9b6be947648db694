import { StaleRecordError } from '../domain/errors.ts';

/**
 * Says what went wrong in a call to AWS, or to the store, that may go well the next time. Anything else is a
 * mistake of ours and is thrown on.
 *
 * The SDK marks what a service answered with `$metadata`, and what the network did with a `code`.
 */
export const describeAwsError = (error: unknown): string => {
  if (error instanceof StaleRecordError) return error.message;
  if (error instanceof Error && ('$metadata' in error || 'code' in error)) {
    return `${error.name}: ${error.message}`;
  }
  throw error;
};
