import type { AutoScaling } from '../../aws/auto-scaling.ts';
import { isRefusedAtOnce } from '../../aws/aws-error.ts';
import type { Clock } from '../../clock.ts';
import type { AutoScalingCall } from '../../domain/calls.ts';
import { acceptedAt, afterFailure, type GroupRecord, type Setting } from '../../domain/holds/group-record.ts';
import type { Store } from '../../state/store.ts';

/** What changing one group needs. */
export interface GroupDependencies {
  autoScaling: AutoScaling;
  store: Store;
  clock: Clock;
  newOwner: () => string;
}

/** A change that was decided: what to write before, which calls to make, what to write after. */
export interface GroupChange {
  /** When it was decided; what the records say to have happened then is written with the time at which it did. */
  decidedAt: string;
  before: GroupRecord;
  calls: AutoScalingCall[];
  after: GroupRecord;
  /** Settings that are surely not in force if AWS refuses the first call. */
  refusable?: ReadonlySet<Setting>;
}

/**
 * Carries out a change: recorded under a lease before it is made, recorded as made after. When a call fails the
 * lease is given up, and the record still says what was meant, so that the next look can tell what to do. A call may
 * wait for its turn: what counts is when AWS accepted it, or refused it, and not when it was decided.
 *
 * @param onAccepted called after each call that AWS accepted
 * @throws StaleRecordError when somebody else changed the group since it was read; nothing was called then
 * @throws whatever a call throws
 */
export const changeGroup = async (
  { store, autoScaling, clock }: Pick<GroupDependencies, 'store' | 'autoScaling' | 'clock'>,
  change: GroupChange,
  onAccepted: (call: AutoScalingCall) => void = () => {},
): Promise<void> => {
  if (change.calls.length === 0) {
    await store.writeGroup(change.after);
    return;
  }
  const leased = await store.writeGroup(change.before);
  let accepted = 0;
  try {
    for (const call of change.calls) {
      await autoScaling.make(call);
      accepted += 1;
      onAccepted(call);
    }
  } catch (error) {
    const refused = accepted === 0 && isRefusedAtOnce(error) ? change.refusable : undefined;
    await store.writeGroup(afterFailure(leased, change.decidedAt, clock.now(), refused));
    throw error;
  }
  const after = acceptedAt(change.after, change.decidedAt, clock.now());
  await store.writeGroup({ ...after, version: leased.version });
};
