import { type AutoScalingGroup, inService, launching } from '../auto-scaling-group.ts';
import type { AutoScalingCall } from '../calls.ts';
import { inForceWithinSeconds } from '../limits.ts';
import { secondsBetween } from '../times.ts';
import { setDesired } from './resize-calls.ts';
import type { ResizeWork } from './resize-record.ts';

/**
 * Whether an instance may leave Standby now.
 * - `GO`: it may, after these calls (there may be none), which raise desired capacity.
 * - `LOWER`: desired capacity has to fall first, and then it is waited.
 * - `WAIT`: it fell, and what AWS ends for it goes first.
 */
export type RoomForExit =
  | { action: 'GO'; calls: AutoScalingCall[] }
  | { action: 'LOWER'; call: AutoScalingCall }
  | { action: 'WAIT' };

/**
 * Decides whether an instance may leave Standby. An exit raises desired capacity by one, and whether AWS lets it exceed the
 * maximum is not settled: it is lowered first. And Terminate, suspended, covers only what is in service: of a group
 * that has more than it desires AWS may end what is on its way into service, and that is the one that returns. Where
 * `Terminate` runs nothing is lowered or raised: it would end an instance for it.
 *
 * @param exits instances of the group that left Standby since it was looked at
 * @param now ISO 8601
 */
export const roomForExit = (
  group: AutoScalingGroup,
  { loweredAt }: Pick<ResizeWork, 'loweredAt'>,
  exits: number,
  now: string,
): RoomForExit => {
  const { autoScalingGroupName: name, maxSize } = group;
  const free: RoomForExit = { action: 'GO', calls: [] };
  if (!group.suspendedProcesses.includes('Terminate')) return free;
  const desired = group.desiredCapacity + exits;
  if (desired + 1 > maxSize) {
    // What left just now is still on its way, and AWS might end it for what is lowered.
    if (exits > 0) return { action: 'WAIT' };
    const reason = 'leaving Standby raises desired capacity by one, and it must not exceed the maximum';
    return { action: 'LOWER', call: setDesired(name, maxSize - 1, reason) };
  }
  const surplus = inService(group).length + launching(group).length - group.desiredCapacity;
  if (surplus <= 0) return free;
  if (loweredAt !== undefined && secondsBetween(loweredAt, now) < inForceWithinSeconds) {
    return { action: 'WAIT' };
  }
  if (desired + surplus + 1 > maxSize) return free;
  const reason = 'with more instances than it desires AWS may end the one that returns from Standby';
  return { action: 'GO', calls: [setDesired(name, desired + surplus, reason)] };
};
