import { describe, expect, it } from 'vitest';
import type { AutoScalingGroup } from '../../../functions/domain/auto-scaling-group.ts';
import type { GroupRecord } from '../../../functions/domain/holds/group-record.ts';
import { decideRestore, driftOf } from '../../../functions/domain/resize/decide-restore.ts';
import type { ResizeWork } from '../../../functions/domain/resize/resize-record.ts';
import { aGroup, anInstance, aRecord, later, now } from '../holds/group-fixtures.ts';
import { aResize, someWork } from './resize-fixtures.ts';

const hold = {
  incidentId: 'incident-a',
  processes: [],
  protectsInstances: false,
  reason: 'more room',
  heldAt: now,
  stage: 'HELD' as const,
  stageAt: now,
};
const restoring = (over: Partial<ResizeWork> = {}) => someWork({ restoringSince: now, ...over });
const restore = (
  group: AutoScalingGroup,
  work: ResizeWork,
  record: GroupRecord = aRecord(),
  at = later(600),
) => decideRestore(group, record, work, at);

describe('Launch, when a resize is over', () => {
  const own = { ...hold, keepsLaunch: true };
  const other = { ...hold, incidentId: 'incident-b', keepsLaunch: true };
  const wants = { ...hold, incidentId: 'incident-c', processes: ['Launch' as const] };

  it('need not run any more for this hold, and has to for another resize', () => {
    const record = { ...aRecord(), holds: [own, other] };
    expect(restore(aGroup(), someWork(), record)).toEqual({
      action: 'HOLD_LAUNCH',
      holds: [hold, other],
      suspendsLaunch: false,
    });
    // Written once: it is not asked for again.
    const written = { ...aRecord(), holds: [hold, other] };
    expect(restore(aGroup(), restoring(), written)).toEqual({ action: 'DONE' });
    expect(restore(aGroup(), restoring(), { ...aRecord(), holds: [own] }).action).toBe('HOLD_LAUNCH');
  });

  it('is suspended again where another hold wants it, and is not where it is so', () => {
    const record = { ...aRecord(), holds: [own, wants] };
    expect(restore(aGroup(), someWork(), record)).toMatchObject({ suspendsLaunch: true });
    const suspended = aGroup({ suspendedProcesses: ['Launch'] });
    expect(restore(suspended, someWork(), record)).toMatchObject({ suspendsLaunch: false });
    expect(restore(suspended, someWork(), { ...aRecord(), holds: [own] })).toMatchObject({
      suspendsLaunch: false,
    });
  });

  it('is not touched by a resize that never began to restore anything', () => {
    expect(restore(aGroup(), someWork())).toEqual({
      action: 'HOLD_LAUNCH',
      holds: [],
      suspendsLaunch: false,
    });
  });
});

