import type * as z from 'zod/mini';
import { describeAwsError, isRefusal } from '../../aws/aws-error.ts';
import type { Ec2Resize, HeldCapacity } from '../../aws/ec2-resize.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { Mode } from '../../domain/mode.ts';
import { isLackOfCapacity, turnHome } from '../../domain/resize/decide-resize-step.ts';
import { isSpent } from '../../domain/resize/decide-wave.ts';
import { byZone, toReservation } from '../../domain/resize/plan-resize.ts';
import { cancelReservationCall, reserveCall } from '../../domain/resize/resize-calls.ts';
import {
  heldReservations,
  inFlight,
  type Reservation,
  type Resize,
  type ResizeRecord,
  type ResizeWork,
  withReservation,
  withResize,
} from '../../domain/resize/resize-record.ts';
import type { resizeRoundState } from '../../events/hold-state.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import type { Note } from '../incidents/note-group.ts';
import { createGroupNotes } from '../incidents/note-group.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import { clientsFor, lookAtResize, type ResizeClients, type ResizeDependencies } from './look-at-resizes.ts';
import type { ResizeStepResult } from './take-resize-step.ts';

/**
 * Reservations made for one type and zone before another type is tried: an open one is open to everybody's running
 * instances of the type, and what they take is asked for again, twice as much each time.
 */
const attemptsMax = 7;

/** What asking for capacity of one type came to. */
type Reserved = 'held' | 'none' | 'unknown';

