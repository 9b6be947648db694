import { describe, expect, it } from 'vitest';
import type { Ec2Resize } from '../../../functions/aws/ec2-resize.ts';
import type { JournalEntry } from '../../../functions/domain/journal.ts';
import { toReservation } from '../../../functions/domain/resize/plan-resize.ts';
import type { Reservation } from '../../../functions/domain/resize/resize-record.ts';
import { createGroupNotes } from '../../../functions/tasks/incidents/note-group.ts';
import { makeReservation, type ReservationWork } from '../../../functions/tasks/resize/reservation-work.ts';
import { createMemoryStore } from '../../../rehearsal/memory-store.ts';
import { later, now } from '../../domain/holds/group-fixtures.ts';
import { aResize, someWork } from '../../domain/resize/resize-fixtures.ts';

const denied = () =>
  Object.assign(new Error('not authorized'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });

const capacityReservationId = 'cr-1';
const planned = toReservation('incident-a', [aResize()], 'm7i.xlarge', 1, 1, now);

/** EC2 that refuses to reserve, and to cancel where that is asked for, and holds what it held before. */
const createWork = async (reservation: Reservation, isHeld: boolean, mayCancel: boolean) => {
  const store = createMemoryStore();
  const made: string[] = [];
  const ec2 = {
    reserve: async () => {
      throw denied();
    },
    describeReservation: async () =>
      isHeld ? { capacityReservationId, availableInstanceCount: 1, isPending: false } : undefined,
    make: async ({ operation }) => {
      made.push(operation);
      if (!mayCancel) throw denied();
    },
  } as Partial<Ec2Resize> as Ec2Resize;
  const record = await store.writeResize({
    autoScalingGroupName: 'web',
    version: 0,
    work: someWork({ reservations: [reservation] }),
  });
  const journal: JournalEntry[] = [];
  const clock = { now: () => later(60) };
  const note = createGroupNotes(journal, clock, 'web');
  const work: ReservationWork = { ec2, store, clock, incidentId: 'incident-a', note, record };
  const isGivenUp = () =>
    work.record.work?.reservations.map(({ givenUpAt }) => givenUpAt !== undefined) ?? [];
  return { work, made, journal, isGivenUp };
};

describe('a reservation that EC2 refuses to make', () => {
  it('is given up without a call where it was never asked for before', async () => {
    const { work, made, isGivenUp } = await createWork(planned, true, true);
    expect(await makeReservation(work, planned, false)).toBe('none');
    expect(made).toEqual([]);
    // Written down once more, as what is not known yet is.
    expect(isGivenUp()).toContain(true);
  });

  it.each([
    ['is cancelled where it was made before', { capacityReservationId }, true, true, 'none', true],
    ['is cancelled where whoever made it died before writing so', {}, true, true, 'none', true],
    ['is given up where there is none', {}, false, true, 'none', true],
    ['stays, and is tried again, while it cannot be cancelled', {}, true, false, 'unknown', false],
  ] as const)('%s', async (_what, known, isHeld, mayCancel, expected, isOver) => {
    const reservation = { ...planned, ...known };
    const { work, made, journal, isGivenUp } = await createWork(reservation, isHeld, mayCancel);
    expect(await makeReservation(work, reservation, true)).toBe(expected);
    expect(made).toEqual(isHeld ? ['CancelCapacityReservation'] : []);
    expect(isGivenUp()).toEqual([isOver]);
    expect(journal.at(-1)?.text).toContain(isOver ? 'no capacity of m7i.xlarge' : 'cannot be given up');
  });
});