describe('sizes, when a resize is over', () => {
  const set = (group: AutoScalingGroup, work: Partial<ResizeWork>) => {
    const decision = restore(group, restoring(work));
    if (decision.action !== 'SET') throw new Error(JSON.stringify(decision));
    return decision;
  };
  const gone = aResize({ instanceId: 'i-9', stage: 'ENDED', outcome: 'GONE', hasEntered: true });

  it('make up for who was ended in Standby, and for nobody else', () => {
    expect(set(aGroup(), { resizes: [gone] }).sizes).toEqual({ minSize: 1, desiredCapacity: 5 });
    const others = [
      { ...gone, hasExited: true },
      { ...gone, hasEntered: false },
      { ...gone, outcome: 'RESIZED' as const },
    ];
    for (const other of others)
      expect(restore(aGroup(), restoring({ resizes: [other] }))).toEqual({ action: 'DONE' });
  });

  it('do not count who is left in Standby', () => {
    const left = aResize({ instanceId: 'i-1', stage: 'ENDED', outcome: 'LEFT', hasEntered: true });
    const group = aGroup({
      desiredCapacity: 3,
      instances: [
        anInstance('i-1', { lifecycleState: 'Standby' }),
        ...['i-2', 'i-3', 'i-4'].map((id) => anInstance(id)),
      ],
    });
    const sizes = { before: { minSize: 1, desiredCapacity: 4 }, minSizes: [0], changedAt: now };
    const pinned = { ...sizes, desiredCapacity: 2 };
    expect(set({ ...group, minSize: 0 }, { sizes: pinned, resizes: [left] })).toMatchObject({
      sizes: { minSize: 1, desiredCapacity: 3 },
      leftInStandby: 1,
    });
    expect(set({ ...group, minSize: 0 }, { sizes, resizes: [left] })).toMatchObject({
      sizes: { minSize: 1, desiredCapacity: 3 },
      isMinimumChanged: false,
      leftInStandby: 1,
    });
    // In service again by now, another instance in Standby, or one that came home: none of these is left there.
    const home = { ...left, outcome: 'BROUGHT_HOME' as const };
    const elsewhere = { ...left, instanceId: 'i-2' };
    for (const resize of [home, elsewhere]) {
      expect(set({ ...group, minSize: 0 }, { sizes, resizes: [resize] }).leftInStandby).toBe(0);
    }
    const entering = aGroup({
      ...group,
      minSize: 0,
      instances: [anInstance('i-1', { lifecycleState: 'EnteringStandby' }), ...group.instances.slice(1)],
    });
    expect(set(entering, { sizes, resizes: [left] }).leftInStandby).toBe(1);
  });

  it('give back what was lowered for an exit that had happened already, as far as it is missing', () => {
    const group = (desiredCapacity: number) => aGroup({ desiredCapacity });
    expect(set(group(3), { lowered: 1 }).sizes.desiredCapacity).toBe(4);
    expect(set(group(2), { lowered: 1 }).sizes.desiredCapacity).toBe(3);
    expect(set(group(2), { lowered: 5 }).sizes.desiredCapacity).toBe(4);
    expect(restore(group(4), restoring({ lowered: 2 }))).toEqual({ action: 'DONE' });
    expect(restore(group(6), restoring({ lowered: 2 }))).toEqual({ action: 'DONE' });
    // What is on its way into service counts too.
    const launching = aGroup({
      desiredCapacity: 3,
      instances: [
        ...['i-1', 'i-2', 'i-3'].map((id) => anInstance(id)),
        anInstance('i-4', { lifecycleState: 'Pending' }),
      ],
    });
    expect(set(launching, { lowered: 1 }).sizes.desiredCapacity).toBe(4);
  });

  it('are no more than what was written down that they are to be in the end', () => {
    expect(set(aGroup(), { desiredInTheEnd: 3 }).sizes.desiredCapacity).toBe(3);
    expect(restore(aGroup(), restoring({ desiredInTheEnd: 6 }))).toEqual({ action: 'DONE' });
  });

  it('keep what grew meanwhile, and stay within minimum and maximum', () => {
    const sizes = {
      before: { minSize: 3, desiredCapacity: 4 },
      minSizes: [1],
      desiredCapacity: 2,
      changedAt: now,
    };
    expect(set(aGroup({ desiredCapacity: 7 }), { sizes }).sizes).toEqual({ minSize: 3, desiredCapacity: 7 });
    expect(set(aGroup({ desiredCapacity: 2, maxSize: 2 }), { sizes }).sizes).toEqual({
      minSize: 2,
      desiredCapacity: 2,
    });
    const low = { ...sizes, before: { minSize: 3, desiredCapacity: 2 } };
    expect(set(aGroup({ desiredCapacity: 2 }), { sizes: low }).sizes.desiredCapacity).toBe(3);
  });

  it('are set as they were decided first, each of them', () => {
    const decided = { minSize: 3, desiredCapacity: 4 };
    expect(set(aGroup({ minSize: 1, desiredCapacity: 4 }), { restore: decided }).sizes).toEqual(decided);
    expect(set(aGroup({ minSize: 3, desiredCapacity: 6 }), { restore: decided }).sizes).toEqual(decided);
    expect(restore(aGroup({ minSize: 3 }), restoring({ restore: decided }))).toEqual({ action: 'DONE' });
  });
});

describe('driftOf', () => {
  const resized = (instanceType?: string, outcome: 'RESIZED' | 'BROUGHT_HOME' = 'RESIZED') =>
    aResize({ stage: 'ENDED', outcome, ...(instanceType === undefined ? {} : { instanceType }) });
  const launchTemplate = {
    launchTemplateId: 'lt-1',
    version: '1',
    versionNumber: 1,
    instanceType: 'm7i.xlarge',
  };

  it('is what the group would launch otherwise', () => {
    const two = [resized('m7i.xlarge'), resized('m6i.xlarge'), resized('m7i.xlarge')];
    expect(driftOf(someWork({ resizes: two }))).toEqual({
      resized: 3,
      instanceTypes: ['m6i.xlarge', 'm7i.xlarge'],
    });
    expect(driftOf(someWork({ resizes: two, launchTemplate }))).toMatchObject({ resized: 3, launchTemplate });
    const one = [resized('m7i.xlarge')];
    expect(driftOf(someWork({ resizes: one, launchTemplate }))).toBeUndefined();
    expect(
      driftOf(someWork({ resizes: one, launchTemplate: { ...launchTemplate, instanceType: 'm7i.large' } })),
    ).toMatchObject({ resized: 1 });
  });

  it('is nothing where nothing was resized, or nobody knows to what', () => {
    expect(
      driftOf(someWork({ resizes: [resized('m7i.large', 'BROUGHT_HOME')], launchTemplate })),
    ).toBeUndefined();
    expect(driftOf(someWork({ resizes: [resized()], launchTemplate }))).toBeUndefined();
    expect(driftOf(someWork())).toBeUndefined();
  });
});
