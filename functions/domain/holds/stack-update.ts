import type { AutoScalingGroup } from '../auto-scaling-group.ts';
import type { GroupRecord, StackUpdate } from './group-record.ts';

/** The stack that a group belongs to: its id, or its name. Source: AWS CloudFormation User Guide, "Resource tags". */
export const stackOf = ({ tags }: Pick<AutoScalingGroup, 'tags'>): string | undefined =>
  tags['aws:cloudformation:stack-id'] ?? tags['aws:cloudformation:stack-name'];

/** Whether a stack in this status is being updated, or rolled back from an update (API reference, Stack). */
export const isUpdating = (status: string): boolean => /^UPDATE_(.+_)?IN_PROGRESS$/.test(status);

/** What a look at the stack of a group leads to. */
export interface StackLook {
  record: GroupRecord;
  news?: 'BEGAN' | 'ENDED';
}

/** What the update had suspended before the hold began is not to be put back when both are over. */
const withoutInBaseline = (record: GroupRecord, settings: string[]): GroupRecord => {
  const { baseline } = record;
  if (baseline === undefined) return record;
  const stays = (setting: string): boolean => !settings.includes(setting);
  return {
    ...record,
    baseline: { ...baseline, suspendedProcesses: baseline.suspendedProcesses.filter(stays) },
  };
};

/** The record with what an update took back marked as such: until the update ends it is left alone. */
export const asTakenBackByUpdate = (record: GroupRecord, settings: string[]): GroupRecord => ({
  ...withoutInBaseline(record, settings),
  overridden: record.overridden.map((entry) =>
    settings.includes(entry.setting) ? { ...entry, by: 'STACK_UPDATE' } : entry,
  ),
});

const begun = (record: GroupRecord, startedAt: string): GroupRecord => {
  const sinceThen = record.overridden.filter(({ seenAt }) => seenAt >= startedAt);
  const settings = sinceThen.map(({ setting }) => setting);
  return { ...asTakenBackByUpdate(record, settings), stackUpdate: { startedAt } };
};

/**
 * A rolling update raises minimum and desired capacity while it lasts. What was lowered with its end nobody lowered; and
 * where the hold began meanwhile, what it saw then is not what the group is meant to have.
 */
const ended = (record: GroupRecord, { startedAt }: StackUpdate, group: AutoScalingGroup): GroupRecord => {
  const { stackUpdate: _ended, kept, ...rest } = record;
  const { minSize, maxSize, desiredCapacity } = group;
  const overridden = record.overridden.filter(({ by }) => by !== 'STACK_UPDATE');
  if (kept === undefined) return { ...rest, overridden };
  const sizes =
    kept.since >= startedAt
      ? { minSize, maxSize, desiredCapacity, desiredHighest: desiredCapacity }
      : { minSize: Math.min(kept.minSize, minSize) };
  return { ...rest, overridden, kept: { ...kept, ...sizes } };
};

/**
 * What a look at the stack of a group changes in its record: an update that began, or one that ended. What the update took
 * back is wanted again from then on.
 *
 * @param status of the stack; `undefined` when there is none
 * @param startedAt when its latest update began
 */
export const lookAtStack = (
  record: GroupRecord,
  group: AutoScalingGroup,
  status: string | undefined,
  startedAt: string,
): StackLook => {
  const isInProgress = status !== undefined && isUpdating(status);
  const known = record.stackUpdate;
  if (known === undefined)
    return isInProgress ? { record: begun(record, startedAt), news: 'BEGAN' } : { record };
  return isInProgress ? { record } : { record: ended(record, known, group), news: 'ENDED' };
};
