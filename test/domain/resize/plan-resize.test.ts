import { describe, expect, it } from 'vitest';
import type { PlannedCall } from '../../../functions/domain/calls.ts';
import type { InstanceFacts } from '../../../functions/domain/resize/instance-facts.ts';
import {
  byZone,
  floorOf,
  type GroupResizePlan,
  planResize,
  type ResizeFacts,
  toReservation,
  typeCountedFrom,
} from '../../../functions/domain/resize/plan-resize.ts';
import { reservationToken } from '../../../functions/domain/resize/resize-calls.ts';
import type { ResizeCandidate } from '../../../functions/domain/resize/resize-record.ts';
import type { ResizeSettings } from '../../../functions/domain/resize/settings.ts';
import { aGroup, aRecord, anInstance as inGroup, later, now } from '../holds/group-fixtures.ts';
import { expectPage } from '../telling/book.ts';
import { aCandidate, anInstance, aType, resizeSettings as settings } from './resize-fixtures.ts';

const ids = ['i-1', 'i-2', 'i-3', 'i-4'];
const zoneOf = (instanceId: string): string =>
  Number(instanceId.slice(2)) % 2 === 1 ? 'us-east-1a' : 'us-east-1b';
const theInstances = (over: (instanceId: string) => Partial<InstanceFacts> = () => ({})) =>
  new Map(
    ids.map((instanceId) => [
      instanceId,
      anInstance({ instanceId, availabilityZone: zoneOf(instanceId), ...over(instanceId) }),
    ]),
  );
const types = ['m7i.large', 'm7i.xlarge', 'm6i.xlarge'];
const theFacts = (over: Partial<ResizeFacts> = {}): ResizeFacts => ({
  group: aGroup(),
  record: aRecord(),
  instances: theInstances(),
  types: new Map([
    ['m7i.large', aType('m7i.large', { vCpus: 2, memoryMiB: 8192 })],
    ['m7i.xlarge', aType('m7i.xlarge')],
    ['m6i.xlarge', aType('m6i.xlarge')],
  ]),
  offered: new Set(types.flatMap((type) => [`${type} us-east-1a`, `${type} us-east-1b`])),
  stopProtected: new Map(ids.map((id) => [id, false])),
  healthy: new Set(ids),
  traitsReadAlone: [],
  sharesTemplateWith: [],
  wantedTypes: ['m7i.xlarge'],
  ...over,
});
const plan = (facts: Partial<ResizeFacts> = {}, over: Partial<ResizeSettings> = {}): GroupResizePlan =>
  planResize(theFacts(facts), { ...settings, ...over }, 'incident-a', now);
const told = ({ operation, input, reason }: PlannedCall): string =>
  `${operation} ${JSON.stringify(input)}\n  ${[reason].flat().join('\n  ')}`;

describe('floorOf', () => {
  it.each<[string, Partial<ResizeSettings>, number, number]>([
    ['is what is healthy less one wave', {}, 6, 4],
    ['is one at least', {}, 2, 1],
    ['is none where somebody says so', { allowDowntime: true }, 2, 0],
    ['is a number of instances', { floor: { instances: 3 } }, 6, 3],
    ['is one where none was asked for', { floor: { instances: 0 } }, 6, 1],
    ['is a percentage, rounded up', { floor: { percent: 50 } }, 5, 3],
    [
      'is none of a percentage of none, where somebody says so',
      { floor: { percent: 0 }, allowDowntime: true },
      5,
      0,
    ],
  ])('%s', (_what, over, healthy, expected) => {
    expect(floorOf({ ...settings, ...over }, healthy)).toBe(expected);
  });
});

