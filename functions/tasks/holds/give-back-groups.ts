import pMap from 'p-map';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { changeBudgetSeconds, groupsAtOnce, soonSeconds } from '../../domain/limits.ts';
import { secondsBetween } from '../../domain/times.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import type { GroupDependencies } from './change-group.ts';
import { type GiveBackOutcome, giveBackGroup } from './give-back-group.ts';
import { lookAtGroups } from './look-at-groups.ts';
import { createReadScalingFacts } from './read-scaling-facts.ts';

/** What one look at all groups of an incident that ends led to. */
export interface GiveBackResult {
  /** Groups in which something of the incident is left. */
  remaining: number;
  /** Of these, groups that only a person can give back, with the reason. */
  refused: JournalEntry[];
  waitSeconds: number;
}

/**
 * Takes every group of an incident one stage further on its way back. Called until nothing remains, by the state
 * machine or by the sweep; both at once is harmless.
 *
 * @param startedAt when the function began, so that several calls of one function share its time
 */
export const giveBackGroups = async (
  dependencies: GroupDependencies,
  incident: Incident,
  startedAt: string = dependencies.clock.now(),
): Promise<GiveBackResult> => {
  const { autoScaling, store, clock } = dependencies;
  const { incidentId } = incident;
  const isInTime = () => secondsBetween(startedAt, clock.now()) < changeBudgetSeconds;

  let remaining = 0;
  const refused: JournalEntry[] = [];
  const waits: number[] = [];
  const names = await store.readIncidentGroups(incidentId);
  const readScalingFacts = createReadScalingFacts(autoScaling, names.length);
  for await (const page of lookAtGroups({ store, autoScaling, clock }, names)) {
    const journal: JournalEntry[] = [];
    if ('unreadable' in page) {
      remaining += page.names.length;
      waits.push(soonSeconds);
      journal.push({
        at: clock.now(),
        event: 'failed',
        text: `${page.names.length} groups cannot be read (${page.unreadable}); tried again`,
      });
    } else {
      const outcomes = await pMap(
        page.seen,
        (seen): Promise<GiveBackOutcome> | GiveBackOutcome =>
          isInTime()
            ? giveBackGroup(dependencies, incident, seen, journal, readScalingFacts)
            : { done: false, waitSeconds: soonSeconds },
        { concurrency: groupsAtOnce, stopOnError: false },
      );
      for (const outcome of outcomes) {
        if (outcome.done) continue;
        remaining += 1;
        if ('refused' in outcome) refused.push(outcome.refused);
        else waits.push(outcome.waitSeconds);
      }
    }
    await writeJournal(store, incidentId, journal);
  }
  return { remaining, refused, waitSeconds: Math.max(soonSeconds, Math.min(...waits, 600)) };
};
