import { describe, expect, it } from 'vitest';
import { decideApply } from '../../../functions/domain/holds/decide-apply.ts';
import type { GroupRecord } from '../../../functions/domain/holds/group-record.ts';
import { isUpdating, lookAtStack, stackOf } from '../../../functions/domain/holds/stack-update.ts';
import { aGroup, anIncident, aRecord, later, now, scaleInProcesses } from './group-fixtures.ts';

const heldGroup = aGroup({ suspendedProcesses: scaleInProcesses });
const apply = (record: GroupRecord, group = heldGroup, at = later(600)) => {
  const decision = decideApply(anIncident(), group, record, 'me', at);
  if (decision.action !== 'WRITE') throw new Error(JSON.stringify(decision));
  return decision;
};
const held = apply(aRecord(), aGroup(), now).after;
const isUpdatingNow = (record: GroupRecord, startedAt = later(60)) =>
  lookAtStack(record, heldGroup, 'UPDATE_IN_PROGRESS', startedAt).record;

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

describe('lookAtStack', () => {
  it('tells of an update that began, and of its end, once each', () => {
    const began = lookAtStack(held, heldGroup, 'UPDATE_IN_PROGRESS', later(60));
    expect([began.news, began.record.stackUpdate]).toEqual(['BEGAN', { startedAt: later(60) }]);
    expect(lookAtStack(began.record, heldGroup, 'UPDATE_IN_PROGRESS', later(60)).news).toBeUndefined();
    const ended = lookAtStack(began.record, heldGroup, 'UPDATE_COMPLETE', later(60));
    expect([ended.news, ended.record.stackUpdate]).toEqual(['ENDED', undefined]);
    expect(lookAtStack(began.record, heldGroup, undefined, later(60)).news).toBe('ENDED');
    expect(lookAtStack(held, heldGroup, 'UPDATE_COMPLETE', later(60))).toEqual({ record: held });
  });

  it('has what was taken back during the update put in force again, and what a person took back before left alone', () => {
    const byPerson = apply(held, aGroup({ suspendedProcesses: scaleInProcesses.slice(1) })).after;
    const [person] = scaleInProcesses;
    expect(byPerson.overridden).toMatchObject([{ setting: person }]);

    const updating = isUpdatingNow(byPerson, later(700));
    const byUpdate = apply(updating, aGroup({ suspendedProcesses: scaleInProcesses.slice(2) }), later(900));
    expect([byUpdate.isStackUpdating, byUpdate.newlyOverridden]).toEqual([true, [scaleInProcesses[1]]]);
    expect(byUpdate.calls).toEqual([]);

    const over = lookAtStack(byUpdate.after, heldGroup, 'UPDATE_COMPLETE', later(700)).record;
    expect(over.overridden).toMatchObject([{ setting: person }]);
    const again = apply(over, aGroup({ suspendedProcesses: scaleInProcesses.slice(2) }), later(1200));
    expect(again.calls.map(({ input }) => input)).toMatchObject([
      { ScalingProcesses: [scaleInProcesses[1]] },
    ]);
  });

  it('takes what was taken back since the update began for the update’s, although it was seen late', () => {
    const taken = apply(held, aGroup({ suspendedProcesses: [] }), later(600)).after;
    expect(isUpdatingNow(taken, later(60)).overridden.every(({ by }) => by === 'STACK_UPDATE')).toBe(true);
    expect(isUpdatingNow(taken, later(601)).overridden.some(({ by }) => by === 'STACK_UPDATE')).toBe(false);
  });

  it('does not put back in the end what the update had suspended before the hold', () => {
    const before = apply(aRecord(), aGroup({ suspendedProcesses: ['ScheduledActions'] }), now).after;
    const updating = isUpdatingNow({ ...before, imposed: held.imposed });
    const { after } = apply(updating, heldGroup, later(900));
    expect(after.baseline?.suspendedProcesses).toEqual([]);
  });

  it('does not take the sizes of the update for those of the group', () => {
    const raised = aGroup({ minSize: 8, desiredCapacity: 8, suspendedProcesses: scaleInProcesses });
    const afterwards = aGroup({ minSize: 2, desiredCapacity: 4, suspendedProcesses: scaleInProcesses });
    const keptOf = (record: GroupRecord) =>
      lookAtStack(record, afterwards, 'UPDATE_COMPLETE', later(60)).record.kept;
    // The hold began before the update: the highest desired capacity is that of before.
    const before = isUpdatingNow(held);
    expect(decideApply(anIncident(), raised, before, 'me', later(600)).action).toBe('IN_FORCE');
    expect(keptOf(before)).toMatchObject({ desiredHighest: held.kept?.desiredHighest, minSize: 1 });
    // It began meanwhile: what it saw then was the update's.
    const meanwhile = apply(aRecord(), raised, later(120)).after;
    expect(keptOf(isUpdatingNow(meanwhile))).toMatchObject({ desiredHighest: 4, minSize: 2 });
  });
});
