import { describe, expect, it } from 'vitest';
import {
  bootSecondsMax,
  doubtSeconds,
  resizeRoundsMax,
  resizeWaitSecondsMax,
} from '../../../functions/domain/limits.ts';
import type { SeenResize } from '../../../functions/domain/resize/decide-resize-step.ts';
import {
  decideWave,
  endsBecause,
  failureBehind,
  isSpent,
  type SeenWork,
} from '../../../functions/domain/resize/decide-wave.ts';
import type { InstanceFailure, StoredRunEnd } from '../../../functions/domain/resize/resize-facts.ts';
import type { Resize, ResizeWork } from '../../../functions/domain/resize/resize-record.ts';
import { resizeEffect } from '../../../functions/domain/resize/settings.ts';
import { aGroup, anIncident, aRecord, later, now } from '../holds/group-fixtures.ts';
import {
  aReservation,
  aResize,
  aCandidate as candidate,
  resizeHold as hold,
  resizeSettings,
  seen,
  someWork,
} from './resize-fixtures.ts';

const incident = anIncident({ remediation: 'resize-in-place', status: 'HELD' });
const looking = (
  work: Partial<ResizeWork>,
  sights: Record<string, SeenResize> = {},
  over: Partial<SeenWork> = {},
): SeenWork => ({
  group: aGroup({ suspendedProcesses: [...resizeEffect.processes] }),
  record: { ...aRecord(), holds: [hold] },
  work: someWork(work),
  seen: new Map(Object.entries(sights)),
  healthy: new Set(['i-1', 'i-2', 'i-3', 'i-4']),
  isDraining: false,
  ...over,
});
const decide = (look: SeenWork, because?: StoredRunEnd, at = now) =>
  decideWave(look, incident, because, true, at);
const large = { state: 'running', instanceType: 'm7i.large' };
const xlarge = { state: 'running', instanceType: 'm7i.xlarge' };
const stopped = { state: 'stopped', instanceType: 'm7i.large' };