/** Places that are free in a reservation, read again; `undefined` when that is not known yet. */
const availableIn = async (ec2: Ec2Resize, made: HeldCapacity): Promise<number | undefined> => {
  let held: HeldCapacity | undefined;
  try {
    held = await ec2.describeReservation({ id: made.capacityReservationId });
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  const { isPending, availableInstanceCount } = held ?? made;
  return isPending ? undefined : availableInstanceCount;
};

/**
 * Holds capacity for the instances that were chosen, a reservation per zone and type, down the list of types where
 * there is none; and gives up what is not needed any more. Each is written down before it is asked for. An instance
 * for which no capacity can be held is not touched.
 */
export const createReserveCapacity = (dependencies: ResizeDependencies) => {
  const { killSwitch, store, clock, stageMode } = dependencies;

  /** A record that is written as the work goes on. */
  const keeper = (first: ResizeRecord) => {
    let record = first;
    return {
      work: (): ResizeWork | undefined => record.work,
      change: async (change: (work: ResizeWork) => ResizeWork): Promise<void> => {
        if (record.work !== undefined)
          record = await store.writeResize({ ...record, work: change(record.work) });
      },
    };
  };
  type Keeper = ReturnType<typeof keeper>;

  /** Whether a reservation that could not be cancelled is held all the same; yes when that cannot be read. */
  const isHeldStill = async (ec2: Ec2Resize, { clientToken }: Reservation): Promise<boolean> => {
    try {
      return (await ec2.describeReservation({ clientToken })) !== undefined;
    } catch (error) {
      describeAwsError(error);
      return true;
    }
  };

  const giveUp = async (
    ec2: Ec2Resize,
    kept: Keeper,
    reservation: Reservation,
    note: Note,
  ): Promise<boolean> => {
    const { clientToken, instanceType, availabilityZone } = reservation;
    try {
      const id =
        reservation.capacityReservationId ??
        (await ec2.describeReservation({ clientToken }))?.capacityReservationId;
      if (id !== undefined) await ec2.make(cancelReservationCall(id));
      await kept.change((work) => withReservation(work, clientToken, { givenUpAt: clock.now() }));
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
        await kept.change((work) => withReservation(work, clientToken, { givenUpAt: clock.now() }));
        return true;
      }
      note(
        'failed',
        `the reservation of ${instanceType} in ${availabilityZone} cannot be given up (${describeAwsError(error)}); tried again. It ends by itself at ${reservation.endsAt}`,
      );
      return false;
    }
  };

  /** Makes one reservation, written down before, or finds the one of its token. */
  const makeReservation = async (
    ec2: Ec2Resize,
    kept: Keeper,
    reservation: Reservation,
    isKnown: boolean,
    note: Note,
  ): Promise<HeldCapacity | 'none' | 'unknown'> => {
    const { clientToken, instanceType, availabilityZone, count } = reservation;
    if (!isKnown) {
      await kept.change((work) => ({ ...work, reservations: [...work.reservations, reservation] }));
    }
    const call = reserveCall(reservation);
    try {
      const made = await ec2.reserve(call);
      const { capacityReservationId } = made;
      if (reservation.capacityReservationId === undefined) {
        await kept.change((work) => withReservation(work, clientToken, { capacityReservationId }));
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
      await kept.change((work) => withReservation(work, clientToken, { givenUpAt: clock.now() }));
      note('reserved', `no capacity of ${instanceType} in ${availabilityZone} (${text})`);
      return 'none';
    }
  };

  /**
   * Holds capacity of one type for the members of one zone. What was asked for before is looked at first; where its
   * places were taken, twice as much is asked for, once in each look.
   */
  const reserveType = async (
    ec2: Ec2Resize,
    kept: Keeper,
    incidentId: string,
    members: Resize[],
    instanceType: string,
    note: Note,
  ): Promise<Reserved> => {
    let count = members.length;
    let available = 0;
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const planned = toReservation(incidentId, members, instanceType, count, attempt, clock.now());
      // One that was written down by a function that died is asked for again as it was.
      const known = kept.work()?.reservations.find(({ clientToken }) => clientToken === planned.clientToken);
      if (known?.givenUpAt !== undefined) return 'none';
      const made = await makeReservation(ec2, kept, known ?? planned, known !== undefined, note);
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

  const reserveZone = async (
    ec2: Ec2Resize,
    kept: Keeper,
    incidentId: string,
    members: Resize[],
    note: Note,
  ): Promise<boolean> => {
    for (const instanceType of members[0]?.candidates ?? []) {
      const reserved = await reserveType(ec2, kept, incidentId, members, instanceType, note);
      if (reserved === 'unknown') return false;
      if (reserved === 'held') {
        await kept.change((work) =>
          members.reduce(
            (changed, { instanceId }) =>
              withResize(changed, instanceId, { isReserved: true, wantedType: instanceType }),
            work,
          ),
        );
        return true;
      }
    }
    const [first] = members;
    const isAlike = ({
      availabilityZone,
      platform,
      candidates,
    }: Resize | ResizeWork['queue'][number]): boolean =>
      availabilityZone === first?.availabilityZone &&
      platform === first.platform &&
      candidates.join() === first.candidates.join();
    const others = kept.work()?.queue.filter(isAlike).length ?? 0;
    const reason = `no capacity of ${first?.candidates.join(' or ')} can be held in ${first?.availabilityZone}`;
    await kept.change((work) => ({
      ...members.reduce(
        (changed, { instanceId, hasEntered, originalType }) =>
          withResize(
            changed,
            instanceId,
            hasEntered
              ? turnHome(reason, originalType, clock.now())
              : { stage: 'ENDED', stageAt: clock.now(), outcome: 'UNTOUCHED', failure: reason },
          ),
        work,
      ),
      queue: work.queue.filter((candidate) => !isAlike(candidate)),
    }));
    note('refused', `${reason}: ${members.length + others} instances there are not touched`);
    return true;
  };

  /** Gives up what one group does not need any more, and holds what it needs. */
  const reserveInGroup = async (
    { ec2, ...others }: ResizeClients,
    { incidentId, status }: Incident,
    mode: Mode | undefined,
    name: string,
    result: ResizeStepResult,
    journal: JournalEntry[],
  ): Promise<void> => {
    const looked = await lookAtResize({ ec2, ...others }, store, incidentId, name);
    if (looked === undefined) return;
    const { work, seen } = looked;
    const kept = keeper(looked.resize);
    const note = createGroupNotes(journal, clock, name);
    for (const reservation of heldReservations(work)) {
      if (!isSpent(reservation.instanceIds, work, seen?.seen ?? new Map())) continue;
      if (await giveUp(ec2, kept, reservation, note)) result.taken += 1;
      else result.hasToWait = true;
    }
    const waiting = inFlight(work).filter(
      ({ stage, isReserved, direction }) =>
        (stage === 'CHOSEN' || stage === 'ENTERING') && !isReserved && direction === 'FORWARD',
    );
    if (waiting.length > 0 && (mode !== 'live' || status !== 'HELD')) {
      result.hasToWait = true;
      return;
    }
    for (const members of byZone(waiting)) {
      if (await reserveZone(ec2, kept, incidentId, members, note)) result.taken += 1;
      else result.hasToWait = true;
    }
  };

  return async (state: z.output<typeof resizeRoundState>): Promise<ResizeStepResult> => {
    const { incidentId } = state.plan;
    const result: ResizeStepResult = { taken: 0, hasToWait: false };
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return result;
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    const clients = clientsFor(dependencies, incident.mode);
    for (const name of await store.readIncidentGroups(incidentId)) {
      const journal: JournalEntry[] = [];
      try {
        await reserveInGroup(clients, incident, mode, name, result, journal);
      } catch (error) {
        createGroupNotes(journal, clock, name)('failed', `${describeAwsError(error)}; tried again`);
        result.hasToWait = true;
      }
      await writeJournal(store, incidentId, journal);
    }
    return result;
  };
};
