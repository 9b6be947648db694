import { describe, expect, it } from 'vitest';
import { decideBreaker, drainsThatCount } from '../../../functions/domain/drain/decide-breaker.ts';
import type { Breaker } from '../../../functions/domain/launches/launch-record.ts';
import { later, now } from '../holds/group-fixtures.ts';
import {
  aBreaker,
  aDrain,
  aLaunchRecord,
  aWaitingGroup,
  drainSettings,
  waitingSince,
} from '../launches/launch-fixtures.ts';

const threeDrains = ['i-5', 'i-6', 'i-7'].map((id) => aDrain(id, later(-2000)));
const cameBack = { drains: threeDrains, waits: waitingSince({ 'i-9': 1500 }) };
const group = aWaitingGroup(['i-9']);
const breaker = (over: Partial<Breaker> = {}): Breaker =>
  aBreaker({
    openedAt: later(-600),
    stateAt: later(-600),
    probeAt: now,
    reason: 'three came back',
    ...over,
  });

describe('decideBreaker', () => {
  it('opens when enough were drained and one launched after them is stuck too', () => {
    const { record, news } = decideBreaker(aLaunchRecord(cameBack), group, drainSettings, now);
    expect(record.breaker).toEqual({
      state: 'OPEN',
      openedAt: now,
      stateAt: now,
      delaySeconds: 600,
      probeAt: later(600),
      probes: 0,
      drained: 3,
      cameBack: 'i-9',
      isTold: false,
    });
    // That it opened is told apart, so that a crash cannot swallow it.
    expect(news).toBeUndefined();
  });

  it.each([
    ['too few were drained', { ...cameBack, drains: threeDrains.slice(1) }],
    ['what is stuck was launched before them', { ...cameBack, waits: waitingSince({ 'i-9': 2500 }) }],
    ['what came after them is still young', { ...cameBack, waits: waitingSince({ 'i-9': 1199 }) }],
    ['a launch succeeded since', { ...cameBack, drainsCountFrom: later(-1999) }],
    [
      'one of them came into service',
      { ...cameBack, drains: [...threeDrains.slice(1), aDrain('i-5', later(-2000), { stage: 'ESCAPED' })] },
    ],
  ])('stays closed while %s', (_what, over) => {
    expect(decideBreaker(aLaunchRecord(over), group, drainSettings, now)).toEqual({
      record: aLaunchRecord(over),
    });
  });

  it('counts what was drained in the very round that saw a success', () => {
    const record = aLaunchRecord({
      drains: [aDrain('i-5', now), aDrain('i-6', later(-1))],
      drainsCountFrom: now,
    });
    expect(drainsThatCount(record).map(({ instanceId }) => instanceId)).toEqual(['i-5']);
  });

  it('counts afresh when nothing was launched in the place of what was drained', () => {
    const drains = threeDrains.map((drain) => ({ ...drain, chosenAt: later(-3001) }));
    const { record } = decideBreaker(aLaunchRecord({ drains }), aWaitingGroup([]), drainSettings, now);
    expect(record.drainsCountFrom).toBe(now);
    expect(drainsThatCount(record)).toEqual([]);
    const soon = aLaunchRecord({ drains: threeDrains });
    expect(decideBreaker(soon, aWaitingGroup([]), drainSettings, now).record).toBe(soon);
  });

  it.each([
    [-1, 'OPEN'],
    [0, 'PROBING'],
  ])('%i seconds after its time to probe it is %s', (seconds, state) => {
    const record = aLaunchRecord({ ...cameBack, breaker: breaker() });
    expect(decideBreaker(record, group, drainSettings, later(seconds)).record.breaker?.state).toBe(state);
  });

  it('probes at once when another group’s breaker closed since', () => {
    const record = aLaunchRecord({ breaker: breaker({ probeAt: later(3000) }) });
    expect(decideBreaker(record, group, drainSettings, now, later(-601)).record.breaker?.state).toBe('OPEN');
    expect(decideBreaker(record, group, drainSettings, now, later(-599)).record.breaker?.state).toBe(
      'PROBING',
    );
  });

  const probing = breaker({ state: 'PROBING', stateAt: later(-1300), delaySeconds: 600, probes: 1 });

  it.each(['OPEN', 'PROBING'] as const)('closes from %s when a launch succeeds', (state) => {
    const record = aLaunchRecord({ breaker: { ...probing, state }, lastSuccessAt: later(-1) });
    const step = decideBreaker(record, group, drainSettings, now);
    expect(step.record.breaker).toBeUndefined();
    expect(step.record.breakerClosedAt).toBe(now);
    expect(step.news).toEqual({ because: 'LAUNCH_SUCCEEDED' });
  });

  it('is not closed by a success from before', () => {
    const record = aLaunchRecord({ breaker: probing, lastSuccessAt: later(-1300) });
    expect(decideBreaker(record, group, drainSettings, now).record.breaker).toBeDefined();
  });

  it.each([
    ['is stuck', { waits: waitingSince({ 'i-9': 1250 }) }],
    ['failed', { failures: [{ activityId: 'a', startedAt: later(-1299), at: now }] }],
  ])('opens again, for twice as long, when the launch for the probe %s', (_what, over) => {
    const { record } = decideBreaker(aLaunchRecord({ breaker: probing, ...over }), group, drainSettings, now);
    expect(record.breaker).toMatchObject({ state: 'OPEN', delaySeconds: 1200, probeAt: later(1200) });
  });

  it('never waits longer than probeAtMost', () => {
    const record = aLaunchRecord({
      breaker: { ...probing, delaySeconds: 3000 },
      waits: waitingSince({ 'i-9': 1250 }),
    });
    expect(decideBreaker(record, group, drainSettings, now).record.breaker?.delaySeconds).toBe(3600);
  });

  it('probes again at once when the fault was mended elsewhere after the failed launch began', () => {
    const record = aLaunchRecord({ breaker: probing, waits: waitingSince({ 'i-9': 1250 }) });
    expect(decideBreaker(record, group, drainSettings, now, later(-1000)).record.breaker?.probeAt).toBe(now);
    expect(decideBreaker(record, group, drainSettings, now, later(-1260)).record.breaker?.probeAt).toBe(
      later(1200),
    );
  });

  it.each([
    ['the stuck one is from before the probe', { waits: waitingSince({ 'i-9': 5000 }) }],
    [
      'the failed one is from before the probe',
      { failures: [{ activityId: 'a', startedAt: later(-1301), at: now }] },
    ],
  ])('goes on watching while %s', (_what, over) => {
    const record = aLaunchRecord({ breaker: probing, ...over });
    expect(decideBreaker(record, group, drainSettings, now).record).toBe(record);
  });

  it('closes when nothing is missing any more', () => {
    const content = aWaitingGroup([], { desiredCapacity: 2 });
    const step = decideBreaker(aLaunchRecord({ breaker: probing }), content, drainSettings, now);
    expect(step.record.breaker).toBeUndefined();
    expect(step.record.breakerClosedAt).toBeUndefined();
  });

  it('takes a long silence for an answer', () => {
    const record = aLaunchRecord({ breaker: { ...probing, stateAt: later(-3001) } });
    expect(decideBreaker(record, aWaitingGroup([]), drainSettings, now).news).toMatchObject({
      because: 'PROBE_FAILED',
      failure: 'NO_LAUNCH',
    });
  });

  it('does not take silence for an answer while a drain is in flight', () => {
    const drains = threeDrains.map((drain) => ({ ...drain, chosenAt: later(-3001) }));
    const [first, ...rest] = drains;
    const record = aLaunchRecord({ drains: [{ ...(first ?? aDrain('', '')), stage: 'ABANDONED' }, ...rest] });
    expect(decideBreaker(record, aWaitingGroup([]), drainSettings, now).record).toBe(record);
  });

  it('waits its first delay again after a probe that was made at once', () => {
    const record = aLaunchRecord({
      breaker: { ...probing, delaySeconds: 0 },
      waits: waitingSince({ 'i-9': 1250 }),
    });
    expect(decideBreaker(record, group, drainSettings, now).record.breaker?.delaySeconds).toBe(600);
  });

  it('takes for silence only what is longer than the wait and half an hour', () => {
    const at = (seconds: number) => threeDrains.map((drain) => ({ ...drain, chosenAt: later(-seconds) }));
    const silentFor = (seconds: number) =>
      decideBreaker(aLaunchRecord({ drains: at(seconds) }), aWaitingGroup([]), drainSettings, now).record;
    expect(silentFor(3000).drainsCountFrom).toBeUndefined();
    expect(silentFor(3001).drainsCountFrom).toBe(now);
    const probed = (seconds: number) =>
      decideBreaker(
        aLaunchRecord({ breaker: { ...probing, stateAt: later(-seconds) } }),
        aWaitingGroup([]),
        drainSettings,
        now,
      );
    expect(probed(3000).news).toBeUndefined();
    expect(probed(3001).news).toEqual({
      because: 'PROBE_FAILED',
      failure: 'NO_LAUNCH',
      delaySeconds: 1200,
    });
  });

  it('counts the silence from the latest drain', () => {
    const drains = [aDrain('i-5', later(-9000)), aDrain('i-6', later(-8000)), aDrain('i-7', later(-60))];
    const record = aLaunchRecord({ drains });
    expect(decideBreaker(record, aWaitingGroup([]), drainSettings, now).record).toBe(record);
  });

  it('hears nothing where one launched since the first drain still waits', () => {
    const drains = threeDrains.map((drain) => ({ ...drain, chosenAt: later(-3001) }));
    const young = aLaunchRecord({ drains, waits: waitingSince({ 'i-9': 100 }) });
    expect(decideBreaker(young, group, drainSettings, now).record).toBe(young);
    const older = aLaunchRecord({ drains, waits: waitingSince({ 'i-9': 3002 }) });
    expect(decideBreaker(older, aWaitingGroup([]), drainSettings, now).record.drainsCountFrom).toBe(now);
  });

  it('is not opened by what was launched in the moment of the first drain', () => {
    const record = aLaunchRecord({ drains: threeDrains, waits: waitingSince({ 'i-9': 2000 }) });
    expect(decideBreaker(record, group, drainSettings, now).record.breaker).toBeUndefined();
  });

  it('keeps everything else of the record when it closes', () => {
    const record = aLaunchRecord({ breaker: probing, lastSuccessAt: later(-1), drains: threeDrains });
    const { record: closed } = decideBreaker(record, group, drainSettings, now);
    expect(closed).toMatchObject({ autoScalingGroupName: 'web', drains: threeDrains, drainsCountFrom: now });
  });

  it('counts its probes, and says the number', () => {
    const record = aLaunchRecord({ breaker: breaker({ probes: 2 }) });
    const step = decideBreaker(record, group, drainSettings, now);
    expect(step.record.breaker?.probes).toBe(3);
    expect(step.news).toEqual({ because: 'PROBES', probes: 3 });
  });

  it.each([
    ['is stuck', { waits: waitingSince({ 'i-9': 1250 }) }, { failure: 'STUCK', instanceId: 'i-9' }],
    [
      'failed',
      { failures: [{ activityId: 'a', startedAt: later(-1299), at: now }] },
      { failure: 'LAUNCH_FAILED' },
    ],
  ])('says that the launch for the probe %s', (_what, over, failure) => {
    const { news } = decideBreaker(aLaunchRecord({ breaker: probing, ...over }), group, drainSettings, now);
    expect(news).toEqual({ because: 'PROBE_FAILED', delaySeconds: 1200, ...failure });
  });

  it.each([
    ['a success', { lastSuccessAt: probing.stateAt }],
    ['a stuck launch', { waits: waitingSince({ 'i-9': 1300 }) }],
    ['a failed launch', { failures: [{ activityId: 'a', startedAt: probing.stateAt, at: now }] }],
  ])('takes %s of the moment of its probe for one from before', (_what, over) => {
    const record = aLaunchRecord({ breaker: probing, ...over });
    expect(decideBreaker(record, group, drainSettings, now).record).toBe(record);
  });

  it('probes no sooner for a breaker that closed in the moment of its own change', () => {
    const record = aLaunchRecord({ breaker: breaker({ probeAt: later(3000) }) });
    const step = decideBreaker(record, group, drainSettings, now, record.breaker?.stateAt);
    expect(step.record.breaker?.state).toBe('OPEN');
    const failing = aLaunchRecord({ breaker: probing, waits: waitingSince({ 'i-9': 1250 }) });
    const failed = decideBreaker(failing, group, drainSettings, now, later(-1250));
    expect(failed.record.breaker?.probeAt).toBe(later(1200));
  });

  it('says that nothing is missing', () => {
    const content = aWaitingGroup([], { desiredCapacity: 2 });
    const { news } = decideBreaker(aLaunchRecord({ breaker: probing }), content, drainSettings, now);
    expect(news).toEqual({ because: 'NOTHING_MISSING' });
  });

  it('stays while one more than is desired is on its way', () => {
    const record = aLaunchRecord({ breaker: probing });
    const busy = aWaitingGroup(['i-9'], { desiredCapacity: 2 });
    expect(decideBreaker(record, busy, drainSettings, now).record.breaker).toBeDefined();
  });
});