describe('what a look tells', () => {
  const remembered = (over: Partial<Resize>, sight: SeenResize): Resize => {
    const resize = aResize(over);
    const { work } = decide(looking({ resizes: [resize] }, { 'i-1': sight }));
    const [after] = work.resizes;
    if (after === undefined) throw new Error('The resize is gone');
    return after;
  };
  const entering = { stage: 'ENTERING', hasEntered: false } as const;
  const starting = { stage: 'STARTING', hasEntered: true, wantedType: 'm7i.large' } as const;
  const exiting = { stage: 'EXITING', hasEntered: true } as const;
  const stopping = { stage: 'STOPPING', hasEntered: true } as const;

  it.each<[what: string, over: Partial<Resize>, sight: SeenResize, field: keyof Resize, value: unknown]>([
    ['that it entered Standby', entering, seen('Standby'), 'hasEntered', true],
    ['that it enters Standby', entering, seen('EnteringStandby'), 'hasEntered', true],
    ['not that one in service entered', entering, seen('InService'), 'hasEntered', false],
    ['not that one entered that waits to terminate', entering, seen('Terminating:Wait'), 'hasEntered', false],
    [
      'that it starts',
      starting,
      seen('Standby', { ec2: { ...large, state: 'pending' } }),
      'hasStarted',
      true,
    ],
    ['that it runs', starting, seen('Standby', { hasPassedChecks: false }), 'hasStarted', true],
    ['not that one starts that is stopped', starting, seen('Standby', { ec2: stopped }), 'hasStarted', false],
    [
      'not that one starts of which EC2 does not tell',
      starting,
      seen('Standby', { ec2: undefined }),
      'hasStarted',
      false,
    ],
    ['not that one starts that was not asked to', stopping, seen('Standby'), 'hasStarted', false],
    ['that it left Standby', exiting, seen('InService', { isHealthy: false }), 'hasExited', true],
    ['that it leaves Standby', exiting, seen('Pending:Wait'), 'hasExited', true],
    ['not that one left that is in Standby', exiting, seen('Standby'), 'hasExited', undefined],
    ['not that one left that is in the warm pool', exiting, seen('Warmed:Pending'), 'hasExited', undefined],
    [
      'not that one left that was not asked to',
      { ...stopping, refusedSince: now },
      seen('InService', { isHealthy: false }),
      'hasExited',
      undefined,
    ],
    [
      'that it stops',
      stopping,
      seen('Standby', { ec2: { ...large, state: 'stopping' } }),
      'stoppingSince',
      now,
    ],
    [
      'since when it stops',
      { ...stopping, stoppingSince: later(-60) },
      seen('Standby', { ec2: { ...large, state: 'stopping' } }),
      'stoppingSince',
      later(-60),
    ],
    ['not that one stops that runs', stopping, seen('Standby'), 'stoppingSince', undefined],
    [
      'that it stops no more',
      { ...stopping, stoppingSince: later(-60) },
      seen('Standby', { ec2: stopped }),
      'stoppingSince',
      undefined,
    ],
    [
      'nothing of its stop where EC2 does not tell of it',
      { ...stopping, stoppingSince: later(-60) },
      seen('Standby', { ec2: undefined }),
      'stoppingSince',
      later(-60),
    ],
    ['that EC2 does not tell of it', stopping, seen('Standby', { ec2: undefined }), 'missingSince', now],
    [
      'since when EC2 does not tell of it',
      { ...stopping, missingSince: later(-60) },
      seen('Standby', { ec2: undefined }),
      'missingSince',
      later(-60),
    ],
    [
      'that EC2 tells of it again',
      { ...stopping, missingSince: later(-60) },
      seen('Standby'),
      'missingSince',
      undefined,
    ],
    ['that EC2 tells of it', stopping, seen('Standby'), 'missingSince', undefined],
  ])('%s', (_what, over, sight, field, value) => {
    expect(remembered(over, sight)[field]).toEqual(value);
  });

  describe('of a canary in service', () => {
    const canary = { isCanary: true, hasEntered: true, stage: 'EXITING', wantedType: 'm7i.xlarge' } as const;
    const well = { wellSince: later(-60), wasWell: true };
    it.each<
      [
        what: string,
        over: Partial<Resize>,
        sight: SeenResize,
        since: string | undefined,
        was: boolean | undefined,
      ]
    >([
      ['since when it is well', {}, seen('InService', { ec2: xlarge }), now, true],
      ['no other moment since', well, seen('InService', { ec2: xlarge }), later(-60), true],
      ['that it is ill', well, seen('InService', { ec2: xlarge, isHealthy: false }), undefined, true],
      [
        'nothing where nobody can be asked',
        well,
        seen('InService', { ec2: xlarge, isHealthy: undefined }),
        later(-60),
        true,
      ],
      [
        'that it does not run',
        well,
        seen('InService', { ec2: { ...xlarge, state: 'stopping' } }),
        undefined,
        true,
      ],
      ['that EC2 does not tell of it', well, seen('InService', { ec2: undefined }), undefined, true],
      ['that it left service', well, seen('Pending', { ec2: xlarge }), undefined, true],
      ['that all begins anew in Standby', well, seen('Standby', { ec2: xlarge }), undefined, false],
      ['that it goes to Standby', well, seen('EnteringStandby', { ec2: xlarge }), undefined, false],
      ['not that one was well that was not', {}, seen('Standby', { ec2: xlarge }), undefined, undefined],
      [
        'not that one is well that was not taken out of service yet',
        { hasEntered: false, stage: 'CHOSEN' },
        seen('InService'),
        undefined,
        undefined,
      ],
    ])('%s', (_what, over, sight, since, was) => {
      const { wellSince, wasWell } = remembered({ ...canary, ...over }, sight);
      expect([wellSince, wasWell]).toEqual([since, was]);
    });
  });

  it('is remembered of the one that goes on, not of an earlier one of the same instance', () => {
    const earlier = aResize({ stage: 'ENDED', outcome: 'BROUGHT_HOME' });
    const { work } = decide(
      looking({ resizes: [earlier, aResize({ ...entering })] }, { 'i-1': seen('Standby') }),
    );
    expect(work.resizes[0]).toEqual(earlier);
    expect(work.resizes[1]?.hasEntered).toBe(true);
  });

  it('leaves the work as it is where nothing is new', () => {
    const look = looking(
      { resizes: [aResize({ ...stopping, refusedSince: undefined })] },
      { 'i-1': seen('Standby') },
    );
    expect(decide(look).work).toBe(look.work);
  });

  it('may be from before: what it would end is doubted first, and the doubt is forgotten again', () => {
    const resize = aResize({ ...exiting });
    const gone = decide(looking({ resizes: [resize] }, { 'i-1': seen(undefined) }));
    expect(gone.work.resizes[0]?.doubt).toEqual({ because: 'LEFT_THE_GROUP', since: now });
    expect(gone.needs).toEqual([{ waitsFor: 'Start' }]);
    const back = decide(looking(gone.work, { 'i-1': seen('Pending') }), undefined, later(30));
    expect(back.work.resizes[0]?.doubt).toBeUndefined();
    const sure = decide(looking(gone.work, { 'i-1': seen(undefined) }), undefined, later(doubtSeconds));
    expect(sure.work.resizes[0]).toMatchObject({ stage: 'ENDED', outcome: 'GONE' });
  });
});

