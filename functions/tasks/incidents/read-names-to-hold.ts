import type { Incident } from '../../domain/incident.ts';
import { isResizedBy } from '../../domain/resize/resize-record.ts';
import type { Store } from '../../state/store.ts';

/** The groups of an incident; of a resize those that are being resized, not those that it refused or is done with. */
export const readNamesToHold = async (store: Store, { incidentId, resize }: Incident): Promise<string[]> => {
  const names = await store.readIncidentGroups(incidentId);
  if (resize === undefined) return names;
  return (await store.readResizes(names))
    .filter(({ work }) => isResizedBy(work, incidentId))
    .map(({ autoScalingGroupName }) => autoScalingGroupName);
};
