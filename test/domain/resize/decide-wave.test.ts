import { describe, expect, it } from 'vitest';
import type { AutoScalingGroup } from '../../../functions/domain/auto-scaling-group.ts';
import {
  canaryWatchSeconds,
  doubtSeconds,
  resizeRoundsMax,
  resizeWaitSecondsMax,
  serviceSecondsMax,
} from '../../../functions/domain/limits.ts';
import { decideRestore, driftOf } from '../../../functions/domain/resize/decide-restore.ts';
import {
  decideWave,
  endsBecause,
  mayLeaveService,
  type SeenWork,
} from '../../../functions/domain/resize/decide-wave.ts';
import { inTurnByZone } from '../../../functions/domain/resize/in-turn-by-zone.ts';
import { nextState } from '../../../functions/domain/resize/next-state.ts';
import { floorOf } from '../../../functions/domain/resize/plan-resize.ts';
import type { RunEnd } from '../../../functions/domain/resize/resize-facts.ts';
import type { Resize, ResizeWork } from '../../../functions/domain/resize/resize-record.ts';
import { resizeEffect } from '../../../functions/domain/resize/settings.ts';
import { driftTodo, tellDrift } from '../../../functions/domain/telling/resize-sentences.ts';
import { aGroup, anIncident, aRecord, later, now } from '../holds/group-fixtures.ts';
import { aResize, aCandidate as candidate, resizeHold as hold, seen, someWork } from './resize-fixtures.ts';

const incident = anIncident({ remediation: 'resize-in-place', status: 'HELD' });
const held = (over: Partial<AutoScalingGroup> = {}) =>
  aGroup({ suspendedProcesses: [...resizeEffect.processes], ...over });

const seenWork = (work: Partial<ResizeWork> = {}, over: Partial<SeenWork> = {}): SeenWork => ({
  group: held(),
  record: { ...aRecord(), holds: [hold] },
  work: someWork({ queue: ['i-1', 'i-2', 'i-3'].map((id) => candidate(id)), ...work }),
  seen: new Map(),
  healthy: new Set(['i-1', 'i-2', 'i-3', 'i-4']),
  isDraining: false,
  ...over,
});
const decide = (look: SeenWork, because?: string, at = now) => decideWave(look, incident, because, true, at);