describe('what ends the resize of an instance', () => {
  it('ends the run where the instance is gone, with what it was last', () => {
    const resize = aResize({ stage: 'STOPPING', hasEntered: true });
    const { work, needs, news } = decide(
      looking(
        { resizes: [resize], queue: [candidate('i-2')] },
        { 'i-1': seen('Standby', { ec2: { state: 'terminated', instanceType: 'm7i.2xlarge' } }) },
      ),
      undefined,
      later(5),
    );
    const end = { because: 'TERMINATED_IN_STANDBY' };
    expect(work.resizes).toEqual([
      { ...resize, stage: 'ENDED', stageAt: later(5), outcome: 'GONE', instanceType: 'm7i.2xlarge' },
    ]);
    expect(work.endsBecause).toEqual({ because: 'INSTANCE_ENDED', instanceId: 'i-1', end });
    expect(news).toEqual([{ event: 'gone', instanceId: 'i-1', facts: end }]);
    expect(needs).toEqual(['RestoreGroup']);
  });

  it('ends the run where it is left for a person, and says no type that nobody knows', () => {
    const resize = aResize({
      stage: 'STOPPING',
      hasEntered: true,
      isGivenUp: true,
      wantedType: 'm6i.xlarge',
    });
    const look = looking({ resizes: [resize] }, { 'i-1': seen('Standby', { ec2: undefined }) });
    const first = decide(look);
    const { work, news } = decide({ ...look, work: first.work }, undefined, later(doubtSeconds));
    const failure = { because: 'UNHEALTHY', instanceType: 'm6i.xlarge', seconds: 900 };
    expect(work.resizes[0]).toMatchObject({ stage: 'ENDED', outcome: 'LEFT' });
    expect(work.resizes[0]).not.toHaveProperty('instanceType');
    expect(work.endsBecause).toMatchObject({
      because: 'INSTANCE_ENDED',
      instanceId: 'i-1',
      end: { because: 'UNHEALTHY_AT_HOME', failure },
    });
    expect(news).toMatchObject([{ event: 'left', instanceId: 'i-1' }]);
  });

  it('does not end the run where it came into service, or nothing was done to it', () => {
    const resized = aResize({ stage: 'EXITING', hasEntered: true });
    const untouched = aResize({ instanceId: 'i-2', chosenAt: later(-resizeWaitSecondsMax - 1) });
    const { work, news } = decide(
      looking(
        { resizes: [resized, untouched], queue: [candidate('i-3')] },
        { 'i-1': seen('InService', { ec2: xlarge }), 'i-2': seen('InService') },
      ),
    );
    expect(work.endsBecause).toBeUndefined();
    expect(news.slice(0, 2).map(({ event }) => event)).toEqual(['resized', 'kept']);
    // And so the next wave begins.
    expect(work.resizes.map(({ instanceId }) => instanceId)).toEqual(['i-1', 'i-2', 'i-3']);
  });

  it('turns home one that failed, ends the run with why, and goes on with it at once', () => {
    const resize = aResize({
      stage: 'STARTING',
      hasEntered: true,
      hasStarted: true,
      doubt: { because: 'BROUGHT_HOME_AS', since: later(-doubtSeconds) },
    });
    const sight = seen('Standby', {
      ec2: { state: 'stopped', instanceType: 'm7i.xlarge', stateReason: 'Server.InternalError' },
    });
    const { work, needs, news } = decide(looking({ resizes: [resize] }, { 'i-1': sight }));
    const failure = {
      because: 'STOPPED_AGAIN',
      instanceType: 'm7i.xlarge',
      stateReason: 'Server.InternalError',
    };
    expect(news).toEqual([
      {
        event: 'turned',
        instanceId: 'i-1',
        facts: { because: 'BROUGHT_HOME_AS', failure, instanceType: 'm7i.large' },
      },
    ]);
    expect(work.resizes[0]).toMatchObject({
      direction: 'HOME',
      wantedType: 'm7i.large',
      tried: ['m7i.xlarge'],
    });
    expect(work.endsBecause).toEqual({ because: 'INSTANCE_FAILED', instanceId: 'i-1', failure });
    expect(needs).toEqual(['ChangeInstanceType']);
  });

  it('does not end the run where the next type is tried on the way home', () => {
    const resize = aResize({
      stage: 'STARTING',
      hasEntered: true,
      hasStarted: true,
      direction: 'HOME',
      homeSince: now,
      wantedType: 'm7i.large',
      tried: ['m7i.xlarge'],
      doubt: { because: 'NEXT_TYPE', since: later(-doubtSeconds) },
    });
    const { work } = decide(looking({ resizes: [resize] }, { 'i-1': seen('Standby', { ec2: stopped }) }));
    expect(work.resizes[0]).toMatchObject({ wantedType: 'm6i.xlarge' });
    expect(work.endsBecause).toBeUndefined();
  });

  it('keeps the first reason why a run ends', () => {
    const first = { because: 'MODE', mode: 'off' } as const;
    const { work } = decide(looking({ endsBecause: first }), { because: 'NOT_OPTED_IN' });
    expect(work.endsBecause).toEqual(first);
  });
});

