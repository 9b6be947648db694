import { describe, expect, it } from 'vitest';
import type { AutoScaling } from '../../../functions/aws/auto-scaling.ts';
import type { CloudWatch } from '../../../functions/aws/cloudwatch.ts';
import type { StepFunctions } from '../../../functions/aws/step-functions.ts';
import type { KillSwitch } from '../../../functions/aws/systems-manager.ts';
import type { AutoScalingGroup } from '../../../functions/domain/auto-scaling-group.ts';
import type { PlannedCall } from '../../../functions/domain/calls.ts';
import { UnreadableFactError } from '../../../functions/domain/errors.ts';
import type { JournalEntry } from '../../../functions/domain/journal.ts';
import { emptyLaunchRecord } from '../../../functions/domain/launches/launch-record.ts';
import {
  changeFunctionTimeoutSeconds,
  inForceWithinSeconds,
  releaseRoundsMax,
} from '../../../functions/domain/limits.ts';
import type { Mode } from '../../../functions/domain/mode.ts';
import { parsePolicy } from '../../../functions/events/policy.ts';
import type { Store } from '../../../functions/state/store.ts';
import { createApplyHold } from '../../../functions/tasks/holds/apply-hold.ts';
import { createCheckHold } from '../../../functions/tasks/holds/check-hold.ts';
import { giveBackGroups } from '../../../functions/tasks/holds/give-back-groups.ts';
import { createPlanHold } from '../../../functions/tasks/holds/plan-hold.ts';
import { createReleaseHold } from '../../../functions/tasks/holds/release-hold.ts';
import { summariseHold } from '../../../functions/tasks/holds/report-hold.ts';
import { createMemoryStore } from '../../../rehearsal/memory-store.ts';
import {
  aGroup,
  aHoldOnTerminate,
  anIncident,
  aRecord,
  later,
  now,
  scaleInProcesses,
} from '../../domain/holds/group-fixtures.ts';
import { inputOf } from '../../input-of.ts';

/** A clock that a test sets. */
const createClock = () => {
  let present = now;
  return {
    now: () => present,
    set: (at: string) => {
      present = at;
    },
  };
};

/** Auto Scaling over a list of groups, with a log of what was asked of it. */
const createFleet = (groups: AutoScalingGroup[], log: string[] = []) => {
  const made: PlannedCall[] = [];
  const fleet: AutoScaling = {
    describeAutoScalingGroups: async (names) => {
      log.push('describe');
      return structuredClone(groups.filter((group) => names.includes(group.autoScalingGroupName)));
    },
    describeAutoScalingGroupsByTags: async () => structuredClone(groups),
    describeAutoScalingGroupsWithTag: async () => [],
    describeAutoScalingInstance: async () => undefined,
    describeLaunches: async () => [],
    describeInstanceRefresh: async () => undefined,
    describeLaunchHooks: async () => [],
    describePolicies: async () => new Map([['web', [{ name: 'cpu', canLower: true }]]]),
    describeScheduledActions: async () => new Map(),
    make: async (call) => {
      made.push(call);
      const group = groups.find(
        ({ autoScalingGroupName }) => autoScalingGroupName === inputOf(call).AutoScalingGroupName,
      );
      const named = inputOf(call).ScalingProcesses ?? [];
      if (group === undefined) return;
      if (call.operation === 'SuspendProcesses') group.suspendedProcesses.push(...named);
      if (call.operation === 'ResumeProcesses') {
        group.suspendedProcesses = group.suspendedProcesses.filter((process) => !named.includes(process));
      }
      if (call.operation === 'SetDesiredCapacity') group.desiredCapacity = Number(call.input.DesiredCapacity);
    },
  };
  return { fleet, made };
};

const switchAt = (mode: Mode | undefined): KillSwitch => ({
  read: async () => {
    if (mode === undefined) throw new UnreadableFactError('the kill switch cannot be read');
    return { mode };
  },
});

let owners = 0;
const newOwner = () => {
  owners += 1;
  return `owner-${owners}`;
};
const incidentId = anIncident().incidentId;
const many = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    aGroup({ autoScalingGroupName: `web-${index}`, suspendedProcesses: [] }),
  );
const namesOf = (groups: AutoScalingGroup[]) =>
  groups.map(({ autoScalingGroupName }) => autoScalingGroupName);

