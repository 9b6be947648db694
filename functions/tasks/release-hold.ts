import type * as z from 'zod';
import type { AutoScaling } from '../aws/auto-scaling.ts';
import type { Clock } from '../clock.ts';
import { releaseRoundsMax } from '../domain/limits.ts';
import { lowestMode, type Mode } from '../domain/mode.ts';
import type { releaseHoldState } from '../events/hold-state.ts';
import type { Store } from '../state/store.ts';
import { giveBackGroups } from './give-back-groups.ts';

/** What ReleaseHold needs. */
export interface ReleaseHoldDependencies {
  autoScaling: (mode: Mode) => AutoScaling;
  store: Store;
  clock: Clock;
  newOwner: () => string;
  stageMode: Mode;
}

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
 * Gives the groups of an incident back, a stage at each call. The kill switch does not stop it: what was done live
 * is undone live.
 */
export const createReleaseHold =
  ({ autoScaling, store, clock, newOwner, stageMode }: ReleaseHoldDependencies) =>
  async (state: z.output<typeof releaseHoldState>): Promise<ReleaseHoldResult> => {
    const { incidentId } = state.plan;
    const round = (state.release?.round ?? 0) + 1;
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return { round, action: 'DONE', remaining: 0, waitSeconds: 0 };
    if (incident.status === 'HELD') {
      const because =
        state.failure === undefined ? 'the hold ends' : `the execution failed: ${state.failure.Error}`;
      await store.changeIncident(incidentId, {
        status: 'RELEASING',
        releasingSince: clock.now(),
        releasingBecause: because,
      });
      await store.appendJournal(incidentId, [{ at: clock.now(), event: 'releasing', message: because }]);
    }
    const { remaining, refused, waitSeconds } = await giveBackGroups(
      { autoScaling: autoScaling(lowestMode(stageMode, incident.mode)), store, clock, newOwner },
      incident,
    );
    if (remaining === 0) {
      await store.closeIncident(incidentId);
      await store.appendJournal(incidentId, [
        { at: clock.now(), event: 'closed', message: 'everything was given back' },
      ]);
      return { round, action: 'DONE', remaining, waitSeconds: 0 };
    }
    const isHopeless = refused === remaining || round >= releaseRoundsMax;
    return { round, action: isHopeless ? 'GIVE_UP' : 'WAIT', remaining, waitSeconds };
  };
