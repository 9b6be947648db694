import { describe, expect, it } from 'vitest';
import type { AutoScaling } from '../../../functions/aws/auto-scaling.ts';
import type { CloudFormation } from '../../../functions/aws/cloudformation.ts';
import type { AutoScalingGroup } from '../../../functions/domain/auto-scaling-group.ts';
import type { PlannedCall } from '../../../functions/domain/calls.ts';
import type { ResizeWork } from '../../../functions/domain/resize/resize-record.ts';
import { resizeEffect } from '../../../functions/domain/resize/settings.ts';
import { createPrepareGroup } from '../../../functions/tasks/resize/prepare-group.ts';
import { createMemoryStore } from '../../../rehearsal/memory-store.ts';
import { aGroup, anIncident, anInstance, aRecord, later, now } from '../../domain/holds/group-fixtures.ts';
import { aResize, resizeHold, someWork } from '../../domain/resize/resize-fixtures.ts';

const stack = { 'aws:cloudformation:stack-name': 'shop' };
/** A group of which the minimum was raised to desired capacity since it is held; it was 1. */
const raised = aGroup({
  minSize: 4,
  tags: { ...aGroup().tags, ...stack },
  suspendedProcesses: [...resizeEffect.processes],
});
/** The same with one instance on its way home, and `Launch` suspended by another hold. */
const onItsWay = {
  ...raised,
  minSize: 4,
  suspendedProcesses: [...raised.suspendedProcesses, 'Launch'],
  instances: ['i-1', 'i-2', 'i-3'].map((id) =>
    anInstance(id, id === 'i-1' ? { lifecycleState: 'Standby' } : {}),
  ),
};

/** Prepares groups that are alike: what was called for all of them, and the minimum of `web` to set in the end. */
const prepare = async (
  group: AutoScalingGroup,
  work: Partial<ResizeWork>,
  describeStack: CloudFormation['describeStack'],
  names = ['web'],
) => {
  const store = createMemoryStore();
  const made: PlannedCall[] = [];
  const incident = anIncident({ remediation: 'resize-in-place' });
  await store.createIncident(incident, names);
  for (const autoScalingGroupName of names) {
    await store.writeGroup(
      aRecord({
        autoScalingGroupName,
        holds: [resizeHold],
        imposed: group.suspendedProcesses.map((setting) => ({ setting, recordedAt: now, appliedAt: now })),
        baseline: {
          suspendedProcesses: [],
          protectedInstances: [],
          minSize: 1,
          maxSize: 10,
          desiredCapacity: 4,
        },
      }),
    );
    await store.writeResize({ autoScalingGroupName, version: 0, work: someWork(work) });
  }
  const autoScaling = {
    describeAutoScalingGroups: async (asked: string[]) =>
      asked.map((autoScalingGroupName) => ({ ...structuredClone(group), autoScalingGroupName })),
    make: async (call: PlannedCall) => void made.push(call),
  } as Partial<AutoScaling> as AutoScaling;
  await createPrepareGroup({
    autoScaling: () => autoScaling,
    store,
    clock: { now: () => later(600) },
    newOwner: () => 'me',
    killSwitch: { read: async () => ({ mode: 'live' }) },
    stageMode: 'live',
    cloudFormation: { describeStack },
  })({ plan: { incidentId: incident.incidentId } });
  const [resize] = await store.readResizes(['web']);
  const journal = await store.readJournal(incident.incidentId);
  return {
    calls: made.map(({ operation }) => operation),
    before: resize?.work?.sizes?.before.minSize,
    journal: journal.map(({ text }) => text).join('\n'),
  };
};

const silent = async () => {
  throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling', $metadata: {} });
};
const wave = { queue: [], nextWave: 1 };

describe('createPrepareGroup', () => {
  it.each([
    ['is the one of before the hold while a stack update is in progress', 'UPDATE_IN_PROGRESS', 1],
    ['is what somebody set where none is', 'UPDATE_COMPLETE', 4],
  ])('the minimum to set in the end %s', async (_what, status, expected) => {
    const { calls, before } = await prepare(raised, wave, async () => ({ status }));
    expect({ calls, before }).toEqual({ calls: ['UpdateAutoScalingGroup'], before: expected });
  });

  it('asks nobody about a minimum that is as it was', async () => {
    const { before } = await prepare({ ...raised, minSize: 1, desiredCapacity: 1 }, wave, silent);
    expect(before).toBe(1);
  });

  it('begins no wave while CloudFormation cannot be asked', async () => {
    const { calls, before, journal } = await prepare(raised, wave, silent);
    expect({ calls, before }).toEqual({ calls: [], before: undefined });
    expect(journal).toContain('cannot be prepared now (Throttling: Rate exceeded); tried again');
  });

  it('asks CloudFormation once about groups of one stack', async () => {
    let asked = 0;
    const { calls } = await prepare(
      raised,
      wave,
      async () => {
        asked += 1;
        return { status: 'UPDATE_COMPLETE' };
      },
      ['web', 'api', 'db'],
    );
    expect({ asked, calls: calls.length }).toEqual({ asked: 1, calls: 3 });
  });

  it('lets what is on its way come home all the same', async () => {
    const resizes = [aResize({ stage: 'EXITING', hasEntered: true })];
    const { calls, before } = await prepare(onItsWay, { resizes }, silent);
    expect(calls).toContain('ResumeProcesses');
    expect(before).toBe(1);
  });
});
