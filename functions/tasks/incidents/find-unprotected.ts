import type { Store } from '../../state/store.ts';
import { groupsOfOpenIncidents } from './groups-of-open-incidents.ts';

/**
 * Those of the groups that no open incident protects until their launches succeed. A hold that an alarm or a person
 * began does not count: it may end before they do.
 *
 * @param own an incident that does not count either: of who asks
 */
export const findUnprotected = async (store: Store, names: string[], own?: string): Promise<string[]> => {
  const covered = await groupsOfOpenIncidents(
    store,
    ({ incidentId, settings, untilLaunchesSucceed, alarm, status }) =>
      incidentId !== own &&
      settings.effect.protectsInstances &&
      untilLaunchesSucceed === true &&
      alarm === undefined &&
      status === 'HELD',
  );
  return names.filter((name) => !covered.has(name));
};
