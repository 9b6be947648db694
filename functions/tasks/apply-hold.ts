import pMap from 'p-map';
import type * as z from 'zod/mini';
import type { AutoScaling } from '../aws/auto-scaling.ts';
import type { KillSwitch } from '../aws/systems-manager.ts';
import type { Clock } from '../clock.ts';
import { decideApply } from '../domain/decide-apply.ts';
import type { Incident, JournalEntry } from '../domain/incident.ts';
import { changeBudgetSeconds, groupsAtOnce, soonSeconds } from '../domain/limits.ts';
import type { Mode } from '../domain/mode.ts';
import { secondsBetween } from '../domain/times.ts';
import type { applyHoldState } from '../events/hold-state.ts';
import type { Store } from '../state/store.ts';
import { describeAwsError } from './aws-error.ts';
import { changeGroup } from './change-group.ts';
import { lookAtGroups, type SeenGroup } from './look-at-groups.ts';
import { createGroupNotes } from './note-group.ts';
import { readModeOrUndefined } from './read-mode.ts';

/** What ApplyHold needs. */
export interface ApplyHoldDependencies {
  autoScaling: (mode: Mode) => AutoScaling;
  killSwitch: KillSwitch;
  store: Store;
  clock: Clock;
  newOwner: () => string;
  stageMode: Mode;
}

/** What one round found, in numbers. Everything else is in the journal. */
export interface ApplyHoldResult {
  round: number;
  changed: number;
  inForce: number;
  /** Failed, busy, not in force yet, or not reached: looked at again next round. */
  unfinished: number;
  gone: number;
  refused: number;
  /** Why nothing was done, when nothing was. */
  idleBecause?: string;
  waitSeconds: number;
}

/** Rounds in which unfinished groups are looked at again soon; after that at the hold's own pace. */
const soonRounds = 10;

type GroupOutcome = 'changed' | 'inForce' | 'unfinished' | 'gone' | 'refused';

/**
 * Brings every group of the incident to its wanted state, and looks whether it is there. Running it again is
 * harmless. One group that fails never stops the others and is tried again in the next round.
 */
export const createApplyHold = (dependencies: ApplyHoldDependencies) => {
  const { killSwitch, store, clock, newOwner, stageMode } = dependencies;

  const applyToGroup = async (
    autoScaling: AutoScaling,
    incident: Incident,
    seen: SeenGroup,
    journal: JournalEntry[],
  ): Promise<GroupOutcome> => {
    const note = createGroupNotes(journal, clock, seen.name);
    const decision = decideApply(incident, seen.group, seen.record, newOwner(), clock.now());
    switch (decision.action) {
      case 'IN_FORCE':
        return 'inForce';
      case 'UNVERIFIED':
      case 'BUSY':
        return 'unfinished';
      case 'GONE':
        return 'gone';
      case 'REFUSE':
        return 'refused';
      case 'WRITE':
        try {
          await changeGroup(store, autoScaling, decision);
        } catch (error) {
          note('failed', `${describeAwsError(error)}; tried again in the next round`, decision.calls);
          return 'unfinished';
        }
        if (decision.newlyOverridden.length > 0) {
          note(
            'overridden',
            `a person resumed ${decision.newlyOverridden.join(', ')} meanwhile; left alone from now on`,
          );
        }
        if (decision.calls.length > 0) note('held', `held: ${decision.reason}`, decision.calls);
        return decision.calls.length > 0 ? 'changed' : 'inForce';
    }
  };

  return async (state: z.output<typeof applyHoldState>): Promise<ApplyHoldResult> => {
    const { incidentId } = state.plan;
    const round = state.check?.round ?? 1;
    const startedAt = clock.now();
    const counts: Record<GroupOutcome, number> = {
      changed: 0,
      inForce: 0,
      unfinished: 0,
      gone: 0,
      refused: 0,
    };
    const incident = await store.readIncident(incidentId);
    const idle = (idleBecause: string, waitSeconds = soonSeconds): ApplyHoldResult => ({
      round,
      ...counts,
      idleBecause,
      waitSeconds,
    });
    if (incident?.status !== 'HELD') return idle('the incident is not held any more');
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    if (mode === undefined) {
      return idle('the kill switch cannot be read', incident.settings.checkEverySeconds);
    }
    if (mode !== 'live') return idle(`the mode is ${mode}`);

    const autoScaling = dependencies.autoScaling(mode);
    const names = await store.readIncidentGroups(incidentId);
    const isInTime = () => secondsBetween(startedAt, clock.now()) < changeBudgetSeconds;
    for await (const page of lookAtGroups(store, autoScaling, names)) {
      const journal: JournalEntry[] = [];
      if ('unreadable' in page) {
        counts.unfinished += page.names.length;
        journal.push({
          at: clock.now(),
          event: 'failed',
          message: `${page.names.length} groups cannot be read (${page.unreadable}); tried again in the next round`,
        });
      } else if (!isInTime() || (await store.readIncident(incidentId))?.status !== 'HELD') {
        counts.unfinished += page.names.length;
      } else {
        const outcomes = await pMap(
          page.seen,
          (seen) => (isInTime() ? applyToGroup(autoScaling, incident, seen, journal) : 'unfinished'),
          { concurrency: groupsAtOnce, stopOnError: false },
        );
        for (const outcome of outcomes) counts[outcome] += 1;
      }
      if (journal.length > 0) await store.appendJournal(incidentId, journal);
    }
    const isSettled = counts.unfinished === 0 && counts.changed === 0;
    return {
      round,
      ...counts,
      waitSeconds:
        isSettled || round > soonRounds
          ? incident.settings.checkEverySeconds
          : Math.min(soonSeconds, incident.settings.checkEverySeconds),
    };
  };
};
