import { describe, expect, it } from 'vitest';
import { remediationNames } from '../../functions/domain/remediation-names.ts';
import type { ScalingPolicy } from '../../rehearsal/cloud/auto-scaling-group.ts';
import { killSwitchParameter, type SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import { stateMachineArn } from '../../rehearsal/cloud/step-functions.ts';
import type { Deed, ServiceOutage, Story } from '../../rehearsal/incident.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import type { RehearsalOptions } from '../../rehearsal/rehearse.ts';
import {
  accepted,
  journalOf,
  minutes,
  onlyExecution,
  rehearseSmall,
  smallGroup,
  smallIncident,
  startByHand,
} from './small-incident.ts';

/*
 * What people reported of automation of this kind, as stories: each test names the kind of fault. In all of them packets
 * are lost from minute 10 on, and the alarm goes into ALARM in minute 11.
 */

const deed = (atMinute: number, act: (cloud: SimulatedCloud) => void): Deed => ({
  atSeconds: minutes(atMinute),
  text: 'a deed',
  act,
});
const calm = {
  duplicateRate: 0,
  suspensionDelaySeconds: 0,
  metricDelayMinutes: 0,
  othersShareOfCalls: 0,
  desiredFallsWhileTerminateIsSuspended: true,
};
const lossOf = (until: number, probeIsSilent?: (secondsIn: number) => boolean): Story['losses'] => [
  {
    name: 'packets are lost',
    fromSeconds: minutes(10),
    untilSeconds: minutes(until),
    fraction: () => 0.2,
    ...(probeIsSilent === undefined ? {} : { probeIsSilent }),
  },
];
const web = (over: Parameters<typeof smallGroup>[1] = {}) => smallGroup('web', { maxSize: 20, ...over });
const story = (over: Partial<Story> = {}, options: Partial<RehearsalOptions> = {}) =>
  rehearseSmall(smallIncident({ groups: [web()], ...over }), { quirks: calm, ...options });
const groupIn = ({ autoScaling }: SimulatedCloud, name = 'web') => {
  const group = autoScaling.groups.get(name);
  if (group === undefined) throw new Error(`no group ${name}`);
  return group;
};
const heldIn = ({ autoScaling }: SimulatedCloud): number =>
  [...autoScaling.groups.values()].filter(({ suspended }) => suspended.has('Terminate')).length;
const numbers = ({ executions }: { executions: { name: string; status: string }[] }) =>
  executions.map(({ name, status }) => [Number(/-(\d{1,3})$/.exec(name)?.[1] ?? 1), status]);
const linesOf = (cloud: SimulatedCloud, event: string): string[] =>
  journalOf(cloud).filter((line) => line.startsWith(`${event}: `));

describe('a service that does not answer when the alarm fires', () => {
  const fourGroups = ['a', 'b', 'c', 'd'].map((name) => smallGroup(`web-${name}`));
  const outage = (service: ServiceOutage['service'], until: number, error?: string): ServiceOutage => ({
    service,
    fromSeconds: minutes(10.5),
    untilSeconds: minutes(until),
    ...(error === undefined ? {} : { error }),
  });

  it.each([
    ['throttled by Auto Scaling', outage('AutoScaling', 14, 'Throttling')],
    ['without an answer of Auto Scaling', outage('AutoScaling', 14)],
    ['without an answer of the kill switch', outage('SSM', 14)],
    ['without an answer of the table', outage('DynamoDB', 14)],
    ['without an answer of CloudWatch', outage('CloudWatch', 14)],
  ])('holds every group by minute 20: %s', async (_what, serviceOutage) => {
    let held: number | undefined;
    const { result } = await story({
      groups: fourGroups,
      losses: lossOf(90),
      durationSeconds: minutes(150),
      serviceOutages: [serviceOutage],
      deeds: [
        deed(20, (cloud) => {
          held = heldIn(cloud);
        }),
      ],
    });
    expect(held).toBe(4);
    expect(result.holdsLeft).toEqual([]);
  });

  it('tries again under the next name what failed before it began, and what began only once', async () => {
    const { result } = await story({
      losses: lossOf(90),
      durationSeconds: minutes(150),
      serviceOutages: [outage('AutoScaling', 25, 'Throttling')],
    });
    const tried = numbers(result);
    expect(tried.length).toBeGreaterThan(2);
    expect(tried.slice(0, -1).every(([, status]) => status === 'FAILED')).toBe(true);
    expect(tried.map(([number]) => number)).toEqual(tried.map((_each, index) => index + 1));
    expect(tried.at(-1)?.[1]).toBe('SUCCEEDED');
    expect(accepted(result, 'SuspendProcesses')).toHaveLength(1);
  });

  it('holds when its table was silent for three hours from the alarm on', async () => {
    const seen: number[] = [];
    const look = (cloud: SimulatedCloud) => seen.push(heldIn(cloud));
    const { result } = await story({
      losses: lossOf(240),
      durationSeconds: minutes(320),
      serviceOutages: [outage('DynamoDB', 190)],
      deeds: [deed(185, look), deed(197, look)],
    });
    expect(seen).toEqual([0, 1]);
    expect(result.holdsLeft).toEqual([]);
    expect(result.violations).toEqual([]);
  });

  it('starts nothing again that a person stopped, and nothing that only looked', async () => {
    const { result } = await story({ losses: lossOf(90), durationSeconds: minutes(150) }, { dryRun: true });
    expect(numbers(result)).toEqual([[1, 'SUCCEEDED']]);
    const stopped = await story({
      losses: lossOf(90),
      durationSeconds: minutes(150),
      deeds: [deed(15, (cloud) => cloud.stepFunctions.stopExecution(onlyExecution(cloud)))],
    });
    const names = stopped.result.executions.map(({ name }) => name.replace(/-\d.*/, ''));
    expect(names).toEqual(['packet-loss', 'give-back']);
  });

  it('does not act on yesterday’s alarm when the switch goes up again', async () => {
    const { result } = await story({
      losses: lossOf(90),
      durationSeconds: minutes(150),
      deeds: [
        deed(5, ({ parameters }) => parameters.set(killSwitchParameter, 'off')),
        deed(40, ({ parameters }) => parameters.set(killSwitchParameter, 'live')),
      ],
    });
    expect(result.executions).toEqual([]);
  });
});

describe('desired capacity when a hold ends', () => {
  it('is not raised to what was there before the hold: the owners had protected six of three', async () => {
    const { cloud, result } = await story({
      groups: [web({ desiredCapacity: 6, policies: [] })],
      deeds: [
        deed(5, (running) => {
          const group = groupIn(running);
          for (const instance of group.instances) instance.protectedFromScaleIn = true;
          group.desiredCapacity = 3;
        }),
      ],
    });
    expect(groupIn(cloud).desiredCapacity).toBe(3);
    expect(accepted(result, 'SetDesiredCapacity')).toEqual([]);
  });

  it('is not raised to what AWS launched to replace something', async () => {
    const { cloud } = await story({
      groups: [web({ policies: [] })],
      deeds: [
        deed(10.9, (running) => {
          const group = groupIn(running);
          const extra = { ...running.autoScaling.lifecycle.newInstance(group), isRebalancing: true };
          group.instances.push({ ...extra, lifecycleState: 'InService', inServiceAt: running.time.now() });
        }),
      ],
    });
    expect(groupIn(cloud).desiredCapacity).toBe(4);
  });

  // It could lower desired capacity; that it did is a deed, so that its moment is known.
  const cpu: ScalingPolicy = { type: 'StepScaling', name: 'cpu', above: 1000, add: 1, below: -1, remove: 1 };
  const lowered = (to: number) =>
    deed(20, ({ autoScaling }) =>
      autoScaling.handle('SetDesiredCapacity', { AutoScalingGroupName: 'web', DesiredCapacity: to }),
    );

  it('is raised by what a policy took away, told with the command that sets it back', async () => {
    const { cloud, result } = await story({
      groups: [web({ policies: [cpu] })],
      deeds: [lowered(2)],
    });
    expect(accepted(result, 'SetDesiredCapacity').map(({ input }) => input.DesiredCapacity)).toEqual([4]);
    const line =
      'web: Holdfast raises desired capacity from 2 to 4, by what scaling policies took away during the hold';
    const todo =
      'Holdfast raised desired capacity to 4. If that is too much, set it back to 2: aws autoscaling set-desired-capacity --region us-east-1 --auto-scaling-group-name web --desired-capacity 2';
    expect(linesOf(cloud, 'raised')).toEqual([`raised: ${line}. ${todo}`]);
    const [told] = result.messages.filter(({ kind }) => kind === 'gave-back');
    expect(told?.text).toContain('Holdfast held 1 group and gave it back.');
    expect(told?.text).toContain(line);
    expect(told?.text).toContain(`WHAT YOU CAN DO\n  web: ${todo.replace(': aws', ':\n    aws')}`);
  });

  it.each([
    [
      'a person lowered it where no policy does',
      { groups: [web()], deeds: [lowered(2)] },
      'it has no enabled scaling policy that lowers it',
    ],
    [
      'a scheduled action set it',
      {
        groups: [
          web({
            policies: [cpu],
            scheduledActions: [
              { scheduledActionName: 'night', atSeconds: minutes(25), minSize: 2, desiredCapacity: 2 },
            ],
          }),
        ],
      },
      'the scheduled action night set its sizes meanwhile',
    ],
    [
      'somebody lowered its minimum',
      {
        groups: [web({ policies: [cpu], minSize: 4 })],
        deeds: [
          deed(20, ({ autoScaling }: SimulatedCloud) =>
            autoScaling.handle('UpdateAutoScalingGroup', {
              AutoScalingGroupName: 'web',
              MinSize: 1,
              DesiredCapacity: 2,
            }),
          ),
        ],
      },
      'somebody lowered its minimum from 4 to 1',
    ],
  ])('is left where %s, and people are told why', async (_what, over, because) => {
    const { cloud, result } = await story(over);
    expect(accepted(result, 'SetDesiredCapacity')).toEqual([]);
    expect(groupIn(cloud).desiredCapacity).toBe(2);
    const [line, ...others] = linesOf(cloud, 'not-raised');
    expect(others).toEqual([]);
    expect(line).toContain('web: desired capacity fell from 4 to 2');
    expect(line).toContain(because);
    expect(line).toContain('--region us-east-1 --auto-scaling-group-name web --desired-capacity 4');
  });

  it('is raised although a minimum that a rolling update had raised fell back', async () => {
    const { result } = await story({
      groups: [web({ policies: [cpu], minSize: 2 })],
      deeds: [
        deed(15, ({ autoScaling }) =>
          autoScaling.handle('UpdateAutoScalingGroup', { AutoScalingGroupName: 'web', MinSize: 4 }),
        ),
        deed(25, ({ autoScaling }) =>
          autoScaling.handle('UpdateAutoScalingGroup', {
            AutoScalingGroupName: 'web',
            MinSize: 2,
            DesiredCapacity: 2,
          }),
        ),
      ],
    });
    expect(accepted(result, 'SetDesiredCapacity').map(({ input }) => input.DesiredCapacity)).toEqual([4]);
  });
});

describe('an alarm', () => {
  const [loss] = packetLoss.alarms;
  if (loss === undefined) throw new Error('packet-loss has no alarm');

  it('whose actions are disabled starts nothing', async () => {
    const { result } = await story({
      deeds: [deed(5, ({ cloudWatch }) => cloudWatch.disableActions(loss.alarmName))],
    });
    expect(result.executions).toEqual([]);
  });

  it('that is OK for want of data does not end a hold', async () => {
    const seen: number[] = [];
    const { cloud } = await story({
      alarms: [{ ...loss, treatMissingData: 'notBreaching' }],
      losses: lossOf(90, (secondsIn) => secondsIn > minutes(10)),
      durationSeconds: minutes(180),
      deeds: [35, 60, 85].map((at) => deed(at, (running) => seen.push(heldIn(running)))),
    });
    expect(seen).toEqual([1, 1, 1]);
    expect(linesOf(cloud, 'kept').join()).toContain('OK only because no data came');
    expect(heldIn(cloud)).toBe(0);
  });
});

describe('a group made anew under its name', () => {
  it('is held like any other, and nothing remembered of the old one is applied to it', async () => {
    const seen: string[][] = [];
    const { result, cloud } = await story({
      losses: lossOf(80),
      durationSeconds: minutes(150),
      deeds: [
        deed(20, ({ autoScaling }) => autoScaling.deleteGroup('web')),
        deed(20.5, ({ autoScaling }) => autoScaling.createGroup(web())),
        deed(27, (running) => seen.push([...groupIn(running).suspended.keys()].sort())),
      ],
    });
    expect(seen).toEqual([
      ['AZRebalance', 'HealthCheck', 'InstanceRefresh', 'ReplaceUnhealthy', 'Terminate'],
    ]);
    expect(linesOf(cloud, 'overridden')).toEqual([]);
    expect(linesOf(cloud, 'replaced')).toHaveLength(1);
    expect(result.violations).toEqual([]);
  });

  it('is left alone where it does not carry the tags that the rule is about', async () => {
    const { result, cloud } = await story({
      losses: lossOf(60),
      durationSeconds: minutes(150),
      deeds: [
        deed(20, ({ autoScaling }) => autoScaling.deleteGroup('web')),
        deed(20.5, ({ autoScaling }) =>
          autoScaling.createGroup(web({ tags: { tier: 'batch', holdfast: 'true' } })),
        ),
      ],
    });
    expect([...groupIn(cloud).suspended]).toEqual([]);
    expect(result.holdsLeft).toEqual([]);
  });
});

describe('a copied group', () => {
  it('is told with its processes and the command before its tag is tidied away', async () => {
    const { result, cloud } = await story({
      deeds: [
        deed(25, (running) => {
          const { tags, suspended } = groupIn(running);
          const copy = running.autoScaling.createGroup(smallGroup('web v&002', { tags: { ...tags } }));
          for (const [process, reason] of suspended) copy.suspended.set(process, reason);
        }),
      ],
      suspendedAtEnd: {
        'web v&002': ['AZRebalance', 'HealthCheck', 'InstanceRefresh', 'ReplaceUnhealthy', 'Terminate'],
      },
    });
    expect(result.violations).toEqual([]);
    const told = result.messages.filter(({ subject }) => subject.includes('ACTION NEEDED'));
    expect(told).toHaveLength(1);
    expect(JSON.stringify(told)).toContain(
      "aws autoscaling resume-processes --region us-east-1 --auto-scaling-group-name 'web v&002' --scaling-processes AZRebalance HealthCheck InstanceRefresh ReplaceUnhealthy Terminate",
    );
    expect([...groupIn(cloud, 'web v&002').suspended.keys()]).toHaveLength(5);
  });
});

describe('stopped before the hold shows', () => {
  const afterFirstCall = (act: (cloud: SimulatedCloud) => void): Partial<RehearsalOptions> => {
    let isDone = false;
    return {
      onState: (cloud, _execution, state) => {
        if (state !== 'WaitForNextRound' || isDone) return;
        isDone = true;
        act(cloud);
      },
    };
  };
  it.each([5, 20, 60, 110])('leaves nothing, with suspensions %i s late', async (suspensionDelaySeconds) => {
    const quirks = { ...calm, suspensionDelaySeconds };
    for (const act of [
      (cloud: SimulatedCloud) => cloud.stepFunctions.stopExecution(onlyExecution(cloud)),
      ({ parameters }: SimulatedCloud) => parameters.set(killSwitchParameter, 'off'),
    ]) {
      const { result, cloud } = await story({}, { quirks, ...afterFirstCall(act) });
      expect([...groupIn(cloud).suspended.keys()]).toEqual([]);
      expect(result.holdsLeft).toEqual([]);
    }
  });
});

describe('given back quickly', () => {
  const settleSeconds = 180;
  const backWithin = async (endsAt: number, act: (cloud: SimulatedCloud) => void) => {
    let isBackAt: number | undefined;
    const looks = Array.from({ length: 240 }, (_, index) => minutes(endsAt) + 5 * (index + 1));
    const { result } = await story({
      losses: lossOf(90),
      durationSeconds: minutes(150),
      deeds: [
        deed(endsAt, act),
        ...looks.map((atSeconds) => ({
          atSeconds,
          text: 'a look',
          act: (running: SimulatedCloud) => {
            if (groupIn(running).suspended.size === 0) isBackAt ??= atSeconds - minutes(endsAt);
          },
        })),
      ],
    });
    return { seconds: isBackAt ?? Number.POSITIVE_INFINITY, result };
  };

  it('within settle and 150 s after a Stop, and a person is told when it is done', async () => {
    const { seconds, result } = await backWithin(21, (cloud) =>
      cloud.stepFunctions.stopExecution(onlyExecution(cloud)),
    );
    expect(seconds).toBeLessThanOrEqual(settleSeconds + 150);
    expect(result.messages.at(-1)?.subject).toContain('Hold ended: web');
    expect(result.messages.at(-1)?.text).toContain('Holdfast held 1 group and gave it back.');
  });

  it('and one interval between two looks more after the switch', async () => {
    const { seconds } = await backWithin(31.4, ({ parameters }) =>
      parameters.set(killSwitchParameter, 'off'),
    );
    expect(seconds).toBeLessThanOrEqual(settleSeconds + 150 + 180);
  });
});

describe('the kill switch', () => {
  it.each(['OFF', '"off"', ' Off '])('understands %j', async (word) => {
    const { cloud, result } = await story({
      losses: lossOf(90),
      durationSeconds: minutes(60),
      deeds: [deed(20, ({ parameters }) => parameters.set(killSwitchParameter, word))],
    });
    expect(heldIn(cloud)).toBe(0);
    expect(result.holdsLeft).toEqual([]);
  });

  it('tells people once of a word that means nothing, with the words that are allowed', async () => {
    const { result } = await story({
      losses: lossOf(40),
      durationSeconds: minutes(100),
      deeds: [deed(20, ({ parameters }) => parameters.set(killSwitchParameter, 'disabled'))],
    });
    const told = result.messages.filter(({ subject }) => subject.includes('ACTION NEEDED'));
    expect(told).toHaveLength(1);
    expect(JSON.stringify(told)).toContain('says \\"disabled\\"');
    expect(JSON.stringify(told)).toContain('none of live, dry-run and off');
  });
});

describe('an input by hand', () => {
  const start = (input: unknown) =>
    story({
      losses: [],
      durationSeconds: minutes(60),
      deeds: [deed(1, (c) => startByHand(c, 'by-hand', input))],
    });

  it('may come from another workflow, with the link to its parent', async () => {
    const { result } = await start({
      autoScalingGroupName: 'web',
      reason: 'switch upgrade',
      expiresAfter: '15m',
      AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID:
        'arn:aws:states:us-east-1:123456789012:execution:maintenance:run-1',
    });
    expect(accepted(result, 'SuspendProcesses')).toHaveLength(1);
    expect(result.violations).toEqual([]);
  });

  // null is for conformance: the interpreter of the rehearsal finds no value in it.
  it.each([[[]], ['web'], [3], [true]])('that is %j ends with a correct example', async (input) => {
    for (const machine of remediationNames) {
      const { result, cloud } = await story({
        losses: [],
        durationSeconds: minutes(20),
        deeds: [
          deed(1, ({ stepFunctions }) =>
            stepFunctions.startExecution(stateMachineArn(`holdfast-rehearsal-${machine}`), 'by-hand', input),
          ),
        ],
      });
      expect(result.executions).toMatchObject([{ status: 'FAILED', error: 'InvalidInputError' }]);
      const [execution] = cloud.stepFunctions.executions.values();
      expect(execution?.cause).toContain('A correct input by hand: {');
    }
  });

  it('of any length is answered in a few lines', async () => {
    const { cloud } = await start({ autoScalingGroupName: 'web', reason: 'a', ['x'.repeat(200_000)]: 1 });
    const [execution] = cloud.stepFunctions.executions.values();
    expect(execution?.cause?.length).toBeLessThan(2000);
    expect(execution?.cause).toContain('A correct input by hand: {');
  });
});
