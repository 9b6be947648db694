import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EndedExecution } from '../../../functions/aws/step-functions.ts';
import { holdTagKey, holdTagPrefix } from '../../../functions/domain/holds/hold-tag.ts';
import { sweepGraceSeconds } from '../../../functions/domain/limits.ts';
import type { Mode } from '../../../functions/domain/mode.ts';
import { remediationNames } from '../../../functions/domain/remediation-names.ts';
import { nameExecution } from '../../../functions/domain/signals/decide-start.ts';
import type { Metrics } from '../../../functions/domain/telling/metrics.ts';
import type { Notice } from '../../../functions/domain/telling/notice.ts';
import { parsePolicy } from '../../../functions/events/policy.ts';
import { createSweep } from '../../../functions/tasks/signals/sweep.ts';
import { createMemoryStore } from '../../../rehearsal/memory-store.ts';
import { aGroup, anIncident, aRecord, later, now } from '../../domain/holds/group-fixtures.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const machineOf = (remediation: string): string =>
  `arn:aws:states:us-east-1:123456789012:stateMachine:holdfast-test-${remediation}`;
const arnOf = (name: string): string =>
  `${machineOf('pause-scaling').replace(':stateMachine:', ':execution:')}:${name}`;
const policy = parsePolicy(
  {
    rules: [
      {
        name: 'packet-loss',
        when: { alarm: 'network-packet-loss-*' },
        do: 'pause-scaling',
        targets: { tags: { tier: 'web' } },
      },
    ],
  },
  'test',
);
const alarmOf = (name: string, since: string) => ({
  alarmName: `network-packet-loss-${name}`,
  alarmArn: `arn:aws:cloudwatch:us-east-1:123456789012:alarm:network-packet-loss-${name}`,
  value: 'ALARM' as const,
  since,
});

const throttled = (): Error =>
  Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $metadata: {} });

/** A sweep over what a test puts into the world: alarms, executions by name, groups. */
const aWorld = ({ alarms = [alarmOf('x', now)], group = aGroup() } = {}) => {
  let present = now;
  const clock = { now: () => present };
  const notices: Notice[] = [];
  const store = createMemoryStore((notice) => notices.push(notice), false, clock);
  const measured: Metrics[] = [];
  const started: string[] = [];
  const described: string[] = [];
  const executions = new Map<string, EndedExecution>();
  const world = {
    measured,
    store,
    notices,
    started,
    described,
    executions,
    alarms,
    mode: { mode: 'live', changedAt: later(-86_400) } as { mode: Mode; changedAt?: string },
    isMuteUnreadable: (_alarmName: string) => false,
    isStartRefused: false,
    isChangeRefused: false,
    sweepAt: async (seconds: number, event: unknown = {}) => {
      present = later(seconds);
      // What AWS throttles is tried again after a while: nobody waits for that here.
      const [outcome] = await Promise.all([
        sweep(event).then(
          () => undefined,
          (error: unknown) => error,
        ),
        vi.runAllTimersAsync(),
      ]);
      if (outcome !== undefined) throw outcome;
    },
  };
  const sweep = createSweep({
    cloudTrail: { lookupEvents: async () => [] },
    autoScaling: () => ({
      describeAutoScalingGroups: async () => [structuredClone(group)],
      describeAutoScalingGroupsByTags: async () => [],
      describeAutoScalingGroupsWithTag: async () => (holdTagKey in group.tags ? [group] : []),
      describePolicies: async () => new Map(),
      describeScheduledActions: async () => new Map(),
      make: async () => {
        if (world.isChangeRefused) throw throttled();
      },
    }),
    store,
    clock,
    newOwner: () => 'o',
    policy,
    measure: (metrics: Metrics) => measured.push(metrics),
    stage: 'test',
    stageMode: 'live',
    stateMachineArns: Object.fromEntries(
      remediationNames.map((remediation) => [remediation, machineOf(remediation)]),
    ),
    cloudWatch: {
      describeAlarm: async (alarmName: string) => alarms.find((alarm) => alarm.alarmName === alarmName),
      describeAlarmsInAlarm: async () => alarms,
      describeMute: async (alarmName: string) => {
        if (world.isMuteUnreadable(alarmName)) throw new Error('mute rules cannot be read');
        return undefined;
      },
    },
    killSwitch: { read: async () => world.mode },
    stepFunctions: {
      startExecution: async (_machine: string, name: string) => {
        if (world.isStartRefused) {
          throw throttled();
        }
        started.push(name);
        executions.set(name, { status: 'RUNNING', stoppedAt: present });
        return { started: true };
      },
      describeExecution: async (arn: string) => {
        described.push(arn);
        return executions.get(arn.split(':').at(-1) ?? '');
      },
      isRunning: async (arn: string) => executions.get(arn.split(':').at(-1) ?? '')?.status === 'RUNNING',
    },
  } as unknown as Parameters<typeof createSweep>[0]);
  return world;
};
const nameOfSignal = nameExecution('packet-loss', alarmOf('x', now).alarmArn, now);
const failedAt = (seconds: number, error = 'Throttling'): EndedExecution => ({
  status: 'FAILED',
  error,
  stoppedAt: later(seconds),
});

