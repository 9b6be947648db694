import type * as z from 'zod/mini';
import { secondsUntilClosable } from '../../domain/holds/seconds-until-closable.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { releaseRoundsMax } from '../../domain/limits.ts';
import { counted } from '../../domain/times.ts';
import type { releaseHoldState } from '../../events/hold-state.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { beginRelease, closeIncident } from '../incidents/end-incident.ts';
import type { GiveBackDependencies } from '../incidents/task-dependencies.ts';
import { giveBackGroups } from './give-back-groups.ts';

/**
 * - `WAIT`: look again after `waitSeconds`.
 * - `DONE`: everything was given back and seen to be so.
 * - `GIVE_UP`: what is left is left to the sweep, and to a person.
 */
export interface ReleaseHoldResult {
  round: number;
  action: 'WAIT' | 'DONE' | 'GIVE_UP';
  remaining: number;
  waitSeconds: number;
}

/**
 * Gives the groups of an incident back, a stage at each call. Neither the kill switch nor a stage whose mode was
 * lowered stops it: what was done live is undone live.
 */
export const createReleaseHold =
  ({ autoScaling, store, clock, newOwner }: GiveBackDependencies) =>
  async (state: z.output<typeof releaseHoldState>): Promise<ReleaseHoldResult> => {
    const { incidentId } = state.plan;
    const round = (state.release?.round ?? 0) + 1;
    const stored = await store.readIncident(incidentId);
    if (stored === undefined) return { round, action: 'DONE', remaining: 0, waitSeconds: 0 };
    const because =
      state.failure === undefined ? 'the hold ends' : `the execution failed: ${state.failure.Error}`;
    const incident = await beginRelease(store, clock, stored, because);
    const { remaining, refused, waitSeconds } = await giveBackGroups(
      { autoScaling: autoScaling(incident.mode), store, clock, newOwner },
      incident,
    );
    if (remaining > 0) {
      if (refused.length < remaining && round < releaseRoundsMax) {
        return { round, action: 'WAIT', remaining, waitSeconds };
      }
      // What no record holds any more was given back: only AWS could not be asked once more, and the sweep does that.
      const records = await store.readGroups(await store.readIncidentGroups(incidentId));
      const held = records.filter(({ holds }) => holds.some((hold) => hold.incidentId === incidentId)).length;
      if (held === 0) return { round, action: 'GIVE_UP', remaining: 0, waitSeconds: 0 };
      const text = `${counted(held, 'group')} could not be given back`;
      await writeJournal(store, incidentId, [
        { at: clock.now(), event: 'not-given-back', text },
        ...refused.map((entry): JournalEntry => ({ ...entry, event: 'not-given-back' })),
      ]);
      return { round, action: 'GIVE_UP', remaining: held, waitSeconds: 0 };
    }
    const closableIn = secondsUntilClosable(incident, clock.now());
    if (closableIn > 0) return { round, action: 'WAIT', remaining, waitSeconds: closableIn };
    await closeIncident(store, clock, incident);
    return { round, action: 'DONE', remaining, waitSeconds: 0 };
  };
