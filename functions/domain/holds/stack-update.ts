import type { AutoScalingGroup } from '../auto-scaling-group.ts';
import { updateSettlesSeconds } from '../limits.ts';
import { secondsBetween } from '../times.ts';
import type { GroupRecord, KeptSizes, Overridden } from './group-record.ts';

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

/**
 * The record with what was taken back during an update taken for the update's doing: left alone while it is in progress, and
 * wanted again at once when it was seen to have ended.
 */
export const asTakenBackByUpdate = (record: GroupRecord, settings: string[]): GroupRecord => {
  const isOver = record.stackUpdate?.endedAt !== undefined;
  return {
    ...withoutInBaseline(record, settings),
    overridden: record.overridden.flatMap((entry): Overridden[] => {
      if (!settings.includes(entry.setting)) return [entry];
      return isOver ? [] : [{ ...entry, by: 'STACK_UPDATE' }];
    }),
  };
};

const begun = (record: GroupRecord, startedAt: string): GroupRecord => {
  const sinceThen = record.overridden.filter(({ seenAt }) => seenAt >= startedAt);
  const settings = sinceThen.map(({ setting }) => setting);
  return asTakenBackByUpdate({ ...record, stackUpdate: { startedAt } }, settings);
};

/** Whether sizes are those that a rolling update sets for its duration: it raises minimum and desired capacity alike. */
export const areSizesOfUpdate = (
  { minSize, desiredCapacity }: Pick<KeptSizes, 'minSize' | 'desiredCapacity'>,
  usualMinSize: number,
): boolean => minSize === desiredCapacity && minSize > usualMinSize;

/**
 * Where the hold began while a rolling update had raised minimum and desired capacity, what it saw then is not what the
 * group is meant to have. In any other case it stays: an update need not be about the group.
 */
const afterUpdate = (kept: KeptSizes, { minSize, desiredCapacity }: AutoScalingGroup): KeptSizes =>
  areSizesOfUpdate(kept, minSize)
    ? { ...kept, minSize, desiredCapacity, desiredHighest: desiredCapacity }
    : kept;

const ended = (
  record: GroupRecord,
  group: AutoScalingGroup,
  startedAt: string,
  now: string,
): GroupRecord => ({
  ...record,
  overridden: record.overridden.filter(({ by }) => by !== 'STACK_UPDATE'),
  stackUpdate: { startedAt, endedAt: now },
  ...(record.kept === undefined ? {} : { kept: afterUpdate(record.kept, group) }),
});

/** The record once what was found after an update is nobody's doing but a person's again. */
const settled = ({ stackUpdate: _ended, ...record }: GroupRecord): GroupRecord => record;

/**
 * What a look at the stack of a group changes in its record: an update that began, or one that ended. What the update took
 * back is wanted again from then on.
 *
 * @param status of the stack; `undefined` when there is none
 * @param startedAt when its latest update began
 * @param now ISO 8601
 */
export const lookAtStack = (
  record: GroupRecord,
  group: AutoScalingGroup,
  status: string | undefined,
  startedAt: string,
  now: string,
): StackLook => {
  const isInProgress = status !== undefined && isUpdating(status);
  const { startedAt: knownSince, endedAt } = record.stackUpdate ?? {};
  if (isInProgress) {
    const isKnown = knownSince !== undefined && endedAt === undefined;
    return isKnown ? { record } : { record: begun(record, startedAt), news: 'BEGAN' };
  }
  if (knownSince === undefined) return { record };
  if (endedAt === undefined) return { record: ended(record, group, knownSince, now), news: 'ENDED' };
  return { record: secondsBetween(endedAt, now) < updateSettlesSeconds ? record : settled(record) };
};
