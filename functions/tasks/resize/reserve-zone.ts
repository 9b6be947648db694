import { toReservation } from '../../domain/resize/plan-resize.ts';
import { type Resize, withResize } from '../../domain/resize/resize-record.ts';
import { withoutCapacity } from '../../domain/resize/without-capacity.ts';
import { tellFailure } from '../../domain/telling/resize-sentences.ts';
import { availableIn, changeWork, makeReservation, type ReservationWork } from './reservation-work.ts';

/**
 * Reservations made for one type and zone before another type is tried: an open one is open to everybody's running
 * instances of the type, and what they take is asked for again, twice as much each time.
 */
const attemptsMax = 7;

/** What asking for capacity of one type came to. */
type Reserved = 'held' | 'none' | 'unknown';

/**
 * Holds capacity of one type for the members of one zone. What was asked for before is looked at first; where its
 * places were taken, twice as much is asked for, once in each look.
 */
const reserveType = async (
  group: ReservationWork,
  members: Resize[],
  instanceType: string,
): Promise<Reserved> => {
  const { ec2, clock, incidentId, note } = group;
  let count = members.length;
  let available = 0;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const planned = toReservation(incidentId, members, instanceType, count, attempt, clock.now());
    // One that was written down by a function that died is asked for again as it was.
    const known = group.record.work?.reservations.find(
      ({ clientToken }) => clientToken === planned.clientToken,
    );
    if (known?.givenUpAt !== undefined) return 'none';
    const made = await makeReservation(group, known ?? planned, known !== undefined);
    if (typeof made === 'string') return made;
    const free = await availableIn(ec2, made);
    if (free === undefined) return 'unknown';
    available += free;
    if (available >= members.length) return 'held';
    count = (members.length - available) * 2 ** attempt;
    if (known !== undefined) continue;
    note(
      'reserved',
      `running instances took places of the reservation of ${instanceType} in ${members[0]?.availabilityZone}; ${members.length - available} more are needed`,
    );
    return 'unknown';
  }
  return 'none';
};

/**
 * Holds capacity for instances of one zone, down their list of types. Where there is none of any type, what is out of
 * service goes home, and nothing else of the kind is touched.
 *
 * @returns whether it is decided; if not, it is looked at again
 */
export const reserveZone = async (group: ReservationWork, members: Resize[]): Promise<boolean> => {
  for (const instanceType of members[0]?.candidates ?? []) {
    const reserved = await reserveType(group, members, instanceType);
    if (reserved === 'unknown') return false;
    if (reserved === 'none') continue;
    await changeWork(group, (work) =>
      members.reduce(
        (changed, { instanceId }) =>
          withResize(changed, instanceId, { isReserved: true, wantedType: instanceType }),
        work,
      ),
    );
    return true;
  }
  const { work } = group.record;
  if (work === undefined) return true;
  const decided = withoutCapacity(work, members, group.clock.now());
  await changeWork(group, () => decided.work);
  group.note(
    'refused',
    `${tellFailure(decided.failure)}: ${decided.untouched} instances there are not touched`,
  );
  return true;
};
