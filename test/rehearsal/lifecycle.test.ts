import { describe, expect, it } from 'vitest';
import type { GroupSpec, LifecycleHookSpec, World } from '../../rehearsal/cloud/auto-scaling-group.ts';
import { calmWorld, withGroup } from './one-group.ts';

const hook = (over: Partial<LifecycleHookSpec> = {}): LifecycleHookSpec => ({
  lifecycleHookName: 'boot',
  lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
  heartbeatTimeoutSeconds: 600,
  defaultResult: 'ABANDON',
  ...over,
});
const endHook = hook({
  lifecycleHookName: 'end',
  lifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
});
const hangs: World = {
  ...calmWorld,
  launchOutcome: () => ({ kind: 'stuck', cause: 'it hangs', consoleOutput: 'E: it hangs' }),
};
const refuses: World = {
  ...calmWorld,
  launchOutcome: () => ({ kind: 'refused', statusMessage: 'no capacity' }),
};
type Cloud = Parameters<Parameters<typeof withGroup>[0]>[0];

/** One more instance than the group has: it waits in its hooks from the thirtieth second on at the latest. */
const launchOne = async ({ call, time, group }: Cloud) => {
  call('SetDesiredCapacity', { DesiredCapacity: 5 });
  await time.runUntil(30);
  const instance = group.instances.at(-1);
  if (instance === undefined) throw new Error('nothing was launched');
  return instance;
};
const spec = (...lifecycleHooks: LifecycleHookSpec[]): Partial<GroupSpec> => ({ lifecycleHooks });
const typesOf = ({ events }: Cloud): string[] => events.map((event) => event['detail-type']);
const launchOf = ({ group }: Cloud) =>
  group.activities.find(({ description }) => description.startsWith('Launching'));

