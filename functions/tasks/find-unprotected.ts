import type { Store } from '../state/store.ts';

/**
 * Those of the groups that no open incident protects until their launches succeed. A hold that an alarm or a person
 * began does not count: it may end before they do.
 */
export const findUnprotected = async (store: Store, names: string[]): Promise<string[]> => {
  const lasting = (await store.listOpenIncidents()).filter(
    ({ remediation, untilLaunchesSucceed, alarm, status }) =>
      remediation === 'protect-instances' &&
      untilLaunchesSucceed === true &&
      alarm === undefined &&
      status === 'HELD',
  );
  const covered = new Set<string>();
  for (const { incidentId } of lasting) {
    for (const name of await store.readIncidentGroups(incidentId)) covered.add(name);
  }
  return names.filter((name) => !covered.has(name));
};
