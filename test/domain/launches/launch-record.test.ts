import { describe, expect, it } from 'vitest';
import {
  areLaunchesFailing,
  observeLaunches,
  stuckInstances,
  withDrain,
  withFailure,
} from '../../../functions/domain/launches/launch-record.ts';
import { aGroup, later, now } from '../holds/group-fixtures.ts';
import { aDrain, aLaunchRecord, aWaitingGroup, waitingSince } from './launch-fixtures.ts';

const wait = { instanceId: 'i-9', since: now, from: 'lifecycle event' } as const;

describe('withFailure', () => {
  const failure = { activityId: 'a', startedAt: later(-60), at: now };

  it('counts an activity once', () => {
    const first = withFailure(aLaunchRecord(), failure, now);
    expect(first.failures).toEqual([failure]);
    expect(withFailure(first, { ...failure, at: later(5) }, later(5))).toBe(first);
  });

  it('remembers when the latest failed launch began, not when it was told', () => {
    const first = withFailure(aLaunchRecord(), failure, now);
    const older = withFailure(first, { activityId: 'b', startedAt: later(-600), at: later(10) }, later(10));
    expect(older.lastFailedLaunchAt).toBe(failure.startedAt);
  });

  it('ignores what is older than any window', () => {
    const record = aLaunchRecord();
    expect(withFailure(record, failure, later(86_400))).toBe(record);
    expect(withFailure(record, failure, later(86_399)).failures).toHaveLength(1);
  });
});

describe('observeLaunches', () => {
  it('sees a success when an instance that was on its way is in service', () => {
    const before = observeLaunches(aLaunchRecord(), aWaitingGroup(['i-9']), [wait], now);
    expect(before).toMatchObject({ onTheWay: ['i-9'], waits: [wait] });
    expect(before.lastSuccessAt).toBeUndefined();
    const group = aGroup({
      instances: [
        {
          instanceId: 'i-9',
          lifecycleState: 'InService',
          healthStatus: 'Healthy',
          protectedFromScaleIn: false,
        },
      ],
    });
    expect(observeLaunches(before, group, [], later(60))).toMatchObject({
      lastSuccessAt: later(60),
      drainsCountFrom: later(60),
      waits: [],
      onTheWay: [],
    });
  });

  it('takes an instance that comes back from Standby for no launch', () => {
    const at = (lifecycleState: string) =>
      aGroup({
        instances: [
          { instanceId: 'i-9', lifecycleState, healthStatus: 'Healthy', protectedFromScaleIn: false },
        ],
      });
    const inStandby = observeLaunches(aLaunchRecord(), at('Standby'), [], now);
    const leaving = observeLaunches(inStandby, at('Pending'), [], later(60));
    expect(leaving).toMatchObject({ fromStandby: ['i-9'], onTheWay: [] });
    const back = observeLaunches(leaving, at('InService'), [], later(120));
    expect(back.lastSuccessAt).toBeUndefined();
    expect(back.fromStandby).toEqual([]);
  });

  it('takes neither an old instance nor an unhealthy new one for a success', () => {
    const before = aLaunchRecord({ onTheWay: ['i-9'] });
    expect(observeLaunches(before, aWaitingGroup([]), [], now).lastSuccessAt).toBeUndefined();
    const ill = aGroup({
      instances: [
        {
          instanceId: 'i-9',
          lifecycleState: 'InService',
          healthStatus: 'Unhealthy',
          protectedFromScaleIn: false,
        },
      ],
    });
    expect(observeLaunches(before, ill, [], now).lastSuccessAt).toBeUndefined();
  });

  it('forgets the wait of an instance that is gone, but not one so young that it may not show yet', () => {
    const record = aLaunchRecord({ waits: [wait] });
    expect(observeLaunches(record, aWaitingGroup([]), [], later(299)).waits).toEqual([wait]);
    expect(observeLaunches(record, aWaitingGroup([]), [], later(300)).waits).toEqual([]);
  });

  it.each([
    [undefined, 'GONE'],
    ['Terminating:Wait', 'GONE'],
    ['Terminated', 'GONE'],
    ['InService', 'ESCAPED'],
    ['Standby', 'ESCAPED'],
    ['Pending:Wait', 'ABANDONED'],
    ['Pending:Proceed', 'ABANDONED'],
  ])('of an instance that is %s says the drain is %s', (lifecycleState, stage) => {
    const record = aLaunchRecord({ drains: [aDrain('i-9', now, { stage: 'ABANDONED' })] });
    const group = aGroup({
      instances:
        lifecycleState === undefined
          ? []
          : [{ instanceId: 'i-9', lifecycleState, healthStatus: 'Healthy', protectedFromScaleIn: false }],
    });
    expect(observeLaunches(record, group, [], later(60)).drains[0]?.stage).toBe(stage);
  });
});

describe('stuckInstances', () => {
  it('lists who waited long enough, the longest first', () => {
    const record = aLaunchRecord({ waits: waitingSince({ 'i-7': 1199, 'i-8': 1200, 'i-9': 4000 }) });
    const group = aWaitingGroup(['i-7', 'i-8', 'i-9']);
    expect(stuckInstances(record, group, 1200, now).map(({ instanceId }) => instanceId)).toEqual([
      'i-9',
      'i-8',
    ]);
  });

  it('lists nobody who is not in Pending:Wait any more', () => {
    const record = aLaunchRecord({ waits: waitingSince({ 'i-9': 4000 }) });
    expect(stuckInstances(record, aWaitingGroup([]), 1200, now)).toEqual([]);
  });
});

describe('withDrain', () => {
  it('changes a drain that is still at the stage in which it was seen', () => {
    const record = aLaunchRecord({
      drains: [aDrain('i-8', now), aDrain('i-9', now, { stage: 'CHOSEN', hasEvidence: false })],
    });
    const changed = withDrain(record, record.drains[1] ?? aDrain('', ''), { hasEvidence: true });
    expect(changed.drains[1]?.hasEvidence).toBe(true);
    // Whoever saw it at another stage is late.
    const late = aDrain('i-9', now, { stage: 'ABANDONED' });
    expect(withDrain(record, late, { stage: 'TERMINATED' }).drains).toEqual(record.drains);
  });
});

describe('areLaunchesFailing', () => {
  it.each([
    ['nothing is known', {}, false],
    ['one failed lately', { lastFailedLaunchAt: later(-3599) }, true],
    ['one failed long ago', { lastFailedLaunchAt: later(-3600) }, false],
    ['one succeeded since', { lastFailedLaunchAt: later(-60), lastSuccessAt: later(-30) }, false],
    ['one failed since', { lastFailedLaunchAt: later(-30), lastSuccessAt: later(-60) }, true],
  ])('when %s: %j', (_what, over, expected) => {
    expect(areLaunchesFailing(aLaunchRecord(over), now, 3600)).toBe(expected);
  });
});