describe('failureBehind', () => {
  const failure: InstanceFailure = { because: 'CHECKS_FAILED', instanceType: 'm7i.xlarge', seconds: 900 };
  it.each([
    [{ because: 'BROUGHT_HOME_AS' as const, failure, instanceType: 'm7i.large' }, failure],
    [failure, failure],
    [{ because: 'NEXT_TYPE' as const, failure, instanceType: 'm6i.xlarge' }, undefined],
    [{ because: 'ALL_TYPES_AGAIN' as const, failure }, undefined],
    [{ because: 'REFUSED_FOR_NOW' as const, operation: 'StartInstance' as const, error: 'x' }, undefined],
  ])('of %j', (turn, expected) => {
    expect(failureBehind(turn)).toEqual(expected);
  });
});

describe('when a run ends', () => {
  const going = aResize({ stage: 'CHANGING', hasEntered: true });
  const home = aResize({
    instanceId: 'i-2',
    stage: 'STOPPING',
    hasEntered: true,
    direction: 'HOME',
    homeSince: later(-60),
  });
  const sights = {
    'i-1': seen('Standby', { ec2: { state: 'stopped', instanceType: 'm6i.xlarge' } }),
    'i-2': seen('Standby', { ec2: stopped }),
  };

  it.each<[what: string, ends: StoredRunEnd, failure: unknown]>([
    [
      'as it is stored',
      { because: 'MODE', mode: 'off' },
      { because: 'RUN_ENDED', ends: { because: 'MODE', mode: 'off' } },
    ],
    ['as a release before stored it', 'the mode is off', 'the mode is off'],
  ])('everything turns home with the type it has, and is told why, %s', (_what, ends, failure) => {
    const { work } = decide(looking({ resizes: [going, home] }, sights), ends, later(5));
    expect(work.resizes[0]).toMatchObject({
      direction: 'HOME',
      wantedType: 'm6i.xlarge',
      homeSince: later(5),
      failure,
    });
    expect(work.resizes[1]?.homeSince).toBe(later(-60));
  });

  it('turns home with its first type what EC2 does not tell of, or no look found', () => {
    const untold = decide(looking({ resizes: [going] }, { 'i-1': seen('Standby', { ec2: undefined }) }), 'x');
    expect(untold.work.resizes[0]).toMatchObject({ direction: 'HOME', wantedType: 'm7i.large' });
    const unseen = decide(looking({ resizes: [going] }), 'x');
    expect(unseen.work.resizes[0]).toMatchObject({ direction: 'HOME', wantedType: 'm7i.large' });
  });

  it('ends at once the resize of an instance that nothing was done to', () => {
    const { work, needs, news } = decide(
      looking({ resizes: [aResize()], queue: [candidate('i-2')] }, { 'i-1': seen('InService') }),
      { because: 'MODE', mode: 'off' },
    );
    expect(work.resizes[0]).toMatchObject({ stage: 'ENDED', outcome: 'UNTOUCHED' });
    expect(news).toMatchObject([{ event: 'kept', instanceId: 'i-1', facts: { because: 'NOTHING_DONE' } }]);
    expect(needs).toEqual(['RestoreGroup']);
  });

  it('ends where the group has opted out', () => {
    const look = looking({ resizes: [going] }, sights);
    const { tags: _tags, ...group } = look.group;
    const { work } = decide({ ...look, group: { ...group, tags: { tier: 'web' } } });
    expect(work.endsBecause).toEqual({ because: 'NOT_OPTED_IN' });
  });
});

