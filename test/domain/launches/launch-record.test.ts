import { describe, expect, it } from 'vitest';
import {
  areLaunchesFailing,
  breakerOf,
  failuresRemembered,
  laterOf,
  launchesOf,
  observeLaunches,
  stuckInstances,
  withDrain,
  withFailure,
} from '../../../functions/domain/launches/launch-record.ts';
import { aGroup, anInstance, later, now } from '../holds/group-fixtures.ts';
import { aBreaker, aDrain, aLaunchRecord, aWaitingGroup, waitingSince } from './launch-fixtures.ts';

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

  it('forgets what became older than any window', () => {
    const first = withFailure(aLaunchRecord(), failure, now);
    const second = { activityId: 'b', startedAt: later(86_000), at: later(86_400) };
    expect(withFailure(first, second, later(86_400)).failures).toEqual([second]);
    expect(withFailure(first, { ...second, at: later(86_399) }, later(86_399)).failures).toHaveLength(2);
  });

  it('keeps them in the order in which they failed, and the latest where there are too many', () => {
    const many = Array.from({ length: failuresRemembered + 1 }, (_, n) => ({
      activityId: `a-${n}`,
      startedAt: now,
      at: later(n),
    }));
    const all = [...many].reverse().reduce((record, each) => withFailure(record, each, now), aLaunchRecord());
    expect(all.failures).toEqual(many.slice(1));
  });
});

describe('laterOf', () => {
  it.each([
    [undefined, now, now],
    [now, later(1), later(1)],
    [later(1), now, later(1)],
    [now, now, now],
  ])('of %s and %s is %s', (a, b, expected) => {
    expect(laterOf(a, b)).toBe(expected);
  });
});

describe('breakerOf', () => {
  const breaker = aBreaker();

  it('is forgotten a day after it should have probed', () => {
    expect(breakerOf(aLaunchRecord({ breaker }), later(600 + 86_400))).toBe(breaker);
    expect(breakerOf(aLaunchRecord({ breaker }), later(601 + 86_400))).toBeUndefined();
    expect(breakerOf(aLaunchRecord(), now)).toBeUndefined();
  });

  it('says that launches fail, whatever else is known', () => {
    const record = aLaunchRecord({ breaker, lastFailedLaunchAt: later(-60), lastSuccessAt: later(-30) });
    expect(areLaunchesFailing(record, now, 3600)).toBe(true);
  });
});

describe('launchesOf', () => {
  const old = aLaunchRecord({
    version: 7,
    autoScalingGroupArn: 'arn:old',
    waits: [wait, { ...wait, instanceId: 'i-8', autoScalingGroupArn: 'arn:new' }],
    onTheWay: ['i-9'],
    failures: [
      { activityId: 'a', startedAt: now, at: now },
      { activityId: 'b', startedAt: now, at: now, autoScalingGroupArn: 'arn:new' },
    ],
    lastSuccessAt: now,
    drains: [aDrain('i-9', now)],
  });

  it('are those remembered, where the group is the same, or nobody can tell', () => {
    expect(launchesOf(old, aGroup({ autoScalingGroupArn: 'arn:old' }))).toBe(old);
    expect(launchesOf(old, aGroup())).toBe(old);
  });

  it('are of the group from its first look on', () => {
    const { autoScalingGroupArn: _arn, ...unseen } = old;
    expect(launchesOf(unseen, aGroup({ autoScalingGroupArn: 'arn:old' }))).toEqual(old);
  });

  it('are, of a group that was made anew, only what was told of the new one', () => {
    expect(launchesOf(old, aGroup({ autoScalingGroupArn: 'arn:new' }))).toEqual({
      ...aLaunchRecord({ version: 7, autoScalingGroupArn: 'arn:new' }),
      waits: old.waits.slice(1),
      failures: old.failures.slice(1),
    });
  });
});