const applyHoldWith = (
  fleet: AutoScaling,
  store: Store,
  killSwitch = switchAt('live'),
  stageMode: Mode = 'live',
) =>
  createApplyHold({
    autoScaling: () => fleet,
    killSwitch,
    store,
    clock: createClock(),
    newOwner,
    stageMode,
  });

describe('createApplyHold', () => {
  it.each([
    ['off', 'off' as const, 'live' as const],
    ['dry-run', 'dry-run' as const, 'live' as const],
    ['unreadable', undefined, 'live' as const],
    ['live in a stage that is a dry run', 'live' as const, 'dry-run' as const],
  ])('changes nothing while the kill switch is %s', async (_what, mode, stageMode) => {
    const store = createMemoryStore();
    const { fleet, made } = createFleet([aGroup()]);
    await store.createIncident(anIncident(), ['web']);
    const applyHold = applyHoldWith(fleet, store, switchAt(mode), stageMode);
    expect(await applyHold({ plan: { incidentId } })).toMatchObject({
      changed: 0,
      idleBecause: expect.any(String),
    });
    expect(made).toEqual([]);
    expect(store.listGroups()).toEqual([]);
  });

  it('reads the record before it describes the group: an unchanged record proves the description', async () => {
    const log: string[] = [];
    const store = createMemoryStore();
    const { fleet } = createFleet([aGroup()], log);
    await store.createIncident(anIncident(), ['web']);
    const readGroups: typeof store.readGroups = async (names) => {
      log.push('read');
      return store.readGroups(names);
    };
    const applyHold = applyHoldWith(fleet, { ...store, readGroups });
    await applyHold({ plan: { incidentId } });
    // The last is for the tag, once the group is held.
    expect(log).toEqual(['read', 'describe', 'read']);
  });

  it('counts what cannot be read as unfinished, holds the others, and says nothing of launches then', async () => {
    const store = createMemoryStore();
    const groups = many(150);
    const { fleet } = createFleet(groups);
    await store.createIncident(anIncident({ untilLaunchesSucceed: true }), namesOf(groups));
    let looks = 0;
    const describeAutoScalingGroups: typeof fleet.describeAutoScalingGroups = async (names) => {
      looks += 1;
      if (looks === 2) throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling', $metadata: {} });
      return fleet.describeAutoScalingGroups(names);
    };
    const result = await applyHoldWith(
      { ...fleet, describeAutoScalingGroups },
      store,
    )({
      plan: { incidentId },
    });
    expect(result).toMatchObject({ changed: 100, unfinished: 50 });
    expect(result).not.toHaveProperty('launches');
    // Tried again at once, not in a minute.
    expect(result.waitSeconds).toBeLessThan(60);
  });

  it('says of a group that another hold has put in force meanwhile that it is held', async () => {
    const store = createMemoryStore();
    const groups = [aGroup()];
    const { fleet } = createFleet(groups);
    await store.createIncident(anIncident(), ['web']);
    const throttled = {
      ...fleet,
      make: async () => {
        throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling', $metadata: {} });
      },
    };
    const eventsOf = async () => (await store.readJournal(incidentId)).map(({ event }) => event);
    expect(await applyHoldWith(throttled, store)({ plan: { incidentId } })).toMatchObject({ unfinished: 1 });
    expect(await eventsOf()).not.toContain('held');
    await store.createIncident(anIncident({ incidentId: 'incident-b' }), ['web']);
    await applyHoldWith(fleet, store)({ plan: { incidentId: 'incident-b' } });
    for (const round of [1, 2]) {
      expect(await applyHoldWith(fleet, store)({ plan: { incidentId } })).toMatchObject({ changed: 0 });
      expect(
        (await eventsOf()).filter((event) => event === 'held'),
        `round ${round}`,
      ).toHaveLength(1);
    }
  });

  it('stops at the next hundred when the incident is given back meanwhile', async () => {
    const store = createMemoryStore();
    const groups = many(150);
    const { fleet, made } = createFleet(groups);
    await store.createIncident(anIncident(), namesOf(groups));
    let reads = 0;
    const readIncident: typeof store.readIncident = async (id) => {
      reads += 1;
      // Once for the function, once for the first hundred; then the sweep has come.
      if (reads === 3) await store.changeIncident(id, { status: 'RELEASING', releasingSince: now });
      return store.readIncident(id);
    };
    const applyHold = applyHoldWith(fleet, { ...store, readIncident });
    expect(await applyHold({ plan: { incidentId } })).toMatchObject({ changed: 100, unfinished: 50 });
    expect(made).toHaveLength(100);
  });
});

