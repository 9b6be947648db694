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
import { createMemoryStore, type MemoryStore } from '../../../rehearsal/memory-store.ts';
import { aGroup, anIncident, later, now } from '../../domain/holds/group-fixtures.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const executionName = 'failing-20260302030020-0123456789abcdef';
const executionArn = `arn:aws:states:us-east-1:1:execution:test-protect-instances:${executionName}`;

/** How a sweep over groups goes that were given to one execution. */
interface Shared {
  names?: string[];
  /** Groups that lack no instance. */
  complete?: string[];
  /** Groups that the execution planned for, or refused; without it, it has not planned yet. */
  planned?: string[];
  /** Groups that another incident protects. */
  protectedNames?: string[];
  dryRun?: boolean;
  /** Called while the sweep asks how the execution stands. */
  meanwhile?: (store: MemoryStore) => Promise<unknown>;
  /** Group for which no execution can be started. */
  failsFor?: string;
}

/** A sweep over groups that lack instances, and were given to one execution by the record of each. */
const sweepShared = async (
  execution: object | undefined,
  at: string,
  {
    names = ['a', 'b'],
    complete = [],
    planned,
    protectedNames = [],
    dryRun,
    meanwhile,
    failsFor,
  }: Shared = {},
) => {
  const clock = { now: () => at };
  const store = createMemoryStore(() => {}, false, clock);
  const groups = names.map((autoScalingGroupName) =>
    aGroup({
      autoScalingGroupName,
      desiredCapacity: complete.includes(autoScalingGroupName) ? 4 : 9,
      tags: { holdfast: 'true', tier: 'api' },
    }),
  );
  for (const { autoScalingGroupName } of groups) {
    const empty = emptyLaunchRecord(autoScalingGroupName);
    const startedFor = { failing: { executionName, beginAt: later(30), activityId: 'x', failedAt: now } };
    await store.writeLaunches({ ...empty, startedFor }, empty);
  }
  const { settings, alarm: _alarm, ...incident } = anIncident({ untilLaunchesSucceed: true });
  await store.createIncident(
    { ...incident, settings: { ...settings, effect: protectInstancesEffect } },
    protectedNames,
  );
  if (planned !== undefined) {
    await store.appendJournal(executionArn, [
      ...planned.map((autoScalingGroupName) => ({
        at: now,
        event: 'planned' as const,
        autoScalingGroupName,
        text: 'will be held',
      })),
      ...(planned.length === 0 ? [{ at: now, event: 'refused' as const, text: 'none of them' }] : []),
    ]);
  }
  const started: unknown[][] = [];
  const failures: unknown[] = [];
  let looks = 0;
  const dependencies = {
    autoScaling: () => ({
      describeAutoScalingGroupsByTags: async () => groups,
      describeLaunches: async () => [],
    }),
    stepFunctions: {
      describeExecution: async (arn: string) => {
        looks += 1;
        await meanwhile?.(store);
        return arn.endsWith(executionName) ? execution : undefined;
      },
      startExecution: async (_arn: string, ...call: unknown[]) => {
        if (failsFor !== undefined && JSON.stringify(call).includes(`"${failsFor}"`))
          throw new Error('InternalServerError');
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
            ...(dryRun === true ? { mode: 'dry-run' } : {}),
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
    async (work) => {
      await work().catch((error: unknown) => failures.push(error));
    },
  );
  const startedFor = async (name: string) =>
    (await store.readLaunches([name]))[0]?.startedFor?.failing?.executionName;
  return { started, looks, store, failures, startedFor };
};

it('starts again what groups share whose launches failed, and looks once how it ended', async () => {
  const failed = { status: 'FAILED', error: 'States.TaskFailed', stoppedAt: later(60) };
  const { started, looks, store } = await sweepShared(failed, later(600));
  // Of one name there is one execution, however often it is asked for.
  const again = [`${executionName}-2`, { rule: 'failing', failingGroups: { beginAt: later(30) } }];
  expect(started).toEqual([again, again]);
  expect(looks).toBe(2);
  // So that their next launch events ask nothing of Auto Scaling.
  expect((await store.readLaunchRules('a'))?.rules).toEqual(['failing']);
});

it('starts what a crash left unstarted no earlier than it should begin', async () => {
  const { started } = await sweepShared(undefined, later(10));
  const first = [executionName, { rule: 'failing', failingGroups: { beginAt: later(30) } }];
  expect(started).toEqual([first, first]);
});

const runs = { status: 'RUNNING' };
const ended = { status: 'SUCCEEDED', stoppedAt: later(60) };

it.each<[what: string, execution: object, how: Shared, alone: string[]]>([
  ['runs without them', runs, { planned: ['a'] }, ['b']],
  ['runs, and has not planned yet', runs, {}, []],
  ['holds them', runs, { planned: ['a', 'b'] }, []],
  ['runs without them, and another protects one', runs, { planned: [], protectedNames: ['a'] }, ['b']],
  ['took none of them', ended, { planned: [] }, ['a', 'b']],
  ['has given them back', ended, { planned: ['a', 'b'] }, []],
  ['was stopped by a person', { status: 'ABORTED', stoppedAt: later(60) }, { planned: [] }, []],
  ['only planned, because the rule is in dry run', ended, { planned: [], dryRun: true }, []],
  ['left out what lacks nothing any more', ended, { planned: [], complete: ['a'] }, ['b']],
])('starts alone whom what they share left out, where it %s', async (_what, execution, how, alone) => {
  const { started, startedFor } = await sweepShared(execution, later(600), how);
  expect(started.map(([, input]) => input)).toEqual(
    alone.map((autoScalingGroupName) => ({
      rule: 'failing',
      launchFailures: { autoScalingGroupName, activityId: 'x', failedAt: now },
    })),
  );
  for (const name of alone) expect(await startedFor(name)).toMatch(/^failing-20260302030000-/);
});

it('starts ten that were left out alone, and one execution for all others', async () => {
  const names = Array.from({ length: 40 }, (_, n) => `g${n}`);
  const { started, startedFor } = await sweepShared(ended, later(600), { names, planned: [] });
  expect(new Set(started.map(([name]) => name)).size).toBe(11);
  const shared = started.filter(([, input]) => Object.hasOwn(input as object, 'failingGroups'));
  expect(shared).toHaveLength(30);
  expect(await startedFor('g39')).toBe(shared[0]?.[0]);
});

it('does not stop at a group for which nothing can be started', async () => {
  const how = { names: ['a', 'b', 'c'], planned: [], failsFor: 'a' };
  const { started, failures } = await sweepShared(ended, later(600), how);
  expect(started).toHaveLength(2);
  expect(failures).toHaveLength(1);
});

it('leaves what an event started meanwhile to have the group', async () => {
  const newer = { executionName: 'newer', beginAt: later(630), activityId: 'y', failedAt: later(600) };
  const meanwhile = async (store: MemoryStore): Promise<void> => {
    const [record] = await store.readLaunches(['a']);
    if (record?.startedFor?.failing?.executionName === executionName)
      await store.writeLaunches({ ...record, startedFor: { failing: newer } }, record);
  };
  for (const how of [{ planned: ['a', 'b'] }, { planned: [] }, { complete: ['a'] }] as Shared[]) {
    const { started, startedFor } = await sweepShared(ended, later(600), {
      ...how,
      names: ['a'],
      meanwhile,
    });
    expect([started, await startedFor('a')]).toEqual([[], 'newer']);
  }
});

it('takes a group from no execution that has yet to begin, although it was described without lack', async () => {
  const { started, startedFor } = await sweepShared(runs, later(10), { complete: ['a', 'b'] });
  expect([started, await startedFor('a')]).toEqual([[], executionName]);
  const after = await sweepShared(runs, later(600), { complete: ['a', 'b'], planned: ['a', 'b'] });
  expect(await after.startedFor('a')).toBeUndefined();
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
