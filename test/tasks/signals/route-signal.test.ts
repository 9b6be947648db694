import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AutoScaling } from '../../../functions/aws/auto-scaling.ts';
import type { CloudWatch } from '../../../functions/aws/cloudwatch.ts';
import type { StepFunctions } from '../../../functions/aws/step-functions.ts';
import type { AutoScalingGroup } from '../../../functions/domain/auto-scaling-group.ts';
import { parsePolicy } from '../../../functions/events/policy.ts';
import { stateMachineArns } from '../../../functions/lambda/config.ts';
import { createDynamoDbStore } from '../../../functions/state/dynamodb-store.ts';
import type { Store } from '../../../functions/state/store.ts';
import { createRouteSignal } from '../../../functions/tasks/signals/route-signal.ts';
import { createMemoryStore } from '../../../rehearsal/memory-store.ts';
import { aGroup } from '../../domain/holds/group-fixtures.ts';
import { type Dynalite, startDynalite } from '../../state/strict-dynalite.ts';

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), 'utf8'));
const now = '2026-03-02T03:05:00.000Z';
const policy = parsePolicy(
  {
    rules: [
      {
        name: 'stuck',
        do: 'drain-pending-wait',
        when: { stuckInstances: 1 },
        targets: { tags: { tier: 'api' } },
      },
      {
        name: 'failing',
        do: 'protect-instances',
        when: { launchFailures: { count: 3, within: '1h' } },
        targets: { tags: { tier: 'api' } },
      },
      { name: 'loss', do: 'pause-scaling', when: { alarm: 'loss' }, targets: { tags: { tier: 'api' } } },
    ],
  },
  'test',
);
const machine = 'arn:aws:states:us-west-2:123456789012:stateMachine:holdfast-test-';
const managed = aGroup({ autoScalingGroupName: 'my-asg', tags: { holdfast: 'true', tier: 'api' } });

/** RouteSignal over some groups, and what it asked for. */
const createRouter = (groups: AutoScalingGroup[], store: Store, refuses = false) => {
  const asked: string[][] = [];
  const started: string[] = [];
  const inputs: unknown[] = [];
  const autoScaling: Partial<AutoScaling> = {
    describeAutoScalingGroups: async (names) => {
      asked.push(names);
      if (refuses) throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling', $metadata: {} });
      return groups.filter(({ autoScalingGroupName }) => names.includes(autoScalingGroupName));
    },
  };
  const stepFunctions: Partial<StepFunctions> = {
    startExecution: async (_machine, name, input) => {
      started.push(name);
      inputs.push(input);
      return { started: true };
    },
  };
  const cloudWatch: CloudWatch = {
    describeAlarm: async () => undefined,
    describeAlarmsInAlarm: async () => [],
    describeMute: async () => undefined,
  };
  const routeSignal = createRouteSignal({
    autoScaling: autoScaling as AutoScaling,
    stepFunctions: stepFunctions as StepFunctions,
    cloudWatch,
    killSwitch: { read: async () => ({ mode: 'live' }) },
    store,
    clock: { now: () => now },
    policy,
    stageMode: 'live',
    stateMachineArns: stateMachineArns({ stateMachineArnPrefix: machine }),
  });
  return { routeSignal, asked, started, inputs };
};

const waitOf = (instanceId: string, over: object = {}) => {
  const event = fixture('launch-lifecycle-action');
  return { ...event, detail: { ...event.detail, EC2InstanceId: instanceId, ...over } };
};
const failureOf = (activityId: string, minute: number, over: object = {}) => {
  const event = fixture('launch-unsuccessful');
  const at = `2026-03-02T03:0${minute}:00Z`;
  const detail = {
    ...event.detail,
    AutoScalingGroupName: 'my-asg',
    ActivityId: activityId,
    StartTime: at,
    EndTime: at,
  };
  return { ...event, ...over, detail };
};

let table: Dynalite;
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.stop());

