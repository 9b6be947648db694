import { describe, expect, it } from 'vitest';
import type { AutoScalingGroup } from '../../../functions/domain/auto-scaling-group.ts';
import { inForceWithinSeconds } from '../../../functions/domain/limits.ts';
import { decideRestore } from '../../../functions/domain/resize/decide-restore.ts';
import { roomForExit } from '../../../functions/domain/resize/room-for-exit.ts';
import { aGroup, aRecord, later, now } from '../holds/group-fixtures.ts';
import { aResize, someWork } from './resize-fixtures.ts';

/** Four in service, of which so many are desired, while `Terminate` is suspended. */
const holding = (desiredCapacity: number, over: Partial<AutoScalingGroup> = {}) =>
  aGroup({ suspendedProcesses: ['Terminate'], desiredCapacity, maxSize: 10, ...over });
const desiredOf = (group: AutoScalingGroup, exits = 0) => {
  const room = roomForExit(group, {}, exits, now);
  return room.action === 'GO' ? room.calls.map(({ input }) => input) : room.action;
};

describe('roomForExit', () => {
  it('lets one leave where nothing is more than is desired, or Terminate runs', () => {
    expect(desiredOf(holding(4))).toEqual([]);
    expect(desiredOf(holding(2, { suspendedProcesses: [] }))).toEqual([]);
  });

  it('raises desired capacity to what is there, to the same also for the next one of the same look', () => {
    expect(desiredOf(holding(2))).toMatchObject([{ DesiredCapacity: 4 }]);
    // One left meanwhile, and raised it by one itself.
    expect(desiredOf(holding(2), 1)).toMatchObject([{ DesiredCapacity: 5 }]);
  });

  it('lowers it at the maximum, not in the step in which another one left, and waits for that', () => {
    const full = holding(4, { maxSize: 4 });
    expect(roomForExit(full, {}, 0, now)).toMatchObject({
      action: 'LOWER',
      call: { input: { DesiredCapacity: 3 } },
    });
    expect(roomForExit(holding(3, { maxSize: 4 }), {}, 1, now)).toEqual({ action: 'WAIT' });
    const lowered = holding(3, { maxSize: 4 });
    expect(roomForExit(lowered, { loweredAt: now }, 0, later(inForceWithinSeconds - 1))).toEqual({
      action: 'WAIT',
    });
    expect(roomForExit(lowered, { loweredAt: now }, 0, later(inForceWithinSeconds))).toMatchObject({
      action: 'GO',
      calls: [],
    });
    // What was lowered long ago does not keep it from being raised where there is room.
    expect(roomForExit(holding(2), { loweredAt: now }, 0, later(900))).toMatchObject({
      calls: [{ input: { DesiredCapacity: 4 } }],
    });
  });
});

describe('what was raised for an exit', () => {
  const restoring = (over: object) => someWork({ restoringSince: now, ...over });

  it('is set back in the end to what was written before, however often it was raised', () => {
    expect(decideRestore(holding(6), aRecord(), restoring({ desiredInTheEnd: 4 }), now)).toMatchObject({
      action: 'SET',
      sizes: { desiredCapacity: 4 },
    });
    // The raise never happened: nothing is set.
    expect(decideRestore(holding(4), aRecord(), restoring({ desiredInTheEnd: 4 }), now)).toEqual({
      action: 'DONE',
    });
  });

  it('leaves out what is left in Standby', () => {
    const left = aResize({ stage: 'ENDED', outcome: 'LEFT', hasEntered: true });
    const [first, ...others] = holding(4).instances;
    const group = holding(5, { instances: [{ ...first, lifecycleState: 'Standby' } as never, ...others] });
    expect(
      decideRestore(group, aRecord(), restoring({ desiredInTheEnd: 4, resizes: [left] }), now),
    ).toMatchObject({ sizes: { desiredCapacity: 3 } });
  });
});