describe('a wave', () => {
  const done = aResize({ instanceId: 'i-9', stage: 'ENDED', outcome: 'RESIZED' });
  const resize = resizeSettings;

  it('tells who is chosen, and whether it is alone', () => {
    const queue = ['i-1', 'i-2', 'i-3'].map((id) => candidate(id));
    const facts = { wantedType: 'm7i.xlarge', originalType: 'm7i.large' };
    expect(decide(looking({ queue })).news).toEqual([
      { event: 'chosen', instanceId: 'i-1', ...facts, isAlone: true },
    ]);
    expect(decide(looking({ queue, resizes: [done] })).news).toEqual([
      { event: 'chosen', instanceId: 'i-1', ...facts, isAlone: false },
      { event: 'chosen', instanceId: 'i-2', ...facts, isAlone: false },
    ]);
  });

  it('begins with what is written before anything is done', () => {
    const { work } = decide(looking({ queue: [candidate('i-1'), candidate('i-2')] }), undefined, later(7));
    expect(work.resizes).toEqual([
      {
        ...candidate('i-1'),
        isCanary: true,
        chosenAt: later(7),
        stage: 'CHOSEN',
        stageAt: later(7),
        direction: 'FORWARD',
        wantedType: 'm7i.xlarge',
        tried: [],
        isReserved: false,
        hasEntered: false,
        hasStarted: false,
        isForced: false,
      },
    ]);
    expect(work.queue).toEqual([candidate('i-2')]);
    const second = decide(looking({ queue: [candidate('i-1')], resizes: [done] })).work.resizes[1];
    expect(second).not.toHaveProperty('isCanary');
  });

  it('goes back to the type it had where no other is left', () => {
    const queue = [{ ...candidate('i-1'), candidates: [] }];
    const { work, news } = decide(looking({ queue }));
    expect(work.resizes[0]?.wantedType).toBe('m7i.large');
    expect(news).toMatchObject([{ wantedType: 'm7i.large' }]);
  });

  it('reserves nothing where the rule says so', () => {
    const look = looking({ queue: [candidate('i-1')] });
    const reserves = (reserveCapacity: boolean) =>
      decideWave(look, { ...incident, resize: { ...resize, reserveCapacity } }, undefined, true, now);
    expect(reserves(false).needs).toEqual(['EnterStandby']);
    expect(reserves(false).work.resizes[0]?.isReserved).toBe(true);
    expect(reserves(true).needs).toEqual(['ReserveCapacity']);
    expect(reserves(true).work.resizes[0]?.isReserved).toBe(false);
  });

  it('leaves out who is in service no more, says so, and takes the next', () => {
    const { work, news } = decide(looking({ queue: [candidate('i-7'), candidate('i-2')] }));
    expect(news[0]).toEqual({ event: 'kept', instanceId: 'i-7', facts: { because: 'NOT_IN_SERVICE' } });
    expect(work.resizes.map(({ instanceId }) => instanceId)).toEqual(['i-2']);
    expect(work.queue).toEqual([]);
    const nobody = decide(looking({ queue: [candidate('i-7')] }));
    expect(nobody.needs).toEqual([{ waitsFor: 'Group' }]);
    expect(nobody.work.queue).toEqual([]);
  });

  it('forgets what was waited for once it begins', () => {
    const { work } = decide(looking({ queue: [candidate('i-1')], waitingSince: now, waitsFor: 'health' }));
    expect(work).not.toHaveProperty('waitingSince');
    expect(work).not.toHaveProperty('waitsFor');
  });

  it('is no larger than the room above the floor, and what the minimum needs for it is written down', () => {
    const roomy = looking({
      queue: ['i-1', 'i-2', 'i-3'].map((id) => candidate(id)),
      resizes: [done],
      waveSize: 3,
      floor: 2,
    });
    expect(decide(roomy).work.resizes).toHaveLength(3);
    const group = { ...roomy.group, minSize: 3 };
    expect(decide({ ...roomy, group })).toMatchObject({
      work: { nextWave: 2, waitsFor: 'sizes' },
      needs: ['PrepareGroup', { waitsFor: 'Group' }],
    });
  });

  it('waits anew for another reason, and as long as before for the same', () => {
    const queue = [candidate('i-1')];
    const waits = (work: Partial<ResizeWork>, at: string) =>
      decide(looking({ queue, ...work }, {}, { isDraining: true }), undefined, at);
    expect(waits({}, later(10)).work).toMatchObject({ waitingSince: later(10), waitsFor: 'drains' });
    expect(waits({ waitingSince: now, waitsFor: 'drains' }, later(10)).work.waitingSince).toBe(now);
    expect(waits({ waitsFor: 'drains' }, later(10)).work.waitingSince).toBe(later(10));
    expect(waits({ waitingSince: now, waitsFor: 'health' }, later(10)).work.waitingSince).toBe(later(10));
    const facts = { because: 'WAITED_TOO_LONG', wait: { waitsFor: 'drains' }, seconds: resizeWaitSecondsMax };
    const tooLong = waits({ waitingSince: now, waitsFor: 'drains' }, later(resizeWaitSecondsMax));
    expect(tooLong.news).toEqual([{ event: 'refused', facts }]);
    expect(tooLong.work.endsBecause).toEqual(facts);
    const almost = waits({ waitingSince: now, waitsFor: 'drains' }, later(resizeWaitSecondsMax - 1));
    expect(almost.work.endsBecause).toBeUndefined();
  });

  it('needs for what is in flight each step, capacity, and the sizes', () => {
    const resizes = [
      aResize({ isReserved: false }),
      aResize({ instanceId: 'i-2', stage: 'STOPPING', hasEntered: true }),
      aResize({ instanceId: 'i-3', stage: 'CHANGING', hasEntered: true, stageAt: later(-300) }),
    ];
    const look = looking(
      { resizes },
      { 'i-1': seen('InService'), 'i-2': seen('Standby'), 'i-3': seen('Standby', { ec2: stopped }) },
    );
    expect(decide(look).needs).toEqual(['ReserveCapacity', { waitsFor: 'Stop' }, 'ChangeInstanceType']);
    const launchHeld = {
      ...look,
      group: { ...look.group, suspendedProcesses: [...resizeEffect.processes, 'Launch'] },
      record: { ...look.record, imposed: [{ setting: 'Launch', recordedAt: now, appliedAt: now }] },
    };
    expect(decide(launchHeld).needs[0]).toBe('PrepareGroup');
    expect(decide(looking({ resizes })).needs).toEqual([{ waitsFor: 'Group' }]);
  });

  it('sees what somebody took back of its hold while an instance is on its way', () => {
    const onItsWay = { resizes: [aResize({ instanceId: 'i-2', stage: 'STOPPING', hasEntered: true })] };
    const sights = { 'i-2': seen('Standby') };
    const resumed = (work: Partial<ResizeWork>, overridden: string[] = []) => {
      const look = looking(work, sights);
      return decide({
        ...look,
        group: { ...look.group, suspendedProcesses: [] },
        record: { ...look.record, overridden: overridden.map((setting) => ({ setting, seenAt: now })) },
      }).needs;
    };
    expect(decide(looking(onItsWay, sights)).needs).toEqual([{ waitsFor: 'Stop' }]);
    expect(resumed(onItsWay)).toEqual(['ApplyHold', { waitsFor: 'Stop' }]);
    // What was seen already need not be seen again, and where the run has ended nothing more is held.
    expect(resumed(onItsWay, resizeEffect.processes)).toEqual([{ waitsFor: 'Stop' }]);
    const endsBecause = { because: 'MODE', mode: 'off' } as const;
    expect(resumed({ ...onItsWay, endsBecause })).not.toContain('ApplyHold');
  });

  it('is not begun while it may not, and the group is restored when nobody is left', () => {
    const look = looking({ queue: [candidate('i-1')] });
    expect(decideWave(look, incident, undefined, false, now)).toEqual({
      work: look.work,
      needs: [{ waitsFor: 'Group' }],
      news: [],
    });
    expect(decide(looking({})).needs).toEqual(['RestoreGroup']);
    expect(decide(looking({ restoredAt: now })).needs).toEqual(['UpdateLaunchTemplate']);
  });
});

