import { describe, expect, it } from 'vitest';
import type { ReadinessFact, ReadinessLevel } from '../../../functions/domain/readiness/decide-readiness.ts';
import {
  decideReadinessNews,
  isNews,
  type KnownFinding,
  type KnownFindings,
  type ToldFinding,
} from '../../../functions/domain/readiness/decide-readiness-news.ts';
import { later, now } from '../holds/group-fixtures.ts';

const hours = (count: number): string => later(count * 3600);
const noGroup: ReadinessFact = { because: 'NO_GROUP', tags: { tier: 'web' } };
const unreadable = (what: string, isMinor?: true): ReadinessFact => ({
  because: 'UNREADABLE',
  what,
  why: 'Throttling',
  ...(isMinor === undefined ? {} : { isMinor }),
});
const told = (
  fact: ReadinessFact,
  { rule, level = 'NOT_READY' }: { rule?: string; level?: ReadinessLevel } = { rule: 'loss' },
): ToldFinding => ({
  finding: { level, ...(rule === undefined ? {} : { rule }), fact },
  found: 'something is missing',
  remedy: 'add it',
});
const known = (over: Partial<KnownFinding> = {}): KnownFinding => ({
  level: 'NOT_READY',
  rule: 'loss',
  isUnreadable: false,
  found: 'something is missing',
  remedy: 'add it',
  groups: [],
  since: now,
  isTold: false,
  ...over,
});
const key = 'loss#NO_GROUP#';
const news = (knownBefore: KnownFindings, looks: [ToldFinding[], ToldFinding[]], at = now) =>
  decideReadinessNews(knownBefore, looks, at);
const nothing: [ToldFinding[], ToldFinding[]] = [[], []];
const both = (...findings: ToldFinding[]): [ToldFinding[], ToldFinding[]] => [findings, findings];
/** What people are told at one moment. */
const toldOf = ({ notReady, readyAgain }: ReturnType<typeof news>) => ({
  notReady: notReady.map(([of]) => of),
  readyAgain: readyAgain.map(([of]) => of),
});

describe('isNews', () => {
  it('is what is not known, and matters', () => {
    expect(isNews({}, [told(noGroup)])).toBe(true);
    expect(isNews({ [key]: known() }, [told(noGroup)])).toBe(false);
    expect(isNews({}, [told(noGroup, { rule: 'loss', level: 'WARNING' })])).toBe(false);
    expect(isNews({}, [told(unreadable('the alarms'), { level: 'WARNING' })])).toBe(true);
    expect(isNews({}, [told(unreadable('the alarms', true), { level: 'WARNING' })])).toBe(false);
    expect(isNews({}, [])).toBe(false);
  });

  it('does not take for known what every object has', () => {
    const odd = told({ because: 'NO_GROUP', tags: {} }, { rule: 'constructor' });
    expect(isNews({}, [odd])).toBe(true);
  });
});

