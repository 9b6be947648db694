import type * as z from 'zod/mini';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { isSpent } from '../../domain/resize/decide-wave.ts';
import { byZone } from '../../domain/resize/plan-resize.ts';
import { heldReservations, inFlight } from '../../domain/resize/resize-record.ts';
import type { resizeRoundState } from '../../events/hold-state.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import type { Note } from '../incidents/note-group.ts';
import { createGroupNotes } from '../incidents/note-group.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import type { ResizeClients } from './look-at-resizes.ts';
import { clientsFor, lookAtResize, type ResizeDependencies } from './look-at-resizes.ts';
import { giveUpReservation, type ReservationWork } from './reservation-work.ts';
import { reserveZone } from './reserve-zone.ts';
import type { ResizeStepResult } from './resize-step-result.ts';

/** What is the same for every group of a round, and what the round came to so far. */
interface Round {
  incident: Incident;
  clients: ResizeClients;
  /** Whether new things may begin. */
  mayReserve: boolean;
  result: ResizeStepResult;
}

const count = (result: ResizeStepResult, isDone: boolean): void => {
  if (isDone) result.taken += 1;
  else result.hasToWait = true;
};

/**
 * Holds capacity for the instances that were chosen, a reservation per zone and type, down the list of types where
 * there is none; and gives up what is not needed any more. Each is written down before it is asked for. An instance
 * for which no capacity can be held is not touched.
 */
export const createReserveCapacity = (dependencies: ResizeDependencies) => {
  const { killSwitch, store, clock, stageMode } = dependencies;

  /** Gives up what one group does not need any more, and holds what it needs. */
  const reserveInGroup = async (round: Round, name: string, note: Note): Promise<void> => {
    const { clients, mayReserve, result } = round;
    const { incidentId } = round.incident;
    const looked = await lookAtResize(clients, store, incidentId, name);
    if (looked === undefined) return;
    const { work, seen, resize: record } = looked;
    const group: ReservationWork = { ec2: clients.ec2, store, clock, incidentId, note, record };
    for (const reservation of heldReservations(work)) {
      if (!isSpent(reservation.instanceIds, work, seen?.seen ?? new Map())) continue;
      count(result, await giveUpReservation(group, reservation));
    }
    const waiting = inFlight(work).filter(
      ({ stage, isReserved, direction }) =>
        ['CHOSEN', 'ENTERING', 'STOPPING'].includes(stage) && !isReserved && direction === 'FORWARD',
    );
    if (waiting.length > 0 && !mayReserve) {
      result.hasToWait = true;
      return;
    }
    for (const members of byZone(waiting)) count(result, await reserveZone(group, members));
  };

  return async (state: z.output<typeof resizeRoundState>): Promise<ResizeStepResult> => {
    const { incidentId } = state.plan;
    const result: ResizeStepResult = { taken: 0, hasToWait: false };
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return result;
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    const clients = clientsFor(dependencies, incident.mode);
    const mayReserve = mode === 'live' && incident.status === 'HELD';
    for (const name of await store.readIncidentGroups(incidentId)) {
      const journal: JournalEntry[] = [];
      const note = createGroupNotes(journal, clock, name);
      try {
        await reserveInGroup({ incident, clients, mayReserve, result }, name, note);
      } catch (error) {
        note('failed', `${describeAwsError(error)}; tried again`);
        result.hasToWait = true;
      }
      await writeJournal(store, incidentId, journal);
    }
    // Whatever asked for it: a visit that did nothing is not to be repeated at once.
    if (result.taken === 0) result.hasToWait = true;
    return result;
  };
};
