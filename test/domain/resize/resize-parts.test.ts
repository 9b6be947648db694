import { describe, expect, it } from 'vitest';
import { inTurnByZone } from '../../../functions/domain/resize/in-turn-by-zone.ts';
import { nextState, pauseSeconds } from '../../../functions/domain/resize/next-state.ts';
import {
  planTemplateUpdate,
  setDefaultVersionCall,
} from '../../../functions/domain/resize/plan-template-update.ts';
import {
  emptyResizeRecord,
  heldReservations,
  inFlight,
  isResizedBy,
  needsItsPlace,
  type Reservation,
  withReservation,
  withResize,
} from '../../../functions/domain/resize/resize-record.ts';
import {
  isHeldByUs,
  launchIsOurs,
  minSizeBeforeUpdate,
  sizesFor,
  sizesForWave,
  withSizes,
} from '../../../functions/domain/resize/resize-sizes.ts';
import { resizeEffect } from '../../../functions/domain/resize/settings.ts';
import { withoutCapacity } from '../../../functions/domain/resize/without-capacity.ts';
import { aGroup, aRecord, later, now } from '../holds/group-fixtures.ts';
import { aCandidate, aReservation, aResize, resizeHold, someWork } from './resize-fixtures.ts';

describe('inTurnByZone', () => {
  it('takes one of each zone in turn, by the names of zones and instances', () => {
    const items = ['b-3', 'a-2', 'b-1', 'a-1', 'a-3', 'c-9'].map((instanceId) => ({
      instanceId,
      availabilityZone: instanceId.slice(0, 1),
    }));
    expect(inTurnByZone(items).map(({ instanceId }) => instanceId)).toEqual([
      'a-1',
      'b-1',
      'c-9',
      'a-2',
      'b-3',
      'a-3',
    ]);
    expect(inTurnByZone([])).toEqual([]);
  });
});

describe('nextState', () => {
  it('is the end where nothing is needed', () => {
    expect(nextState([], [])).toBe('End');
  });

  it('brings capacity back before it takes any', () => {
    const all = [
      'UpdateLaunchTemplate',
      'RestoreGroup',
      'ApplyHold',
      'EnterStandby',
      'ReserveCapacity',
      'PrepareGroup',
      'StopInstance',
      'ChangeInstanceType',
      'StartInstance',
      'ExitStandby',
    ] as const;
    const tried: string[] = [];
    const order = all.map(() => {
      const next = nextState([...all, { waitsFor: 'Group' }], tried);
      tried.push(next);
      return next;
    });
    expect(order).toEqual([...all].reverse());
    expect(nextState([...all], tried)).toBe('WaitForGroup');
  });

  it.each([
    [['Service', 'Standby', 'Stop'], 'WaitForStandby'],
    [['Service', 'StatusChecks', 'Start', 'Stop'], 'WaitForStop'],
    [['Service', 'StatusChecks', 'Start'], 'WaitForStart'],
    [['Service', 'StatusChecks'], 'WaitForStatusChecks'],
    [['Service'], 'WaitForService'],
    [['Group'], 'WaitForGroup'],
  ] as const)('waits, of %j, first as %s says', (waits, expected) => {
    expect(
      nextState(
        waits.map((waitsFor) => ({ waitsFor })),
        [],
      ),
    ).toBe(expected);
  });

  it('looks again in ten seconds, and at status checks in twenty', () => {
    expect([pauseSeconds('WaitForStop'), pauseSeconds('WaitForStatusChecks')]).toEqual([10, 20]);
  });
});