describe('a launch with hooks', () => {
  it('waits in Pending:Wait, tells by event and activity, and serves when its bootstrap completes the hook', () =>
    withGroup(
      async (cloud) => {
        const instance = await launchOne(cloud);
        expect(instance.lifecycleState).toBe('Pending:Wait');
        expect(launchOf(cloud)?.statusCode).toBe('MidLifecycleAction');
        expect(cloud.events[0]).toMatchObject({
          'detail-type': 'EC2 Instance-launch Lifecycle Action',
          detail: {
            AutoScalingGroupName: 'web',
            LifecycleHookName: 'boot',
            EC2InstanceId: instance.instanceId,
            LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
          },
        });
        await cloud.time.runUntil(200);
        expect(instance.lifecycleState).toBe('InService');
        expect(launchOf(cloud)?.statusCode).toBe('Successful');
        expect(typesOf(cloud)).toEqual([
          'EC2 Instance-launch Lifecycle Action',
          'EC2 Instance Launch Successful',
        ]);
      },
      { spec: spec(hook()) },
    ));

  it.each([
    ['ABANDON', [599, 'Pending:Wait'], [625, 'Terminating']],
    ['CONTINUE', [599, 'Pending:Wait'], [620, 'InService']],
  ] as const)(
    'that nobody completes ends with its default result %s after the heartbeat',
    (defaultResult, before, after) =>
      withGroup(
        async (cloud) => {
          const instance = await launchOne(cloud);
          await cloud.time.runUntil(before[0] + 10);
          expect(instance.lifecycleState).toBe(before[1]);
          await cloud.time.runUntil(after[0] + 15);
          expect(instance.lifecycleState).toMatch(after[1] === 'Terminating' ? /^Terminat/ : /^InService$/);
        },
        { spec: spec(hook({ defaultResult })), world: hangs },
      ),
  );

  it('starts its heartbeat anew when told, but never outlasts a hundred of them', () =>
    withGroup(
      async (cloud) => {
        const instance = await launchOne(cloud);
        for (let beat = 1; beat <= 125; beat += 1) {
          await cloud.time.runUntil(30 + beat * 25);
          if (instance.lifecycleState !== 'Pending:Wait') break;
          cloud.call('RecordLifecycleActionHeartbeat', {
            LifecycleHookName: 'boot',
            InstanceId: instance.instanceId,
          });
        }
        const ended = cloud.group.terminations[0]?.at ?? 0;
        const lasted = (ended - instance.launchedAt) / 1000;
        expect(lasted).toBeGreaterThanOrEqual(3000);
        expect(lasted).toBeLessThan(3040);
      },
      { spec: spec(hook({ heartbeatTimeoutSeconds: 30 })), world: hangs },
    ));

  it('has a barrier of all its hooks, and one ABANDON ends it', () =>
    withGroup(
      async (cloud) => {
        const instance = await launchOne(cloud);
        const complete = (LifecycleHookName: string, LifecycleActionResult: string) =>
          cloud.call('CompleteLifecycleAction', {
            LifecycleHookName,
            InstanceId: instance.instanceId,
            LifecycleActionResult,
          });
        complete('boot', 'CONTINUE');
        await cloud.time.runUntil(60);
        expect(instance.lifecycleState).toBe('Pending:Wait');
        complete('second', 'ABANDON');
        expect(instance.lifecycleState).toMatch(/^Terminat/);
        expect(launchOf(cloud)).toMatchObject({
          statusCode: 'Cancelled',
          statusMessage: expect.stringMatching(
            /^Instance failed to complete user's Lifecycle Action: Lifecycle Action with token [\w-]{36} was abandoned: Lifecycle Action Completed with ABANDON Result$/,
          ),
        });
      },
      { spec: spec(hook(), hook({ lifecycleHookName: 'second' })), world: hangs },
    ));

  it('refuses to complete an action twice, by instance and by token', () =>
    withGroup(
      async (cloud) => {
        const instance = await launchOne(cloud);
        const token = String(cloud.events[0]?.detail.LifecycleActionToken);
        const input = { LifecycleHookName: 'boot', LifecycleActionResult: 'CONTINUE' };
        cloud.call('CompleteLifecycleAction', { ...input, LifecycleActionToken: token });
        expect(() =>
          cloud.call('CompleteLifecycleAction', { ...input, InstanceId: instance.instanceId }),
        ).toThrow(`No active Lifecycle Action found with instance ID ${instance.instanceId}`);
        expect(() =>
          cloud.call('CompleteLifecycleAction', { ...input, LifecycleActionToken: token }),
        ).toThrow(`No active Lifecycle Action found with token ${token}`);
      },
      { spec: spec(hook()), world: hangs },
    ));

  it.each([
    [true, true, 'Terminating:Wait', 'EC2 Instance Launch Unsuccessful'],
    [false, false, 'Terminated', undefined],
  ])(
    'that is abandoned runs termination hooks (%s) and sends the event of a failed launch (%s)',
    (abandonRunsTerminationHooks, abandonSendsLaunchUnsuccessful, state, type) =>
      withGroup(
        async (cloud) => {
          const instance = await launchOne(cloud);
          cloud.call('CompleteLifecycleAction', {
            LifecycleHookName: 'boot',
            InstanceId: instance.instanceId,
            LifecycleActionResult: 'ABANDON',
          });
          await cloud.time.runUntil(40);
          expect(instance.lifecycleState).toBe(state);
          expect(typesOf(cloud).find((detailType) => detailType.endsWith('Unsuccessful'))).toBe(type);
        },
        {
          spec: spec(hook(), endHook),
          world: hangs,
          quirks: { abandonRunsTerminationHooks, abandonSendsLaunchUnsuccessful },
        },
      ),
  );
});

