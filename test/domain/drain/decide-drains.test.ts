import { describe, expect, it } from 'vitest';
import type { GroupWithLaunches, Widespread } from '../../../functions/domain/drain/decide-drains.ts';
import {
  decideDrains,
  findWidespread,
  isAtRest,
  withChosen,
} from '../../../functions/domain/drain/decide-drains.ts';
import type { LaunchRecord } from '../../../functions/domain/launches/launch-record.ts';
import { tellChoice } from '../../../functions/domain/telling/drain-sentences.ts';
import { later, now } from '../holds/group-fixtures.ts';
import {
  aBreaker,
  aDrain,
  aLaunchRecord,
  aWaitingGroup,
  drainSettings,
  waitingSince,
} from '../launches/launch-fixtures.ts';

const ids = (count: number, from = 10): string[] => Array.from({ length: count }, (_, n) => `i-${from + n}`);
const waits = (instances: string[]) =>
  waitingSince(Object.fromEntries(instances.map((id, index) => [id, 5000 - index])));
/** A group with so many stuck, of its own name. */
const seen = (count: number, over: Partial<LaunchRecord> = {}, name = 'web') => {
  const stuck = ids(count).map((id) => `${id}${name === 'web' ? '' : name}`);
  return {
    group: aWaitingGroup(stuck, { autoScalingGroupName: name, desiredCapacity: count + 2 }),
    record: aLaunchRecord({ autoScalingGroupName: name, waits: waits(stuck), ...over }),
  };
};
const decide = (
  groups: GroupWithLaunches[],
  settings = {},
  widespread?: Widespread,
  elsewhere: LaunchRecord[] = [],
) => decideDrains(groups, { ...drainSettings, breakerAfter: 20, ...settings }, elsewhere, widespread, now);
const chosen = (groups: ReturnType<typeof seen>[], settings = {}, widespread?: Widespread) =>
  decide(groups, settings, widespread).filter(({ action }) => action === 'DRAIN');
const breaker = aBreaker({
  openedAt: later(-60),
  stateAt: later(-60),
  probeAt: later(540),
  reason: 'three came back',
});

