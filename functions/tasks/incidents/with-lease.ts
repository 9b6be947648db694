import type { Clock } from '../../clock.ts';
import { StaleRecordError } from '../../domain/errors.ts';
import { afterLease, isLeased, withoutLease } from '../../domain/holds/group-record.ts';
import { leaseSeconds } from '../../domain/limits.ts';
import { addSeconds } from '../../domain/times.ts';
import type { Store } from '../../state/store.ts';

/**
 * Does work on a group under its lease, so that no other task of ours changes the group meanwhile. The lease is given
 * up whatever becomes of the work.
 *
 * @returns what the work returned; `undefined` when somebody else has the lease, and nothing was done
 */
export const withLease = async <Result>(
  { store, clock, newOwner }: { store: Store; clock: Clock; newOwner: () => string },
  autoScalingGroupName: string,
  work: () => Promise<Result>,
): Promise<Result | undefined> => {
  const [record] = await store.readGroups([autoScalingGroupName]);
  const now = clock.now();
  if (record === undefined || isLeased(record, now)) return undefined;
  const lease = { owner: newOwner(), expiresAt: addSeconds(now, leaseSeconds) };
  let leased: typeof record;
  try {
    leased = await store.writeGroup({ ...afterLease(record, now), lease });
  } catch (error) {
    if (error instanceof StaleRecordError) return undefined;
    throw error;
  }
  try {
    return await work();
  } finally {
    await store.writeGroup(withoutLease(leased));
  }
};