describe('a launch that is refused', () => {
  it('is a failed activity and an event without an instance, and is tried again a minute later', () =>
    withGroup(
      async (cloud) => {
        cloud.call('SetDesiredCapacity', { DesiredCapacity: 5 });
        await cloud.time.runUntil(65);
        expect(cloud.events).toHaveLength(1);
        await cloud.time.runUntil(75);
        expect(launchOf(cloud)).toMatchObject({
          description: 'Launching a new EC2 instance.  Status Reason: no capacity',
          statusCode: 'Failed',
        });
        expect(cloud.events.map((event) => event.detail.EC2InstanceId)).toEqual(['', '']);
      },
      { world: refuses },
    ));

  it.each([
    [false, 10],
    [true, 6],
  ])('is slowed down after the third in a row when the quirk says so: %s', (limitsFailingLaunches, tries) =>
    withGroup(
      async ({ time, call, group }) => {
        call('SetDesiredCapacity', { DesiredCapacity: 5 });
        await time.runUntil(605);
        expect(group.activities).toHaveLength(tries);
      },
      { world: refuses, quirks: { limitsFailingLaunches } },
    ),
  );
});

describe('the end of an instance', () => {
  it('waits in a termination hook, and ends with either result', () =>
    withGroup(
      async (cloud) => {
        cloud.call('SetDesiredCapacity', { DesiredCapacity: 3 });
        await cloud.time.runUntil(60);
        const leaving = cloud.group.instances.find(
          ({ lifecycleState }) => lifecycleState === 'Terminating:Wait',
        );
        expect(leaving).toBeDefined();
        expect(typesOf(cloud)).toEqual(['EC2 Instance-terminate Lifecycle Action']);
        cloud.call('CompleteLifecycleAction', {
          LifecycleHookName: 'end',
          InstanceId: leaving?.instanceId,
          LifecycleActionResult: 'CONTINUE',
        });
        await cloud.time.runUntil(70);
        expect(cloud.group.instances).toHaveLength(3);
      },
      { spec: spec(endHook) },
    ));

  it.each([
    [true, undefined],
    [false, /^Activity \S+ is in progress\.$/],
  ])(
    'by TerminateInstanceInAutoScalingGroup in Pending:Wait is accepted: %s',
    (terminatesWaitingInstances, refusal) =>
      withGroup(
        async (cloud) => {
          const { instanceId } = await launchOne(cloud);
          const terminate = () =>
            cloud.call('TerminateInstanceInAutoScalingGroup', {
              InstanceId: instanceId,
              ShouldDecrementDesiredCapacity: false,
            });
          if (refusal === undefined) {
            terminate();
            expect(cloud.group.terminations.map(({ because }) => because)).toEqual(['by a call']);
          } else {
            expect(terminate).toThrow(refusal);
          }
          expect(cloud.group.desiredCapacity).toBe(5);
        },
        { spec: spec(hook()), world: hangs, quirks: { terminatesWaitingInstances } },
      ),
  );

  it('by a call with decrement is refused at the minimum', () =>
    withGroup(
      async ({ call, group }) => {
        const input = { InstanceId: group.instances[0]?.instanceId, ShouldDecrementDesiredCapacity: true };
        expect(() => call('TerminateInstanceInAutoScalingGroup', input)).toThrow(
          'Currently, desiredSize equals minSize (4).',
        );
      },
      { spec: { minSize: 4 } },
    ));
});

describe('DescribeScalingActivities', () => {
  it('lists what goes on first, then the newest, at most a hundred', () =>
    withGroup(
      async (cloud) => {
        await launchOne(cloud);
        cloud.call('SetDesiredCapacity', { DesiredCapacity: 3 });
        await cloud.time.runUntil(60);
        const { Activities } = cloud.call('DescribeScalingActivities') as {
          Activities: { StatusCode: string; Description: string }[];
        };
        expect(Activities.map(({ StatusCode }) => StatusCode)).toEqual([
          'MidLifecycleAction',
          'Successful',
          'Successful',
        ]);
        expect(() => cloud.call('DescribeScalingActivities', { MaxRecords: 101 })).toThrow('maxRecords');
      },
      { spec: spec(hook()), world: hangs },
    ));

  it('says once that everything that remains is protected', () =>
    withGroup(async ({ call, group, time }) => {
      const InstanceIds = group.instances.map(({ instanceId }) => instanceId);
      call('SetInstanceProtection', { InstanceIds, ProtectedFromScaleIn: true });
      call('SetDesiredCapacity', { DesiredCapacity: 2 });
      await time.runUntil(120);
      expect(group.activities.map(({ statusMessage }) => statusMessage)).toEqual([
        'Could not scale to desired capacity because all remaining instances are protected from scale-in.',
      ]);
    }));
});

