import type * as z from 'zod/mini';
import type { JournalEntry } from '../../domain/journal.ts';
import type { drainRoundState } from '../../events/hold-state.ts';
import { applyToGroup } from '../holds/apply-to-group.ts';
import { giveBackGroup } from '../holds/give-back-group.ts';
import { lookAtGroups, type SeenGroup } from '../holds/look-at-groups.ts';
import { setHoldTag } from '../holds/set-hold-tag.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';

/** What one round did. */
export interface TendBreakersResult {
  held: number;
  givenBack: number;
}

/**
 * Makes true in the groups what their breakers say: `Launch` is held where one is open, and given back where it
 * probes or has closed. The hold is the incident's own, beside whatever else holds the group.
 */
export const createTendBreakers =
  ({ autoScaling, killSwitch, store, clock, newOwner, stageMode }: TaskDependencies) =>
  async (state: z.output<typeof drainRoundState>): Promise<TendBreakersResult> => {
    const { incidentId } = state.plan;
    const result: TendBreakersResult = { held: 0, givenBack: 0 };
    const incident = await store.readIncident(incidentId);
    if (incident?.status !== 'HELD') return result;
    if ((await readModeOrUndefined(killSwitch, stageMode, incident.mode)) !== 'live') return result;

    const names = await store.readIncidentGroups(incidentId);
    const launches = new Map(
      (await store.readLaunches(names)).map((record) => [record.autoScalingGroupName, record]),
    );
    const records = await store.readGroups(names);
    const holdOf = ({ record }: Pick<SeenGroup, 'record'>) =>
      record.holds.find((hold) => hold.incidentId === incidentId);
    const isOpen = (name: string): boolean => launches.get(name)?.breaker?.state === 'OPEN';
    const concerned = records
      .filter((record) => isOpen(record.autoScalingGroupName) || holdOf({ record }) !== undefined)
      .map(({ autoScalingGroupName }) => autoScalingGroupName);

    const dependencies = { autoScaling: autoScaling('live'), store, clock, newOwner };
    for await (const page of lookAtGroups(dependencies, concerned)) {
      if ('unreadable' in page) continue;
      const journal: JournalEntry[] = [];
      for (const seen of page.seen) {
        const hold = holdOf(seen);
        // What is on its way back is given back to the end first; the next round holds anew.
        if (isOpen(seen.name) && (hold === undefined || hold.stage === 'HELD')) {
          const outcome = await applyToGroup(dependencies, incident, seen, journal);
          if (outcome === 'changed') result.held += 1;
          if (outcome === 'inForce') await setHoldTag(dependencies, incidentId, seen, journal);
        } else if (hold !== undefined) {
          const outcome = await giveBackGroup(dependencies, incident, seen, journal);
          if (outcome.done) result.givenBack += 1;
        }
      }
      await writeJournal(store, incidentId, journal);
    }
    return result;
  };
