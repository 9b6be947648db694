import { describe, expect, it } from 'vitest';
import { CloudError } from '../../rehearsal/cloud/cloud-error.ts';
import { runningFunction } from '../../rehearsal/cloud/lambda.ts';
import type { SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import { amountOf, seedsOf, withReplay } from '../seeds.ts';
import {
  apiGroup,
  asksForMoreAt,
  calm,
  drained,
  executionsOf,
  groupOf,
  inServiceOf,
  launchHook,
  launchIncident,
  onlyRules,
  quietGroups,
  rightBefore,
  scaleOutAt,
  startOf,
  stuck,
} from './launch-incident.ts';
import { accepted, journalOf, minutes, rehearseSmall } from './small-incident.ts';

const drainOnly = onlyRules('stuck-launches');
describe('draining', () => {
  it('ends what is stuck, evidence first, and the group reaches what it desires once launches are well', async () => {
    const { result, cloud } = await rehearseSmall(launchIncident(), { policy: drainOnly, quirks: calm });
    expect(result.violations).toEqual([]);
    expect(inServiceOf(cloud)).toBe(6);
    const [evidence] = cloud.store.listEvidence();
    expect(evidence).toMatchObject({
      autoScalingGroupName: 'api',
      waitingSinceFrom: 'lifecycle event',
      instance: { instanceType: 'm7i.large', imageId: 'ami-api', tags: { tier: 'api' } },
      activity: { statusCode: 'MidLifecycleAction' },
      launchHooks: [{ lifecycleHookName: 'bootstrap-complete', heartbeatTimeoutSeconds: 7200 }],
      consoleOutput: expect.stringContaining('E: Failed to fetch api-runtime_4.2.1'),
      problems: [],
    });
    expect(evidence?.launchHooks[0]?.heartbeatLeftSeconds).toBeLessThan(7200 - 15 * 60 + 60);
    expect(executionsOf(result, 'drain-pending-wait').at(0)?.status).toBe('SUCCEEDED');
  });

  it('feeds no loop: of an image that is broken for good it drains the breaker’s number, then probes, for 48 hours', async () => {
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        durationSeconds: minutes(48 * 60),
        launchFaults: [
          {
            name: 'broken for good',
            groups: ['api'],
            fromSeconds: 0,
            untilSeconds: minutes(9999),
            outcome: stuck,
          },
        ],
        groups: [
          apiGroup('api', {
            ...scaleOutAt(asksForMoreAt, 12),
            lifecycleHooks: [{ ...launchHook, heartbeatTimeoutSeconds: 3600 }],
          }),
          ...quietGroups(4),
        ],
      }),
      { policy: drainOnly, quirks: calm },
    );
    const rule = drainOnly.rules[0]?.drain;
    const ends = drained(result);
    const first = ends[0]?.minute ?? 0;
    const probes = journalOf(cloud).filter((line) => / probe \d+: /.test(line));
    const openedAt = result.timeline.find(({ text }) => text.includes('the breaker opens'))?.seconds ?? 0;
    expect(ends.filter(({ minute }) => minute < openedAt / 60)).toHaveLength(rule?.breakerAfter ?? 0);
    expect(openedAt).toBeLessThan(minutes(first + 60));
    expect(ends.length).toBeLessThanOrEqual((rule?.breakerAfter ?? 0) + probes.length);
    // At least one every two hours: the delay doubles, to an hour at most.
    expect(probes.length).toBeGreaterThan(24);
    for (const { historyEvents } of result.executions) expect(historyEvents).toBeLessThan(25_000);
    // What is left at the end is what goes on: an open breaker and the hold it started.
    expect(result.violations.filter((violation) => /is FAILED|a function failed/.test(violation))).toEqual(
      [],
    );
  });

  it.each([false, true])(
    'leaves to hooks that continue what they let into service (drained all the same: %s)',
    async (drainsContinuing) => {
      const [rule] = drainOnly.rules;
      if (rule?.drain === undefined) throw new Error('the policy drains nothing');
      const drain = { ...rule.drain, olderThanSeconds: 900, drainsContinuing };
      const { result, cloud } = await rehearseSmall(
        launchIncident({
          durationSeconds: minutes(120),
          groups: [
            apiGroup('api', {
              ...scaleOutAt(asksForMoreAt, 6),
              lifecycleHooks: [{ ...launchHook, heartbeatTimeoutSeconds: 1500, defaultResult: 'CONTINUE' }],
              // They are well, and only say so to nobody.
              healthCheckType: 'EC2',
            }),
            ...quietGroups(4),
          ],
        }),
        { policy: { rules: [{ ...rule, drain }] }, quirks: calm },
      );
      const group = cloud.autoScaling.groups.get('api');
      const said = journalOf(cloud).filter((line) => line.includes('its launch hooks put it into service'));
      expect(result.executions.length).toBeGreaterThan(0);
      if (drainsContinuing) {
        expect(drained(result).length).toBeGreaterThan(1);
        expect(said).toEqual([]);
      } else {
        expect(drained(result)).toEqual([]);
        expect(said.length).toBeGreaterThanOrEqual(2);
        expect(group?.terminations).toEqual([]);
        expect(new Set(group?.instances.map(({ lifecycleState }) => lifecycleState))).toEqual(
          new Set(['InService']),
        );
        // Nothing was begun, so nothing is left to give back.
        expect(result.violations).toEqual([]);
      }
    },
  );

  it('of ten stuck instances in each of many groups keeps within every hourly limit, and none is left', async () => {
    const many = amountOf({ slice: 30, all: 100 });
    const names = Array.from({ length: many }, (_, index) => `api-${String(index).padStart(3, '0')}`);
    const rule = drainOnly.rules[0];
    if (rule?.drain === undefined) throw new Error('the policy drains nothing');
    const drain = { ...rule.drain, atOnce: 20, perGroupPerHour: 5, perHour: 350 };
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        durationSeconds: minutes(330),
        groups: [
          ...names.map((name) =>
            apiGroup(name, {
              desiredCapacity: 2,
              ...scaleOutAt(asksForMoreAt, 12),
              lifecycleHooks: [
                launchHook,
                { ...launchHook, lifecycleHookName: 'second', heartbeatTimeoutSeconds: 7200 },
              ],
            }),
          ),
          ...quietGroups(many + 1),
        ],
        launchFaults: [
          { name: 'hang', groups: names, fromSeconds: 0, untilSeconds: asksForMoreAt + 60, outcome: stuck },
        ],
        // Somebody keeps them waiting, so that it is Holdfast that has to end them all.
        deeds: [60, 120, 180, 240].map((minute) => ({
          atSeconds: minutes(minute),
          text: 'a script sends heartbeats',
          act: ({ autoScaling, time }: SimulatedCloud) => {
            for (const group of autoScaling.groups.values()) {
              for (const { actions } of group.instances) {
                for (const action of actions) action.heartbeatAt = time.now();
              }
            }
          },
        })),
        autoScalingCallsPerSecond: 20,
        autoScalingBurst: 40,
      }),
      { policy: { rules: [{ ...rule, drain }] }, quirks: calm },
    );
    expect(result.violations).toEqual([]);
    const ends = drained(result);
    expect(ends).toHaveLength(10 * many);
    expect(cloud.store.listEvidence()).toHaveLength(10 * many);
    const groupOfInstance = new Map(
      cloud.store
        .listEvidence()
        .map(({ instanceId, autoScalingGroupName }) => [instanceId, autoScalingGroupName]),
    );
    const worstHour = (minutesOf: number[]): number =>
      Math.max(...minutesOf.map((from) => minutesOf.filter((at) => at >= from && at < from + 59).length));
    expect(worstHour(ends.map(({ minute }) => minute))).toBeLessThanOrEqual(drain.perHour);
    for (const name of names) {
      const own = ends.filter(({ instanceId }) => groupOfInstance.get(instanceId) === name);
      expect(worstHour(own.map(({ minute }) => minute))).toBeLessThanOrEqual(drain.perGroupPerHour);
      expect(inServiceOf(cloud, name)).toBe(12);
    }
  });

  it('drains nothing when most managed groups fail at once: it protects them and tells', async () => {
    const names = ['api-a', 'api-b', 'api-c'];
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        groups: [...names.map((name) => apiGroup(name, scaleOutAt(asksForMoreAt, 6))), ...quietGroups(2)],
        launchFaults: [
          { name: 'hang', groups: names, fromSeconds: 0, untilSeconds: minutes(90), outcome: stuck },
        ],
      }),
      { policy: drainOnly, quirks: calm },
    );
    expect(result.violations).toEqual([]);
    const whileBroken = drained(result).filter(({ minute }) => minute < 90);
    expect(whileBroken).toEqual([]);
    expect(journalOf(cloud).join('\n')).toContain(
      'launches fail in 3 of the 5 groups with the opt-in tag at the same time, so the cause is probably outside the groups, and Holdfast terminates no stuck launch',
    );
    expect(new Set(accepted(result, 'SetInstanceProtection').map(({ group }) => group))).toEqual(
      new Set(names),
    );
  });

  it('finds by looking what no event told, and names the age’s source', async () => {
    const { result, cloud } = await rehearseSmall(launchIncident(), {
      policy: drainOnly,
      quirks: { ...calm, bestEffortLossRate: 1 },
    });
    expect(result.violations).toEqual([]);
    expect(drained(result).length).toBeGreaterThanOrEqual(2);
    expect(new Set(cloud.store.listEvidence().map(({ waitingSinceFrom }) => waitingSinceFrom))).toEqual(
      new Set(['scaling activity']),
    );
  });

  it('lists in a dry run what it would drain, with age and reason, and changes nothing', async () => {
    const { result, cloud } = await rehearseSmall(launchIncident(), {
      policy: drainOnly,
      quirks: calm,
      dryRun: true,
    });
    expect(result.violations).toEqual([]);
    expect(result.calls.filter(({ mutating }) => mutating)).toEqual([]);
    const [first] = journalOf(cloud).filter((line) => line.startsWith('planned: '));
    expect(first).toMatch(
      /^planned: api: i-\w+: would be drained: in Pending:Wait for 20 min \(by its lifecycle event\)$/,
    );
    expect(result.plan[0]).toMatchObject({
      operation: 'CompleteLifecycleAction',
      input: {
        AutoScalingGroupName: 'api',
        LifecycleHookName: 'bootstrap-complete',
        LifecycleActionResult: 'ABANDON',
      },
    });
  });

  it('plans in a dry run the very calls that a live run makes first', async () => {
    const run = (dryRun: boolean) =>
      rehearseSmall(launchIncident(), { policy: drainOnly, quirks: calm, dryRun });
    const plan = (await run(true)).result.plan.map(({ operation, input }) => ({ operation, input }));
    const made = (await run(false)).result.calls
      .filter(({ mutating }) => mutating)
      .map(({ operation, input }) => ({ operation, input }));
    expect(plan.length).toBeGreaterThan(0);
    expect(made.slice(0, 2)).toEqual(plan.slice(0, 2));
  });

  describe('races', () => {
    it('leaves alone an instance that came into service between look and call', async () => {
      let saved: string | undefined;
      const { result, cloud } = await rehearseSmall(
        launchIncident({
          deeds: [
            rightBefore('CompleteLifecycleAction', ({ autoScaling }, { InstanceId }) => {
              if (saved !== undefined) return;
              saved = String(InstanceId);
              const group = autoScaling.groups.get('api');
              const instance = group?.instances.find(({ instanceId }) => instanceId === saved);
              const action = instance?.actions[0];
              if (group === undefined || instance === undefined || action === undefined) return;
              delete instance.bootstrapFailure;
              autoScaling.lifecycle.complete(group, instance, action, 'CONTINUE');
            }),
          ],
        }),
        { policy: drainOnly, quirks: calm },
      );
      expect(result.violations).toEqual([]);
      expect(groupOf(cloud).instances.find(({ instanceId }) => instanceId === saved)?.lifecycleState).toBe(
        'InService',
      );
      expect(journalOf(cloud).join('\n')).toContain(
        `${saved}: came into service by itself and was left alone`,
      );
    });

    it('takes for gone an instance that somebody ended between look and call', async () => {
      const ended: string[] = [];
      const { result } = await rehearseSmall(
        launchIncident({
          deeds: [
            rightBefore('CompleteLifecycleAction', ({ autoScaling }, { InstanceId }) => {
              const group = autoScaling.groups.get('api');
              const instance = group?.instances.find(({ instanceId }) => instanceId === InstanceId);
              if (group === undefined || instance === undefined || ended.length >= 2) return;
              ended.push(String(InstanceId));
              autoScaling.loseInstance(group, instance);
            }),
          ],
        }),
        { policy: drainOnly, quirks: calm },
      );
      expect(ended).toHaveLength(2);
      expect(result.violations).toEqual([]);
    });

    it('does not even call for one that came into service after it was chosen', async () => {
      let saved: string | undefined;
      const { result } = await rehearseSmall(
        launchIncident({
          deeds: [
            rightBefore('DescribeAutoScalingInstances', ({ autoScaling }, { InstanceIds }) => {
              const [id] = InstanceIds as string[];
              const group = autoScaling.groups.get('api');
              const instance = group?.instances.find(({ instanceId }) => instanceId === id);
              if (saved !== undefined || instance === undefined) return;
              saved = id;
              instance.actions = [];
              delete instance.bootstrapFailure;
              instance.lifecycleState = 'InService';
            }),
          ],
        }),
        { policy: drainOnly, quirks: calm },
      );
      expect(result.violations).toEqual([]);
      expect(saved).toBeDefined();
      expect(
        result.calls.filter(({ input }) => input.InstanceId === saved && input.LifecycleActionResult),
      ).toEqual([]);
    });
  });

  describe('an instance that stays although its launch was abandoned', () => {
    const loseActions = {
      atSeconds: minutes(12),
      text: 'the lifecycle actions get lost',
      act: (cloud: SimulatedCloud) => {
        for (const { instances } of cloud.autoScaling.groups.values()) {
          for (const instance of instances) instance.actions = [];
        }
      },
    };

    it('is terminated, without lowering desired capacity', async () => {
      const { result, cloud } = await rehearseSmall(launchIncident({ deeds: [loseActions] }), {
        policy: drainOnly,
        quirks: calm,
      });
      expect(result.violations).toEqual([]);
      const terminated = accepted(result, 'TerminateInstanceInAutoScalingGroup');
      expect(terminated.length).toBe(2);
      for (const { input } of terminated) expect(input.ShouldDecrementDesiredCapacity).toBe(false);
      expect(groupOf(cloud).desiredCapacity).toBe(6);
    });

    it('is left for a person, with the command, when AWS refuses', async () => {
      const { result, cloud } = await rehearseSmall(launchIncident({ deeds: [loseActions] }), {
        policy: drainOnly,
        quirks: { ...calm, terminatesWaitingInstances: false },
      });
      expect(result.violations).toEqual([]);
      expect(accepted(result, 'TerminateInstanceInAutoScalingGroup')).toEqual([]);
      const left = journalOf(cloud).filter((line) => line.startsWith('left: '));
      expect(left).toHaveLength(2);
      expect(left[0]).toMatch(
        /AWS refused 3 times to end it\. .*: aws ec2 terminate-instances --region us-east-1/,
      );
    });
  });

  describe('with a snapshot', () => {
    const rule = drainOnly.rules[0];
    const withSnapshot = {
      rules: rule?.drain === undefined ? [] : [{ ...rule, drain: { ...rule.drain, snapshot: true } }],
    };

    it('makes it before it ends the instance', async () => {
      const { result, cloud } = await rehearseSmall(launchIncident(), { policy: withSnapshot, quirks: calm });
      expect(result.violations).toEqual([]);
      const ends = drained(result);
      expect(ends.length).toBeGreaterThanOrEqual(2);
      for (const { instanceId } of ends) {
        const snapshot = result.calls.findIndex(
          ({ operation, input }) =>
            operation === 'CreateSnapshots' &&
            (input.InstanceSpecification as { InstanceId: string }).InstanceId === instanceId,
        );
        const end = result.calls.findIndex(
          ({ input }) => input.InstanceId === instanceId && input.LifecycleHookName,
        );
        expect(snapshot).toBeGreaterThanOrEqual(0);
        expect(snapshot).toBeLessThan(end);
      }
      expect(cloud.ec2.snapshots.length).toBe(ends.length);
    });

    it('ends nothing of which none can be made', async () => {
      const { result, cloud } = await rehearseSmall(
        launchIncident({
          deeds: [
            {
              atSeconds: 1,
              text: 'instances do not get the tag of their group',
              act: (running) => {
                const { handle } = running.ec2;
                running.ec2.handle = (operation, input) => {
                  const answer = handle(operation, input) as {
                    Reservations?: { Instances: { Tags: object[] }[] }[];
                  };
                  for (const { Instances } of answer.Reservations ?? []) {
                    for (const instance of Instances) instance.Tags = [];
                  }
                  return answer;
                };
              },
            },
          ],
        }),
        { policy: withSnapshot, quirks: calm },
      );
      expect(drained(result)).toEqual([]);
      expect(cloud.ec2.snapshots).toEqual([]);
      expect(journalOf(cloud).join('\n')).toMatch(
        /left: api: i-\w+: has no snapshot \(the instance does not carry the tag holdfast=true/,
      );
    });
  });

  it('gives Launch back and drains no more when the kill switch is thrown while the breaker is open', async () => {
    const thrownAt = minutes(62);
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        launchFaults: [
          { name: 'hang', groups: ['api'], fromSeconds: 0, untilSeconds: minutes(999), outcome: stuck },
        ],
        deeds: [
          {
            atSeconds: thrownAt,
            text: 'the kill switch is thrown',
            act: ({ parameters }) => parameters.set('/holdfast/rehearsal/mode', 'off'),
          },
        ],
      }),
      { policy: drainOnly, quirks: calm },
    );
    const suspended = accepted(result, 'SuspendProcesses').filter(({ input }) =>
      (input.ScalingProcesses as string[]).includes('Launch'),
    );
    expect(suspended.length).toBeGreaterThan(0);
    expect(groupOf(cloud).suspended.has('Launch')).toBe(false);
    expect(drained(result).filter(({ minute }) => minute > thrownAt / 60 + 1)).toEqual([]);
    expect(result.holdsLeft).toEqual([]);
  });

  it('gives Launch back by the sweep when its execution is stopped while the breaker is open', async () => {
    const stoppedAt = minutes(62);
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        deeds: [
          {
            atSeconds: stoppedAt,
            text: 'somebody stops every execution and sets the mode to off',
            act: ({ stepFunctions, parameters }) => {
              for (const arn of stepFunctions.executions.keys()) stepFunctions.stopExecution(arn);
              parameters.set('/holdfast/rehearsal/mode', 'off');
            },
          },
        ],
      }),
      { policy: drainOnly, quirks: calm },
    );
    expect(accepted(result, 'SuspendProcesses').some(({ seconds }) => seconds < stoppedAt)).toBe(true);
    expect([...groupOf(cloud).suspended.keys()]).toEqual([]);
    expect(groupOf(cloud).instances.some(({ protectedFromScaleIn }) => protectedFromScaleIn)).toBe(false);
    expect(result.holdsLeft).toEqual([]);
  });

  it('is not stopped by an instance that only a person can end', async () => {
    const rule = drainOnly.rules[0];
    if (rule?.drain === undefined) throw new Error('the policy drains nothing');
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        durationSeconds: minutes(150),
        groups: [
          apiGroup('api-a', scaleOutAt(minutes(5), 5)),
          apiGroup('api-b', scaleOutAt(minutes(30), 6)),
          ...quietGroups(6),
        ],
        launchFaults: [
          {
            name: 'hang',
            groups: ['api-a', 'api-b'],
            fromSeconds: 0,
            untilSeconds: minutes(32),
            outcome: stuck,
          },
        ],
        deeds: [
          {
            atSeconds: 1,
            text: 'api-a does not propagate its tag',
            act: ({ ec2, autoScaling }) => {
              const { handle } = ec2;
              ec2.handle = (operation, input) => {
                const answer = handle(operation, input) as {
                  Reservations?: { Instances: { InstanceId: string; Tags: object[] }[] }[];
                };
                const ofA = autoScaling.groups.get('api-a')?.instances ?? [];
                for (const { Instances } of answer.Reservations ?? []) {
                  for (const instance of Instances) {
                    if (ofA.some(({ instanceId }) => instanceId === instance.InstanceId)) instance.Tags = [];
                  }
                }
                return answer;
              };
            },
          },
        ],
      }),
      { policy: { rules: [{ ...rule, drain: { ...rule.drain, snapshot: true } }] }, quirks: calm },
    );
    expect(result.violations).toEqual([]);
    expect(inServiceOf(cloud, 'api-b')).toBe(6);
    const left = journalOf(cloud).filter((line) => line.startsWith('left: '));
    expect(left).toHaveLength(1);
  });

  it('leaves no breaker behind when a dry run came between', async () => {
    const setMode = (atSeconds: number, mode: string) => ({
      atSeconds,
      text: `the mode is ${mode}`,
      act: ({ parameters }: SimulatedCloud) => parameters.set('/holdfast/rehearsal/mode', mode),
    });
    const { result } = await rehearseSmall(
      launchIncident({
        durationSeconds: minutes(420),
        groups: [
          apiGroup('api', {
            scheduledActions: [
              { scheduledActionName: 'more', atSeconds: asksForMoreAt, desiredCapacity: 6 },
              { scheduledActionName: 'less', atSeconds: minutes(57), desiredCapacity: 4 },
            ],
          }),
          ...quietGroups(4),
        ],
        launchFaults: [
          { name: 'hang', groups: ['api'], fromSeconds: 0, untilSeconds: minutes(56), outcome: stuck },
        ],
        deeds: [setMode(minutes(54), 'dry-run'), setMode(minutes(180), 'live')],
      }),
      { policy: drainOnly, quirks: calm },
    );
    expect(result.timeline.some(({ text }) => text.includes('the breaker opens'))).toBe(true);
    expect(result.violations).toEqual([]);
  });

  it('protects and tells in the next round when the task died after the breaker opened', async () => {
    let refusals = 1;
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        launchFaults: [
          { name: 'hang', groups: ['api'], fromSeconds: 0, untilSeconds: minutes(120), outcome: stuck },
        ],
        deeds: [
          {
            atSeconds: 1,
            text: 'the first start of protect-instances fails',
            act: ({ stepFunctions }) => {
              const { handle } = stepFunctions;
              stepFunctions.handle = (operation, input) => {
                if (String(input.stateMachineArn).endsWith('protect-instances') && refusals > 0) {
                  refusals -= 1;
                  throw new CloudError('ServiceUnavailable', 'not now', 400);
                }
                return handle(operation, input);
              };
            },
          },
        ],
      }),
      { policy: drainOnly, quirks: calm },
    );
    expect(refusals).toBe(0);
    expect(result.violations).toEqual([]);
    const openedAt = accepted(result, 'SuspendProcesses').find(({ input }) =>
      (input.ScalingProcesses as string[]).includes('Launch'),
    )?.seconds;
    const protectedAt = accepted(result, 'SetInstanceProtection')[0]?.seconds;
    expect(Math.abs((protectedAt ?? 0) - (openedAt ?? 0))).toBeLessThan(180);
    expect(journalOf(cloud).filter((line) => line.includes('the breaker opens'))).toHaveLength(1);
  });

  it('keeps evidence in a later round when it could not be read for a while, and ends nothing before', async () => {
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        deeds: [
          {
            atSeconds: 1,
            text: 'consoles cannot be read for half an hour',
            act: ({ ec2, time }) => {
              const { handle } = ec2;
              let tries = 0;
              ec2.handle = (operation, input) => {
                if (operation === 'GetConsoleOutput') tries += 1;
                // Five requests each, for the SDK tries again: the first try of each of the two instances fails.
                if (operation === 'GetConsoleOutput' && tries <= 10) {
                  throw new CloudError(
                    'RequestLimitExceeded',
                    `Request limit exceeded at ${time.iso()}`,
                    503,
                  );
                }
                return handle(operation, input);
              };
            },
          },
        ],
      }),
      { policy: drainOnly, quirks: calm },
    );
    expect(result.violations).toEqual([]);
    expect(journalOf(cloud).join('\n')).toContain('evidence is not complete, tried again');
    for (const { problems } of cloud.store.listEvidence()) expect(problems).toEqual([]);
  });

  it('gives no instance up because AWS answers with errors of its own', async () => {
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        deeds: [
          {
            atSeconds: minutes(29),
            text: 'Auto Scaling completes nothing for half an hour',
            act: ({ autoScaling, time }) => {
              const { handle } = autoScaling;
              autoScaling.handle = (operation, input) => {
                if (operation === 'CompleteLifecycleAction' && time.elapsedSeconds() < minutes(60)) {
                  throw new CloudError('InternalFailure', 'an unknown error', 500);
                }
                return handle(operation, input);
              };
            },
          },
        ],
      }),
      { policy: drainOnly, quirks: calm },
    );
    expect(result.violations).toEqual([]);
    expect(journalOf(cloud).filter((line) => line.startsWith('left: '))).toEqual([]);
    expect(drained(result).length).toBeGreaterThanOrEqual(2);
  });

  it('goes on when groups cannot be read for a while', async () => {
    const { result } = await rehearseSmall(
      launchIncident({
        deeds: [
          {
            atSeconds: minutes(30) + 45,
            text: 'groups cannot be described by the rounds',
            act: ({ autoScaling, time }) => {
              const { handle } = autoScaling;
              autoScaling.handle = (operation, input) => {
                const isRound = runningFunction.getStore() === 'chooseDrains';
                if (
                  isRound &&
                  operation === 'DescribeAutoScalingGroups' &&
                  time.elapsedSeconds() < minutes(45)
                ) {
                  throw new CloudError('InternalFailure', 'not now', 500);
                }
                return handle(operation, input);
              };
            },
          },
        ],
      }),
      { policy: drainOnly, quirks: calm },
    );
    expect(result.violations).toEqual([]);
    const [first, second] = executionsOf(result, 'drain-pending-wait');
    expect(first?.transitions).toBeGreaterThan(40);
    expect(second?.name).not.toBe(first?.name);
  });

  it('lasts longer than its expiry while there is something to drain', async () => {
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        groups: [apiGroup('api', scaleOutAt(asksForMoreAt, 12)), ...quietGroups(4)],
        deeds: [
          startOf(
            'drain-pending-wait',
            'by-hand',
            { autoScalingGroupName: 'api', reason: 'bootstrap hangs', olderThan: '5m', expiresAfter: '10m' },
            minutes(16),
          ),
        ],
      }),
      { policy: onlyRules('packet-loss'), quirks: calm },
    );
    expect(result.violations).toEqual([]);
    expect(journalOf(cloud).join('\n')).not.toContain('expired');
    expect(Math.max(...drained(result).map(({ minute }) => minute))).toBeGreaterThan(40);
  });

  it('takes for gone an instance that belongs to another group now', async () => {
    const { result } = await rehearseSmall(
      launchIncident({
        deeds: [
          {
            atSeconds: 2,
            text: 'every instance is said to be in another group',
            act: ({ autoScaling }) => {
              const { handle } = autoScaling;
              autoScaling.handle = (operation, input) => {
                const answer = handle(operation, input) as { AutoScalingInstances?: object[] };
                return operation === 'DescribeAutoScalingInstances'
                  ? {
                      AutoScalingInstances: (answer.AutoScalingInstances ?? []).map((each) => ({
                        ...each,
                        AutoScalingGroupName: 'other',
                      })),
                    }
                  : answer;
              };
            },
          },
        ],
      }),
      { policy: drainOnly, quirks: calm },
    );
    expect(drained(result)).toEqual([]);
  });

  it('does not wait for a console that AWS refuses to show', async () => {
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        deeds: [
          {
            atSeconds: 2,
            text: 'consoles are refused',
            act: ({ ec2 }) => {
              const { handle } = ec2;
              ec2.handle = (operation, input) => {
                if (operation === 'GetConsoleOutput')
                  throw new CloudError('UnauthorizedOperation', 'no', 403);
                return handle(operation, input);
              };
            },
          },
        ],
      }),
      { policy: drainOnly, quirks: calm },
    );
    expect(result.violations).toEqual([]);
    expect(journalOf(cloud).join('\n')).not.toContain('evidence is not complete');
    expect(cloud.store.listEvidence()[0]?.problems[0]).toContain(
      'its console cannot be read (UnauthorizedOperation',
    );
  });

  it('goes on with one of two executions that began at one moment over the same group', async () => {
    const input = { autoScalingGroupName: 'api', reason: 'bootstrap hangs', olderThan: '5m' };
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        deeds: [
          startOf('drain-pending-wait', 'first', input, minutes(16)),
          startOf('drain-pending-wait', 'second', input, minutes(16)),
        ],
      }),
      { policy: onlyRules('packet-loss'), quirks: calm },
    );
    expect(result.violations).toEqual([]);
    const refusals = journalOf(cloud).filter((line) =>
      / (drains|tends) one of these groups already/.test(line),
    );
    expect(refusals).toHaveLength(1);
    expect(drained(result).length).toBeGreaterThanOrEqual(2);
  });

  it.each(seedsOf({ first: 0, slice: 3, all: 12 }))(
    'survives answers that never come, errors of AWS, and events lost or twice, seed %i',
    (seed) =>
      withReplay('test/rehearsal/draining.test.ts', seed, async () => {
        const { result } = await rehearseSmall(launchIncident({ durationSeconds: minutes(300) }), {
          seed,
          policy: onlyRules('stuck-launches', 'launches-failing'),
          quirks: {
            ...calm,
            hangRate: 0.01,
            serverErrorRate: 0.02,
            bestEffortLossRate: 0.3,
            duplicateRate: 0.3,
          },
        });
        expect(result.violations.filter((violation) => !violation.startsWith('a function failed'))).toEqual(
          [],
        );
      }),
  );

  it('starts by hand on one group, and refuses a second execution on the same one', async () => {
    const input = { autoScalingGroupName: 'api', reason: 'bootstrap hangs', olderThan: '5m' };
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        deeds: [
          startOf('drain-pending-wait', 'first', input, minutes(16)),
          startOf('drain-pending-wait', 'second', input, minutes(17)),
        ],
      }),
      { policy: onlyRules('packet-loss'), quirks: calm },
    );
    expect(result.violations).toEqual([]);
    expect(drained(result).length).toBeGreaterThanOrEqual(2);
    expect(journalOf(cloud)).toContain('refused: the execution first drains one of these groups already');
  });
});
