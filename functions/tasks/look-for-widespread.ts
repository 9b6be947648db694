import type { AutoScaling } from '../aws/auto-scaling.ts';
import { optInTag } from '../domain/auto-scaling-group.ts';
import { type GroupWithLaunches, widespreadBecause } from '../domain/decide-drains.ts';
import type { DrainSettings } from '../domain/hold-effects.ts';
import { emptyLaunchRecord } from '../domain/launch-record.ts';
import type { Store } from '../state/store.ts';

/**
 * Whether launches fail in most of the groups that opted in, those of other rules included: then nothing may be
 * drained anywhere. One description per hundred groups.
 *
 * @param groups those of the incident, seen just now
 * @returns the reason, or `undefined` when it is the fault of a few
 */
export const lookForWidespread = async (
  autoScaling: AutoScaling,
  store: Store,
  groups: GroupWithLaunches[],
  settings: DrainSettings,
  now: string,
): Promise<string | undefined> => {
  const known = new Set(groups.map(({ group }) => group.autoScalingGroupName));
  const others = (
    await autoScaling.describeAutoScalingGroupsByTags({ [optInTag.key]: optInTag.value })
  ).filter(({ autoScalingGroupName }) => !known.has(autoScalingGroupName));
  const records = await store.readLaunches(others.map(({ autoScalingGroupName }) => autoScalingGroupName));
  const managed = [
    ...groups,
    ...others.map((group, index) => ({
      group,
      record: records[index] ?? emptyLaunchRecord(group.autoScalingGroupName),
    })),
  ];
  return widespreadBecause(managed, settings.olderThanSeconds, now);
};