describe('decideReadinessNews', () => {
  it('tells what both looks found, with what is known from then on', () => {
    expect(news({}, both(told(noGroup)))).toEqual({
      notReady: [[key, known()]],
      readyAgain: [],
      known: { [key]: known({ isBeingTold: true }) },
    });
  });

  it('believes no single look', () => {
    expect(news({}, [[told(noGroup)], []]).known).toEqual({});
    expect(news({}, [[], [told(noGroup)]]).known).toEqual({});
  });

  it('tells once', () => {
    const before = { [key]: known({ isTold: true }) };
    expect(news(before, both(told(noGroup)), hours(1))).toEqual({
      notReady: [],
      readyAgain: [],
      known: before,
    });
  });

  it('tells again what a check was about to tell', () => {
    const before = { [key]: known({ isBeingTold: true }) };
    expect(toldOf(news(before, both(told(noGroup)), hours(1)))).toEqual({ notReady: [key], readyAgain: [] });
    expect(toldOf(news(before, [[], [told(noGroup)]], hours(1))).notReady).toEqual([key]);
  });

  it('takes over what it finds now, of the second look where that found it', () => {
    const other = { ...told({ because: 'NO_LAUNCH_HOOK', groups: ['web'] }), found: 'first' };
    const second = { ...told({ because: 'NO_LAUNCH_HOOK', groups: ['api'] }), found: 'second' };
    const hookKey = 'loss#NO_LAUNCH_HOOK#';
    const before = { [hookKey]: known({ isTold: true }) };
    expect(news(before, [[other], [second]]).known[hookKey]).toMatchObject({
      found: 'second',
      groups: ['api'],
      since: now,
    });
    expect(news(before, [[other], []]).known[hookKey]).toMatchObject({ found: 'first', groups: ['web'] });
  });

  it('keeps the first twenty groups and a thousand characters', () => {
    const groups = Array.from({ length: 21 }, (_, n) => `web-${n}`);
    const long = {
      ...told({ because: 'NO_LAUNCH_HOOK', groups }),
      found: 'x'.repeat(1001),
      remedy: 'y'.repeat(1001),
    };
    const [finding] = Object.values(news({}, both(long)).known);
    expect(finding?.groups).toEqual(groups.slice(0, 20));
    expect(finding?.found.length).toBeLessThan(1100);
    expect(finding?.found).toContain('…');
    expect(finding?.remedy).toContain('…');
  });

  it('tells that something is over once it was gone for three checks', () => {
    const before = { [key]: known({ isTold: true }) };
    const gone = news(before, nothing, hours(1));
    expect(toldOf(gone)).toEqual({ notReady: [], readyAgain: [] });
    expect(gone.known[key]).toEqual(known({ isTold: true, goneSince: hours(1) }));
    const stillGone = news(gone.known, nothing, hours(2));
    expect(toldOf(stillGone).readyAgain).toEqual([]);
    expect(stillGone.known[key]?.goneSince).toBe(hours(1));
    expect(news(stillGone.known, nothing, hours(2.5)).readyAgain).toEqual([
      [key, known({ isTold: true, goneSince: hours(1) })],
    ]);
  });

  it('takes what comes back before that for the same affair', () => {
    const before = { [key]: known({ isTold: true, goneSince: hours(1) }) };
    for (const looks of [both(told(noGroup)), [[told(noGroup)], []] as [ToldFinding[], ToldFinding[]]]) {
      const back = news(before, looks, hours(9));
      expect(toldOf(back)).toEqual({ notReady: [], readyAgain: [] });
      expect(back.known[key]).not.toHaveProperty('goneSince');
    }
  });

  it('forgets what is gone and nobody was told of, but not what they may have been told of', () => {
    expect(news({ [key]: known() }, nothing, hours(1)).known).toEqual({});
    const before = { [key]: known({ isBeingTold: true }) };
    expect(news(before, nothing, hours(1)).known[key]?.goneSince).toBe(hours(1));
  });

  it('takes nothing for over of a rule of which something cannot be read', () => {
    const before = { [key]: known({ isTold: true, goneSince: now }) };
    const cannot = told(unreadable('the groups'), { rule: 'loss', level: 'WARNING' });
    for (const looks of [both(cannot), [[cannot], []], [[], [cannot]]] as [ToldFinding[], ToldFinding[]][]) {
      const found = news(before, looks, hours(9));
      expect(toldOf(found).readyAgain).toEqual([]);
      expect(found.known[key]).toEqual(before[key]);
    }
    const ofAnother = told(unreadable('the groups'), { rule: 'other', level: 'WARNING' });
    expect(toldOf(news(before, both(ofAnother), hours(9))).readyAgain).toEqual([key]);
    const minor = told(unreadable('the data', true), { rule: 'loss', level: 'WARNING' });
    expect(toldOf(news(before, both(minor), hours(9))).readyAgain).toEqual([key]);
  });

  it('tells what cannot be read after hours, and when it can be again', () => {
    const cannot = told(unreadable('the alarms'), { rule: 'loss', level: 'WARNING' });
    const unreadKey = 'loss#UNREADABLE#the alarms';
    const first = news({}, both(cannot), now);
    expect(toldOf(first).notReady).toEqual([]);
    expect(first.known[unreadKey]).toEqual(known({ level: 'WARNING', isUnreadable: true }));
    expect(toldOf(news(first.known, both(cannot), hours(5))).notReady).toEqual([]);
    expect(toldOf(news(first.known, both(cannot), hours(5.5))).notReady).toEqual([unreadKey]);
    const before = {
      [unreadKey]: known({ level: 'WARNING', isUnreadable: true, isTold: true, goneSince: now }),
    };
    const another = told(unreadable('the groups'), { rule: 'loss', level: 'WARNING' });
    expect(toldOf(news(before, both(another), hours(2))).readyAgain).toEqual([unreadKey]);
  });

  it.each<[string, ReadinessFact, string]>([
    ['by its alarm', { because: 'ALARM_WITHOUT_DATA', alarmName: 'a' }, 'ALARM_WITHOUT_DATA#a'],
    ['by why groups are refused', { because: 'GROUP_REFUSED', groups: ['x'], why: 'w' }, 'GROUP_REFUSED#w'],
    [
      'by its patterns',
      { because: 'NO_ALARM', patterns: ['a', 'b'], otherAlarms: { names: [], count: 0 } },
      'NO_ALARM#a b',
    ],
    ['by what cannot be read', unreadable('the alarms'), 'UNREADABLE#the alarms'],
    ['not by its numbers', { because: 'TOO_MANY_GROUPS', groupsFound: 3, groupsMax: 2 }, 'TOO_MANY_GROUPS#'],
  ])('tells one finding from another %s', (_what, fact, about) => {
    expect(Object.keys(news({}, both(told(fact))).known)).toEqual([`loss#${about}`]);
    expect(Object.keys(news({}, both(told(fact, {}))).known)).toEqual([`#${about}`]);
  });

  it('knows a finding of the stage without a rule', () => {
    const found = news({}, both(told({ because: 'NOT_DEPLOYED', stage: 'prod' }, {})));
    expect(found.notReady.map(([, finding]) => Object.hasOwn(finding, 'rule'))).toEqual([false]);
  });
});