describe('SetInstanceProtection', () => {
  it.each([
    [true, 0],
    [false, 3],
  ])(
    'with one id that is not in service, all or nothing (%s), protects %i',
    (protectionIsAllOrNothing, count) =>
      withGroup(
        async ({ call, group, time }) => {
          call('SetDesiredCapacity', { DesiredCapacity: 3 });
          await time.runUntil(15);
          const InstanceIds = group.instances.map(({ instanceId }) => instanceId);
          const leaving = group.instances.find(({ lifecycleState }) => lifecycleState !== 'InService');
          expect(() => call('SetInstanceProtection', { InstanceIds, ProtectedFromScaleIn: true })).toThrow(
            `The instance ${leaving?.instanceId} is not in InService or EnteringStandby or Standby.`,
          );
          expect(group.instances.filter(({ protectedFromScaleIn }) => protectedFromScaleIn)).toHaveLength(
            count,
          );
        },
        { quirks: { protectionIsAllOrNothing } },
      ),
  );
});

describe('scheduled actions', () => {
  it.each([
    [[], 6],
    [['ScheduledActions'], 4],
  ])('with %j suspended leave %i desired: one due meanwhile is lost', (suspended, desired) =>
    withGroup(
      async ({ call, group, time }) => {
        if (suspended.length > 0) call('SuspendProcesses', { ScalingProcesses: suspended });
        await time.runUntil(120);
        if (suspended.length > 0) call('ResumeProcesses', { ScalingProcesses: suspended });
        await time.runUntil(300);
        expect(group.desiredCapacity).toBe(desired);
      },
      { spec: { scheduledActions: [{ scheduledActionName: 'more', atSeconds: 60, desiredCapacity: 6 }] } },
    ),
  );
});

describe('AZRebalance', () => {
  const unbalance = ({ group }: Cloud) => {
    for (const instance of group.instances) instance.availabilityZone = 'us-east-1a';
  };
  const perZone = ({ group }: Cloud) =>
    group.availabilityZones.map(
      (zone) =>
        group.instances.filter(
          ({ availabilityZone, lifecycleState }) =>
            availabilityZone === zone && lifecycleState === 'InService',
        ).length,
    );

  it('launches where least are and only then ends where most are', () =>
    withGroup(async (cloud) => {
      unbalance(cloud);
      await cloud.time.runUntil(30);
      expect(cloud.group.instances).toHaveLength(5);
      expect(cloud.group.terminations).toEqual([]);
      await cloud.time.runUntil(600);
      expect(perZone(cloud)).toEqual([2, 2]);
      expect(cloud.group.terminations.map(({ because }) => because)).toEqual(['rebalance', 'rebalance']);
    }));

  it.each(['AZRebalance', 'Launch'])('does nothing while %s is suspended', (process) =>
    withGroup(async (cloud) => {
      cloud.call('SuspendProcesses', { ScalingProcesses: [process] });
      unbalance(cloud);
      await cloud.time.runUntil(600);
      expect(perZone(cloud)).toEqual([4, 0]);
    }),
  );

  it('ends nothing while what it launches never serves', () =>
    withGroup(
      async (cloud) => {
        unbalance(cloud);
        await cloud.time.runUntil(500);
        expect(cloud.inService()).toBe(4);
        expect(cloud.group.terminations).toEqual([]);
      },
      { spec: spec(hook()), world: hangs },
    ));
});