describe('createCheckHold', () => {
  it('writes down that it is given back, so that no other function holds on', async () => {
    const store = createMemoryStore();
    await store.createIncident(anIncident(), ['web']);
    const cloudWatch: CloudWatch = {
      describeAlarm: async () => ({ alarmName: 'loss', alarmArn: 'arn', value: 'OK', since: now }),
      describeAlarmsInAlarm: async () => [],
      describeMute: async () => undefined,
    };
    const clock = createClock();
    clock.set(later(600));
    const checkHold = createCheckHold({
      cloudWatch,
      killSwitch: switchAt('live'),
      store,
      clock,
      stageMode: 'live',
      stepFunctions: {} as never,
      stateMachineArns: {} as never,
    });
    expect(await checkHold({ plan: { incidentId }, applied: { round: 1 } })).toMatchObject({
      action: 'RELEASE',
    });
    expect(await store.readIncident(incidentId)).toMatchObject({
      status: 'RELEASING',
      releasingSince: later(600),
    });
  });
});

describe('createReleaseHold', () => {
  it('gives up what is held still, and not what was given back and cannot be looked at once more', async () => {
    const store = createMemoryStore();
    const { fleet } = createFleet([aGroup()]);
    await store.createIncident(anIncident(), ['web', 'api']);
    const silent = {
      ...fleet,
      describeAutoScalingGroups: async () => {
        throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling', $metadata: {} });
      },
    };
    const lastRound = () =>
      createReleaseHold({ autoScaling: () => silent, store, clock: createClock(), newOwner })({
        plan: { incidentId },
        release: { round: releaseRoundsMax - 1 },
      });
    const told = async () => (await store.readJournal(incidentId)).map(({ text }) => text);
    expect(await lastRound()).toMatchObject({ action: 'GIVE_UP', remaining: 0 });
    expect((await told()).join()).not.toContain('could not be given back');
    expect((await store.listOpenIncidents()).map((open) => open.incidentId)).toEqual([incidentId]);

    await store.writeGroup({ ...aRecord(), ...aHoldOnTerminate(incidentId) });
    expect(await lastRound()).toMatchObject({ action: 'GIVE_UP', remaining: 1 });
    expect(await told()).toContain('1 group could not be given back');
  });

  it('does not close while a function that began before could still hold a group', async () => {
    const store = createMemoryStore();
    const clock = createClock();
    const group = aGroup({ suspendedProcesses: [] });
    const { fleet, made } = createFleet([group]);
    await store.createIncident(anIncident(), ['web']);
    const releaseHold = createReleaseHold({ autoScaling: () => fleet, store, clock, newOwner });
    const plan = { incidentId };

    // Nothing is held yet: the function that was to hold is slow. It holds after this look.
    const first = await releaseHold({ plan });
    expect(first).toEqual({
      round: 1,
      action: 'WAIT',
      remaining: 0,
      waitSeconds: changeFunctionTimeoutSeconds,
    });
    group.suspendedProcesses = [...scaleInProcesses];
    await store.writeGroup(aRecord(aHoldOnTerminate(incidentId)));

    clock.set(later(changeFunctionTimeoutSeconds));
    expect(await releaseHold({ plan, release: { round: 1 } })).toMatchObject({
      action: 'WAIT',
      remaining: 1,
    });
    expect(made.map(({ operation }) => operation)).toEqual(['ResumeProcesses']);
    clock.set(later(changeFunctionTimeoutSeconds + inForceWithinSeconds));
    expect(await releaseHold({ plan, release: { round: 2 } })).toMatchObject({ action: 'DONE' });
    expect(await store.listOpenIncidents()).toEqual([]);
    expect(store.listGroups()).toEqual([]);
  });
});

