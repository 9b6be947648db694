import type { AutoScaling } from '../../aws/auto-scaling.ts';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { Clock } from '../../clock.ts';
import type { AutoScalingGroup } from '../../domain/auto-scaling-group.ts';
import { chunk } from '../../domain/chunk.ts';
import type { GroupRecord } from '../../domain/holds/group-record.ts';
import { groupsPerDescribe, lookFreshSeconds } from '../../domain/limits.ts';
import { secondsBetween } from '../../domain/times.ts';
import type { Store } from '../../state/store.ts';

/** One group as it is and as it is remembered. `group` is undefined when AWS knows none of this name. */
export interface SeenGroup {
  name: string;
  record: GroupRecord;
  group: AutoScalingGroup | undefined;
  /** When AWS was asked. */
  seenAt: string;
}

/** What looking needs. */
export interface LookDependencies {
  store: Store;
  autoScaling: AutoScaling;
  clock: Clock;
}

/** A hundred groups at a time: seen, or not readable now. */
export type GroupPage = { names: string[]; seen: SeenGroup[] } | { names: string[]; unreadable: string };

/**
 * Looks at groups a hundred at a time: first the record, then the description, so that a record still unchanged
 * when it is written proves that no task of ours changed the group since it was described. One description per
 * hundred groups. A page that cannot be read is told as such and does not stop the next.
 */
export async function* lookAtGroups(
  { store, autoScaling, clock }: LookDependencies,
  names: string[],
): AsyncGenerator<GroupPage> {
  for (const page of chunk(names, groupsPerDescribe)) {
    try {
      const records = await store.readGroups(page);
      const seenAt = clock.now();
      const groups = new Map(
        (await autoScaling.describeAutoScalingGroups(page)).map((group) => [
          group.autoScalingGroupName,
          group,
        ]),
      );
      yield {
        names: page,
        seen: records.map((record) => ({
          name: record.autoScalingGroupName,
          record,
          group: groups.get(record.autoScalingGroupName),
          seenAt,
        })),
      };
    } catch (error) {
      yield { names: page, unreadable: describeAwsError(error) };
    }
  }
}

/** One group alone, seen now; `undefined` when it cannot be read. */
export const lookAtGroup = async (
  dependencies: LookDependencies,
  name: string,
): Promise<SeenGroup | undefined> => {
  for await (const page of lookAtGroups(dependencies, [name])) {
    return 'seen' in page ? page.seen[0] : undefined;
  }
  return undefined;
};

/** The group as it was seen, or seen anew when that is too long ago to decide by; `undefined` when it cannot be read. */
export const lookFreshly = async (
  dependencies: LookDependencies,
  seen: SeenGroup,
): Promise<SeenGroup | undefined> =>
  secondsBetween(seen.seenAt, dependencies.clock.now()) <= lookFreshSeconds
    ? seen
    : lookAtGroup(dependencies, seen.name);