describe('reservations', () => {
  const starting = aResize({ stage: 'STARTING', hasEntered: true, hasStarted: true, stageAt: later(-60) });

  it.each<[what: string, resizes: Resize[], sights: Record<string, SeenResize>, expected: boolean]>([
    ['of one that ended', [{ ...starting, stage: 'ENDED' }], {}, true],
    ['of one that runs after its start', [starting], { 'i-1': seen('Standby', { ec2: xlarge }) }, true],
    ['of one that leaves Standby', [{ ...starting, stage: 'EXITING' }], { 'i-1': seen('Pending') }, true],
    [
      'not of one that starts',
      [starting],
      { 'i-1': seen('Standby', { ec2: { ...xlarge, state: 'pending' } }) },
      false,
    ],
    [
      'not of one that has yet to stop',
      [{ ...starting, stage: 'STOPPING' }],
      { 'i-1': seen('Standby') },
      false,
    ],
    ['not of one that was not seen', [starting], {}, false],
    [
      'not of one of which EC2 does not tell',
      [starting],
      { 'i-1': seen('Standby', { ec2: undefined }) },
      false,
    ],
  ])('are of no more use %s', (_what, resizes, sights, expected) => {
    expect(isSpent(['i-1'], someWork({ resizes }), new Map(Object.entries(sights)))).toBe(expected);
  });

  it('are of use as long as one of their instances needs them', () => {
    const resizes = [{ ...starting, stage: 'ENDED' as const }, aResize({ instanceId: 'i-2' })];
    expect(isSpent(['i-1', 'i-2'], someWork({ resizes }), new Map())).toBe(false);
  });

  it('that are of no more use are given up before anything else', () => {
    const resizes = [aResize({ stage: 'ENDED', outcome: 'RESIZED' })];
    const look = looking({ resizes, queue: [candidate('i-2')], reservations: [aReservation()] });
    expect(decide(look)).toEqual({ work: look.work, needs: ['ReserveCapacity'], news: [] });
    const going = aResize({ instanceId: 'i-2', stage: 'STOPPING', hasEntered: true });
    const both = looking(
      { resizes: [...resizes, going], reservations: [aReservation()] },
      { 'i-2': seen('Standby') },
    );
    expect(decide(both).needs).toEqual(['ReserveCapacity', { waitsFor: 'Stop' }]);
  });

  it('that are given up are forgotten once their instances have ended', () => {
    const ended = aResize({ stage: 'ENDED', outcome: 'RESIZED' });
    const givenUp = aReservation({ givenUpAt: now });
    const forgotten = looking({ resizes: [ended], reservations: [givenUp], restoredAt: now });
    expect(decide(forgotten).work.reservations).toEqual([]);
    const going = aResize({ stage: 'STOPPING', hasEntered: true });
    const kept = looking(
      { resizes: [going], reservations: [{ ...givenUp, instanceIds: ['i-7', 'i-1'] }] },
      { 'i-1': seen('Standby') },
    );
    expect(decide(kept).work.reservations).toHaveLength(1);
    const unused = looking({ resizes: [going], reservations: [aReservation({ instanceIds: ['i-7'] })] });
    expect(decide(unused).work.reservations).toHaveLength(1);
  });
});

describe('endsBecause', () => {
  it('ends by a dry run, and with the round after the last', () => {
    expect(endsBecause(incident, 'dry-run', 1, undefined, now)).toEqual({ because: 'MODE', mode: 'dry-run' });
    expect(endsBecause(incident, 'live', resizeRoundsMax, undefined, now)).toBeUndefined();
  });
});

it('counts the time of status checks from the start of the instance', () => {
  const resize = aResize({
    stage: 'STARTING',
    hasEntered: true,
    hasStarted: true,
    stageAt: later(-bootSecondsMax + 1),
  });
  const look = looking(
    { resizes: [resize] },
    { 'i-1': seen('Standby', { ec2: xlarge, hasPassedChecks: false }) },
  );
  expect(decide(look).needs).toEqual([{ waitsFor: 'StatusChecks' }]);
});