describe('planTemplateUpdate', () => {
  const launchTemplate = {
    launchTemplateId: 'lt-1',
    version: '$Latest',
    versionNumber: 7,
    instanceType: 'm7i.large',
  };
  const resized = aResize({ stage: 'ENDED', outcome: 'RESIZED', instanceType: 'm7i.xlarge' });
  const work = someWork({ launchTemplate, resizes: [resized] });
  const present = { versionNumber: 7, instanceType: 'm7i.large' };
  const refused = (over: Parameters<typeof someWork>[0], found: typeof present | undefined = present) => {
    const update = planTemplateUpdate({ ...work, ...over }, found);
    return update.action === 'REFUSE' ? update.refusal : update.action;
  };

  it('makes a version from the one that the group uses, with the new type', () => {
    expect(planTemplateUpdate(work, present)).toEqual({
      action: 'UPDATE',
      launchTemplateId: 'lt-1',
      setsDefault: false,
      create: {
        service: 'EC2',
        operation: 'CreateLaunchTemplateVersion',
        input: {
          LaunchTemplateId: 'lt-1',
          SourceVersion: '7',
          ClientToken: expect.stringMatching(/^[0-9a-f]{40}$/),
          VersionDescription: 'Holdfast: m7i.xlarge, as the running instances',
          LaunchTemplateData: { InstanceType: 'm7i.xlarge' },
        },
        reason: 'else every replacement has the old type',
      },
    });
    const token = (over: Parameters<typeof someWork>[0] = {}) => {
      const update = planTemplateUpdate({ ...work, ...over }, present);
      return update.action === 'UPDATE' ? update.create.input.ClientToken : undefined;
    };
    expect(token()).toBe(token());
    expect(token({ incidentId: 'incident-b' })).not.toBe(token());
    expect(token({ launchTemplate: { ...launchTemplate, launchTemplateId: 'lt-2' } })).not.toBe(token());
  });

  it('makes it the default where the group uses that', () => {
    const ofDefault = { ...work, launchTemplate: { ...launchTemplate, version: '$Default' } };
    expect(planTemplateUpdate(ofDefault, present)).toMatchObject({ action: 'UPDATE', setsDefault: true });
    expect(setDefaultVersionCall('lt-1', 8)).toEqual({
      service: 'EC2',
      operation: 'ModifyLaunchTemplate',
      input: { LaunchTemplateId: 'lt-1', DefaultVersion: '8' },
      reason: 'the group launches the default version',
    });
  });

  it('knows the version that it has made by its description, and makes no other', () => {
    const description = 'Holdfast: m7i.xlarge, as the running instances';
    const made = { versionNumber: 8, instanceType: 'm7i.xlarge', description };
    expect(planTemplateUpdate(work, made)).toEqual({ action: 'MADE', versionNumber: 8, setsDefault: false });
    const ofDefault = { ...work, launchTemplate: { ...launchTemplate, version: '$Default' } };
    expect(planTemplateUpdate(ofDefault, made)).toMatchObject({ action: 'MADE', setsDefault: true });
    const ended = { ...work, endsBecause: { because: 'NOT_OPTED_IN' } as const };
    expect(planTemplateUpdate(ended, made)).toMatchObject({ action: 'MADE' });
    const already = { because: 'HAS_IT_ALREADY', instanceType: 'm7i.xlarge' };
    expect(refused({}, { ...made, versionNumber: 7 })).toEqual(already);
    const { description: _description, ...undescribed } = made;
    expect(refused({}, undescribed)).toEqual(already);
  });

  it('leaves it as it is otherwise, and says why', () => {
    expect(refused({ launchTemplate: { ...launchTemplate, isOverridden: true } })).toEqual({
      because: 'MIXED_INSTANCES',
    });
    expect(refused({ launchTemplate: { ...launchTemplate, isOverridden: false } })).toBe('UPDATE');
    const notAll = { because: 'NOT_ALL_OF_ONE_TYPE' };
    expect(refused({ resizes: [] })).toEqual(notAll);
    expect(refused({ resizes: [resized, aResize({ outcome: 'LEFT' })] })).toEqual(notAll);
    expect(refused({ resizes: [aResize({ outcome: 'LEFT', instanceType: 'm7i.xlarge' })] })).toEqual(notAll);
    expect(refused({ resizes: [resized, { ...resized, instanceType: 'm6i.xlarge' }] })).toEqual(notAll);
    const ends = { because: 'NOT_OPTED_IN' } as const;
    expect(refused({ endsBecause: ends })).toEqual({ because: 'RUN_ENDED', ends });
    expect(refused({ endsBecause: ends, resizes: [] })).toEqual(notAll);
    expect(refused({ launchTemplate: { ...launchTemplate, version: '7' } })).toEqual({
      because: 'VERSION_BY_NUMBER',
      version: '7',
    });
    expect(refused({}, { versionNumber: 9, instanceType: 'm7i.xlarge' })).toEqual({
      because: 'HAS_IT_ALREADY',
      instanceType: 'm7i.xlarge',
    });
    expect(refused({}, { versionNumber: 8, instanceType: 'm7i.large' })).toEqual({
      because: 'CHANGED_MEANWHILE',
    });
    expect(planTemplateUpdate(work, undefined)).toEqual({
      action: 'REFUSE',
      refusal: { because: 'CHANGED_MEANWHILE' },
    });
    const { launchTemplate: _template, ...without } = work;
    expect(planTemplateUpdate(without, present)).toEqual({
      action: 'REFUSE',
      refusal: { because: 'NO_LAUNCH_TEMPLATE' },
    });
  });
});