describe('createRouteSignal', () => {
  it('writes forty launch events of one group that come at once, each at the first invocation', async () => {
    let writers = 0;
    const store = createDynamoDbStore(table.client, table.name, { now: () => now }, () => {
      writers += 1;
      return `writer-${writers}`;
    });
    const { routeSignal, asked } = createRouter([managed], store);
    const events = Array.from({ length: 40 }, (_, index) => waitOf(`i-${index}`));
    const outcomes = await Promise.allSettled(events.map(routeSignal));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    const [record] = await store.readLaunches(['my-asg']);
    expect(record?.waits).toHaveLength(40);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['a group that did not opt in', { tier: 'api' }],
    ['a group that no rule about launches is about', { holdfast: 'true', tier: 'web' }],
  ])('writes nothing of launches of %s, and asks once', async (_what, tags) => {
    const store = createMemoryStore();
    const { routeSignal, asked } = createRouter([{ ...managed, tags: tags as never }], store);
    for (let n = 0; n < 50; n += 1) await routeSignal(waitOf(`i-${n}`));
    expect(await routeSignal(failureOf('a', 1))).toMatchObject([{ action: 'IGNORED' }]);
    expect(store.listItems()).toEqual([]);
    expect(asked).toEqual([['my-asg']]);
  });

  it('needs not ask again in another process, until its tags have to be looked at', async () => {
    const store = createMemoryStore();
    const first = createRouter([managed], store);
    await first.routeSignal(waitOf('i-1'));
    const second = createRouter([managed], store);
    await second.routeSignal(waitOf('i-2'));
    expect([first.asked, second.asked]).toEqual([[['my-asg']], []]);
    expect(store.listLaunches()[0]?.waits).toHaveLength(2);
  });

  it('leaves a wait to the sweep while Auto Scaling does not answer, and has a failure tried again', async () => {
    const { routeSignal } = createRouter([managed], createMemoryStore(), true);
    expect(await routeSignal(waitOf('i-1'))).toMatchObject([
      { action: 'IGNORED', reason: expect.stringContaining('the sweep looks who waits') },
    ]);
    await expect(routeSignal(failureOf('a', 1))).rejects.toThrow('Rate exceeded');
  });

  it('starts what enough failures ask for, and nothing for those of another account', async () => {
    const store = createMemoryStore();
    const { routeSignal, started } = createRouter([{ ...managed, desiredCapacity: 9 }], store);
    for (const [index, minute] of [1, 2, 3].entries()) {
      await routeSignal(failureOf(`foreign-${index}`, minute, { account: '999999999999' }));
    }
    expect([started, store.listItems()]).toEqual([[], []]);
    for (const [index, minute] of [1, 2, 3].entries()) await routeSignal(failureOf(`a-${index}`, minute));
    expect(started).toHaveLength(1);
  });

  it('gives ten groups that fail in one minute an execution each, and further ones one that they share', async () => {
    const store = createMemoryStore();
    const names = Array.from({ length: 14 }, (_, n) => `group-${String(n).padStart(2, '0')}`);
    const groups = names.map((autoScalingGroupName) => ({
      ...managed,
      autoScalingGroupName,
      desiredCapacity: 9,
    }));
    const { routeSignal, asked, started, inputs } = createRouter(groups, store);
    const failure = (name: string, index: number) => {
      const event = failureOf(`${name}-${index}`, index + 1);
      return { ...event, detail: { ...event.detail, AutoScalingGroupName: name } };
    };
    for (const name of names) for (const index of [0, 1, 2]) await routeSignal(failure(name, index));
    expect(started).toHaveLength(14);
    expect(new Set(started.slice(0, 10)).size).toBe(10);
    expect(new Set(started.slice(10)).size).toBe(1);
    // 03:05:00 begins the twenty seconds; ten more are left to what is late.
    expect(inputs.slice(10)).toEqual(
      Array.from({ length: 4 }, () => ({
        rule: 'failing',
        failingGroups: { beginAt: '2026-03-02T03:05:30.000Z' },
      })),
    );
    const records = await store.readLaunches(names);
    expect(records.map(({ startedFor }) => startedFor?.failing?.executionName)).toEqual(started);
    expect(records.map(({ startedFor }) => startedFor?.failing?.beginAt !== undefined)).toEqual(
      names.map((_, index) => index >= 10),
    );
    // Once for its tags, and once more of those that have an execution of their own.
    expect(asked).toHaveLength(14 + 10);
    await routeSignal(failure('group-13', 3));
    expect(started, 'what was counted does not count again').toHaveLength(14);
    // Enough failed once more: it stays with the execution that has yet to begin.
    for (const index of [4, 5, 6]) {
      const event = failureOf(`more-${index}`, 5);
      await routeSignal({ ...event, detail: { ...event.detail, AutoScalingGroupName: 'group-13' } });
    }
    expect(started).toHaveLength(14);
    const [last] = await store.readLaunches(['group-13']);
    expect(last?.startedFor?.failing?.executionName).toBe(started[13]);
    expect(last?.countedUntil.failing).toBe('2026-03-02T03:05:00.000Z');
  });

  it('gives a group to an execution that may be shared while Auto Scaling does not answer', async () => {
    const store = createMemoryStore();
    const known = createRouter([{ ...managed, desiredCapacity: 9 }], store);
    for (const [index, minute] of [1, 2].entries()) await known.routeSignal(failureOf(`a-${index}`, minute));
    const { routeSignal, inputs } = createRouter([managed], store, true);
    expect(await routeSignal(failureOf('a-2', 3))).toMatchObject([{ action: 'STARTED' }]);
    expect(inputs).toEqual([{ rule: 'failing', failingGroups: { beginAt: '2026-03-02T03:05:30.000Z' } }]);
  });

  it('starts nothing for failures of a group that lacks nothing', async () => {
    const { routeSignal, started } = createRouter([managed], createMemoryStore());
    const outcomes = [];
    for (const [index, minute] of [1, 2, 3].entries()) {
      outcomes.push(await routeSignal(failureOf(`a-${index}`, minute)));
    }
    expect(started).toEqual([]);
    expect(JSON.stringify(outcomes.at(-1))).toContain('launches of my-asg fail, and it lacks no instance');
  });
});
