import type { Clock } from '../../clock.ts';
import type { Incident } from '../../domain/incident.ts';
import type { Store } from '../../state/store.ts';
import { changeLaunches } from '../launches/change-launches.ts';
import { writeJournal } from './emit-facts.ts';

/** Marks an incident as being given back, so that no function holds on for it. Doing it again changes nothing. */
export const beginRelease = async (
  store: Store,
  clock: Clock,
  incident: Incident,
  because: string,
): Promise<Incident> => {
  if (incident.status === 'RELEASING') return incident;
  const change = {
    status: 'RELEASING' as const,
    releasingSince: clock.now(),
    releasingBecause: because,
  };
  await store.changeIncident(incident.incidentId, change);
  await writeJournal(store, incident.incidentId, [{ at: clock.now(), event: 'releasing', text: because }]);
  return { ...incident, ...change };
};

/**
 * Closes an incident of which nothing is left. A breaker that a rule's incident leaves open is taken over by the next one
 * of that rule; one that a person's incident leaves is nobody's, and goes with it.
 */
export const closeIncident = async (store: Store, clock: Clock, incident: Incident): Promise<void> => {
  const { incidentId, drain, rule } = incident;
  if (drain !== undefined && rule === undefined) {
    for (const name of await store.readIncidentGroups(incidentId)) {
      await changeLaunches(store, name, (record) => {
        const { breaker, ...rest } = record;
        return breaker === undefined ? record : rest;
      });
    }
  }
  await store.closeIncident(incidentId);
  await writeJournal(store, incidentId, [
    { at: clock.now(), event: 'closed', text: 'everything was given back' },
  ]);
};
