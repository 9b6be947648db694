import type { AutoScaling } from '../aws/auto-scaling.ts';
import { isOptedIn } from '../domain/auto-scaling-group.ts';
import { holdTagCall, holdTagKey, holdTagPrefix } from '../domain/hold-tag.ts';
import type { Store } from '../state/store.ts';

/**
 * Removes the tags of this stage from groups that nothing holds any more: what a function that died, or one that was
 * late, left behind. The groups are described before their records are read, so that a tag seen here is older than
 * the hold that would explain it.
 *
 * @returns the groups
 */
export const tidyHoldTags = async (
  { autoScaling, store }: { autoScaling: AutoScaling; store: Store },
  stage: string,
): Promise<string[]> => {
  const groups = (await autoScaling.describeAutoScalingGroupsWithTag(holdTagKey)).filter(({ tags }) =>
    tags[holdTagKey]?.startsWith(holdTagPrefix(stage)),
  );
  const records = await store.readGroups(groups.map(({ autoScalingGroupName }) => autoScalingGroupName));
  const tidied: string[] = [];
  for (const [index, group] of groups.entries()) {
    const record = records[index];
    if (record === undefined || record.holds.length > 0) continue;
    const call = holdTagCall(group, undefined, stage);
    if (call === undefined || !isOptedIn(group)) continue;
    await autoScaling.make(call);
    tidied.push(group.autoScalingGroupName);
  }
  return tidied;
};
