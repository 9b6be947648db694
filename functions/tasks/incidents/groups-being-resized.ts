import type { Store } from '../../state/store.ts';

/** Names, of these groups, that an execution resizes: nothing else drains them or moves their breaker meanwhile. */
export const groupsBeingResized = async (store: Store, names: string[]): Promise<Set<string>> =>
  new Set(
    (await store.readResizes(names))
      .filter(({ work }) => work !== undefined)
      .map(({ autoScalingGroupName }) => autoScalingGroupName),
  );