describe('observeLaunches', () => {
  it('lists who is on the way into service, and who comes from Standby, apart', () => {
    const group = aGroup({
      instances: [
        anInstance('i-1'),
        anInstance('i-5', { lifecycleState: 'Standby' }),
        anInstance('i-6', { lifecycleState: 'EnteringStandby' }),
        anInstance('i-7', { lifecycleState: 'Pending' }),
        anInstance('i-8', { lifecycleState: 'Pending:Proceed' }),
        anInstance('i-9', { lifecycleState: 'Pending:Wait' }),
        anInstance('i-w', { lifecycleState: 'Warmed:Pending:Wait' }),
      ],
    });
    expect(
      observeLaunches(aLaunchRecord({ fromStandby: ['i-7', 'i-1', 'i-x'] }), group, [], now),
    ).toMatchObject({
      fromStandby: ['i-5', 'i-6', 'i-7'],
      onTheWay: ['i-8', 'i-9'],
    });
  });

  it('takes a wait that was looked up where none is recorded, of who waits still', () => {
    const found = { instanceId: 'i-9', since: later(-500), from: 'EC2 launch time' } as const;
    const gone = { ...found, instanceId: 'i-7' };
    const waits = (record = aLaunchRecord()) =>
      observeLaunches(record, aWaitingGroup(['i-8', 'i-9']), [found, gone], now).waits;
    expect(waits()).toEqual([found]);
    expect(waits(aLaunchRecord({ waits: [wait] }))).toEqual([wait]);
    expect(waits(aLaunchRecord({ waits: [{ ...wait, instanceId: 'i-8' }] }))).toEqual([
      { ...wait, instanceId: 'i-8' },
      found,
    ]);
  });

  it('forgets the wait of an instance that is in the group and waits no longer, however young', () => {
    const record = aLaunchRecord({ waits: [{ ...wait, instanceId: 'i-1' }] });
    expect(observeLaunches(record, aWaitingGroup([]), [], later(1)).waits).toEqual([]);
  });

  it('says nothing of a success where none came, and leaves what was known', () => {
    const before = aLaunchRecord({ lastSuccessAt: later(-60), drainsCountFrom: later(-90) });
    expect(observeLaunches(before, aWaitingGroup([]), [], now)).toEqual(before);
  });

  it('takes an instance whose wait was recorded for one that was expected', () => {
    const record = aLaunchRecord({ waits: [{ ...wait, instanceId: 'i-1' }] });
    expect(observeLaunches(record, aWaitingGroup([]), [], later(60)).lastSuccessAt).toBe(later(60));
  });

  it('remembers the latest two hundred drains', () => {
    const drains = Array.from({ length: 201 }, (_, n) => aDrain(`i-${n}`, now));
    const after = observeLaunches(aLaunchRecord({ drains }), aWaitingGroup([]), [], now).drains;
    expect(after).toEqual(drains.slice(1));
  });

  it.each(['GONE', 'ESCAPED', 'LEFT'] as const)('leaves a drain that is %s as it is', (stage) => {
    const drain = aDrain('i-1', now, { stage });
    const record = aLaunchRecord({ drains: [drain] });
    expect(observeLaunches(record, aWaitingGroup([]), [], later(60)).drains).toEqual([drain]);
  });

  it.each(['CHOSEN', 'ABANDONED', 'TERMINATED'] as const)(
    'says of a drain that is %s when it ended, and looks at its own instance only',
    (stage) => {
      const record = aLaunchRecord({
        drains: [aDrain('i-1', now, { stage }), aDrain('i-9', now, { stage })],
      });
      const drains = observeLaunches(record, aWaitingGroup(['i-9']), [], later(60)).drains;
      expect(drains[0]).toEqual(aDrain('i-1', now, { stage: 'ESCAPED', stageAt: later(60) }));
      expect(drains[1]).toEqual(aDrain('i-9', now, { stage }));
      const gone = observeLaunches(record, aGroup({ instances: [] }), [], later(60)).drains;
      expect(gone[1]).toEqual(aDrain('i-9', now, { stage: 'GONE', stageAt: later(60) }));
    },
  );

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

  it('says how long each has waited, and lists those that wait alike by their ids', () => {
    const record = aLaunchRecord({ waits: waitingSince({ 'i-8': 1300, 'i-7': 1300 }) });
    const stuck = stuckInstances(record, aWaitingGroup(['i-7', 'i-8']), 1200, now);
    expect(stuck).toEqual([
      { ...record.waits[1], waitedSeconds: 1300 },
      { ...record.waits[0], waitedSeconds: 1300 },
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
    // The same instance, chosen at another time, or another instance, chosen at the same.
    const another = aDrain('i-9', later(1), { stage: 'CHOSEN' });
    expect(withDrain(record, another, { stage: 'TERMINATED' }).drains).toEqual(record.drains);
    expect(changed.drains[0]).toBe(record.drains[0]);
  });
});

describe('areLaunchesFailing', () => {
  it.each([
    ['nothing is known', {}, false],
    ['one failed lately', { lastFailedLaunchAt: later(-3599) }, true],
    ['one failed long ago', { lastFailedLaunchAt: later(-3600) }, false],
    ['one succeeded since', { lastFailedLaunchAt: later(-60), lastSuccessAt: later(-30) }, false],
    [
      'one succeeded as the latest that failed began',
      { lastFailedLaunchAt: later(-30), lastSuccessAt: later(-30) },
      false,
    ],
    ['one failed since', { lastFailedLaunchAt: later(-30), lastSuccessAt: later(-60) }, true],
  ])('when %s: %j', (_what, over, expected) => {
    expect(areLaunchesFailing(aLaunchRecord(over), now, 3600)).toBe(expected);
  });
});