describe('planResize refuses', () => {
  const standby = aGroup({
    instances: [...aGroup().instances, inGroup('i-5', { lifecycleState: 'EnteringStandby' })],
  });
  const suspended = aGroup({ suspendedProcesses: ['Launch'] });
  const ofOne = aGroup({ instances: [inGroup('i-1')], desiredCapacity: 1 });
  const many = aGroup({ instances: Array.from({ length: 501 }, (_, n) => inGroup(`i-${n}`)) });

  it.each<[string, Partial<ResizeFacts>, object]>([
    ['a group that did not opt in', { group: aGroup({ tags: {} }) }, { because: 'NOT_OPTED_IN' }],
    [
      'one that is being deleted',
      { group: aGroup({ status: 'Delete in progress' }) },
      { because: 'BEING_DELETED', status: 'Delete in progress' },
    ],
    [
      'one that another resizes',
      { takenBy: { because: 'RESIZED_BY_ANOTHER', executionName: 'other' } },
      { because: 'RESIZED_BY_ANOTHER', executionName: 'other' },
    ],
    ['one whose launches do not fail', { needsNoResize: true }, { because: 'LAUNCHES_SUCCEED' }],
    [
      'one in an instance refresh',
      { traitsReadAlone: ['CODE_DEPLOY', 'INSTANCE_REFRESH'] },
      { because: 'TRAIT', trait: 'INSTANCE_REFRESH' },
    ],
    ['one with an instance in Standby', { group: standby }, { because: 'IN_STANDBY', instanceIds: ['i-5'] }],
    ['one in which somebody suspended Launch', { group: suspended }, { because: 'LAUNCH_SUSPENDED' }],
    [
      'one behind what cannot be asked',
      { group: aGroup({ otherTrafficSources: ['classic'] }) },
      { because: 'TRAFFIC_SOURCES', sources: ['classic'] },
    ],
    [
      'one for which there is nothing larger',
      { wantedTypes: [], countedFrom: 'm7i.48xlarge' },
      { because: 'NO_LARGER_TYPE', instanceType: 'm7i.48xlarge' },
    ],
    ['an empty one', { group: aGroup({ instances: [] }) }, { because: 'NOTHING_IN_SERVICE' }],
    ['one of too many', { group: many }, { because: 'TOO_MANY_IN_SERVICE', serving: 501 }],
    ['one of one', { group: ofOne }, { because: 'GROUP_OF_ONE' }],
    [
      'one without a healthy one to spare',
      { healthy: new Set(['i-1']) },
      { because: 'AT_THE_FLOOR', healthy: 1, serving: 4, floor: 1 },
    ],
    [
      'one with an instance that EC2 does not know',
      { instances: new Map([...theInstances()].slice(0, 3)) },
      { because: 'UNKNOWN_TO_EC2', instanceId: 'i-4' },
    ],
    [
      'one in which no instance fits',
      { offered: new Set<string>() },
      { because: 'NO_INSTANCE_FITS', toResize: 4 },
    ],
  ])('%s', (_what, facts, expected) => {
    const refused = plan(facts);
    expect(refused).toMatchObject({ action: 'REFUSE', autoScalingGroupName: 'web', ...expected });
    expect([refused.queue, refused.waves, refused.calls, refused.warnings]).toEqual([[], [], [], []]);
  });

  it('nothing of a group of one where it may be without, and nothing where Launch is our own', () => {
    const one = {
      group: ofOne,
      healthy: new Set(['i-1']),
      instances: new Map([...theInstances()].slice(0, 1)),
    };
    expect(plan(one, { allowDowntime: true }).action).toBe('RESIZE');
    const imposed = [{ setting: 'Launch', recordedAt: now, appliedAt: now }];
    expect(plan({ group: suspended, record: aRecord({ imposed }) }).action).toBe('RESIZE');
    const givenBack = [{ setting: 'Launch', recordedAt: now, appliedAt: now, givenBackAt: now }];
    expect(plan({ group: suspended, record: aRecord({ imposed: givenBack }) }).action).toBe('REFUSE');
  });

  it('a type that EC2 does not know, wanted or present', () => {
    const unknownWanted = plan({ wantedTypes: ['x9.large'] });
    expect(unknownWanted.findings[0]).toEqual({
      instanceId: 'i-1',
      instanceType: 'x9.large',
      findings: [{ verdict: 'refuse', check: 'type', because: 'UNKNOWN_TYPE', instanceType: 'x9.large' }],
    });
    const unknownPresent = plan({ instances: theInstances(() => ({ instanceType: 'x8.large' })) });
    expect(unknownPresent.findings[0]?.findings).toEqual([
      { verdict: 'refuse', check: 'type', because: 'UNKNOWN_TYPE', instanceType: 'x8.large' },
    ]);
  });
});

