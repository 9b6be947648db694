import { describe, expect, it } from 'vitest';
import { decideApply } from '../../../functions/domain/holds/decide-apply.ts';
import type { GroupRecord } from '../../../functions/domain/holds/group-record.ts';
import {
  areSizesOfUpdate,
  asTakenBackByUpdate,
  isUpdating,
  lookAtStack,
  stackOf,
} from '../../../functions/domain/holds/stack-update.ts';
import { updateSettlesSeconds } from '../../../functions/domain/limits.ts';
import { aGroup, anIncident, aRecord, later, now, scaleInProcesses } from './group-fixtures.ts';

const heldGroup = aGroup({ suspendedProcesses: scaleInProcesses });
const apply = (record: GroupRecord, group = heldGroup, at = later(600)) => {
  const decision = decideApply(anIncident(), group, record, 'me', at);
  if (decision.action !== 'WRITE') throw new Error(JSON.stringify(decision));
  return decision;
};
const held = apply(aRecord(), aGroup(), now).after;
const look = (
  record: GroupRecord,
  status: string | undefined,
  startedAt: string,
  group = heldGroup,
  at = later(1000),
) => lookAtStack(record, group, status, startedAt, at);
const isUpdatingNow = (record: GroupRecord, startedAt = later(60)) =>
  look(record, 'UPDATE_IN_PROGRESS', startedAt).record;

describe('isUpdating', () => {
  it.each([
    ['UPDATE_IN_PROGRESS', true],
    ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', true],
    ['UPDATE_ROLLBACK_IN_PROGRESS', true],
    ['UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', true],
    ['UPDATE_COMPLETE', false],
    ['UPDATE_FAILED', false],
    ['CREATE_IN_PROGRESS', false],
    ['DELETE_IN_PROGRESS', false],
    ['NO_UPDATE_IN_PROGRESS', false],
    ['UPDATE_IN_PROGRESS_STILL', false],
  ])('%s: %s', (status, expected) => expect(isUpdating(status)).toBe(expected));
});

describe('stackOf', () => {
  it('is the id where the tags have it, for a name may be another stack’s by now', () => {
    const tags = { 'aws:cloudformation:stack-name': 'shop' };
    expect(stackOf({ tags })).toBe('shop');
    expect(stackOf({ tags: { ...tags, 'aws:cloudformation:stack-id': 'arn:shop' } })).toBe('arn:shop');
    expect(stackOf({ tags: {} })).toBeUndefined();
  });
});

describe('areSizesOfUpdate', () => {
  it.each([
    [4, 4, 3, true],
    [4, 4, 4, false],
    [4, 4, 5, false],
    [4, 5, 3, false],
  ])(
    'minimum %i and desired capacity %i, where the minimum is %i else: %s',
    (minSize, desired, usual, expected) => {
      expect(areSizesOfUpdate({ minSize, desiredCapacity: desired }, usual)).toBe(expected);
    },
  );
});

describe('asTakenBackByUpdate', () => {
  const taken = aRecord({
    overridden: [
      { setting: 'Terminate', seenAt: now },
      { setting: 'Launch', seenAt: now },
    ],
    baseline: {
      suspendedProcesses: ['AZRebalance', 'Terminate'],
      protectedInstances: ['i-1'],
      minSize: 1,
      maxSize: 10,
      desiredCapacity: 4,
    },
  });

  it('takes only what it is told for the update’s doing, out of the baseline too', () => {
    const record = asTakenBackByUpdate({ ...taken, stackUpdate: { startedAt: now } }, ['Terminate']);
    expect(record).toEqual({
      ...taken,
      stackUpdate: { startedAt: now },
      baseline: { ...taken.baseline, suspendedProcesses: ['AZRebalance'] },
      overridden: [
        { setting: 'Terminate', seenAt: now, by: 'STACK_UPDATE' },
        { setting: 'Launch', seenAt: now },
      ],
    });
  });

  it('wants it again where the update has ended, and remembers no baseline that there was not', () => {
    const { baseline: _baseline, ...without } = taken;
    const record = asTakenBackByUpdate({ ...without, stackUpdate: { startedAt: now, endedAt: later(60) } }, [
      'Terminate',
    ]);
    expect(record.overridden).toEqual([{ setting: 'Launch', seenAt: now }]);
    expect(record).not.toHaveProperty('baseline');
    expect(asTakenBackByUpdate(without, ['Launch']).overridden).toEqual([
      { setting: 'Terminate', seenAt: now },
      { setting: 'Launch', seenAt: now, by: 'STACK_UPDATE' },
    ]);
  });
});

