import type { Store } from '../../state/store.ts';
import { groupsOfOpenIncidents } from './groups-of-open-incidents.ts';

/**
 * The groups that open incidents protect until their launches succeed. A hold that an alarm or a person began does not
 * count: it may end before they do.
 *
 * @param own an incident that does not count either: of who asks
 */
export const groupsProtected = (store: Store, own?: string): Promise<Set<string>> =>
  groupsOfOpenIncidents(
    store,
    ({ incidentId, settings, untilLaunchesSucceed, alarm, status }) =>
      incidentId !== own &&
      settings.effect.protectsInstances &&
      untilLaunchesSucceed === true &&
      alarm === undefined &&
      status === 'HELD',
  );

/** Those of the groups that are not among them. */
export const findUnprotected = async (store: Store, names: string[], own?: string): Promise<string[]> => {
  const covered = await groupsProtected(store, own);
  return names.filter((name) => !covered.has(name));
};