describe('the sizes of a resize', () => {
  it.each<[string, Parameters<typeof aGroup>[0], number, boolean, object | undefined]>([
    ['leave the minimum where there is room', { minSize: 1 }, 2, false, undefined],
    ['lower the minimum by a wave', { minSize: 4 }, 2, false, { minSize: 2 }],
    ['lower it only as far as needed', { minSize: 3 }, 2, false, { minSize: 2 }],
    ['never lower it below none', { minSize: 4 }, 9, false, { minSize: 0 }],
    [
      'pin desired capacity to what is in service',
      { desiredCapacity: 6, minSize: 1 },
      2,
      true,
      { minSize: 1, desiredCapacity: 4 },
    ],
    [
      'pin it, and lower the minimum below that',
      { desiredCapacity: 6, minSize: 6 },
      2,
      true,
      { minSize: 2, desiredCapacity: 4 },
    ],
    ['pin nothing where nothing is missing', { desiredCapacity: 4, minSize: 1 }, 2, true, undefined],
    ['pin nothing unless asked', { desiredCapacity: 6, minSize: 1 }, 2, false, undefined],
  ])('%s', (_what, group, waveSize, pins, expected) => {
    expect(sizesFor(aGroup(group), waveSize, pins)).toEqual(expected);
  });

  it('pin, in later waves, as in the first', () => {
    const short = aGroup({ desiredCapacity: 6, minSize: 1 });
    const sizes = { before: { minSize: 1, desiredCapacity: 6 }, minSizes: [1], changedAt: now };
    expect(sizesForWave(short, { sizes: { ...sizes, desiredCapacity: 4 } }, 2)).toEqual({
      minSize: 1,
      desiredCapacity: 4,
    });
    expect(sizesForWave(short, { sizes }, 2)).toBeUndefined();
    expect(sizesForWave(short, {}, 2)).toBeUndefined();
  });

  it('are written down with those of before the first change, what is in Standby included', () => {
    const resizes = [
      aResize({ hasEntered: true }),
      aResize({ hasEntered: false }),
      aResize({ hasEntered: true, stage: 'ENDED' }),
    ];
    const first = withSizes(someWork({ resizes }), aGroup({ minSize: 3 }), 3, { minSize: 2 }, later(5));
    expect(first).toEqual({
      before: { minSize: 3, desiredCapacity: 5 },
      minSizes: [2],
      changedAt: later(5),
    });
    const second = withSizes(
      someWork({ sizes: { ...first, desiredCapacity: 4 } }),
      aGroup({ minSize: 2 }),
      2,
      { minSize: 1 },
      later(9),
    );
    expect(second).toEqual({
      before: first.before,
      minSizes: [2, 1],
      desiredCapacity: 4,
      changedAt: later(9),
    });
    const third = withSizes(
      someWork({ sizes: second }),
      aGroup(),
      1,
      { minSize: 1, desiredCapacity: 3 },
      later(9),
    );
    expect([third.minSizes, third.desiredCapacity]).toEqual([[2, 1], 3]);
  });

  it.each([
    ['a group of a stack, its minimum raised since the hold began', { minSize: 4 }, 3, 3],
    ['one whose minimum is as it was', { minSize: 3 }, 3, undefined],
    ['one whose minimum was lowered since', { minSize: 3 }, 4, undefined],
    ['a group of no stack', { minSize: 4, tags: { holdfast: 'true' } }, 3, undefined],
    ['one of which nothing is remembered', { minSize: 4 }, undefined, undefined],
  ])('may be of a stack update: %s', (_what, sizes, before, expected) => {
    const group = aGroup({ tags: { 'aws:cloudformation:stack-name': 'shop' }, desiredCapacity: 5, ...sizes });
    const baseline = { suspendedProcesses: [], protectedInstances: [], maxSize: 10, desiredCapacity: 4 };
    const record = aRecord(before === undefined ? {} : { baseline: { ...baseline, minSize: before } });
    expect(minSizeBeforeUpdate(group, record)).toBe(expected);
  });
});