describe('lookAtStack', () => {
  it('tells of an update that began, and of its end, once each', () => {
    const began = look(held, 'UPDATE_IN_PROGRESS', later(60));
    expect([began.news, began.record.stackUpdate]).toEqual(['BEGAN', { startedAt: later(60) }]);
    expect(look(began.record, 'UPDATE_IN_PROGRESS', later(60)).news).toBeUndefined();
    const ended = look(began.record, 'UPDATE_COMPLETE', later(60));
    expect([ended.news, ended.record.stackUpdate]).toEqual([
      'ENDED',
      { startedAt: later(60), endedAt: later(1000) },
    ]);
    expect(look(ended.record, 'UPDATE_COMPLETE', later(60)).news).toBeUndefined();
    expect(look(began.record, undefined, later(60)).news).toBe('ENDED');
    expect(look(held, 'UPDATE_COMPLETE', later(60))).toEqual({ record: held });
    // There may be nothing that is kept.
    const { kept: _kept, ...unkept } = began.record;
    expect(look(unkept, 'UPDATE_COMPLETE', later(60)).record).not.toHaveProperty('kept');
    // The next update is another one.
    expect(look(ended.record, 'UPDATE_IN_PROGRESS', later(1100)).news).toBe('BEGAN');
  });

  it('has what was taken back during the update put in force again, and what a person took back before left alone', () => {
    const byPerson = apply(held, aGroup({ suspendedProcesses: scaleInProcesses.slice(1) })).after;
    const [person] = scaleInProcesses;
    expect(byPerson.overridden).toMatchObject([{ setting: person }]);

    const updating = isUpdatingNow(byPerson, later(700));
    const byUpdate = apply(updating, aGroup({ suspendedProcesses: scaleInProcesses.slice(2) }), later(900));
    expect([byUpdate.isStackUpdating, byUpdate.newlyOverridden]).toEqual([true, [scaleInProcesses[1]]]);
    expect(byUpdate.calls).toEqual([]);

    const over = look(byUpdate.after, 'UPDATE_COMPLETE', later(700)).record;
    expect(over.overridden).toMatchObject([{ setting: person }]);
    const again = apply(over, aGroup({ suspendedProcesses: scaleInProcesses.slice(2) }), later(1200));
    expect(again.calls.map(({ input }) => input)).toMatchObject([
      { ScalingProcesses: [scaleInProcesses[1]] },
    ]);
  });

  it('takes what is found soon after its end for its doing still, and for a person’s later', () => {
    const over = look(isUpdatingNow(held), 'UPDATE_COMPLETE', later(60)).record;
    const resumed = aGroup({ suspendedProcesses: scaleInProcesses.slice(1) });
    const soon = apply(over, resumed, later(1001));
    expect(soon.calls.map(({ input }) => input)).toMatchObject([{ ScalingProcesses: [scaleInProcesses[0]] }]);
    expect(soon.after.overridden).toEqual([]);

    const at = (seconds: number) =>
      look(over, 'UPDATE_COMPLETE', later(60), heldGroup, later(1000 + seconds)).record;
    expect(at(updateSettlesSeconds - 1).stackUpdate).toBeDefined();
    const settled = at(updateSettlesSeconds);
    expect(settled.stackUpdate).toBeUndefined();
    const byPerson = apply(settled, resumed, later(2000));
    expect([byPerson.isStackUpdating, byPerson.calls]).toEqual([false, []]);
  });

  it('takes what was taken back since the update began for the update’s, although it was seen late', () => {
    const taken = apply(held, aGroup({ suspendedProcesses: [] }), later(600)).after;
    expect(isUpdatingNow(taken, later(60)).overridden.every(({ by }) => by === 'STACK_UPDATE')).toBe(true);
    expect(isUpdatingNow(taken, later(600)).overridden.every(({ by }) => by === 'STACK_UPDATE')).toBe(true);
    expect(isUpdatingNow(taken, later(601)).overridden.some(({ by }) => by === 'STACK_UPDATE')).toBe(false);
  });

  it('does not put back in the end what the update had suspended before the hold', () => {
    const before = apply(aRecord(), aGroup({ suspendedProcesses: ['ScheduledActions'] }), now).after;
    const updating = isUpdatingNow({ ...before, imposed: held.imposed });
    const { after } = apply(updating, heldGroup, later(900));
    expect(after.baseline?.suspendedProcesses).toEqual([]);
  });

  it('does not take sizes that a rolling update raises for those of the group', () => {
    const tags = { ...aGroup().tags, 'aws:cloudformation:stack-name': 'shop' };
    const raised = aGroup({ tags, minSize: 8, desiredCapacity: 8, suspendedProcesses: scaleInProcesses });
    const afterwards = aGroup({ minSize: 1, desiredCapacity: 4, suspendedProcesses: scaleInProcesses });
    const keptOf = (record: GroupRecord) =>
      look(record, 'UPDATE_COMPLETE', later(60), afterwards).record.kept;
    // The hold began before the update: the highest desired capacity is that of before.
    const before = isUpdatingNow(held);
    expect(decideApply(anIncident(), raised, before, 'me', later(600)).action).toBe('IN_FORCE');
    expect(keptOf(before)).toEqual(held.kept);
    // It began meanwhile: what it saw then was the update's.
    const meanwhile = apply(aRecord(), raised, later(120)).after;
    expect(keptOf(isUpdatingNow(meanwhile))).toMatchObject({ desiredHighest: 4, minSize: 1 });
  });

  it('takes such sizes for those of an update too that began and ended between two looks at the stack', () => {
    const tags = { ...aGroup().tags, 'aws:cloudformation:stack-name': 'shop' };
    const raised = aGroup({ minSize: 8, desiredCapacity: 8, suspendedProcesses: scaleInProcesses });
    const keptAfter = (group: typeof raised) => {
      const decision = decideApply(anIncident(), group, held, 'me', later(600));
      return ('after' in decision ? decision.after : held).kept?.desiredHighest;
    };
    expect(keptAfter({ ...raised, tags })).toBe(4);
    // No update of a stack can have raised these.
    expect(keptAfter(raised)).toBe(8);
    expect(keptAfter({ ...raised, tags, desiredCapacity: 9 })).toBe(9);
  });

  it('forgets nothing of the sizes for an update that is not about the group', () => {
    const record = isUpdatingNow(apply(aRecord(), aGroup({ desiredCapacity: 10 }), later(120)).after);
    const scaledOut = aGroup({ desiredCapacity: 12, suspendedProcesses: scaleInProcesses });
    const wider = apply(record, scaledOut, later(600)).after;
    expect(wider.kept?.desiredHighest).toBe(12);
    const fallen = aGroup({ desiredCapacity: 4, suspendedProcesses: scaleInProcesses });
    expect(look(wider, 'UPDATE_COMPLETE', later(60), fallen).record.kept).toEqual(wider.kept);
  });
});