describe('a signal whose execution failed', () => {
  it('is tried again under the next name, once it failed a minute ago', async () => {
    const world = aWorld();
    world.executions.set(nameOfSignal, failedAt(100));
    await world.sweepAt(130);
    expect(world.started).toEqual([]);
    await world.sweepAt(200);
    expect(world.started).toEqual([`${nameOfSignal}-2`]);
    world.executions.set(`${nameOfSignal}-2`, failedAt(250));
    await world.sweepAt(500);
    expect(world.started).toEqual([`${nameOfSignal}-2`, `${nameOfSignal}-3`]);
  });

  it('finds its next name with a few looks, however often it failed', async () => {
    const world = aWorld();
    for (let tries = 1; tries <= 100; tries += 1) {
      world.executions.set(tries === 1 ? nameOfSignal : `${nameOfSignal}-${tries}`, failedAt(tries));
    }
    await world.sweepAt(3600);
    expect(world.started).toEqual([`${nameOfSignal}-101`]);
    expect(world.described.length).toBeLessThan(20);
  });

  it('is used up by a bad input, by what changed something, and by what a person stopped', async () => {
    const badInput = aWorld();
    badInput.executions.set(nameOfSignal, failedAt(10, 'InvalidInputError'));
    await badInput.sweepAt(600);
    const changed = aWorld();
    changed.executions.set(nameOfSignal, failedAt(10));
    const calls = [{ service: 'AutoScaling', operation: 'SuspendProcesses', input: {}, reason: 'x' }];
    await changed.store.appendJournal(arnOf(nameOfSignal), [
      { at: now, event: 'opened', text: 'open' },
      { at: now, event: 'held', text: 'held', calls } as never,
    ]);
    await changed.sweepAt(600);
    const stopped = aWorld();
    stopped.executions.set(nameOfSignal, { status: 'ABORTED', stoppedAt: later(10) });
    await stopped.sweepAt(600);
    expect([badInput.started, changed.started, stopped.started]).toEqual([[], [], []]);
  });

  it.each([
    ['said so', ['planned', 'opened'] as const],
    ['could not say so', ['planned'] as const],
  ])(
    'is free once the incident that it opened is closed, when it changed nothing and %s',
    async (_what, events) => {
      const world = aWorld();
      const incidentId = arnOf(nameOfSignal);
      world.executions.set(nameOfSignal, failedAt(100));
      await world.store.appendJournal(
        incidentId,
        events.map((event) => ({ at: now, event, text: event })),
      );
      await world.store.createIncident(anIncident({ incidentId, startedAt: later(5) }), ['web']);
      await world.sweepAt(200);
      expect(world.started).toEqual([]);
      for (const seconds of [500, 800, 1100]) await world.sweepAt(seconds);
      expect(await world.store.listOpenIncidents()).toEqual([]);
      expect(world.started).toEqual([`${nameOfSignal}-2`]);
    },
  );

  it('is taken up when it began after the switch, and before the sweep saw the switch', async () => {
    const world = aWorld({ alarms: [] });
    world.mode = { mode: 'dry-run', changedAt: later(-86_400) };
    await world.sweepAt(-60);
    world.mode = { mode: 'live', changedAt: now };
    const alarm = alarmOf('x', later(60));
    world.alarms.push(alarm);
    const before = alarmOf('y', later(-30));
    world.alarms.push(before);
    await world.sweepAt(240);
    expect(world.started).toEqual([nameExecution('packet-loss', alarm.alarmArn, alarm.since)]);
  });

  it('is not taken up when a deployment changed the mode after it', async () => {
    const world = aWorld();
    await world.store.writeStageMode({ mode: 'dry-run', since: later(-3600) });
    await world.sweepAt(240);
    expect(world.started).toEqual([]);
  });

  it('does not keep another waiting whose mute rules can be read', async () => {
    const world = aWorld({ alarms: [alarmOf('x', now), alarmOf('y', now)] });
    world.isMuteUnreadable = (alarmName) => alarmName.endsWith('-x');
    await expect(world.sweepAt(60)).rejects.toThrow('mute rules cannot be read');
    expect(world.started).toEqual([nameExecution('packet-loss', alarmOf('y', now).alarmArn, now)]);
  });
});