describe('decideDrains', () => {
  it('takes the longest waits first and says age and source', () => {
    const [first, second] = decide([seen(2)]);
    expect(first).toMatchObject({
      instanceId: 'i-10',
      action: 'DRAIN',
      autoScalingGroupName: 'web',
    });
    expect(first === undefined ? '' : tellChoice(first)).toBe(
      'in Pending:Wait for 83 min (by its lifecycle event)',
    );
    expect(second?.instanceId).toBe('i-11');
  });

  it.each([
    ['atOnce', { atOnce: 2 }, 2],
    ['perGroupPerHour', { perGroupPerHour: 3 }, 3],
    ['perHour', { perHour: 4 }, 4],
    ['breakerAfter', { breakerAfter: 1 }, 1],
  ])('keeps within %s', (_limit, settings, expected) => {
    const all = decide([seen(5)], settings);
    expect(all).toHaveLength(5);
    expect(all.filter(({ action }) => action === 'DRAIN')).toHaveLength(expected);
  });

  it('counts what is in flight, and what was drained within the hour, in every group', () => {
    const inFlight = seen(5, { drains: [aDrain('i-1', later(-60), { stage: 'ABANDONED' })] });
    expect(chosen([inFlight, seen(5, {}, 'other')], { atOnce: 3 })).toHaveLength(2);
    const past = (seconds: number) => seen(5, { drains: [aDrain('i-1', later(-seconds))] });
    expect(chosen([past(3599), seen(5, {}, 'other')], { perHour: 3 })).toHaveLength(2);
    expect(chosen([past(3600), seen(5, {}, 'other')], { perHour: 3 })).toHaveLength(3);
  });

  it('takes the longest wait of all groups first, whatever their order', () => {
    const waiting = (name: string, id: string, seconds: number) => ({
      group: aWaitingGroup([id], { autoScalingGroupName: name, desiredCapacity: 9 }),
      record: aLaunchRecord({ autoScalingGroupName: name, waits: waitingSince({ [id]: seconds }) }),
    });
    const groups = [waiting('a', 'i-7', 2000), waiting('b', 'i-8', 4000), waiting('c', 'i-9', 3000)];
    expect(decide(groups).map(({ instanceId }) => instanceId)).toEqual(['i-8', 'i-9', 'i-7']);
  });

  it.each([
    ['AT_ONCE', { atOnce: 1 }, 1],
    ['PER_HOUR', { perHour: 1 }, 1],
    ['PER_GROUP_PER_HOUR', { perGroupPerHour: 1 }, 1],
    ['BREAKER_AFTER', { breakerAfter: 1 }, 1],
  ])('says that %s is the limit', (because, settings, limit) => {
    expect(decide([seen(2)], settings)[1]).toMatchObject({ action: 'WAIT', because, limit });
  });

  it('drains again what was drained before and came back', () => {
    const record = seen(1, { drains: [aDrain('i-10', later(-4000), { stage: 'ESCAPED' })] });
    expect(decide([record])[0]).toMatchObject({ instanceId: 'i-10', action: 'DRAIN' });
  });

  it('says first that the breaker is open where Launch is suspended by its hold', () => {
    const { group, record } = seen(1, { breaker });
    expect(decide([{ group: { ...group, suspendedProcesses: ['Launch'] }, record }])[0]).toMatchObject({
      because: 'BREAKER_OPEN',
    });
  });

  it('counts what other rules drain, too', () => {
    const elsewhere = [
      aLaunchRecord({ drains: [aDrain('i-1', later(-60), { stage: 'CHOSEN' }), aDrain('i-2', later(-60))] }),
    ];
    const count = (settings: object) =>
      decide([seen(5)], settings, undefined, elsewhere).filter(({ action }) => action === 'DRAIN').length;
    expect(count({ atOnce: 3 })).toBe(2);
    expect(count({ perHour: 3 })).toBe(1);
  });

  it('leaves alone what is being drained already, and what was left for a person', () => {
    const record = seen(3, {
      drains: [
        aDrain('i-10', later(-60), { stage: 'CHOSEN' }),
        aDrain('i-11', later(-60), { stage: 'LEFT' }),
      ],
    });
    expect(decide([record]).map(({ instanceId }) => instanceId)).toEqual(['i-12']);
  });

  it('lists but drains nothing while something forbids it, and says what', () => {
    const widespread = { failingGroups: 3, managedGroups: 5 };
    const [forbidden] = decide([seen(1)], {}, widespread);
    expect(forbidden).toMatchObject({ action: 'WAIT', because: 'WIDESPREAD', ...widespread });
    expect(forbidden === undefined ? '' : tellChoice(forbidden)).toContain(
      'launches fail in 3 of the 5 groups with the opt-in tag at the same time',
    );
    expect(decide([seen(1, { breaker })])[0]).toMatchObject({
      action: 'WAIT',
      because: 'BREAKER_OPEN',
      probeAt: breaker.probeAt,
    });
  });

  it('drains nothing while Launch is suspended by others, whatever Terminate does', () => {
    const { group, record } = seen(1);
    const suspending = (process: string) =>
      decide([{ group: { ...group, suspendedProcesses: [process] }, record }])[0];
    expect(suspending('Launch')).toMatchObject({
      action: 'WAIT',
      because: 'PROCESS_SUSPENDED',
      process: 'Launch',
    });
    expect(suspending('Terminate')).toMatchObject({ action: 'DRAIN' });
  });

  it('leaves to its hooks what they let into service, unless the rule says otherwise', () => {
    const continuing = { ...seen(1), hooksContinue: true };
    expect(decide([continuing])[0]).toMatchObject({ action: 'WAIT', because: 'HOOKS_CONTINUE' });
    expect(decide([continuing], { drainsContinuing: true })[0]).toMatchObject({ action: 'DRAIN' });
    expect(decide([{ ...continuing, hooksContinue: false }])[0]).toMatchObject({ action: 'DRAIN' });
    expect(decide([{ ...continuing, hooksContinue: 'unreadable' }])[0]).toMatchObject({
      action: 'WAIT',
      because: 'HOOKS_UNREADABLE',
    });
  });

  describe('while the breaker probes', () => {
    const probing = { ...breaker, state: 'PROBING' as const };

    it('drains exactly one when nothing is missing, so that a launch follows', () => {
      expect(chosen([seen(3, { breaker: probing })])).toHaveLength(1);
    });

    it('keeps within perGroupPerHour', () => {
      const past = Array.from({ length: 6 }, (_, n) => aDrain(`i-${n}`, later(-3000)));
      expect(chosen([seen(3, { breaker: probing, drains: past })])).toEqual([]);
    });

    it('says that it probes, also of what was drained in the moment of the probe', () => {
      const drained = seen(3, { breaker: probing, drains: [aDrain('i-1', probing.stateAt)] });
      expect(decide([drained])[0]).toMatchObject({ action: 'WAIT', because: 'BREAKER_PROBES' });
      const before = seen(3, { breaker: probing, drains: [aDrain('i-1', later(-61))] });
      expect(chosen([before])).toHaveLength(1);
    });

    it('drains none once one was drained, or when there is room for a launch', () => {
      expect(chosen([seen(3, { breaker: probing, drains: [aDrain('i-1', later(-30))] })])).toEqual([]);
      const { group, record } = seen(3, { breaker: probing });
      expect(chosen([{ group: { ...group, desiredCapacity: 6 }, record }])).toEqual([]);
    });
  });
});

