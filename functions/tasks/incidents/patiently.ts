import pRetry from 'p-retry';
import { isThrottling } from '../../aws/aws-error.ts';

/** Pause before what AWS throttled is tried again, twice as long each time. */
const throttledPauseSeconds = 15;

/**
 * Does what AWS may throttle, and tries that again after a while: where a large fleet is being held, all calls that the
 * account allows are taken for minutes.
 *
 * @param isInTime whether there is time to begin something so many seconds from now
 * @throws what the work throws, once there is no time or it was tried four times
 */
export const patiently = <Result>(
  work: () => Promise<Result>,
  isInTime: (inSeconds: number) => boolean,
): Promise<Result> =>
  pRetry(work, {
    retries: 3,
    minTimeout: throttledPauseSeconds * 1000,
    shouldRetry: ({ error, attemptNumber }) =>
      isThrottling(error) && isInTime(throttledPauseSeconds * 2 ** (attemptNumber - 1)),
  });
