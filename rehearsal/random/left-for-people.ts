import type { SimulatedCloud } from '../cloud/simulated-cloud.ts';

/** Instances, and groups as a whole, of which people were told that they are theirs to mend. */
export const leftForPeople = ({ store }: SimulatedCloud): Set<string> =>
  new Set(
    store
      .listJournals()
      .flatMap(({ entries }) => entries)
      .flatMap(({ event, instanceId, autoScalingGroupName }) =>
        event === 'left' ? [instanceId ?? autoScalingGroupName ?? ''] : [],
      ),
  );
