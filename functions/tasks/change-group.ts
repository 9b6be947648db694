import type { AutoScaling } from '../aws/auto-scaling.ts';
import type { Clock } from '../clock.ts';
import { type GroupRecord, withoutLease } from '../domain/group-record.ts';
import type { AutoScalingCall } from '../domain/incident.ts';
import type { Store } from '../state/store.ts';

/** What changing one group needs. */
export interface GroupDependencies {
  autoScaling: AutoScaling;
  store: Store;
  clock: Clock;
  newOwner: () => string;
}

/** A change that was decided: what to write before, which calls to make, what to write after. */
export interface GroupChange {
  before: GroupRecord;
  calls: AutoScalingCall[];
  after: GroupRecord;
}

/**
 * Carries out a change: recorded under a lease before it is made, recorded as made after. When a call fails the
 * lease is given up, and the record still says what was meant, so that the next look can tell what to do.
 *
 * @throws StaleRecordError when somebody else changed the group since it was read; nothing was called then
 * @throws whatever a call throws
 */
export const changeGroup = async (
  store: Store,
  autoScaling: AutoScaling,
  change: GroupChange,
): Promise<void> => {
  if (change.calls.length === 0) {
    await store.writeGroup(change.after);
    return;
  }
  const leased = await store.writeGroup(change.before);
  try {
    for (const call of change.calls) await autoScaling.make(call);
  } catch (error) {
    await store.writeGroup(withoutLease(leased));
    throw error;
  }
  await store.writeGroup({ ...change.after, version: leased.version });
};