describe('giveBackGroups', () => {
  it('gives back, and tells how to undo it, what somebody set again meanwhile', async () => {
    const store = createMemoryStore();
    const { fleet, made } = createFleet([aGroup({ suspendedProcesses: ['Terminate'] })]);
    await store.createIncident(anIncident(), ['web']);
    const { holds } = aHoldOnTerminate(incidentId);
    await store.writeGroup(
      aRecord({
        holds: holds.map((hold) => ({ ...hold, stage: 'VERIFYING', stageAt: later(-600) })),
        imposed: [
          {
            setting: 'Terminate',
            recordedAt: later(-900),
            givingBackAt: later(-600),
            givenBackAt: later(-600),
          },
        ],
      }),
    );
    await giveBackGroups(
      { autoScaling: fleet, store, clock: createClock(), newOwner },
      anIncident({ status: 'RELEASING' }),
    );
    expect(made.map(({ operation }) => operation)).not.toContain('ResumeProcesses');
    const journal = await store.readJournal(incidentId);
    const held = (['planned', 'held'] as const).map(
      (event): JournalEntry => ({ at: now, event, autoScalingGroupName: 'web' }),
    );
    const report = summariseHold([...held, ...journal], { action: 'HOLD', incidentId }, 0);
    expect(report).toMatchObject({
      headline: 'Hold ended',
      done: ['Holdfast held 1 group and gave it back.'],
      attention: [{ groups: ['web'], text: expect.stringContaining('a person or a tool set it again') }],
      todo: [{ groups: ['web'], text: expect.stringContaining('resume-processes') }],
    });
  });

  it('looks again right before it sets desired capacity: a scale-out since then stands', async () => {
    const store = createMemoryStore();
    const clock = createClock();
    const group = aGroup({ desiredCapacity: 2, suspendedProcesses: ['Terminate'] });
    const { fleet, made } = createFleet([group]);
    await store.createIncident(anIncident(), ['web']);
    const kept = { since: now, desiredHighest: 4, minSize: 1, maxSize: 10, desiredCapacity: 4 };
    await store.writeGroup(aRecord({ ...aHoldOnTerminate(incidentId), kept }));
    let describes = 0;
    const autoScaling: AutoScaling = {
      ...fleet,
      describeAutoScalingGroups: async (names) => {
        describes += 1;
        // Between the look at a hundred groups and the turn of this one, the group scales out.
        if (describes === 2) group.desiredCapacity = 9;
        return fleet.describeAutoScalingGroups(names);
      },
    };
    await giveBackGroups({ autoScaling, store, clock, newOwner }, anIncident({ status: 'RELEASING' }));
    expect(made.map(({ operation }) => operation)).toEqual(['ResumeProcesses']);
    expect(group.desiredCapacity).toBe(9);
  });

  it('waits for a lease that nobody gives up, and takes it away once it has run out', async () => {
    const clock = createClock();
    const store = createMemoryStore();
    const { fleet } = createFleet([aGroup()]);
    await store.createIncident(anIncident(), ['web']);
    // Who drained the group died, or could not write: it takes a lease without a hold.
    await store.writeGroup(aRecord({ lease: { owner: 'dead', expiresAt: later(60) } }));
    const look = () =>
      giveBackGroups(
        { autoScaling: fleet, store, clock, newOwner: () => 'me' },
        anIncident({ status: 'RELEASING' }),
      );
    expect(await look()).toMatchObject({ remaining: 1, refused: [] });
    expect(store.listGroups()).toHaveLength(1);
    clock.set(later(60));
    expect(await look()).toMatchObject({ remaining: 0 });
    expect(store.listGroups()).toEqual([]);
  });
});

describe('createPlanHold, for groups that share an execution', () => {
  it('finds them again when it is tried again after it opened its incident', async () => {
    const executionName = 'failing-20260302030020-0123456789abcdef';
    const executionArn = `arn:aws:states:us-east-1:123456789012:execution:holdfast-test-protect-instances:${executionName}`;
    const store = createMemoryStore();
    const names = ['a', 'b', 'c'];
    const groups = names.map((autoScalingGroupName) => aGroup({ autoScalingGroupName, desiredCapacity: 9 }));
    for (const name of ['a', 'b']) {
      const empty = emptyLaunchRecord(name);
      const startedFor = { failing: { executionName, beginAt: now, activityId: 'x', failedAt: now } };
      await store.writeLaunches({ ...empty, startedFor }, empty);
    }
    const planHold = createPlanHold({
      autoScaling: () => createFleet(groups).fleet,
      stepFunctions: { isRunning: async () => true } as unknown as StepFunctions,
      killSwitch: switchAt('live'),
      store,
      clock: createClock(),
      policy: parsePolicy(
        {
          rules: [
            {
              name: 'failing',
              when: { launchFailures: { count: 3, within: '1h' } },
              do: 'protect-instances',
              targets: { tags: { tier: 'web' } },
            },
          ],
        },
        'test',
      ),
      stageMode: 'live',
    });
    const input = { rule: 'failing', failingGroups: { beginAt: now } };
    const state = { executionArn, remediation: 'protect-instances' as const, input };
    expect(await planHold(state)).toMatchObject({ action: 'HOLD', groups: 2 });
    expect(await planHold(state)).toMatchObject({ action: 'HOLD', groups: 2 });
    expect(await store.readIncident(executionArn)).toMatchObject({ isShared: true });
    // Another execution finds nobody: what it is about is in hand, and no news.
    const later = { ...state, executionArn: `${executionArn.slice(0, -1)}0` };
    expect(await planHold(later)).toMatchObject({ action: 'REFUSE', isNoNews: true });
  });
});

