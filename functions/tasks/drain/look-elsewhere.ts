import type { AutoScaling } from '../../aws/auto-scaling.ts';
import { optInTag } from '../../domain/auto-scaling-group.ts';
import type { Widespread } from '../../domain/drain/decide-drains.ts';
import { findWidespread, type GroupWithLaunches } from '../../domain/drain/decide-drains.ts';
import type { DrainSettings } from '../../domain/drain/settings.ts';
import { emptyLaunchRecord, type LaunchRecord, launchesOf } from '../../domain/launches/launch-record.ts';
import type { Store } from '../../state/store.ts';

/** What the groups beside those of an incident tell. */
export interface Elsewhere {
  /** The launches of all other managed groups, those of other rules included. */
  records: LaunchRecord[];
  /** Why nothing may be drained anywhere: launches fail in most of all managed groups. */
  widespread?: Widespread;
}

/**
 * Looks at the launches of every group that opted in: limits are over all of them, and if most fail, nothing may be
 * drained anywhere. One description per hundred groups.
 *
 * @param groups those of the incident, seen just now
 */
export const lookElsewhere = async (
  autoScaling: AutoScaling,
  store: Store,
  groups: GroupWithLaunches[],
  settings: DrainSettings,
  now: string,
): Promise<Elsewhere> => {
  const known = new Set(groups.map(({ group }) => group.autoScalingGroupName));
  const others = (
    await autoScaling.describeAutoScalingGroupsByTags({ [optInTag.key]: optInTag.value })
  ).filter(({ autoScalingGroupName }) => !known.has(autoScalingGroupName));
  const records = await store.readLaunches(others.map(({ autoScalingGroupName }) => autoScalingGroupName));
  const managed = others.map((group, index) => ({
    group,
    record: launchesOf(records[index] ?? emptyLaunchRecord(group.autoScalingGroupName), group),
  }));
  const widespread = findWidespread([...groups, ...managed], settings.olderThanSeconds, now);
  return { records, ...(widespread === undefined ? {} : { widespread }) };
};