describe('a failure', () => {
  const failed = (name: string, error = 'Throttling') => ({
    'detail-type': 'Step Functions Execution Status Change',
    detail: { executionArn: arnOf(name), status: 'FAILED', error, cause: 'Rate exceeded' },
  });

  it.each([
    [nameOfSignal, 'Throttling', 1],
    [nameOfSignal, 'InvalidInputError', 1],
    ['switch-upgrade-2', 'GroupsNotGivenBack', 1],
    // Whoever started it sees it at once.
    ['switch-upgrade-2', 'InvalidInputError', 0],
  ])('of %s by %s counts %i times', async (name, error, times) => {
    const world = aWorld({ alarms: [] });
    await world.sweepAt(300, failed(name, error));
    expect(world.measured.filter(({ FailedExecutions }) => FailedExecutions === 1)).toHaveLength(times);
  });

  it('before anything was changed is told once for its signal, with what happens next', async () => {
    const world = aWorld({ alarms: [] });
    await world.sweepAt(300, failed(nameOfSignal));
    await world.sweepAt(600, failed(`${nameOfSignal}-2`));
    expect(world.notices.map(({ done, next }) => [done, next])).toEqual([
      [
        [{ text: 'The execution failed: Throttling. It changed nothing.' }, { text: 'Rate exceeded' }],
        'Holdfast tries again every five minutes while the alarm is in ALARM or launches fail.',
      ],
    ]);
  });

  it('of a start by hand is not tried again, and says so, of the groups that were asked for', async () => {
    const world = aWorld({ alarms: [] });
    const { detail, ...event } = failed('switch-upgrade-2');
    const input = JSON.stringify({ autoScalingGroupName: ['web', 'api'], reason: 'switch upgrade' });
    await world.sweepAt(300, { ...event, detail: { ...detail, input } });
    expect(world.notices[0]?.groups).toEqual(['web', 'api']);
    expect(world.notices[0]?.next).toBe('Nothing. Once the cause is fixed, start it again.');
  });

  it('after something was changed says that it is given back', async () => {
    const world = aWorld({ alarms: [] });
    const calls = [{ service: 'AutoScaling', operation: 'SuspendProcesses', input: {}, reason: 'x' }];
    await world.store.appendJournal(arnOf(nameOfSignal), [
      { at: now, event: 'held', text: 'held', calls } as never,
    ]);
    await world.sweepAt(300, failed(nameOfSignal));
    expect(world.notices[0]).toMatchObject({
      done: [{ text: 'The execution failed: Throttling.' }, { text: 'Rate exceeded' }],
      next: 'The sweep gives back what is still held, and brings back what is out of service.',
    });
  });
});

