import { describe, expect, it } from 'vitest';
import { pauseScalingEffect } from '../../../functions/domain/holds/pause-scaling.ts';
import { planHold } from '../../../functions/domain/holds/plan-hold.ts';
import { protectInstancesEffect } from '../../../functions/domain/holds/protect-instances.ts';
import { selectGroups } from '../../../functions/domain/holds/select-groups.ts';
import { protectedInstancesMax } from '../../../functions/domain/limits.ts';
import { lowestMode } from '../../../functions/domain/mode.ts';
import { tellGroupRefusal } from '../../../functions/domain/telling/plan-sentences.ts';
import { inputOf } from '../../input-of.ts';
import { aGroup, anInstance, scaleInProcesses } from './group-fixtures.ts';

const settings = {
  remediation: 'pause-scaling' as const,
  effect: pauseScalingEffect('scale-in'),
  groupsMax: 2,
};
const named = (name: string, over = {}) => aGroup({ autoScalingGroupName: name, ...over });

describe('planHold', () => {
  it('plans one call per group, sorted by name, with a reason for every process', () => {
    const plan = planHold([named('b'), named('a')], [], settings);
    expect(plan.groups.map(({ autoScalingGroupName, action }) => [autoScalingGroupName, action])).toEqual([
      ['a', 'HOLD'],
      ['b', 'HOLD'],
    ]);
    const [first] = plan.groups;
    const call = first?.action === 'HOLD' ? first.calls[0] : undefined;
    expect(call?.input).toEqual({ AutoScalingGroupName: 'a', ScalingProcesses: scaleInProcesses });
    for (const [index, process] of scaleInProcesses.entries())
      expect(call?.reason[index]).toContain(`${process}: `);
  });

  it('protects every instance in service, and sets the tag, where it is asked for', () => {
    const protecting = {
      remediation: 'protect-instances' as const,
      effect: protectInstancesEffect,
      groupsMax: 9,
      stage: 'prod',
    };
    const [plan] = planHold([named('a')], [], { ...protecting, tag: 'prod holds it: x' }).groups;
    expect(plan).toMatchObject({ action: 'HOLD', autoScalingGroupName: 'a', because: 'ASKED_FOR' });
    const calls = plan?.action === 'HOLD' ? plan.calls : [];
    expect(calls.map(({ operation }) => operation)).toEqual([
      'SuspendProcesses',
      'SetInstanceProtection',
      'CreateOrUpdateTags',
    ]);
    expect(inputOf(calls[1])).toEqual({
      AutoScalingGroupName: 'a',
      InstanceIds: ['i-1', 'i-2', 'i-3', 'i-4'],
      ProtectedFromScaleIn: true,
    });
    const held = named('b', {
      suspendedProcesses: protectInstancesEffect.processes,
      instances: aGroup().instances.map((instance) => ({ ...instance, protectedFromScaleIn: true })),
      tags: { holdfast: 'true', 'holdfast-hold': 'prod holds it: x' },
    });
    expect(planHold([held], [], { ...protecting, tag: 'prod holds it: x' }).groups).toEqual([
      { action: 'HOLD', autoScalingGroupName: 'b', because: 'IN_FORCE_ALREADY', calls: [] },
    ]);
    // Another stage's tag is left alone.
    const others = planHold([held], [], {
      ...protecting,
      tag: 'staging holds it: y',
      stage: 'staging',
    }).groups;
    expect(others).toMatchObject([{ calls: [] }]);
  });

  it('sets no tag and protects nobody where that is not asked for', () => {
    const [plan] = planHold([named('a')], [], settings).groups;
    expect(plan?.action === 'HOLD' ? plan.calls.map(({ operation }) => operation) : []).toEqual([
      'SuspendProcesses',
    ]);
    const held = named('a', { suspendedProcesses: scaleInProcesses });
    expect(planHold([held], [], settings)).toEqual({
      groups: [{ action: 'HOLD', autoScalingGroupName: 'a', because: 'IN_FORCE_ALREADY', calls: [] }],
    });
  });

  it('refuses a group of more instances than one record can remember', () => {
    const protecting = {
      remediation: 'protect-instances' as const,
      effect: protectInstancesEffect,
      groupsMax: 9,
    };
    const ofSize = (length: number) =>
      named('a', { instances: Array.from({ length }, (_, n) => anInstance(`i-${n}`)) });
    expect(planHold([ofSize(protectedInstancesMax)], [], protecting).groups[0]?.action).toBe('HOLD');
    expect(planHold([ofSize(protectedInstancesMax + 1)], [], protecting).groups).toEqual([
      {
        action: 'REFUSE',
        autoScalingGroupName: 'a',
        because: 'TOO_MANY_INSTANCES',
        instancesInService: protectedInstancesMax + 1,
        instancesMax: protectedInstancesMax,
      },
    ]);
  });

  it('names only what is not suspended yet', () => {
    const plan = planHold([named('a', { suspendedProcesses: ['Terminate'] })], [], settings);
    const [first] = plan.groups;
    expect(first?.action === 'HOLD' && inputOf(first.calls[0]).ScalingProcesses).toEqual(
      scaleInProcesses.slice(1),
    );
  });

  it('refuses, by name and reason, what did not opt in, is being deleted, or does not exist', () => {
    const plan = planHold(
      [named('a'), named('b', { tags: {} }), named('c', { status: 'Delete in progress' })],
      ['a', 'd'],
      settings,
    );
    expect(plan.refusal).toBeUndefined();
    expect(plan.groups.filter(({ action }) => action === 'REFUSE')).toEqual([
      { action: 'REFUSE', autoScalingGroupName: 'b', because: 'NOT_OPTED_IN' },
      {
        action: 'REFUSE',
        autoScalingGroupName: 'c',
        because: 'BEING_DELETED',
        status: 'Delete in progress',
      },
      { action: 'REFUSE', autoScalingGroupName: 'd', because: 'NO_SUCH_GROUP' },
    ]);
    expect(
      plan.groups.flatMap((group) => (group.action === 'REFUSE' ? [tellGroupRefusal(group)] : [])),
    ).toEqual([
      'the group does not carry the tag holdfast=true',
      'the group is being deleted (Delete in progress)',
      'there is no Auto Scaling group of this name in this account and Region',
    ]);
  });

  it('holds the first by name where there are more groups than it may hold, and says so of each other', () => {
    const plan = planHold([named('c'), named('a'), named('b')], [], settings);
    expect(plan.refusal).toBeUndefined();
    expect(plan.groups.map(({ autoScalingGroupName, because }) => [autoScalingGroupName, because])).toEqual([
      ['a', 'ASKED_FOR'],
      ['b', 'ASKED_FOR'],
      ['c', 'OVER_GROUPS_MAX'],
    ]);
    expect(
      plan.groups.flatMap((group) => (group.action === 'REFUSE' ? [tellGroupRefusal(group)] : [])),
    ).toEqual([
      'groupsMax allows 2 groups, and others come before it by name; narrow the targets or raise groupsMax',
    ]);
  });

  it('resizes none where there are more groups than it may resize', () => {
    const three = [named('a'), named('b'), named('c')];
    expect(selectGroups(three, [], { remediation: 'resize-in-place', groupsMax: 2 }).refusal).toEqual({
      because: 'TOO_MANY_GROUPS',
      groupsFound: 3,
      groupsMax: 2,
    });
    expect(selectGroups(three, [], { remediation: 'resize-in-place', groupsMax: 3 }).refusal).toBeUndefined();
  });

  it('refuses when there is nothing to hold', () => {
    expect(planHold([], [], settings).refusal).toEqual({ because: 'NO_GROUP_MATCHES' });
    expect(planHold([], ['a'], settings).refusal).toEqual({ because: 'EVERY_GROUP_REFUSED' });
  });
});

describe('lowestMode', () => {
  it.each([
    [['live', 'live', 'live'], 'live'],
    [['live', 'dry-run', 'live'], 'dry-run'],
    [['dry-run', 'off', 'live'], 'off'],
  ] as const)('of %j is %s', (modes, lowest) => {
    expect(lowestMode(...modes)).toBe(lowest);
  });
});
