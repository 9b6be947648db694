import pRetry from 'p-retry';
import { StaleRecordError } from '../../domain/errors.ts';
import type { LaunchRecord } from '../../domain/launches/launch-record.ts';
import type { Store } from '../../state/store.ts';

/**
 * How writers that meet on one record make room for each other: each waits a random part of a time that doubles, so
 * that twenty are through within seconds.
 */
const backOff = { retries: 10, minTimeout: 50, maxTimeout: 2000, factor: 2, randomize: true };

/**
 * Changes what is remembered of a group's launches: read, changed, written if nobody else did meanwhile, else again
 * after a moment.
 *
 * @param change pure; a change that leaves the record as it is is not written
 * @returns the record as stored
 * @throws StaleRecordError when others changed it each time
 */
export const changeLaunches = (
  store: Store,
  autoScalingGroupName: string,
  change: (record: LaunchRecord) => LaunchRecord,
): Promise<LaunchRecord> =>
  pRetry(
    async () => {
      const [record] = await store.readLaunches([autoScalingGroupName]);
      if (record === undefined) throw new Error(`The store has no answer for ${autoScalingGroupName}`);
      const next = change(record);
      return next === record ? record : store.writeLaunches(next, record);
    },
    { ...backOff, shouldRetry: ({ error }) => error instanceof StaleRecordError },
  );

/**
 * Writes a record that was worked on, if it differs from what is stored.
 * @returns the record as stored; `undefined` when somebody else wrote it meanwhile and knows better
 */
export const writeLaunchesIfChanged = async (
  store: Store,
  stored: LaunchRecord,
  next: LaunchRecord,
): Promise<LaunchRecord | undefined> => {
  if (JSON.stringify(stored) === JSON.stringify(next)) return stored;
  try {
    return await store.writeLaunches(next, stored);
  } catch (error) {
    if (error instanceof StaleRecordError) return undefined;
    throw error;
  }
};
