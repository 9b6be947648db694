import type { AutoScaling } from '../aws/auto-scaling.ts';
import type { Clock } from '../clock.ts';
import { holdTagKey, holdTagPrefix } from '../domain/hold-tag.ts';
import type { JournalEntry } from '../domain/incident.ts';
import type { Store } from '../state/store.ts';
import { tendHoldTag } from './tend-hold-tag.ts';

/**
 * Removes the tags of this stage from groups that nothing holds any more: what a function that died, or one that was
 * late, left behind. The groups are described before their records are read, so that a tag seen here is older than
 * the hold that would explain it.
 *
 * @returns what was done, in words
 */
export const tidyHoldTags = async (
  { autoScaling, store, clock }: { autoScaling: AutoScaling; store: Store; clock: Clock },
  stage: string,
): Promise<string[]> => {
  const groups = (await autoScaling.describeAutoScalingGroupsWithTag(holdTagKey)).filter(({ tags }) =>
    tags[holdTagKey]?.startsWith(holdTagPrefix(stage)),
  );
  const records = await store.readGroups(groups.map(({ autoScalingGroupName }) => autoScalingGroupName));
  const journal: JournalEntry[] = [];
  for (const [index, group] of groups.entries()) {
    const record = records[index];
    if (record === undefined || record.holds.length > 0) continue;
    await tendHoldTag({ autoScaling, clock }, { name: group.autoScalingGroupName, group, record }, journal);
  }
  return journal.map(({ message }) => message);
};