describe('createPlanHold', () => {
  const policy = parsePolicy(
    {
      rules: ['first', 'second'].map((name) => ({
        name,
        when: { alarm: 'loss' },
        do: 'pause-scaling',
        targets: { tags: { tier: 'web' } },
      })),
    },
    'test',
  );
  const alarm = { alarmName: 'loss', alarmArn: 'arn:loss', stateTimestamp: now };
  const plan = async (open: Parameters<typeof anIncident>[0], rule: string, isRunning = true) => {
    const store = createMemoryStore();
    await store.createIncident(
      anIncident({
        incidentId: 'arn:aws:states:us-east-1:123456789012:execution:holdfast-test-pause-scaling:other',
        alarm,
        ...open,
      }),
      ['web'],
    );
    const stepFunctions: StepFunctions = {
      startExecution: async () => ({ started: false }),
      describeExecution: async () => undefined,
      isRunning: async () => isRunning,
    };
    const planHold = createPlanHold({
      autoScaling: () => createFleet([aGroup()]).fleet,
      stepFunctions,
      killSwitch: switchAt('live'),
      store,
      clock: createClock(),
      policy,
      stageMode: 'live',
    });
    return planHold({
      executionArn: 'arn:aws:states:us-east-1:123456789012:execution:holdfast-test-pause-scaling:mine',
      remediation: 'pause-scaling',
      input: { rule, alarm },
    });
  };

  it('takes of 10,000 groups as many as a rule may, names the others, and stays small', {
    timeout: 60_000,
  }, async () => {
    const store = createMemoryStore();
    const executionArn = 'arn:aws:states:us-east-1:123456789012:execution:holdfast-test-pause-scaling:mine';
    const planHold = createPlanHold({
      autoScaling: () => createFleet(many(10_000)).fleet,
      stepFunctions: {
        startExecution: async () => ({ started: false }),
        describeExecution: async () => undefined,
        isRunning: async () => false,
      },
      killSwitch: switchAt('live'),
      store,
      clock: createClock(),
      policy,
      stageMode: 'live',
    });
    const input = { tags: { tier: 'web' }, groupsMax: 5000, reason: 'a test' };
    const result = await planHold({ executionArn, remediation: 'pause-scaling', input });
    expect(result).toMatchObject({ action: 'HOLD', groups: 5000, refused: 5000 });
    // What an execution carries from state to state may have 256 KiB.
    expect(JSON.stringify(result).length).toBeLessThan(10_000);
    const journal = await store.readJournal(executionArn);
    const left = journal.filter(({ because }) => because === 'OVER_GROUPS_MAX');
    expect(new Set(left.map(({ autoScalingGroupName }) => autoScalingGroupName)).size).toBe(5000);
    // DynamoDB ends an item at 400 KB.
    expect(Math.max(...store.listItems().map((item) => JSON.stringify(item).length))).toBeLessThan(400_000);
  });

  it('leaves an alarm that comes back to the execution that has it in hand', async () => {
    expect(await plan({ rule: 'first' }, 'first')).toMatchObject({
      action: 'REFUSE',
      reason: 'the execution other has this in hand already',
    });
  });

  it.each([
    ['for another rule', { rule: 'first' }, 'second', true],
    ['that is being given back', { rule: 'first', status: 'RELEASING' as const }, 'first', true],
    ['of another alarm', { rule: 'first', alarm: { ...alarm, alarmArn: 'arn:other' } }, 'first', true],
    ['whose execution does not run any more', { rule: 'first' }, 'first', false],
  ])('holds beside an incident %s', async (_what, open, rule, isRunning) => {
    expect(await plan(open, rule, isRunning)).toMatchObject({ action: 'HOLD', groups: 1 });
  });
});