describe('decideWave', () => {
  it('begins with a canary of one', () => {
    const { work, needs } = decide(seenWork());
    expect(work.resizes.map(({ instanceId, stage }) => [instanceId, stage])).toEqual([['i-1', 'CHOSEN']]);
    expect(needs).toEqual(['ReserveCapacity']);
  });

  it('begins a wave once one was resized, and no further one while any is in flight', () => {
    const done = aResize({ instanceId: 'i-9', stage: 'ENDED', outcome: 'RESIZED' });
    const { work } = decide(seenWork({ resizes: [done] }));
    expect(work.resizes.slice(1).map(({ instanceId }) => instanceId)).toEqual(['i-1', 'i-2']);
    const going = aResize({ instanceId: 'i-4', hasEntered: true, stage: 'ENTERING' });
    const look = seenWork({ resizes: [done, going] }, { seen: new Map([['i-4', seen('EnteringStandby')]]) });
    expect(decide(look).work.resizes).toHaveLength(2);
    expect(decide(look).needs).toEqual([{ waitsFor: 'Standby' }]);
  });

  describe('with a canary in service', () => {
    const canary = (over: Partial<Resize> = {}) =>
      aResize({ instanceId: 'i-4', isCanary: true, hasEntered: true, stage: 'EXITING', ...over });
    const xlarge = { state: 'running', instanceType: 'm7i.xlarge' };
    /** Looks at it every ten seconds, and says when its resize ended or turned, and how. */
    const watch = (first: Resize, isHealthyAt: (seconds: number) => boolean | undefined, ec2 = xlarge) => {
      let work = someWork({ resizes: [first], queue: [candidate('i-1')] });
      for (let seconds = 0; seconds <= 2400; seconds += 10) {
        const look = { 'i-4': seen('InService', { ec2, isHealthy: isHealthyAt(seconds) }) };
        const decided = decide(
          seenWork(work, { seen: new Map(Object.entries(look)) }),
          undefined,
          later(seconds),
        );
        work = decided.work;
        const told = decided.news.find((news) => 'instanceId' in news && news.instanceId === 'i-4');
        if (told !== undefined) return { seconds, told, needs: decided.needs };
        const step = decided.needs.find((need) => typeof need === 'string');
        if (step !== undefined) return { seconds, told: undefined, needs: decided.needs };
      }
      throw new Error('Its resize never ended');
    };

    it('believes it once it stayed healthy for five minutes', () => {
      expect(watch(canary(), (seconds) => seconds >= 60)).toMatchObject({
        seconds: 60 + canaryWatchSeconds,
        told: { event: 'resized' },
      });
    });

    it('believes any other at the first look that finds it healthy', () => {
      const { isCanary: _isCanary, ...other } = canary();
      expect(watch(other, (seconds) => seconds >= 60)).toMatchObject({
        seconds: 60,
        told: { event: 'resized' },
      });
    });

    it('gives one time to prove itself that is healthy at the last moment', () => {
      expect(watch(canary(), (seconds) => seconds >= serviceSecondsMax - 10)).toMatchObject({
        seconds: serviceSecondsMax - 10 + canaryWatchSeconds,
        told: { event: 'resized' },
      });
    });

    it('turns one home that restarts again and again, although it is healthy in between', () => {
      const restarts = (seconds: number) => seconds % 290 >= 60;
      const { seconds, told } = watch(canary(), restarts);
      expect(told).toMatchObject({
        event: 'turned',
        facts: { because: 'UNSTEADY', instanceType: 'm7i.xlarge', healthyForSeconds: canaryWatchSeconds },
      });
      expect(seconds).toBeLessThanOrEqual(serviceSecondsMax + canaryWatchSeconds + doubtSeconds);
    });

    it.each([60, 120, 290])(
      'is not unsettled by a load balancer that cannot be asked every %i s',
      (every) => {
        expect(watch(canary(), (seconds) => (seconds % every === 0 ? undefined : true))).toMatchObject({
          told: { event: 'resized' },
        });
      },
    );

    it('turns one home that is ill, also where the load balancer cannot be asked now and then', () => {
      const { seconds, told } = watch(canary(), (at) => (at % 60 === 0 ? undefined : false));
      expect(told).toMatchObject({ event: 'turned', facts: { because: 'UNHEALTHY' } });
      expect(seconds).toBeLessThanOrEqual(serviceSecondsMax + 2 * doubtSeconds);
    });

    it('leaves one for a person that restarts at home too', () => {
      const home = canary({
        direction: 'HOME',
        wantedType: 'm7i.large',
        homeSince: now,
        failure: { because: 'UNSTEADY', instanceType: 'm7i.xlarge', healthyForSeconds: 300, seconds: 1200 },
      });
      const restarts = (seconds: number) => seconds % 290 >= 60;
      const large = { state: 'running', instanceType: 'm7i.large' };
      expect(watch(home, restarts, large).needs).toContain('EnterStandby');
    });

    it.each<{ what: string; over: Partial<Resize> }>([
      { what: 'turned home for its original type', over: { wantedType: 'm7i.large' } },
      { what: 'to be left for a person, which AWS refused', over: { isGivenUp: true } },
    ])('takes one out, $what, only while it does not serve', ({ over }) => {
      const home = canary({
        direction: 'HOME',
        homeSince: now,
        failure: { because: 'UNSTEADY', instanceType: 'm7i.xlarge', healthyForSeconds: 300, seconds: 1200 },
        ...over,
      });
      const { seconds, needs } = watch(home, (at) => at < 200);
      expect(needs).toContain('EnterStandby');
      expect(seconds).toBe(200);
      expect(watch(home, () => true)).toMatchObject({
        seconds: canaryWatchSeconds,
        told: { event: 'resized' },
      });
    });

    it('takes none out that may serve, while its load balancer cannot be asked, and leaves it in the end', () => {
      const home = canary({
        direction: 'HOME',
        homeSince: now,
        wantedType: 'm7i.large',
        failure: { because: 'UNSTEADY', instanceType: 'm7i.xlarge', healthyForSeconds: 300, seconds: 1200 },
      });
      const silentFrom = (from: number, until: number) => (at: number) =>
        at >= from && at < until ? undefined : true;
      expect(watch(home, silentFrom(30, 330))).toMatchObject({ seconds: 330, told: { event: 'resized' } });
      expect(watch(home, silentFrom(0, 2400))).toMatchObject({
        seconds: serviceSecondsMax + doubtSeconds,
        told: { event: 'left', facts: { because: 'HEALTH_UNKNOWN' } },
      });
    });

    it('lets one come home at once that did nothing wrong', () => {
      const home = canary({ direction: 'HOME', homeSince: now, failure: { because: 'MODE', mode: 'off' } });
      expect(watch(home, () => true)).toMatchObject({ seconds: 0, told: { event: 'resized' } });
    });
  });

  it('never goes below the floor, and ends when it cannot begin for long', () => {
    const look = seenWork({ floor: 4 });
    const waiting = decide(look);
    expect(waiting.work.resizes).toEqual([]);
    expect(waiting.needs).toEqual([{ waitsFor: 'Group' }]);
    const later_ = decide({ ...look, work: waiting.work }, undefined, later(resizeWaitSecondsMax));
    expect(later_.work.endsBecause).toEqual({
      because: 'WAITED_TOO_LONG',
      wait: { waitsFor: 'health', healthy: 4, floor: 4 },
      seconds: resizeWaitSecondsMax,
    });
  });

  it.each<[what: string, over: Partial<SeenWork>, needs: unknown[]]>([
    ['its hold', { group: aGroup() }, ['ApplyHold', { waitsFor: 'Group' }]],
    ['drains that go on', { isDraining: true }, [{ waitsFor: 'Group' }]],
    ['room below the minimum', { group: held({ minSize: 4 }) }, ['PrepareGroup', { waitsFor: 'Group' }]],
    [
      'Launch, which a breaker holds',
      {
        group: held({ suspendedProcesses: [...resizeEffect.processes, 'Launch'] }),
        record: {
          ...aRecord(),
          holds: [hold],
          imposed: [{ setting: 'Launch', recordedAt: now, appliedAt: now }],
        },
      },
      ['PrepareGroup', { waitsFor: 'Group' }],
    ],
    [
      'Launch, which a person suspended',
      { group: held({ suspendedProcesses: [...resizeEffect.processes, 'Launch'] }) },
      [{ waitsFor: 'Group' }],
    ],
  ])('sees to %s before it begins', (_what, over, needs) => {
    const decision = decide(seenWork({}, over));
    expect(decision.needs).toEqual(needs);
    expect(decision.work.resizes).toEqual([]);
  });

  it('begins nothing while it may not, and nothing more once the run ends', () => {
    expect(decideWave(seenWork(), incident, undefined, false, now).work.resizes).toEqual([]);
    const { work, needs } = decide(seenWork(), 'the mode is off');
    expect([work.endsBecause, work.resizes, needs]).toEqual(['the mode is off', [], ['RestoreGroup']]);
  });

  it('turns home what is in flight when the run ends, the shortest way', () => {
    const going = aResize({ hasEntered: true, stage: 'CHANGING' });
    const look = seenWork(
      { resizes: [going] },
      {
        seen: new Map([['i-1', seen('Standby', { ec2: { state: 'stopped', instanceType: 'm7i.xlarge' } })]]),
      },
    );
    const { work, needs } = decide(look, 'the mode is off');
    expect(work.resizes[0]).toMatchObject({ direction: 'HOME', wantedType: 'm7i.xlarge' });
    expect(needs).toEqual(['StartInstance']);
  });

  it('decides nothing about an instance that the look did not find', () => {
    const going = aResize({ hasEntered: true, stage: 'STOPPING' });
    expect(decide(seenWork({ resizes: [going] })).work.resizes[0]).toEqual(going);
  });
});

