import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { protectInstancesEffect } from '../../../functions/domain/holds/protect-instances.ts';
import { emptyLaunchRecord } from '../../../functions/domain/launches/launch-record.ts';
import { parsePolicy } from '../../../functions/events/policy.ts';
import { stateMachineArns } from '../../../functions/lambda/config.ts';
import { patiently } from '../../../functions/tasks/incidents/patiently.ts';
import {
  type SweepLaunchesDependencies,
  sweepLaunches,
} from '../../../functions/tasks/signals/sweep-launches.ts';
import { createMemoryStore } from '../../../rehearsal/memory-store.ts';
import { aGroup, anIncident, later, now } from '../../domain/holds/group-fixtures.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A sweep over two groups that lack instances, and were given to one execution by the record of each. */
const sweepShared = async (
  execution: object | undefined,
  at: string,
  protectedNames: string[] = [],
  givesBack: string[] = [],
) => {
  const clock = { now: () => at };
  const store = createMemoryStore(() => {}, false, clock);
  const executionName = 'failing-20260302030020-0123456789abcdef';
  const groups = ['a', 'b'].map((autoScalingGroupName) =>
    aGroup({ autoScalingGroupName, desiredCapacity: 9, tags: { holdfast: 'true', tier: 'api' } }),
  );
  for (const { autoScalingGroupName } of groups) {
    const empty = emptyLaunchRecord(autoScalingGroupName);
    const startedFor = { failing: { executionName, beginAt: later(30), activityId: 'x', failedAt: now } };
    await store.writeLaunches({ ...empty, startedFor }, empty);
  }
  const { settings, ...open } = anIncident({ untilLaunchesSucceed: true });
  const { alarm: _alarm, ...incident } = open;
  await store.createIncident(
    { ...incident, settings: { ...settings, effect: protectInstancesEffect } },
    protectedNames,
  );
  await store.createIncident(
    {
      ...incident,
      settings,
      incidentId: `arn:aws:states:us-east-1:1:execution:m:${executionName}`,
      status: 'RELEASING',
    },
    givesBack,
  );
  const started: unknown[][] = [];
  let looks = 0;
  const dependencies = {
    autoScaling: () => ({
      describeAutoScalingGroupsByTags: async () => groups,
      describeLaunches: async () => [],
    }),
    stepFunctions: {
      describeExecution: async (arn: string) => {
        looks += 1;
        return arn.endsWith(executionName) ? execution : undefined;
      },
      startExecution: async (_arn: string, ...call: unknown[]) => {
        started.push(call);
        return { started: true };
      },
    },
    stateMachineArns: stateMachineArns({
      stateMachineArnPrefix: 'arn:aws:states:us-east-1:1:stateMachine:test-',
    }),
    store,
    clock,
    policy: parsePolicy(
      {
        rules: [
          {
            name: 'failing',
            when: { launchFailures: { count: 3, within: '1h' } },
            do: 'protect-instances',
            targets: { tags: { tier: 'api' } },
          },
        ],
      },
      'test',
    ),
  } as unknown as SweepLaunchesDependencies;
  await sweepLaunches(
    dependencies,
    'live',
    () => true,
    (work) => work(),
  );
  return { started, looks, store, executionName };
};

it('starts again what groups share whose launches failed, and looks once how it ended', async () => {
  const failed = { status: 'FAILED', error: 'States.TaskFailed', stoppedAt: later(60) };
  const { started, looks, store, executionName } = await sweepShared(failed, later(600));
  // Of one name there is one execution, however often it is asked for.
  const again = [`${executionName}-2`, { rule: 'failing', failingGroups: { beginAt: later(30) } }];
  expect(started).toEqual([again, again]);
  expect(looks).toBe(2);
  // So that their next launch events ask nothing of Auto Scaling.
  expect((await store.readLaunchRules('a'))?.rules).toEqual(['failing']);
});

it('starts what a crash left unstarted no earlier than it should begin', async () => {
  const { started, executionName } = await sweepShared(undefined, later(10));
  const first = [executionName, { rule: 'failing', failingGroups: { beginAt: later(30) } }];
  expect(started).toEqual([first, first]);
});

it('leaves alone whom what they share gives back', async () => {
  const { started } = await sweepShared({ status: 'RUNNING' }, later(600), [], ['a']);
  expect(started.map(([, input]) => input)).toMatchObject([
    { launchFailures: { autoScalingGroupName: 'b' } },
  ]);
});

it.each<[what: string, execution: object, at: string, held: string[], alone: string[]]>([
  ['runs without them', { status: 'RUNNING' }, later(150), ['a'], ['b']],
  ['runs, and may not have taken its groups yet', { status: 'RUNNING' }, later(149), [], []],
  ['holds them', { status: 'RUNNING' }, later(600), ['a', 'b'], []],
  ['ended at once', { status: 'SUCCEEDED', stoppedAt: later(60) }, later(600), [], ['a', 'b']],
  ['has given them back', { status: 'SUCCEEDED', stoppedAt: later(500) }, later(600), [], []],
  ['was stopped by a person', { status: 'ABORTED', stoppedAt: later(60) }, later(600), [], []],
])('starts alone whom what they share left out, where it %s', async (_what, execution, at, held, alone) => {
  const { started } = await sweepShared(execution, at, held);
  expect(started.map(([, input]) => input)).toEqual(
    alone.map((autoScalingGroupName) => ({
      rule: 'failing',
      launchFailures: { autoScalingGroupName, activityId: 'x', failedAt: now },
    })),
  );
});

it('asks AWS anew when it tries again what was throttled', async () => {
  let asked = 0;
  const clock = { now: () => now };
  const dependencies = {
    autoScaling: () => ({
      describeAutoScalingGroupsByTags: async () => {
        asked += 1;
        if (asked === 1) throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling' });
        return [];
      },
    }),
    store: createMemoryStore(() => {}, false, clock),
    clock,
    policy: parsePolicy(
      {
        rules: [
          {
            name: 'stuck',
            when: { stuckInstances: 1 },
            do: 'drain-pending-wait',
            targets: { tags: { tier: 'api' } },
          },
        ],
      },
      'test',
    ),
  } as unknown as SweepLaunchesDependencies;
  const failures: unknown[] = [];
  const attempt = (work: () => Promise<void>) =>
    patiently(work, () => true).catch((error: unknown) => {
      failures.push(error);
    });
  const sweeping = sweepLaunches(dependencies, 'live', () => true, attempt);
  await vi.runAllTimersAsync();
  expect(await sweeping).toEqual([]);
  expect(failures).toEqual([]);
  expect(asked).toBe(2);
});
