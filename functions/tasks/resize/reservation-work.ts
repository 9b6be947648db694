import { describeAwsError, isRefusal } from '../../aws/aws-error.ts';
import type { Ec2Resize, HeldCapacity } from '../../aws/ec2-resize.ts';
import type { Clock } from '../../clock.ts';
import { isLackOfCapacity } from '../../domain/resize/decide-resize-step.ts';
import { cancelReservationCall, reserveCall } from '../../domain/resize/resize-calls.ts';
import {
  type Reservation,
  type ResizeRecord,
  type ResizeWork,
  withReservation,
} from '../../domain/resize/resize-record.ts';
import type { Store } from '../../state/store.ts';
import type { Note } from '../incidents/note-group.ts';

/** One group while capacity is held for it. Its record is written as the work goes on. */
export interface ReservationWork {
  ec2: Ec2Resize;
  store: Store;
  clock: Clock;
  incidentId: string;
  note: Note;
  record: ResizeRecord;
}

/** Writes a change of the group's work. */
export const changeWork = async (
  group: ReservationWork,
  change: (work: ResizeWork) => ResizeWork,
): Promise<void> => {
  const { record, store } = group;
  if (record.work !== undefined)
    group.record = await store.writeResize({ ...record, work: change(record.work) });
};

const writeGivenUp = (group: ReservationWork, { clientToken }: Reservation): Promise<void> =>
  changeWork(group, (work) => withReservation(work, clientToken, { givenUpAt: group.clock.now() }));

/** Whether a reservation that could not be cancelled is held all the same; yes when that cannot be read. */
const isHeldStill = async (ec2: Ec2Resize, { clientToken }: Reservation): Promise<boolean> => {
  try {
    return (await ec2.describeReservation({ clientToken })) !== undefined;
  } catch (error) {
    describeAwsError(error);
    return true;
  }
};

/**
 * Gives up a reservation that nobody needs any more.
 *
 * @returns whether it is given up; if not, it is tried again
 */
export const giveUpReservation = async (
  group: ReservationWork,
  reservation: Reservation,
): Promise<boolean> => {
  const { ec2, clock, note } = group;
  const { clientToken, instanceType, availabilityZone } = reservation;
  try {
    const id =
      reservation.capacityReservationId ??
      (await ec2.describeReservation({ clientToken }))?.capacityReservationId;
    if (id !== undefined) await ec2.make(cancelReservationCall(id));
    await writeGivenUp(group, reservation);
    if (id !== undefined) {
      note('reserved', `the reservation ${id} of ${instanceType} in ${availabilityZone} is given up`, {
        calls: [cancelReservationCall(id)],
      });
    }
    return true;
  } catch (error) {
    // Refused: somebody cancelled it, or its end has come.
    const isOver =
      clock.now() > reservation.endsAt || (isRefusal(error) && !(await isHeldStill(ec2, reservation)));
    if (isOver) {
      await writeGivenUp(group, reservation);
      return true;
    }
    note(
      'failed',
      `the reservation of ${instanceType} in ${availabilityZone} cannot be given up (${describeAwsError(error)}); tried again. It ends by itself at ${reservation.endsAt}`,
    );
    return false;
  }
};

/**
 * Makes one reservation, written down before, or finds the one of its token.
 *
 * @param isKnown whether it is written down already, by a function that died or an earlier look
 * @returns what is held; `none` without capacity, `unknown` where AWS did not answer
 */
export const makeReservation = async (
  group: ReservationWork,
  reservation: Reservation,
  isKnown: boolean,
): Promise<HeldCapacity | 'none' | 'unknown'> => {
  const { ec2, note } = group;
  const { clientToken, instanceType, availabilityZone, count } = reservation;
  if (!isKnown) {
    await changeWork(group, (work) => ({ ...work, reservations: [...work.reservations, reservation] }));
  }
  const call = reserveCall(reservation);
  try {
    const made = await ec2.reserve(call);
    const { capacityReservationId } = made;
    if (reservation.capacityReservationId === undefined) {
      await changeWork(group, (work) => withReservation(work, clientToken, { capacityReservationId }));
      note(
        'reserved',
        `capacity for ${count} ${instanceType} in ${availabilityZone} is held by ${capacityReservationId}`,
        { calls: [call] },
      );
    }
    return made;
  } catch (error) {
    const text = describeAwsError(error);
    if (!isLackOfCapacity(error instanceof Error ? error.name : '') && !isRefusal(error)) {
      note(
        'failed',
        `capacity of ${instanceType} in ${availabilityZone} cannot be asked for now (${text}); tried again`,
      );
      return 'unknown';
    }
    // Refused this time, it may have been made before: then it is cancelled.
    if (!isKnown) await writeGivenUp(group, reservation);
    else if (!(await giveUpReservation(group, reservation))) return 'unknown';
    note('reserved', `no capacity of ${instanceType} in ${availabilityZone} (${text})`);
    return 'none';
  }
};

/** Places that are free in a reservation, read again; `undefined` when that is not known yet. */
export const availableIn = async (ec2: Ec2Resize, made: HeldCapacity): Promise<number | undefined> => {
  let held: HeldCapacity | undefined;
  try {
    held = await ec2.describeReservation({ id: made.capacityReservationId });
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  const { isPending, availableInstanceCount } = held ?? made;
  return isPending ? undefined : availableInstanceCount;
};
