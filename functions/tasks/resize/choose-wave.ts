import type * as z from 'zod/mini';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { missingGroupSecondsMax, resizeLookRoundsMax, resizePauseSeconds } from '../../domain/limits.ts';
import {
  decideWave,
  endsBecause,
  type WaveDecision,
  type WaveNeed,
  type WaveNews,
} from '../../domain/resize/decide-wave.ts';
import { type NextState, nextState, pauseSeconds } from '../../domain/resize/next-state.ts';
import type { StoredRunEnd } from '../../domain/resize/resize-facts.ts';
import { heldReservations, inFlight, type ResizeWork } from '../../domain/resize/resize-record.ts';
import { regionOf } from '../../domain/telling/commands.ts';
import { leftTodo, tellEnding, tellWaveNews } from '../../domain/telling/resize-sentences.ts';
import { secondsBetween } from '../../domain/times.ts';
import type { resizeRoundState } from '../../events/hold-state.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { findPausedScaling } from '../incidents/find-paused-scaling.ts';
import { createGroupNotes, createInstanceNotes } from '../incidents/note-group.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import { clientsFor, lookAtResize, type ResizeDependencies, type SeenResizeWork } from './look-at-resizes.ts';

/** What comes next, and how things stand. Everything about instances is in the table. */
export interface ChooseWaveResult {
  round: number;
  /** The next state of the state machine. */
  next: NextState | 'GiveUp';
  inFlight: number;
  waitSeconds: number;
  /** Steps that could not be taken since it was last waited: the others go first. */
  tried: string[];
}

/** A group that is gone takes its instances with it. */
const withoutGroup = (work: ResizeWork, now: string): ResizeWork => ({
  ...work,
  queue: [],
  endsBecause: work.endsBecause ?? { because: 'NO_SUCH_GROUP' },
  resizes: work.resizes.map((resize) =>
    resize.stage === 'ENDED' ? resize : { ...resize, stage: 'ENDED', stageAt: now, outcome: 'GONE' },
  ),
});

/** Steps that could not be taken since it was last waited; a wait clears them. */
const stepsTried = ({ round, step }: z.output<typeof resizeRoundState>): string[] => {
  if (step?.hasWaited === true) return [];
  const before = round?.tried ?? [];
  return step?.hasToWait === true && round?.next !== undefined ? [...before, round.next] : before;
};

/** One group in one round: as it was, and as it is to be. */
interface Look {
  name: string;
  looked: SeenResizeWork;
  decision: WaveDecision;
}

/**
 * Looks at every group of a resize, moves on what needs no call, begins the next wave when the last one is over, and
 * says which state comes next. What was decided is written before anything is done.
 */
export const createChooseWave = (dependencies: ResizeDependencies) => {
  const { killSwitch, store, clock, stageMode } = dependencies;

  const decide = (
    { looked }: Pick<Look, 'looked'>,
    incident: Incident,
    because: StoredRunEnd | undefined,
    mayBegin: boolean,
  ): WaveDecision => {
    const now = clock.now();
    if (looked.seen !== undefined) {
      const decision = decideWave(looked.seen, incident, because, mayBegin, now);
      const { missingSince: _missing, ...work } = decision.work;
      return { ...decision, work };
    }
    // One answer without the group proves nothing.
    const missingSince = looked.work.missingSince ?? now;
    if (secondsBetween(missingSince, now) < missingGroupSecondsMax) {
      return { work: { ...looked.work, missingSince }, needs: [{ waitsFor: 'Group' }], news: [] };
    }
    const work = withoutGroup(looked.work, now);
    const rest: WaveNeed = work.restoredAt === undefined ? 'RestoreGroup' : 'UpdateLaunchTemplate';
    const needs: WaveNeed[] = [heldReservations(work).length > 0 ? 'ReserveCapacity' : rest];
    const news = inFlight(looked.work).map(
      ({ instanceId }): WaveNews => ({ event: 'gone', instanceId, facts: { because: 'NO_SUCH_GROUP' } }),
    );
    return { work, needs, news };
  };

  const noteNews = (incidentId: string, { name, looked, decision }: Look, journal: JournalEntry[]): void => {
    const noteGroup = createGroupNotes(journal, clock, name);
    const todoFor = (instanceId: string): string[] => {
      const isInService = looked.seen?.seen.get(instanceId)?.lifecycleState === 'InService';
      return leftTodo(regionOf(incidentId), name, instanceId, isInService);
    };
    for (const news of decision.news) {
      const note =
        news.event === 'refused' ? noteGroup : createInstanceNotes(journal, clock, name, news.instanceId);
      const because = 'facts' in news ? news.facts.because : undefined;
      note(news.event, tellWaveNews(news), {
        ...(because === undefined ? {} : { because }),
        ...(news.event === 'left' ? { todo: todoFor(news.instanceId) } : {}),
      });
    }
    const { endsBecause: ends } = decision.work;
    if (ends !== undefined && looked.work.endsBecause === undefined) {
      noteGroup('resizes-no-further', tellEnding(ends));
    }
  };

  return async (state: z.output<typeof resizeRoundState>): Promise<ChooseWaveResult> => {
    const { incidentId } = state.plan;
    const round = state.round?.round ?? 1;
    const tried = stepsTried(state);
    const result = { round: round + 1, inFlight: 0, waitSeconds: resizePauseSeconds, tried };
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return { ...result, next: 'End' };
    if (round >= resizeLookRoundsMax) return { ...result, next: 'GiveUp' };
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    const clients = clientsFor(dependencies, incident.mode);
    const names = await store.readIncidentGroups(incidentId);
    const journal: JournalEntry[] = [];
    const needs: WaveNeed[] = [];

    const looks: { name: string; looked: SeenResizeWork }[] = [];
    for (const name of names) {
      try {
        const looked = await lookAtResize(clients, store, incidentId, name);
        if (looked !== undefined) looks.push({ name, looked });
      } catch (error) {
        createGroupNotes(
          journal,
          clock,
          name,
        )('failed', `cannot be looked at (${describeAwsError(error)}); tried again`);
        needs.push({ waitsFor: 'Group' });
      }
    }
    const paused = await findPausedScaling(store, await store.readGroups(names));
    // The first failure ends the run in every group.
    const because =
      endsBecause(incident, mode, round, paused, clock.now()) ??
      looks.find(({ looked }) => looked.seen !== undefined && looked.work.endsBecause !== undefined)?.looked
        .work.endsBecause;
    const mayBegin = mode !== undefined && needs.length === 0;
    const decideAll = (reason: StoredRunEnd | undefined): Look[] =>
      looks.map((look) => ({ ...look, decision: decide(look, incident, reason, mayBegin) }));
    const first = decideAll(because);
    const ended = first.find(
      ({ looked, decision }) => looked.seen !== undefined && decision.work.endsBecause !== undefined,
    )?.decision.work.endsBecause;
    const decisions = ended === undefined || because !== undefined ? first : decideAll(ended);

    for (const look of decisions) {
      noteNews(incidentId, look, journal);
      needs.push(...look.decision.needs);
      result.inFlight += inFlight(look.decision.work).length;
    }
    // Told before it is written: what ended is not looked at again, and must not be lost.
    await writeJournal(store, incidentId, journal);
    for (const { looked, decision } of decisions) {
      if (JSON.stringify(decision.work) !== JSON.stringify(looked.work)) {
        await store.writeResize({ ...looked.resize, work: decision.work });
      }
    }
    const next = nextState(needs, tried);
    return { ...result, next, waitSeconds: pauseSeconds(next) };
  };
};