describe('withChosen', () => {
  it('writes down what was chosen in this group, as not begun', () => {
    const record = aLaunchRecord({ waits: waits(ids(2)) });
    const choices = decide([seen(2)], { atOnce: 1 });
    expect(withChosen(record, choices, 'incident-a', now).drains).toEqual([
      aDrain('i-10', now, { since: later(-5000), stage: 'CHOSEN', hasEvidence: false }),
    ]);
    expect(withChosen(record, choices, 'incident-a', now).lastFailedLaunchAt).toBe(later(-5000));
    expect(withChosen({ ...record, autoScalingGroupName: 'other' }, choices, 'a', now).drains).toEqual([]);
  });
});

describe('withChosen of a record that failed before', () => {
  it.each([
    ['remembers the later failure', later(-60), later(-60)],
    ['moves it on', later(-9000), later(-5000)],
  ])('%s', (_what, before, after) => {
    const record = aLaunchRecord({ lastFailedLaunchAt: before });
    expect(withChosen(record, decide([seen(1)]), 'a', now).lastFailedLaunchAt).toBe(after);
    expect(withChosen(record, [], 'a', now).lastFailedLaunchAt).toBe(before);
  });

  it('has none where nothing was chosen', () => {
    expect('lastFailedLaunchAt' in withChosen(aLaunchRecord(), [], 'a', now)).toBe(false);
  });
});

describe('findWidespread of groups in which instances are stuck', () => {
  it('counts them as failing', () => {
    const managed = ['a', 'b', 'c'].map((name) => seen(1, {}, name));
    expect(findWidespread(managed, 1200, now)).toEqual({ failingGroups: 3, managedGroups: 3 });
    expect(findWidespread(managed, 9000, now)).toBeUndefined();
  });
});

describe('findWidespread', () => {
  const failing = (name: string) => seen(0, { lastFailedLaunchAt: later(-60) }, name);
  const well = (name: string) => seen(0, {}, name);

  it.each([
    [2, 0, false],
    [3, 0, true],
    [3, 2, true],
    [3, 3, false],
    [4, 3, true],
  ])('with %i groups that fail and %i that do not: %s', (fail, good, expected) => {
    const managed = [...ids(fail).map(failing), ...ids(good, 50).map(well)];
    expect(findWidespread(managed, 1200, now)).toEqual(
      expected ? { failingGroups: fail, managedGroups: fail + good } : undefined,
    );
  });
});

describe('isAtRest', () => {
  const rest = (over: Partial<LaunchRecord>, waiting: string[] = []) =>
    isAtRest({ group: aWaitingGroup(waiting), record: aLaunchRecord(over) }, drainSettings, now);

  it.each([
    ['nothing goes on', {}, [], true],
    ['the breaker is open', { breaker }, [], false],
    ['a drain is in flight', { drains: [aDrain('i-9', now, { stage: 'CHOSEN' })] }, [], false],
    ['one is half way to being stuck', { waits: waitingSince({ 'i-9': 600 }) }, ['i-9'], false],
    ['one has only begun to wait', { waits: waitingSince({ 'i-9': 599 }) }, ['i-9'], true],
    [
      'the only one was left for a person',
      { waits: waitingSince({ 'i-9': 5000 }), drains: [aDrain('i-9', now, { stage: 'LEFT' })] },
      ['i-9'],
      true,
    ],
  ] as const)('when %s: %j', (_what, over, waiting, expected) => {
    expect(rest(over as Partial<LaunchRecord>, [...waiting])).toBe(expected);
  });
});