describe('a hold whose execution is gone', () => {
  const abandoned = async () => {
    const world = aWorld({ alarms: [], group: aGroup({ suspendedProcesses: ['Terminate', 'HealthCheck'] }) });
    const incidentId = arnOf('by-hand');
    await world.store.createIncident(anIncident({ incidentId }), ['web']);
    await world.store.writeGroup({
      ...aRecord(),
      holds: [
        {
          incidentId,
          processes: ['Terminate', 'HealthCheck'],
          protectsInstances: false,
          reason: 'x',
          heldAt: later(-900),
          stage: 'HELD',
          stageAt: later(-900),
        },
      ],
      imposed: ['Terminate', 'HealthCheck'].map((setting) => ({
        setting,
        recordedAt: later(-900),
        appliedAt: later(-900),
      })),
    });
    return world;
  };

  it('is given back by one execution, and by no second one while that may still do it', async () => {
    const world = await abandoned();
    world.isChangeRefused = true;
    await world.sweepAt(0);
    expect(world.started).toEqual([expect.stringMatching(/^give-back-/)]);
    const [first = ''] = world.started;
    world.executions.set(first, failedAt(10));
    await world.sweepAt(300);
    expect(world.started).toHaveLength(1);
    await world.sweepAt(1200);
    expect(world.started).toHaveLength(2);
  });

  it('is given back, and every other gauge measured, when the groups of another incident cannot be read', async () => {
    const world = await abandoned();
    const other = arnOf('another');
    await world.store.createIncident(anIncident({ incidentId: other }), ['api']);
    world.executions.set('another', { status: 'RUNNING', stoppedAt: now });
    const readIncidentGroups = world.store.readIncidentGroups.bind(world.store);
    world.store.readIncidentGroups = async (incidentId) => {
      if (incidentId === other) throw throttled();
      return readIncidentGroups(incidentId);
    };
    world.isChangeRefused = true;
    await expect(world.sweepAt(0)).rejects.toThrow('Rate exceeded');
    expect(world.started).toEqual([expect.stringMatching(/^give-back-/)]);
    expect(world.measured).toContainEqual(expect.objectContaining({ OpenIncidents: 2 }));
    expect(world.measured.filter((metrics) => 'GroupsHeld' in metrics)).toEqual([]);
  });

  it('is tried again by the next sweep when nothing could be started', async () => {
    const world = await abandoned();
    world.isStartRefused = true;
    await expect(world.sweepAt(0)).rejects.toThrow('Rate exceeded');
    world.isStartRefused = false;
    await world.sweepAt(sweepGraceSeconds);
    expect(world.started).toEqual([expect.stringMatching(/^give-back-/)]);
  });
});

describe('the tag of a hold that nothing holds', () => {
  const tagged = () => {
    const value = `${holdTagPrefix('test')}pause-scaling until 2026-03-02 04:00 UTC at the latest: loss - by-hand`;
    return aGroup({
      suspendedProcesses: ['AZRebalance'],
      tags: { holdfast: 'true', tier: 'web', [holdTagKey]: value },
    });
  };

  it('is told as a copy', async () => {
    const world = aWorld({ alarms: [], group: tagged() });
    await world.sweepAt(0);
    expect(world.notices.map(({ seen }) => seen)).toEqual([
      expect.stringContaining('somebody copied a held group'),
    ]);
  });

  it('is only left over where its execution held this very group', async () => {
    const world = aWorld({ alarms: [], group: tagged() });
    const entry = { at: now, event: 'held', autoScalingGroupName: 'web', text: 'held' } as const;
    await world.store.appendJournal(arnOf('by-hand'), [entry]);
    await world.sweepAt(0);
    expect(world.notices).toEqual([]);
  });
});