describe('endsBecause', () => {
  const paused = { autoScalingGroupName: 'web', reason: 'packets are lost' };
  it.each<[unknown, Parameters<typeof endsBecause>, RunEnd | undefined]>([
    ['nothing', [incident, 'live', 1, undefined, now], undefined],
    ['an unreadable kill switch', [incident, undefined, 1, undefined, now], undefined],
    ['the kill switch', [incident, 'off', 1, undefined, now], { because: 'MODE', mode: 'off' }],
    [
      'expiry',
      [incident, 'live', 1, undefined, incident.expiresAt],
      { because: 'EXPIRED', expiresAt: incident.expiresAt },
    ],
    [
      'the sweep',
      [{ ...incident, status: 'RELEASING', releasingBecause: 'x' }, 'live', 1, undefined, now],
      { because: 'RELEASING', reason: 'x' },
    ],
    [
      'many rounds',
      [incident, 'live', resizeRoundsMax + 1, undefined, now],
      { because: 'ROUNDS_MAX', rounds: resizeRoundsMax },
    ],
    ['packet loss', [incident, 'live', 1, paused, now], { because: 'SCALING_PAUSED', ...paused }],
  ])('ends by %s', (_what, input, expected) => {
    expect(endsBecause(...input)).toEqual(expected);
  });
});

