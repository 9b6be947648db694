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

/** Whether AWS refused a call for fifty instances because one of them is not in service any more. */
export const isInstanceNotInService = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ValidationError' && error.message.includes('is not in InService');

/**
 * Whether a lifecycle action was completed, or had timed out, before the call came. AWS has no error of its own for
 * it (seen: "No active Lifecycle Action found with instance ID i-…", and the same with a token).
 */
export const isNoActiveLifecycleAction = (error: unknown): boolean =>
  error instanceof Error &&
  error.name.startsWith('Validation') &&
  error.message.includes('No active Lifecycle Action found');

/** Whether AWS refused a call because there were too many of them: it may be made again later. */
export const isThrottling = (error: unknown): boolean =>
  error instanceof Error && /Throttl|RequestLimitExceeded|TooMany/.test(error.name);

/** Whether AWS refused what was asked at the first try, so that nothing of it was carried out. */
export const isRefusedAtOnce = (error: unknown): boolean =>
  isRefusal(error) && (error as { $metadata: { attempts?: number } }).$metadata.attempts === 1;

/**
 * Whether AWS refused what was asked: an answer of the class 4xx that is not about too many calls. Everything else,
 * its own errors and silences included, says nothing about what was asked.
 */
export const isRefusal = (error: unknown): boolean => {
  if (!(error instanceof Error) || !('$metadata' in error)) return false;
  const { httpStatusCode = 0 } = error.$metadata as { httpStatusCode?: number };
  return httpStatusCode >= 400 && httpStatusCode < 500 && !isThrottling(error);
};