describe('planResize', () => {
  it('has nothing to do where every instance has a type that was asked for', () => {
    const done = theInstances(() => ({ instanceType: 'm7i.xlarge' }));
    const nothing = plan({ instances: done, countedFrom: 'm7i.large' });
    expect(nothing).toMatchObject({ action: 'NOTHING', serving: 4, wantedTypes: ['m7i.xlarge'], floor: 2 });
    expect(nothing).not.toHaveProperty('countedFrom');
    expect(plan({ instances: done, countedFrom: 'm7i.large' }, { instanceTypes: 'larger' })).toMatchObject({
      action: 'NOTHING',
      countedFrom: 'm7i.large',
    });
    expect(plan({ instances: done }, { instanceTypes: 'larger' })).not.toHaveProperty('countedFrom');
  });

  it.each([
    ['more of both', { vCpus: 8, memoryMiB: 32_768 }, 3],
    ['as much of both', { vCpus: 4, memoryMiB: 16_384 }, 3],
    ['less memory', { vCpus: 8, memoryMiB: 8192 }, 4],
    ['fewer virtual CPUs', { vCpus: 2, memoryMiB: 32_768 }, 4],
  ])('leaves, where larger is asked for, an instance that has %s', (_what, size, resized) => {
    const one = theInstances((id) => (id === 'i-1' ? { instanceType: 'r7i.other' } : {}));
    const withOther = new Map([...theFacts().types, ['r7i.other', aType('r7i.other', size)]]);
    const facts = { instances: one, types: withOther };
    expect(plan(facts, { instanceTypes: 'larger' }).queue).toHaveLength(resized);
    // Where a type is named, it is meant.
    expect(plan(facts).queue).toHaveLength(4);
  });

  it('resizes an instance of a type that EC2 does not know no further than it may', () => {
    const one = theInstances((id) => (id === 'i-1' ? { instanceType: 'gone.large' } : {}));
    const resize = plan({ instances: one }, { instanceTypes: 'larger' });
    expect(resize).toMatchObject({ action: 'RESIZE', leftOut: 1 });
    expect(resize.queue.map(({ instanceId }) => instanceId)).toEqual(['i-3', 'i-2', 'i-4']);
  });

  it('takes zones in turn, a canary first, and never more at once than the floor leaves', () => {
    const resize = plan();
    expect(resize).toMatchObject({ action: 'RESIZE', serving: 4, healthy: 4, leftOut: 0, floor: 2 });
    expect(resize.waves).toEqual([['i-1'], ['i-2', 'i-3'], ['i-4']]);
    expect(plan({}, { floor: { instances: 3 } }).waves).toEqual([['i-1'], ['i-2'], ['i-3'], ['i-4']]);
    expect(plan({}, { waveSize: 3, floor: { instances: 1 } }).waves).toEqual([
      ['i-1'],
      ['i-2', 'i-3', 'i-4'],
    ]);
  });

  it('has, for each instance, the types that it fits, in the order in which they are wanted', () => {
    const offered = new Set(['m6i.xlarge us-east-1a', 'm6i.xlarge us-east-1b', 'm7i.xlarge us-east-1b']);
    const { queue } = plan({ offered, wantedTypes: ['m7i.xlarge', 'm6i.xlarge'] });
    expect(queue[0]).toEqual({
      instanceId: 'i-1',
      availabilityZone: 'us-east-1a',
      platform: 'Linux/UNIX',
      originalType: 'm7i.large',
      candidates: ['m6i.xlarge'],
    });
    expect(queue[1]?.candidates).toEqual(['m7i.xlarge', 'm6i.xlarge']);
  });

  it('asks whether each may be stopped, and lets a setting allow the loss of instance store', () => {
    const stopProtected = new Map([['i-1', true], ...ids.slice(1).map((id) => [id, false] as const)]);
    expect(plan({ stopProtected }).queue.map(({ instanceId }) => instanceId)).toEqual(['i-3', 'i-2', 'i-4']);
    const types = new Map([
      ...theFacts().types,
      ['m7i.large', aType('m7i.large', { hasInstanceStore: true })],
    ]);
    expect(plan({ types }).action).toBe('REFUSE');
    expect(plan({ types }, { allowInstanceStoreLoss: true }).action).toBe('RESIZE');
  });

  it('lets be resized without a reservation what EC2 reserves nothing for', () => {
    const instances = theInstances(() => ({
      platformDetails: 'Something else',
      usageOperation: 'RunInstances:x',
    }));
    expect(plan({ instances }).action).toBe('REFUSE');
    const resize = plan({ instances }, { reserveCapacity: false });
    expect(resize.queue[0]?.platform).toBe('Linux/UNIX');
    expect(resize.calls.map(({ operation }) => operation)).not.toContain('CreateCapacityReservation');
  });

  it('warns of what is risked', () => {
    expect(plan().warnings).toEqual([]);
    const warnings = plan(
      {
        group: aGroup({ hasWarmPool: true }),
        traitsReadAlone: ['CODE_DEPLOY'],
        sharesTemplateWith: ['api'],
      },
      { reserveCapacity: false },
    ).warnings;
    expect(warnings).toMatchObject([
      { because: 'NOTHING_RESERVED' },
      { because: 'TRAIT', trait: 'WARM_POOL' },
      { because: 'TRAIT', trait: 'CODE_DEPLOY' },
      { because: 'TEMPLATE_SHARED', autoScalingGroupNames: ['api'] },
    ]);
  });

  it('makes these calls, in this order', async () => {
    const minimum = aGroup({ minSize: 4 });
    const held = aGroup({ suspendedProcesses: ['Launch', 'Terminate'], desiredCapacity: 6, minSize: 4 });
    const imposed = ['Launch', 'Terminate'].map((setting) => ({ setting, recordedAt: now, appliedAt: now }));
    await expectPage('resize-calls', {
      'Four instances in two zones': plan().calls.map(told),
      'At the minimum': plan({ group: minimum }).calls.map(told),
      'With snapshots, and without reservations': plan(
        {},
        { snapshot: true, reserveCapacity: false },
      ).calls.map(told),
      'In a group whose Launch another hold has suspended': plan({
        group: held,
        record: aRecord({ imposed }),
      }).calls.map(told),
    });
  });
});

