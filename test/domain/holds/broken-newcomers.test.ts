import { describe, expect, it } from 'vitest';
import {
  type BrokenNewcomer,
  confirmedOf,
  findBrokenNewcomers,
  type InstanceHealth,
  newcomersSince,
} from '../../../functions/domain/holds/broken-newcomers.ts';
import { doubtSeconds } from '../../../functions/domain/limits.ts';
import { aGroup, anInstance, later, now } from './group-fixtures.ts';

const group = aGroup({
  instances: ['i-1', 'i-2', 'i-3', 'i-4'].map((id) => anInstance(id)),
  healthCheckGracePeriodSeconds: 300,
});
const find = (
  health: { newcomers?: string[]; unhealthy?: string[]; impaired?: string[] },
  known: BrokenNewcomer[] = [],
  at = later(301),
) => {
  const read: InstanceHealth = {
    newcomers: new Map((health.newcomers ?? []).map((id) => [id, now])),
    unhealthyTargets: new Set(health.unhealthy),
    impaired: new Set(health.impaired),
  };
  return findBrokenNewcomers(group, known, read, at);
};

describe('findBrokenNewcomers', () => {
  it('finds a newcomer with an unhealthy target or a failed status check, and no other instance', () => {
    expect(
      find({ newcomers: ['i-3', 'i-4'], unhealthy: ['i-1', 'i-4'], impaired: ['i-2', 'i-3'] }).map(
        ({ instanceId, because }) => [instanceId, because],
      ),
    ).toEqual([
      ['i-3', 'STATUS_IMPAIRED'],
      ['i-4', 'TARGET_UNHEALTHY'],
    ]);
  });

  it('leaves the grace period to it', () => {
    expect(find({ newcomers: ['i-4'], unhealthy: ['i-4'] }, [], later(300))).toEqual([]);
    expect(find({ newcomers: ['i-4'], unhealthy: ['i-4'] }, [], later(301))).toHaveLength(1);
  });

  it('does not believe target groups that fail more of the others than they pass', () => {
    expect(find({ newcomers: ['i-4'], unhealthy: ['i-1', 'i-2', 'i-4'] })).toEqual([]);
    // Half of them is not more than half.
    expect(find({ newcomers: ['i-3', 'i-4'], unhealthy: ['i-1', 'i-4'] })).toHaveLength(1);
    // Status checks are EC2's own.
    expect(find({ newcomers: ['i-4'], unhealthy: ['i-1', 'i-2'], impaired: ['i-4'] })).toHaveLength(1);
    // Where all are newcomers nobody speaks against it.
    expect(find({ newcomers: ['i-1', 'i-2', 'i-3', 'i-4'], unhealthy: ['i-1', 'i-2', 'i-3'] })).toHaveLength(
      3,
    );
  });

  it('is sure at a second look that is late enough, and forgets what is well again', () => {
    const health = { newcomers: ['i-4'], unhealthy: ['i-4'] };
    const first = find(health);
    expect(confirmedOf(first)).toEqual([]);
    expect(confirmedOf(find(health, first, later(301 + doubtSeconds - 1)))).toEqual([]);
    const second = find(health, first, later(301 + doubtSeconds));
    expect(confirmedOf(second)).toMatchObject([
      { instanceId: 'i-4', confirmedAt: later(301 + doubtSeconds) },
    ]);
    // Once it is sure it stays so, until it is well.
    expect(find(health, second, later(900))).toEqual(second);
    expect(find({ newcomers: ['i-4'] }, second, later(900))).toEqual([]);
  });
});

describe('newcomersSince', () => {
  it('is a quarter of an hour before the hold: the alarm came later than its cause', () => {
    expect(newcomersSince(later(900))).toBe(now);
  });
});
