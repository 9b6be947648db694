import type { Incident } from '../../domain/incident.ts';
import type { Store } from '../../state/store.ts';

/** Names of the groups that belong to those of the open incidents that `isMeant` picks, each once. */
export const groupsOfOpenIncidents = async (
  store: Store,
  isMeant: (incident: Incident) => boolean,
): Promise<Set<string>> => {
  const names = new Set<string>();
  for (const { incidentId } of (await store.listOpenIncidents()).filter(isMeant)) {
    for (const name of await store.readIncidentGroups(incidentId)) names.add(name);
  }
  return names;
};