describe('reservations', () => {
  it('are made for members of one zone and platform that may have the same types', () => {
    const members: ResizeCandidate[] = [
      aCandidate('i-1'),
      aCandidate('i-2', 'us-east-1b'),
      aCandidate('i-3'),
      { ...aCandidate('i-4'), platform: 'Windows' },
      { ...aCandidate('i-5'), candidates: ['m6i.xlarge'] },
    ];
    expect(byZone(members).map((some) => some.map(({ instanceId }) => instanceId))).toEqual([
      ['i-1', 'i-3'],
      ['i-2'],
      ['i-4'],
      ['i-5'],
    ]);
  });

  it('are written down with a token that is the same for the same instances', () => {
    const members = [aCandidate('i-2'), aCandidate('i-1')];
    expect(toReservation('incident-a', members, 'm7i.xlarge', 2, 1, now)).toEqual({
      clientToken: reservationToken('incident-a', 'm7i.xlarge', ['i-1', 'i-2'], 1),
      instanceType: 'm7i.xlarge',
      availabilityZone: 'us-east-1a',
      platform: 'Linux/UNIX',
      count: 2,
      instanceIds: ['i-1', 'i-2'],
      recordedAt: now,
      endsAt: later(7200),
    });
  });
});

describe('typeCountedFrom', () => {
  const have = (...instanceTypes: string[]) => instanceTypes.map((instanceType) => ({ instanceType }));
  const template = { launchTemplateId: 'lt-1', version: '1', versionNumber: 1, instanceType: 'm7i.large' };

  it('is what the launch template launches', () => {
    expect(typeCountedFrom(aGroup(), template, have('c7i.large'))).toBe('m7i.large');
    expect(typeCountedFrom(aGroup(), undefined, have('c7i.large'))).toBeUndefined();
  });

  it.each([
    [['c7i.large', 'm7i.large', 'm7i.large'], 'm7i.large'],
    [['m7i.large', 'c7i.large'], 'c7i.large'],
    [['c7i.large', 'm7i.large'], 'c7i.large'],
    [[], undefined],
  ])('is, of a group of several types with %j, %s', (some, expected) => {
    expect(typeCountedFrom(aGroup({ hasMixedInstances: true }), template, have(...some))).toBe(expected);
  });
});
