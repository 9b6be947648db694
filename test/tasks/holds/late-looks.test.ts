import { describe, expect, it } from 'vitest';
import type { AutoScaling } from '../../../functions/aws/auto-scaling.ts';
import type { AutoScalingGroup } from '../../../functions/domain/auto-scaling-group.ts';
import { launchBreakerEffect } from '../../../functions/domain/drain/settings.ts';
import type { Incident } from '../../../functions/domain/incident.ts';
import { createApplyHold } from '../../../functions/tasks/holds/apply-hold.ts';
import { giveBackGroups } from '../../../functions/tasks/holds/give-back-groups.ts';
import { createMemoryStore } from '../../../rehearsal/memory-store.ts';
import { aGroup, anIncident, aRecord, later, now } from '../../domain/holds/group-fixtures.ts';
import { inputOf } from '../../input-of.ts';

/** So many that the last one has to wait until one before it is done. */
const names = Array.from({ length: 21 }, (_, index) => `g${String(index).padStart(2, '0')}`);
const last = names.at(-1) ?? '';

/**
 * Groups in a Region that throttles: the first change takes so long that what was described before it is old, and what
 * the last group has by then is `atLast`.
 */
const aSlowRegion = (groups: AutoScalingGroup[], atLast: Partial<AutoScalingGroup> = {}, seconds = 150) => {
  let present = now;
  const clock = { now: () => present };
  const store = createMemoryStore(() => {}, false, clock);
  const calls: string[] = [];
  const autoScaling: Partial<AutoScaling> = {
    describeAutoScalingGroups: async (wanted) =>
      structuredClone(groups.filter(({ autoScalingGroupName: name }) => wanted.includes(name))),
    describePolicies: async () => new Map(names.map((name) => [name, [{ name: 'cpu', canLower: true }]])),
    describeScheduledActions: async () => new Map(),
    make: async (call) => {
      const input = inputOf(call);
      if (present === now) {
        present = later(seconds);
        Object.assign(groups.find(({ autoScalingGroupName }) => autoScalingGroupName === last) ?? {}, atLast);
      }
      if (input.AutoScalingGroupName === last)
        calls.push(`${call.operation} ${input.DesiredCapacity ?? input.ScalingProcesses}`);
    },
  };
  const dependencies = { autoScaling: autoScaling as AutoScaling, store, clock, newOwner: () => 'o' };
  return { ...dependencies, calls };
};

const heldSince = (seconds: number, incident: Incident, processes = incident.settings.effect.processes) => ({
  ...aRecord(),
  holds: [
    {
      incidentId: incident.incidentId,
      processes,
      protectsInstances: false,
      reason: 'x',
      heldAt: later(-seconds),
      stage: 'HELD' as const,
      stageAt: later(-seconds),
    },
  ],
  imposed: processes.map((setting) => ({
    setting,
    recordedAt: later(-seconds),
    appliedAt: later(-seconds),
  })),
});

describe('a page that is worked through for minutes', () => {
  it('does not make of what was applied lately something that a person took back', async () => {
    const incident = anIncident();
    const { processes } = incident.settings.effect;
    const region = aSlowRegion(
      names.map((autoScalingGroupName) => aGroup({ autoScalingGroupName })),
      { suspendedProcesses: processes },
    );
    await region.store.createIncident(incident, names);
    await region.store.writeGroup({ ...heldSince(10, incident), autoScalingGroupName: last });
    const apply = createApplyHold({
      ...region,
      autoScaling: () => region.autoScaling,
      killSwitch: { read: async () => ({ mode: 'live' }) },
      stageMode: 'live',
    });
    await apply({ plan: { incidentId: incident.incidentId } } as Parameters<typeof apply>[0]);
    const [record] = await region.store.readGroups([last]);
    expect(record?.overridden).toEqual([]);
    expect(record?.imposed.map(({ setting }) => setting)).toEqual(processes);
  });

  it('gives back what was applied right before the page was described', async () => {
    const incident = anIncident({
      remediation: 'drain-pending-wait',
      status: 'RELEASING',
      releasingSince: now,
    });
    const { processes } = launchBreakerEffect;
    const region = aSlowRegion(
      names.map((autoScalingGroupName) =>
        aGroup({ autoScalingGroupName, suspendedProcesses: autoScalingGroupName === last ? [] : processes }),
      ),
      { suspendedProcesses: processes },
    );
    await region.store.createIncident(incident, names);
    for (const autoScalingGroupName of names) {
      const seconds = autoScalingGroupName === last ? 10 : 600;
      await region.store.writeGroup({ ...heldSince(seconds, incident, processes), autoScalingGroupName });
    }
    await giveBackGroups(region, incident);
    expect(region.calls).toEqual([`ResumeProcesses ${[...processes].sort()}`]);
  });

  it('raises what a policy took away after the page was described', async () => {
    const incident = anIncident({ status: 'RELEASING', releasingSince: later(-600) });
    const region = aSlowRegion(
      names.map((autoScalingGroupName) =>
        aGroup({ autoScalingGroupName, suspendedProcesses: ['Terminate'] }),
      ),
      { desiredCapacity: 2 },
    );
    await region.store.createIncident(incident, names);
    for (const autoScalingGroupName of names) {
      const { holds, ...record } = heldSince(900, incident, ['Terminate']);
      await region.store.writeGroup({
        ...record,
        autoScalingGroupName,
        holds: holds.map((hold) => ({ ...hold, stage: 'SETTLING', stageAt: later(-300) })),
        kept: { since: later(-900), desiredHighest: 4, minSize: 1, maxSize: 10, desiredCapacity: 4 },
      });
    }
    await giveBackGroups(region, incident);
    expect(region.calls).toEqual(['SetDesiredCapacity 4', 'ResumeProcesses Terminate']);
  });
});

