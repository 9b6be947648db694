import { describe, expect, it } from 'vitest';
import {
  areWorthTelling,
  type BrokenNewcomer,
  confirmedOf,
  findBrokenNewcomers,
  type InstanceHealth,
  newcomersSince,
} from '../../../functions/domain/holds/broken-newcomers.ts';
import { brokenNewcomersMax } from '../../../functions/domain/limits.ts';
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

  it('does not believe target groups that fail more of the others than they pass', () => {
    expect(find({ newcomers: ['i-4'], unhealthy: ['i-1', 'i-2', 'i-4'] })).toEqual([]);
    // Half of them is not more than half.
    expect(find({ newcomers: ['i-3', 'i-4'], unhealthy: ['i-1', 'i-4'] })).toHaveLength(1);
    // Status checks are EC2's own.
    expect(find({ newcomers: ['i-4'], unhealthy: ['i-1', 'i-2'], impaired: ['i-4'] })).toHaveLength(1);
    // Where all are newcomers those that pass speak for the path; where none passes nobody does.
    const all = ['i-1', 'i-2', 'i-3', 'i-4'];
    expect(find({ newcomers: all, unhealthy: ['i-1', 'i-2', 'i-3'] })).toHaveLength(3);
    expect(find({ newcomers: all, unhealthy: all })).toEqual([]);
  });

  it('is sure at a second look after the grace period, and forgets what is well again', () => {
    const health = { newcomers: ['i-4'], unhealthy: ['i-4'] };
    const first = find(health);
    expect(confirmedOf(first)).toEqual([]);
    expect(confirmedOf(find(health, first, later(301 + 299)))).toEqual([]);
    const second = find(health, first, later(301 + 300));
    expect(confirmedOf(second)).toMatchObject([{ instanceId: 'i-4', confirmedAt: later(601) }]);
    // Once it is sure it stays so, until it is well.
    expect(find(health, second, later(900))).toEqual(second);
    expect(find({ newcomers: ['i-4'] }, second, later(900))).toEqual([]);
  });

  it('keeps what another hold found, to which it is no newcomer', () => {
    const first = find({ newcomers: ['i-4'], unhealthy: ['i-4'] });
    const later1 = find({ unhealthy: ['i-4'] }, first, later(700));
    expect(confirmedOf(later1)).toHaveLength(1);
    // Nor does it count among the others, which then would be believed less.
    expect(find({ newcomers: ['i-3'], unhealthy: ['i-3', 'i-4'] }, first, later(700))).toHaveLength(2);
  });

  it('remembers no more than have room in the record', () => {
    const many = Array.from({ length: 400 }, (_, index) => `i-${index}`);
    const crowd = aGroup({ instances: [...many, 'i-well'].map((id) => anInstance(id)) });
    const read = {
      newcomers: new Map(many.map((id) => [id, now])),
      unhealthyTargets: new Set(many),
      impaired: new Set<string>(),
    };
    expect(findBrokenNewcomers(crowd, [], read, later(301))).toHaveLength(brokenNewcomersMax);
  });
});

describe('areWorthTelling', () => {
  const confirmed = (told: number, untold: number): BrokenNewcomer[] =>
    Array.from({ length: told + untold }, (_, index) => ({
      instanceId: `i-${index}`,
      because: 'TARGET_UNHEALTHY',
      seenAt: now,
      confirmedAt: now,
      ...(index < told ? { toldAt: now } : {}),
    }));

  it.each([
    [0, 0, false],
    [0, 1, true],
    [1, 0, false],
    [1, 1, true],
    [3, 2, false],
    [3, 3, true],
  ])('%i that were told and %i that were not: %s', (told, untold, expected) => {
    expect(areWorthTelling(confirmed(told, untold))).toBe(expected);
  });
});

describe('newcomersSince', () => {
  it('is a quarter of an hour before the hold: the alarm came later than its cause', () => {
    expect(newcomersSince(later(900))).toBe(now);
  });
});
