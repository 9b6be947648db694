import { describe, expect, it } from 'vitest';
import {
  enoughFailures,
  hasYetToBegin,
  withCounted,
  withoutStarted,
  withStarted,
} from '../../../functions/domain/launches/decide-launch-failures.ts';
import { failureWindowSecondsMax } from '../../../functions/domain/launches/launch-record.ts';
import { later, now } from '../holds/group-fixtures.ts';
import { aLaunchRecord } from './launch-fixtures.ts';

describe('enoughFailures', () => {
  const rule = { name: 'failing' };
  const failures = [1, 2, 3, 4].map((n) => ({
    activityId: `a-${n}`,
    startedAt: later(n * 60 - 30),
    at: later(n * 60),
  }));
  const enough = (over: object, at = later(300)) =>
    enoughFailures(aLaunchRecord({ failures, ...over }), rule, { count: 3, withinSeconds: 600 }, at);

  it('names the failure that completes the count, however many came after it', () => {
    expect(enough({})).toEqual({ count: 4, completedBy: failures[2], latest: failures[3] });
    expect(enough({ failures: failures.slice(0, 3) })).toEqual({
      count: 3,
      completedBy: failures[2],
      latest: failures[2],
    });
    expect(enough({ failures: [...failures].reverse() })?.completedBy).toEqual(failures[2]);
  });

  it.each([
    ['too few', { failures: failures.slice(0, 2) }, later(300)],
    ['too long ago', {}, later(721)],
    ['counted before', { countedUntil: { failing: failures[1]?.at } }, later(300)],
  ])('finds none when they are %s', (_what, over, at) => {
    expect(enough(over, at)).toBeUndefined();
  });

  it('still counts for another rule what started this one', () => {
    const record = withCounted(
      aLaunchRecord({ failures }),
      rule,
      failures[3] ?? { activityId: '', startedAt: '', at: '' },
      undefined,
      later(300),
    );
    const window = { count: 3, withinSeconds: 600 };
    expect(enoughFailures(record, rule, window, later(300))).toBeUndefined();
    expect(enoughFailures(record, { name: 'other' }, window, later(300))?.count).toBe(4);
  });

  it('takes of two that failed in the same second always the same', () => {
    const at = later(60);
    const same = ['c', 'a', 'b'].map((activityId) => ({ activityId, startedAt: now, at }));
    for (const order of [same, [...same].reverse()]) {
      expect(enough({ failures: order })).toMatchObject({
        completedBy: { activityId: 'c' },
        latest: { activityId: 'c' },
      });
      const two = enoughFailures(
        aLaunchRecord({ failures: order }),
        rule,
        { count: 2, withinSeconds: 600 },
        later(300),
      );
      expect(two?.completedBy.activityId).toBe('b');
    }
  });

  it('counts within the window only what failed after it began', () => {
    const window = { count: 4, withinSeconds: 600 };
    const record = aLaunchRecord({ failures });
    expect(enoughFailures(record, rule, window, later(659))?.count).toBe(4);
    expect(enoughFailures(record, rule, window, later(660))).toBeUndefined();
  });
});

const rule = { name: 'failing' };
const failure = { activityId: 'a', startedAt: now, at: later(60) };
const started = { executionName: 'failing-1', activityId: 'a', failedAt: later(60) };
const shared = { ...started, executionName: 'failing-2', beginAt: later(90) };

describe('hasYetToBegin', () => {
  it.each<[what: string, started: Parameters<typeof hasYetToBegin>[0], expected: boolean]>([
    ['nothing was started', undefined, false],
    ['it begins at once', started, false],
    ['it begins later', shared, true],
    ['it begins now', { ...shared, beginAt: later(60) }, false],
  ])('where %s', (_what, what, expected) => {
    expect(hasYetToBegin(what, later(60))).toBe(expected);
  });
});

describe('withCounted', () => {
  it('remembers until when they were counted, and what they started, of this rule alone', () => {
    const before = aLaunchRecord({
      countedUntil: { other: later(30) },
      startedFor: { other: { ...started, executionName: 'other-1' } },
    });
    expect(withCounted(before, rule, failure, started, later(60))).toEqual({
      ...before,
      countedUntil: { other: later(30), failing: later(60) },
      startedFor: { other: { ...started, executionName: 'other-1' }, failing: started },
    });
  });

  it('names nothing that was started where nothing was', () => {
    expect(withCounted(aLaunchRecord(), rule, failure, undefined, later(60))).not.toHaveProperty(
      'startedFor',
    );
  });

  it('lets stand who counted later', () => {
    const before = aLaunchRecord({ countedUntil: { failing: later(600) } });
    expect(withCounted(before, rule, failure, undefined, later(600)).countedUntil).toEqual({
      failing: later(600),
    });
  });

  it('forgets what another rule counted once no window reaches it', () => {
    const before = aLaunchRecord({ countedUntil: { other: now } });
    const counted = (at: string) => withCounted(before, rule, failure, undefined, at).countedUntil;
    expect(counted(later(failureWindowSecondsMax - 1))).toHaveProperty('other', now);
    expect(counted(later(failureWindowSecondsMax))).not.toHaveProperty('other');
  });

  it('leaves an execution that has yet to take its groups, and takes the new one two minutes after it began', () => {
    const before = aLaunchRecord({ startedFor: { failing: shared } });
    expect(withCounted(before, rule, failure, started, later(209)).startedFor).toEqual({ failing: shared });
    expect(withCounted(before, rule, failure, started, later(210)).startedFor).toEqual({ failing: started });
  });
});

describe('withStarted and withoutStarted', () => {
  const others = { other: { ...started, executionName: 'other-1' } };
  const one = aLaunchRecord({ startedFor: { ...others, failing: started } });

  it('replace, and strike out, what was started for one rule, and leave the others', () => {
    const alone = { ...started, executionName: 'failing-9' };
    expect(withStarted(one, rule, 'failing-1', alone).startedFor).toEqual({ ...others, failing: alone });
    expect(withoutStarted(one, rule, 'failing-1').startedFor).toEqual(others);
  });

  it('change nothing where something else was started meanwhile, or nothing at all', () => {
    expect(withStarted(one, rule, 'failing-0', shared)).toBe(one);
    expect(withoutStarted(one, rule, 'failing-0')).toBe(one);
    const nothing = aLaunchRecord();
    expect(withoutStarted(nothing, rule, 'failing-1')).toBe(nothing);
    expect(withStarted(nothing, rule, 'failing-1', shared)).toBe(nothing);
  });
});
