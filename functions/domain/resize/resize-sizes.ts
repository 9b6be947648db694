import { type AutoScalingGroup, inService } from '../auto-scaling-group.ts';
import type { GroupRecord } from '../holds/group-record.ts';
import { stackOf } from '../holds/stack-update.ts';
import { settingsStillInForce } from '../holds/wanted-state.ts';
import type { ChangedSizes, ResizeWork } from './resize-record.ts';
import { resizeEffect } from './settings.ts';

/** Whether everything the resize holds is in force, save what a person took back. */
export const isHeldByUs = (
  group: AutoScalingGroup,
  record: GroupRecord,
  incidentId: string,
  now: string,
): boolean => {
  const inForce = settingsStillInForce(record, group, now);
  return (
    record.holds.some((hold) => hold.incidentId === incidentId && hold.stage === 'HELD') &&
    resizeEffect.processes.every(
      (process) => inForce.has(process) || record.overridden.some(({ setting }) => setting === process),
    )
  );
};

/** Whether `Launch` is suspended, and by Holdfast: by the launch breaker, or by a pause of everything. */
export const launchIsOurs = (group: AutoScalingGroup, record: GroupRecord): boolean =>
  group.suspendedProcesses.includes('Launch') &&
  record.imposed.some(({ setting, givenBackAt }) => setting === 'Launch' && givenBackAt === undefined);

/**
 * The sizes a group must have before `Launch` may run in it although it lacks instances, and before a wave can enter
 * Standby: desired capacity is what is in service, so that nothing is launched; the minimum leaves room for the wave.
 * EnterStandby lowers desired capacity, and AWS refuses to go below the minimum.
 *
 * @param pinsDesired whether nothing may be launched
 * @returns `undefined` when they are so already
 */
export const sizesFor = (
  group: AutoScalingGroup,
  waveSize: number,
  pinsDesired: boolean,
): { minSize: number; desiredCapacity?: number } | undefined => {
  const serving = inService(group).length;
  const pins = pinsDesired && group.desiredCapacity > serving;
  const desired = pins ? serving : group.desiredCapacity;
  const minSize = Math.max(0, Math.min(group.minSize, desired - waveSize));
  if (!pins && minSize === group.minSize) return undefined;
  return { minSize, ...(pins ? { desiredCapacity: desired } : {}) };
};

/** The sizes the next wave needs, where they are not so yet. */
export const sizesForWave = (
  group: AutoScalingGroup,
  { sizes }: Pick<ResizeWork, 'sizes'>,
  waveSize: number,
) => sizesFor(group, waveSize, sizes?.desiredCapacity !== undefined);

/**
 * The minimum of before the hold, where the group belongs to a stack and its minimum was raised since: a rolling update
 * raises it for its duration. Only CloudFormation knows whether one is in progress. `undefined` where there is no doubt.
 */
export const minSizeBeforeUpdate = (
  group: AutoScalingGroup,
  { baseline }: Pick<GroupRecord, 'baseline'>,
): number | undefined =>
  baseline !== undefined && stackOf(group) !== undefined && group.minSize > baseline.minSize
    ? baseline.minSize
    : undefined;

/**
 * The sizes written down before they are set: those before are of the first time.
 *
 * @param usualMinSize the minimum that the group is meant to have
 */
export const withSizes = (
  work: ResizeWork,
  group: AutoScalingGroup,
  usualMinSize: number,
  wanted: { minSize: number; desiredCapacity?: number },
  now: string,
): ChangedSizes => ({
  before: work.sizes?.before ?? {
    minSize: usualMinSize,
    // What is in Standby comes back, and with it desired capacity.
    desiredCapacity:
      group.desiredCapacity +
      work.resizes.filter(({ stage, hasEntered }) => stage !== 'ENDED' && hasEntered).length,
  },
  minSizes: [...new Set([...(work.sizes?.minSizes ?? []), wanted.minSize])],
  ...(wanted.desiredCapacity === undefined
    ? work.sizes?.desiredCapacity === undefined
      ? {}
      : { desiredCapacity: work.sizes.desiredCapacity }
    : { desiredCapacity: wanted.desiredCapacity }),
  changedAt: now,
});