describe('giving back', () => {
  it('tells of a raise although the call after it failed', async () => {
    const incident = anIncident({ status: 'RELEASING', releasingSince: later(-600) });
    const group = aGroup({ desiredCapacity: 2, suspendedProcesses: ['Terminate'] });
    const region = aSlowRegion([group]);
    const { holds, ...record } = heldSince(900, incident, ['Terminate']);
    await region.store.createIncident(incident, ['web']);
    await region.store.writeGroup({
      ...record,
      holds: holds.map((hold) => ({ ...hold, stage: 'SETTLING', stageAt: later(-300) })),
      kept: { since: later(-900), desiredHighest: 4, minSize: 1, maxSize: 10, desiredCapacity: 4 },
    });
    let isThrottled = true;
    const autoScaling: AutoScaling = {
      ...region.autoScaling,
      describePolicies: async () => new Map([['web', [{ name: 'cpu', canLower: true }]]]),
      make: async ({ operation, input }) => {
        if (operation === 'SetDesiredCapacity') group.desiredCapacity = Number(input.DesiredCapacity);
        if (operation === 'ResumeProcesses') {
          if (isThrottled)
            throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling', $metadata: {} });
          group.suspendedProcesses = [];
        }
      },
    };
    await giveBackGroups({ ...region, autoScaling }, incident);
    isThrottled = false;
    await giveBackGroups({ ...region, autoScaling }, incident);
    const journal = await region.store.readJournal(incident.incidentId);
    expect(journal.map(({ event }) => event)).toEqual(['raised', 'failed', 'giving-back']);
    expect(group).toMatchObject({ desiredCapacity: 4, suspendedProcesses: [] });
  });

  it('remembers the schedules of groups that are held only in a later round, and not while they are being changed', async () => {
    const incident = anIncident();
    const region = aSlowRegion(['a', 'b'].map((autoScalingGroupName) => aGroup({ autoScalingGroupName })));
    await region.store.createIncident(incident, ['a', 'b']);
    let isThrottled = true;
    const action = { name: 'night', startsAt: later(600), desiredCapacity: 2 };
    const autoScaling: AutoScaling = {
      ...region.autoScaling,
      describeScheduledActions: async (name) => new Map([[name ?? '', [action]]]),
      make: async (call) => {
        if (isThrottled && inputOf(call).AutoScalingGroupName === 'b') {
          throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling', $metadata: {} });
        }
      },
    };
    let present = now;
    const apply = createApplyHold({
      ...region,
      clock: { now: () => present },
      autoScaling: () => autoScaling,
      killSwitch: { read: async () => ({ mode: 'live' }) },
      stageMode: 'live',
    });
    const round = async (number: number) => {
      present = later(15 * (number - 1));
      const state = { plan: { incidentId: incident.incidentId }, check: { round: number } };
      await apply(state as Parameters<typeof apply>[0]);
    };
    await round(1);
    isThrottled = false;
    for (const number of [2, 3, 4]) await round(number);
    const records = await region.store.readGroups(['a', 'b']);
    expect(records.map(({ kept }) => kept?.scheduledActions)).toEqual([[action], [action]]);
  });
});