describe('mayLeaveService', () => {
  it('keeps the floor at the very moment, whoever became unhealthy or entered meanwhile', () => {
    const look = seenWork({ floor: 2 }, { healthy: new Set(['i-1', 'i-2', 'i-3']) });
    expect(mayLeaveService(look, [], 'i-1')).toBe(true);
    expect(mayLeaveService(look, ['i-2'], 'i-1')).toBe(false);
    expect(mayLeaveService({ ...look, healthy: new Set(['i-1', 'i-2']) }, [], 'i-1')).toBe(false);
  });

  it('lets one go that its load balancer finds unhealthy, and none that serves although Auto Scaling has marked it', () => {
    const look = seenWork({ floor: 2 }, { healthy: new Set(['i-1']) });
    const seenAs = (isHealthy: boolean | undefined) => ({
      ...look,
      seen: new Map([
        ['i-3', { lifecycleState: 'InService', ec2: undefined, hasPassedChecks: false, isHealthy }],
      ]),
    });
    expect(mayLeaveService(seenAs(false), [], 'i-3')).toBe(true);
    expect(mayLeaveService(seenAs(true), [], 'i-3')).toBe(false);
    // Nobody could be asked.
    expect(mayLeaveService(seenAs(undefined), [], 'i-3')).toBe(false);
    expect(mayLeaveService({ ...look, healthy: new Set() }, [], 'i-3')).toBe(false);
  });
});

describe('nextState', () => {
  it('brings capacity back before it takes any', () => {
    expect(nextState(['EnterStandby', 'StopInstance', 'ExitStandby', 'StartInstance'], [])).toBe(
      'ExitStandby',
    );
  });

  it('lets a step that cannot be taken not stand in the way of the others, and then waits', () => {
    const needs: Parameters<typeof nextState>[0] = ['ExitStandby', 'StartInstance', { waitsFor: 'Stop' }];
    expect(nextState(needs, ['ExitStandby'])).toBe('StartInstance');
    expect(nextState(needs, ['ExitStandby', 'StartInstance'])).toBe('WaitForStop');
    expect(nextState(['ExitStandby'], ['ExitStandby'])).toBe('WaitForGroup');
  });

  it('ends when nothing is needed', () => {
    expect(nextState([], [])).toBe('End');
  });
});

describe('inTurnByZone', () => {
  it('takes zones in turn', () => {
    const items = [
      candidate('i-1', 'a'),
      candidate('i-2', 'a'),
      candidate('i-3', 'b'),
      candidate('i-4', 'a'),
    ];
    expect(inTurnByZone(items).map(({ instanceId }) => instanceId)).toEqual(['i-1', 'i-3', 'i-2', 'i-4']);
  });
});

describe('floorOf', () => {
  it.each([
    [undefined, 2, false, 8],
    [{ instances: 5 }, 2, false, 5],
    [{ percent: 75 }, 2, false, 8],
    [{ instances: 0 }, 2, false, 1],
    [{ instances: 0 }, 2, true, 0],
  ])('of %j with waves of %i is %s %i of ten', (floor, waveSize, allowDowntime, expected) => {
    expect(floorOf({ waveSize, allowDowntime, ...(floor === undefined ? {} : { floor }) }, 10)).toBe(
      expected,
    );
  });
});

