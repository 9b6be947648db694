import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { emptyLaunchRecord } from '../../../functions/domain/launches/launch-record.ts';
import { parsePolicy } from '../../../functions/events/policy.ts';
import { stateMachineArns } from '../../../functions/lambda/config.ts';
import { patiently } from '../../../functions/tasks/incidents/patiently.ts';
import {
  type SweepLaunchesDependencies,
  sweepLaunches,
} from '../../../functions/tasks/signals/sweep-launches.ts';
import { createMemoryStore } from '../../../rehearsal/memory-store.ts';
import { aGroup, later, now } from '../../domain/holds/group-fixtures.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('starts again what groups share whose launches failed, and looks once how it ended', async () => {
  const clock = { now: () => later(600) };
  const store = createMemoryStore(() => {}, false, clock);
  const executionName = 'failing-20260302030020-0123456789abcdef';
  const groups = ['a', 'b'].map((autoScalingGroupName) =>
    aGroup({ autoScalingGroupName, desiredCapacity: 9, tags: { holdfast: 'true', tier: 'api' } }),
  );
  for (const { autoScalingGroupName } of groups) {
    const empty = emptyLaunchRecord(autoScalingGroupName);
    const startedFor = {
      failing: { executionName, isShared: true as const, activityId: 'x', failedAt: now },
    };
    await store.writeLaunches({ ...empty, startedFor }, empty);
  }
  const started: unknown[][] = [];
  let looks = 0;
  const failed = { status: 'FAILED', error: 'States.TaskFailed', stoppedAt: later(60) };
  const dependencies = {
    autoScaling: () => ({
      describeAutoScalingGroupsByTags: async () => groups,
      describeLaunches: async () => [],
    }),
    stepFunctions: {
      describeExecution: async (arn: string) => {
        looks += 1;
        return arn.endsWith(executionName) ? failed : undefined;
      },
      startExecution: async (...call: unknown[]) => {
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
  const attempt = (work: () => Promise<void>) => work();
  await sweepLaunches(dependencies, 'live', () => true, attempt);
  const again = [
    'arn:aws:states:us-east-1:1:stateMachine:test-protect-instances',
    `${executionName}-2`,
    { rule: 'failing', failingGroups: { beginAt: later(600) } },
  ];
  // Of one name there is one execution, however often it is asked for.
  expect(started).toEqual([again, again]);
  expect(looks).toBe(2);
  // So that their next launch events ask nothing of Auto Scaling.
  expect((await store.readLaunchRules('a'))?.rules).toEqual(['failing']);
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
