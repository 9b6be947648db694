import { StaleRecordError } from '../domain/errors.ts';
import type { LaunchRecord } from '../domain/launch-record.ts';
import type { Store } from '../state/store.ts';

/** Tries before a record that somebody else keeps changing is left to the next look. */
const triesMax = 8;

/**
 * Changes what is remembered of a group's launches: read, changed, written if nobody else did meanwhile, else again.
 *
 * @param change pure; a change that leaves the record as it is is not written
 * @returns the record as stored
 * @throws StaleRecordError when others changed it each time
 */
export const changeLaunches = async (
  store: Store,
  autoScalingGroupName: string,
  change: (record: LaunchRecord) => LaunchRecord,
): Promise<LaunchRecord> => {
  for (let tries = 1; ; tries += 1) {
    const [record] = await store.readLaunches([autoScalingGroupName]);
    if (record === undefined) throw new Error(`The store has no answer for ${autoScalingGroupName}`);
    const next = change(record);
    if (next === record) return record;
    try {
      return await store.writeLaunches(next);
    } catch (error) {
      if (!(error instanceof StaleRecordError) || tries >= triesMax) throw error;
    }
  }
};

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
    return await store.writeLaunches(next);
  } catch (error) {
    if (error instanceof StaleRecordError) return undefined;
    throw error;
  }
};