describe('whose a suspension is', () => {
  const imposed = (...settings: string[]) =>
    settings.map((setting) => ({ setting, recordedAt: now, appliedAt: now }));
  const held = aRecord({ holds: [resizeHold], imposed: imposed(...resizeEffect.processes) });
  const group = aGroup({ suspendedProcesses: [...resizeEffect.processes] });

  it('is ours where everything of the resize is in force, save what a person took back', () => {
    expect(isHeldByUs(group, held, 'incident-a', now)).toBe(true);
    expect(isHeldByUs(group, held, 'incident-b', now)).toBe(false);
    const releasing = { ...held, holds: [{ ...resizeHold, stage: 'RESUMED_HEALTH_CHECK' as never }] };
    expect(isHeldByUs(group, releasing, 'incident-a', now)).toBe(false);
    const without = aGroup({
      suspendedProcesses: resizeEffect.processes.filter((each) => each !== 'Terminate'),
    });
    expect(isHeldByUs(without, held, 'incident-a', later(600))).toBe(false);
    const overridden = [{ setting: 'Terminate', seenAt: now }];
    expect(isHeldByUs(without, { ...held, overridden }, 'incident-a', later(600))).toBe(true);
  });

  it('is, of Launch, ours where we imposed it and did not give it back', () => {
    const suspended = aGroup({ suspendedProcesses: ['Launch'] });
    expect(launchIsOurs(suspended, aRecord({ imposed: imposed('Launch') }))).toBe(true);
    expect(launchIsOurs(aGroup(), aRecord({ imposed: imposed('Launch') }))).toBe(false);
    expect(launchIsOurs(suspended, aRecord({ imposed: imposed('Terminate') }))).toBe(false);
    const [launch] = imposed('Launch');
    const givenBack = launch === undefined ? [] : [{ ...launch, givenBackAt: now }];
    expect(launchIsOurs(suspended, aRecord({ imposed: givenBack }))).toBe(false);
  });
});

describe('the record of a resize', () => {
  const one = aResize();
  const two = aResize({ instanceId: 'i-2', stage: 'ENDED' });
  const reservation = (clientToken: string, over: Partial<Reservation> = {}) =>
    aReservation({ clientToken, ...over });

  it('is empty at first', () => {
    expect(emptyResizeRecord('web')).toEqual({ autoScalingGroupName: 'web', version: 0 });
  });

  it('changes one resize that goes on, and one reservation', () => {
    const work = someWork({ resizes: [one, two], reservations: [reservation('a'), reservation('b')] });
    expect(inFlight(work)).toEqual([one]);
    expect(withResize(work, 'i-1', { isForced: true }).resizes).toEqual([{ ...one, isForced: true }, two]);
    expect(withResize(work, 'i-2', { isForced: true }).resizes).toEqual([one, two]);
    expect(withReservation(work, 'b', { givenUpAt: now }).reservations).toEqual([
      reservation('a'),
      reservation('b', { givenUpAt: now }),
    ]);
    expect(heldReservations(withReservation(work, 'b', { givenUpAt: now }))).toEqual([reservation('a')]);
  });

  it.each<[string, Parameters<typeof isResizedBy>[0], boolean]>([
    ['nothing is known', undefined, false],
    ['something is queued', someWork({ queue: [aCandidate('i-1')] }), true],
    ['something is in flight', someWork({ resizes: [one] }), true],
    ['there is neither', someWork(), false],
    ['its sizes are being set back', someWork({ resizes: [one], restoringSince: now }), false],
    ['another resizes it', someWork({ resizes: [one], incidentId: 'incident-b' }), false],
  ])('says whether an incident resizes the group, where %s', (_what, work, expected) => {
    expect(isResizedBy(work, 'incident-a')).toBe(expected);
  });

  it.each([
    ['CHOSEN', false, true],
    ['STARTING', false, true],
    ['STARTING', true, false],
    ['STOPPING', true, true],
    ['EXITING', false, false],
    ['ENDED', false, false],
  ] as const)(
    'keeps a place of the reserved capacity for one in %s (started: %s): %s',
    (stage, hasStarted, expected) => {
      expect(needsItsPlace(aResize({ stage, hasStarted }))).toBe(expected);
    },
  );
});

describe('withoutCapacity', () => {
  const failure = {
    because: 'NO_CAPACITY',
    instanceTypes: ['m7i.xlarge', 'm6i.xlarge'],
    availabilityZone: 'us-east-1a',
  };

  it('brings home what is out of service, and does not touch the rest, nor what waits for the same', () => {
    const out = aResize({ hasEntered: true, stage: 'STOPPING' });
    const chosen = aResize({ instanceId: 'i-2' });
    const alike = { ...aCandidate('i-3'), candidates: ['m7i.xlarge', 'm6i.xlarge'] };
    const others = [
      { ...alike, instanceId: 'i-4', availabilityZone: 'us-east-1b' },
      { ...alike, instanceId: 'i-5', platform: 'Windows' as const },
      { ...alike, instanceId: 'i-6', candidates: ['m7i.xlarge'] },
    ];
    const work = someWork({ resizes: [out, chosen], queue: [alike, ...others] });
    const after = withoutCapacity(work, [out, chosen], later(60));
    expect(after.failure).toEqual(failure);
    expect(after.untouched).toBe(3);
    expect(after.work.queue).toEqual(others);
    expect(after.work.resizes[0]).toMatchObject({ direction: 'HOME', failure });
    expect(after.work.resizes[1]).toEqual({
      ...chosen,
      stage: 'ENDED',
      stageAt: later(60),
      outcome: 'UNTOUCHED',
      failure,
    });
  });
});