describe('decideRestore', () => {
  const sizes = {
    before: { minSize: 4, desiredCapacity: 6 },
    minSizes: [1],
    desiredCapacity: 4,
    changedAt: now,
  };
  const drainHold = { ...hold, incidentId: 'incident-b', processes: ['Launch' as const], keepsLaunch: false };
  const record = { ...aRecord(), holds: [{ ...hold, keepsLaunch: false }, drainHold] };
  const suspended = { minSize: 1, suspendedProcesses: ['Launch'] };

  it('suspends Launch again before anything else, also when it died in between', () => {
    const freed = { ...record, holds: [hold, drainHold] };
    const group = aGroup({ minSize: 1 });
    expect(decideRestore(group, freed, someWork({ sizes }), now)).toMatchObject({
      action: 'HOLD_LAUNCH',
      suspendsLaunch: true,
    });
    const restoring = someWork({ sizes, restoringSince: now });
    expect(decideRestore(group, freed, restoring, later(900))).toMatchObject({
      action: 'HOLD_LAUNCH',
      suspendsLaunch: true,
    });
    expect(decideRestore(group, record, restoring, later(900))).toMatchObject({
      action: 'HOLD_LAUNCH',
      suspendsLaunch: true,
    });
  });

  it('waits until it shows, and takes its absence for a person’s doing after two minutes', () => {
    const imposed = { ...record, imposed: [{ setting: 'Launch', recordedAt: now, appliedAt: now }] };
    const restoring = someWork({ sizes, restoringSince: now });
    expect(decideRestore(aGroup({ minSize: 1 }), imposed, restoring, later(119))).toEqual({ action: 'WAIT' });
    expect(decideRestore(aGroup({ minSize: 1 }), imposed, restoring, later(120))).toMatchObject({
      action: 'SET',
    });
  });

  it('sets the sizes of before', () => {
    const restoring = someWork({ sizes, restoringSince: now });
    expect(decideRestore(aGroup(suspended), record, restoring, now)).toMatchObject({
      action: 'SET',
      sizes: { minSize: 4, desiredCapacity: 6 },
    });
  });

  it('leaves a minimum alone that is not ours, and never exceeds the maximum', () => {
    const restoring = someWork({ sizes, restoringSince: now });
    expect(decideRestore(aGroup({ ...suspended, minSize: 2 }), record, restoring, now)).toMatchObject({
      sizes: { minSize: 2, desiredCapacity: 6 },
      isMinimumChanged: true,
    });
    expect(decideRestore(aGroup({ ...suspended, maxSize: 3 }), record, restoring, now)).toMatchObject({
      sizes: { minSize: 3, desiredCapacity: 3 },
    });
  });

  it('takes a minimum for changed only where it is neither ours nor that of before', () => {
    const gone = aResize({ instanceId: 'i-9', stage: 'ENDED', outcome: 'GONE', hasEntered: true });
    const restoring = someWork({
      sizes: { before: { minSize: 4, desiredCapacity: 4 }, minSizes: [3], changedAt: now },
      resizes: [gone],
      restoringSince: now,
    });
    const decided = (minSize: number) => decideRestore(aGroup({ minSize }), aRecord(), restoring, now);
    expect(decided(4)).toMatchObject({ isMinimumChanged: false });
    expect(decided(3)).toMatchObject({ isMinimumChanged: false });
    expect(decided(2)).toMatchObject({ isMinimumChanged: true });
  });

  it('lets one be launched for what was terminated in Standby, and none for what is left there', () => {
    const gone = aResize({ instanceId: 'i-9', stage: 'ENDED', outcome: 'GONE', hasEntered: true });
    const restoring = (resizes: ResizeWork['resizes']) => someWork({ resizes, restoringSince: now });
    expect(decideRestore(aGroup(), aRecord(), restoring([gone]), now)).toMatchObject({
      sizes: { desiredCapacity: 5 },
    });
    const left = aResize({ stage: 'ENDED', outcome: 'LEFT', hasEntered: true });
    expect(decideRestore(aGroup(), aRecord(), restoring([left]), now)).toEqual({ action: 'DONE' });
  });

  it('is done once its sizes were accepted, whatever they are then', () => {
    const work = someWork({
      sizes,
      restoringSince: now,
      restore: { minSize: 4, desiredCapacity: 6, appliedAt: now },
    });
    expect(decideRestore(aGroup(suspended), record, work, now)).toEqual({ action: 'DONE' });
  });
});

describe('driftOf', () => {
  const resized = aResize({ stage: 'ENDED', outcome: 'RESIZED', instanceType: 'm7i.xlarge' });
  const launchTemplate = {
    launchTemplateId: 'lt-1',
    version: '$Latest',
    versionNumber: 3,
    instanceType: 'm7i.large',
  };

  it('says what the template would launch, and the exact change', () => {
    const drift = driftOf(someWork({ resizes: [resized], launchTemplate }));
    expect(drift && tellDrift(drift)).toMatch(/lt-1 \(version \$Latest\) still launches m7i.large/);
    expect(drift && driftTodo('eu-west-1', drift)).toEqual([
      `If new instances should be m7i.xlarge too, check that version 3 is still the one the group uses, and make a new version from it: aws ec2 create-launch-template-version --region eu-west-1 --launch-template-id lt-1 --source-version 3 --launch-template-data '{"InstanceType":"m7i.xlarge"}'`,
    ]);
  });

  it('is nothing where nothing was resized, or the template says the same', () => {
    expect(driftOf(someWork({ launchTemplate }))).toBeUndefined();
    expect(
      driftOf(
        someWork({ resizes: [resized], launchTemplate: { ...launchTemplate, instanceType: 'm7i.xlarge' } }),
      ),
    ).toBeUndefined();
  });
});
