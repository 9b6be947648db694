import { describe, expect, it } from 'vitest';
import { parsePolicy, type Rule } from '../../functions/events/policy.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { killSwitchParameter, type SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import {
  accepted,
  deed,
  journalOf,
  lossBeginsAt,
  lossEndsAt,
  minutes,
  onlyExecution,
  rehearseSmall,
  smallGroup,
  smallIncident,
  startByHand,
} from './small-incident.ts';

const groupOf = ({ autoScaling }: SimulatedCloud, name: string) => {
  const group = autoScaling.groups.get(name);
  if (group === undefined) throw new Error(`no group ${name}`);
  return group;
};
const scaleIn = ['AZRebalance', 'HealthCheck', 'InstanceRefresh', 'ReplaceUnhealthy', 'Terminate'];

describe('a hold', () => {
  it('is in force while packets are lost and gone when the alarm has been OK for the cool-off', async () => {
    const seen: string[][] = [];
    const look = (cloud: SimulatedCloud) => seen.push([...groupOf(cloud, 'web-a').suspended.keys()].sort());
    const { result } = await rehearseSmall(
      smallIncident({
        deeds: [deed(lossBeginsAt + 150, look), deed(lossEndsAt, look), deed(lossEndsAt + minutes(20), look)],
      }),
    );
    expect(seen).toEqual([scaleIn, scaleIn, []]);
    expect(result.violations).toEqual([]);
  });

  it('leaves suspended what a person suspended before, and alone what a person resumed meanwhile', async () => {
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        deeds: [
          deed(30, (running) => groupOf(running, 'web-a').suspended.set('AZRebalance', 'User suspended')),
          deed(lossBeginsAt + minutes(10), (running) =>
            groupOf(running, 'web-b').suspended.delete('InstanceRefresh'),
          ),
        ],
        suspendedAtEnd: { 'web-a': ['AZRebalance'] },
      }),
    );
    expect(result.violations).toEqual([]);
    expect(accepted(result, 'SuspendProcesses')).toHaveLength(2);
    expect(journalOf(cloud).filter((line) => line.startsWith('overridden'))).toEqual([
      expect.stringContaining(
        'overridden: web-b: a person or a tool such as Terraform resumed the process InstanceRefresh, against this hold',
      ),
    ]);
  });

  it.each([
    ['first in, first out', minutes(20), minutes(50)],
    ['last in, first out', minutes(50), minutes(20)],
  ])(
    'of two incidents on one group gives back only what the other does not need: %s',
    async (_order, first, second) => {
      const suspended: Record<string, boolean>[] = [];
      const look = (running: SimulatedCloud) => {
        const keys = groupOf(running, 'web-a').suspended;
        suspended.push({ Terminate: keys.has('Terminate'), Launch: keys.has('Launch') });
      };
      const byHand = (name: string, expiresAfter: number, block: string) => (running: SimulatedCloud) =>
        startByHand(running, name, {
          autoScalingGroupName: 'web-a',
          reason: 'switch upgrade',
          expiresAfter: `${expiresAfter}s`,
          block,
        });
      const { result } = await rehearseSmall(
        smallIncident({
          losses: [],
          deeds: [
            deed(60, byHand('scale-in', first, 'scale-in')),
            deed(120, byHand('all', second, 'all')),
            deed(minutes(10), look),
            deed(minutes(35), look),
            deed(minutes(70), look),
          ],
        }),
      );
      expect(result.violations).toEqual([]);
      expect(suspended).toEqual([
        { Terminate: true, Launch: true },
        { Terminate: true, Launch: second > first },
        { Terminate: false, Launch: false },
      ]);
    },
  );

  it('needs no kill switch, and heeds one that is made while it lasts', async () => {
    const suspended: number[] = [];
    const look = (cloud: SimulatedCloud) => suspended.push(groupOf(cloud, 'web-a').suspended.size);
    const { result } = await rehearseSmall(
      smallIncident({
        deeds: [
          deed(1, ({ parameters }) => parameters.delete(killSwitchParameter)),
          deed(lossBeginsAt + 150, look),
          deed(lossBeginsAt + 160, ({ parameters }) => parameters.set(killSwitchParameter, 'off')),
          deed(lossEndsAt, look),
        ],
      }),
    );
    expect(suspended).toEqual([scaleIn.length, 0]);
    expect(result.holdsLeft).toEqual([]);
  });

  it('stays while the metric has vanished, and is not held twice when it comes back', async () => {
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        losses: [
          {
            name: 'packets are lost',
            fromSeconds: lossBeginsAt,
            untilSeconds: lossEndsAt,
            fraction: () => 0.2,
            probeIsSilent: (secondsIn) => secondsIn > minutes(8) && secondsIn < minutes(20),
          },
        ],
      }),
    );
    expect(result.violations).toEqual([]);
    expect(journalOf(cloud).filter((line) => line.includes('has this in hand already'))).toHaveLength(1);
    expect(accepted(result, 'SuspendProcesses')).toHaveLength(2);
    expect(journalOf(cloud).some((line) => line.startsWith('kept: the alarm has too little data'))).toBe(
      true,
    );
    expect(Math.min(...accepted(result, 'ResumeProcesses').map(({ seconds }) => seconds))).toBeGreaterThan(
      lossEndsAt,
    );
  });

  it('is given back at expiry when the alarm is deleted', async () => {
    const policy = parsePolicy(
      {
        rules: [
          {
            name: 'loss',
            when: { alarm: 'network-*' },
            do: 'pause-scaling',
            targets: { tags: { tier: 'web' } },
            with: { expiresAfter: '15m' },
          },
        ],
      },
      'test',
    );
    const { result } = await rehearseSmall(
      smallIncident({
        deeds: [
          deed(lossBeginsAt + minutes(5), ({ cloudWatch }) =>
            cloudWatch.deleteAlarm('network-packet-loss-tgw'),
          ),
        ],
      }),
      { policy },
    );
    expect(result.violations).toEqual([]);
    const [first] = accepted(result, 'ResumeProcesses');
    expect(first?.seconds).toBeGreaterThan(lossBeginsAt + minutes(19));
    expect(first?.seconds).toBeLessThan(lossBeginsAt + minutes(23));
  });

  it('raises desired capacity that fell meanwhile before it gives back scale-in', async () => {
    const group = smallGroup('web-a', {
      policies: [{ type: 'StepScaling', name: 'steps', above: 95, add: 1, below: 45, remove: 1 }],
    });
    const { result, cloud } = await rehearseSmall(smallIncident({ groups: [group] }), {
      quirks: { duplicateRate: 0, suspensionDelaySeconds: 0, desiredFallsWhileTerminateIsSuspended: true },
    });
    expect(result.violations).toEqual([]);
    const [raise] = accepted(result, 'SetDesiredCapacity');
    expect(raise?.input).toEqual({ AutoScalingGroupName: 'web-a', DesiredCapacity: 4, HonorCooldown: false });
    const resumed = accepted(result, 'ResumeProcesses');
    expect(resumed.map(({ input }) => input.ScalingProcesses)).toEqual([
      ['HealthCheck'],
      ['AZRebalance', 'InstanceRefresh', 'ReplaceUnhealthy', 'Terminate'],
    ]);
    expect(raise?.seconds).toBeLessThan(resumed[1]?.seconds ?? 0);
    expect(
      groupOf(cloud, 'web-a').terminations.filter(
        ({ at, because }) =>
          because === 'scale-in' && at < Date.parse(packetLoss.startsAt) + (lossEndsAt + minutes(15)) * 1000,
      ),
    ).toEqual([]);
  });

  it('names in the report the instances that were marked unhealthy', async () => {
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        deeds: [
          deed(lossBeginsAt + minutes(5), (running) => {
            const [instance] = groupOf(running, 'web-a').instances;
            running.autoScaling.handle('SetInstanceHealth', {
              InstanceId: instance?.instanceId,
              HealthStatus: 'Unhealthy',
            });
          }),
        ],
      }),
    );
    expect(result.violations).toEqual([]);
    const [execution] = cloud.stepFunctions.executions.values();
    const output = execution?.output as { report: { attention: string[] } } | undefined;
    expect(output?.report.attention).toHaveLength(1);
    expect(output?.report.attention[0]).toMatch(/^web-a: 1 of 4 instances is marked unhealthy.* i-0{16}1$/);
  });

  it('goes on for the others when one group is deleted and one loses its opt-in', async () => {
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        groups: [smallGroup('web-a'), smallGroup('web-b'), smallGroup('web-c')],
        deeds: [
          deed(lossBeginsAt + minutes(5), ({ autoScaling }) => autoScaling.deleteGroup('web-a')),
          deed(lossBeginsAt + minutes(6), (running) => {
            delete groupOf(running, 'web-b').tags.holdfast;
          }),
          deed(lossEndsAt + minutes(25), (running) => {
            groupOf(running, 'web-b').tags.holdfast = 'true';
          }),
        ],
      }),
    );
    expect(groupOf(cloud, 'web-c').suspended.size).toBe(0);
    // Without the tag nothing may be touched: the execution says so and fails, the sweep tries on until it may.
    expect(result.executions.map(({ status, error }) => [status, error])).toEqual([
      ['FAILED', 'GroupsNotGivenBack'],
      ['SUCCEEDED', undefined],
    ]);
    expect(groupOf(cloud, 'web-b').suspended.size).toBe(0);
    expect(result.holdsLeft).toEqual([]);
    expect(result.violations).toHaveLength(1);
  });
});

describe('the kill switch', () => {
  const at = lossBeginsAt + minutes(10);

  it.each(['off', 'dry-run'])('set to %s in the middle of a run gives everything back', async (mode) => {
    const { result } = await rehearseSmall(
      smallIncident({ deeds: [deed(at, ({ parameters }) => parameters.set(killSwitchParameter, mode))] }),
    );
    expect(result.holdsLeft).toEqual([]);
    const resumed = accepted(result, 'ResumeProcesses');
    expect(resumed).toHaveLength(4);
    expect(resumed[0]?.seconds).toBeLessThan(at + 90);
    expect(accepted(result, 'SuspendProcesses').every(({ seconds }) => seconds < at)).toBe(true);
  });

  it('that was off when the alarm went off leaves it to a person when it is live again', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        losses: [
          {
            name: 'packets are lost',
            fromSeconds: lossBeginsAt,
            untilSeconds: minutes(90),
            fraction: () => 0.2,
          },
        ],
        durationSeconds: minutes(150),
        deeds: [
          deed(2, ({ parameters }) => parameters.set(killSwitchParameter, 'off')),
          deed(lossBeginsAt + minutes(20), ({ parameters }) => parameters.set(killSwitchParameter, 'live')),
        ],
      }),
    );
    expect(result.executions).toEqual([]);
    expect(result.holdsLeft).toEqual([]);
  });

  it('set to off before starts nothing', async () => {
    const { result } = await rehearseSmall(
      smallIncident({ deeds: [deed(2, ({ parameters }) => parameters.set(killSwitchParameter, 'off'))] }),
    );
    expect(result.executions).toEqual([]);
    expect(result.summary.mutatingCalls).toBe(0);
  });

  it('that cannot be read starts nothing, and says so', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        serviceOutages: [
          { service: 'SSM', fromSeconds: 2, untilSeconds: minutes(120), error: 'AccessDenied' },
        ],
      }),
    );
    expect(result.summary.mutatingCalls).toBe(0);
    expect(result.violations.length).toBeGreaterThan(0);
    for (const violation of result.violations) expect(violation).toContain('The kill switch');
  });

  it('that cannot be read for a while changes nothing of a hold', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        serviceOutages: [
          { service: 'SSM', fromSeconds: at, untilSeconds: at + minutes(10), error: 'AccessDenied' },
        ],
      }),
    );
    // Two sweeps say loudly that they could not read it; the hold stays as it is.
    expect(result.violations).toHaveLength(2);
    for (const violation of result.violations)
      expect(violation).toContain('The kill switch /holdfast/rehearsal/mode cannot be read');
    expect(accepted(result, 'ResumeProcesses')[0]?.seconds).toBeGreaterThan(lossEndsAt);
  });
});

describe('a signal', () => {
  it('that comes twice starts one execution', async () => {
    const { result } = await rehearseSmall(smallIncident(), {
      quirks: { duplicateRate: 1, suspensionDelaySeconds: 0 },
    });
    expect(result.executions).toHaveLength(1);
    expect(result.violations).toEqual([]);
  });

  it('of a muted alarm starts nothing, by event or by sweep', async () => {
    const { result } = await rehearseSmall(
      smallIncident({ deeds: [deed(2, ({ cloudWatch }) => cloudWatch.mute('network-packet-loss-tgw'))] }),
    );
    expect(result.executions).toEqual([]);
  });

  it('that is lost is taken up by the sweep', async () => {
    const { result } = await rehearseSmall(smallIncident(), {
      quirks: { duplicateRate: 0, lossRate: 1, suspensionDelaySeconds: 0 },
    });
    expect(result.violations).toEqual([]);
    expect(result.executions).toHaveLength(1);
    expect(accepted(result, 'SuspendProcesses')[0]?.seconds).toBeLessThan(lossBeginsAt + minutes(7));
  });
});

describe('the sweep', () => {
  it('does not fight a person who stops an execution whose alarm had come back', async () => {
    const stoppedAt = lossBeginsAt + minutes(25);
    const { result } = await rehearseSmall(
      smallIncident({
        losses: [
          {
            name: 'packets are lost',
            fromSeconds: lossBeginsAt,
            untilSeconds: minutes(70),
            fraction: () => 0.2,
            probeIsSilent: (secondsIn) => secondsIn > minutes(8) && secondsIn < minutes(20),
          },
        ],
        // Enough instances that ten percent replaced at a time do not matter: the network is still bad when all is given back.
        load: () => 20,
        deeds: [
          deed(stoppedAt, ({ stepFunctions }) => {
            for (const [arn, { status }] of stepFunctions.executions)
              if (status === 'RUNNING') stepFunctions.stopExecution(arn);
          }),
        ],
      }),
    );
    expect(result.executions.map(({ name, status }) => [name.replace(/-\d.*/, ''), status])).toEqual([
      ['packet-loss', 'ABORTED'],
      ['packet-loss', 'SUCCEEDED'],
      ['give-back', 'SUCCEEDED'],
    ]);
    expect(accepted(result, 'SuspendProcesses').every(({ seconds }) => seconds < stoppedAt)).toBe(true);
    expect(result.holdsLeft).toEqual([]);
  });

  it('gives back what a stopped execution left, in stages, and does not start it again', async () => {
    const stoppedAt = lossBeginsAt + minutes(10);
    const { result } = await rehearseSmall(
      smallIncident({
        deeds: [deed(stoppedAt, (running) => running.stepFunctions.stopExecution(onlyExecution(running)))],
      }),
    );
    expect(result.executions.map(({ name, status }) => [name.replace(/-\d.*/, ''), status])).toEqual([
      ['packet-loss', 'ABORTED'],
      ['give-back', 'SUCCEEDED'],
    ]);
    expect(result.holdsLeft).toEqual([]);
    const resumed = accepted(result, 'ResumeProcesses');
    expect(resumed.map(({ input }) => (input.ScalingProcesses as string[]).length)).toEqual([1, 1, 4, 4]);
    expect(resumed.at(-1)?.seconds).toBeLessThan(stoppedAt + 180 + 150);
    expect(result.violations).toEqual([expect.stringContaining('is ABORTED')]);
  });

  it('gives back what was held after the execution was stopped in the middle of holding', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        groups: Array.from({ length: 60 }, (_, index) => smallGroup(`web-${index}`, { desiredCapacity: 2 })),
        load: () => 80,
        // Six seconds at ten calls a second: the function goes on after its execution was stopped.
        deeds: [
          deed(lossBeginsAt + minutes(1) + 5, (running) =>
            running.stepFunctions.stopExecution(onlyExecution(running)),
          ),
        ],
      }),
    );
    expect(accepted(result, 'SuspendProcesses').length).toBeGreaterThan(20);
    expect(result.holdsLeft).toEqual([]);
    expect(result.violations).toEqual([expect.stringContaining('is ABORTED')]);
  });
});

describe('an execution started by hand', () => {
  it('holds before planned work and gives back at expiry', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        losses: [],
        deeds: [
          deed(60, (running) =>
            startByHand(running, 'before-the-switch-upgrade', {
              autoScalingGroupName: ['web-a', 'web-b'],
              reason: 'switch upgrade',
              expiresAfter: '30m',
              block: 'all',
            }),
          ),
        ],
      }),
    );
    expect(result.violations).toEqual([]);
    expect(
      accepted(result, 'SuspendProcesses').map(({ input }) => (input.ScalingProcesses as string[]).length),
    ).toEqual([8, 8]);
    const [first] = accepted(result, 'ResumeProcesses');
    expect(first?.seconds).toBeGreaterThanOrEqual(60 + minutes(30));
    expect(first?.seconds).toBeLessThan(60 + minutes(32));
  });

  it('refuses a group that did not opt in, names it, and ends well', async () => {
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        losses: [],
        groups: [smallGroup('web-a', { tags: {} })],
        deeds: [
          deed(60, (running) =>
            startByHand(running, 'by-hand', { autoScalingGroupName: 'web-a', reason: 'test' }),
          ),
        ],
      }),
    );
    expect(result.executions.map(({ status }) => status)).toEqual(['SUCCEEDED']);
    expect(result.summary.mutatingCalls).toBe(0);
    expect(journalOf(cloud)[0]).toBe(
      'refused: web-a: left alone: the group does not carry the tag holdfast=true',
    );
  });

  it('with a bad input fails with what is wrong and a correct example, and changes nothing', async () => {
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        losses: [],
        deeds: [
          deed(60, (running) =>
            startByHand(running, 'by-hand', { autoScalingGroupName: 'web-a', raeson: 'x' }),
          ),
        ],
      }),
    );
    const [execution] = cloud.stepFunctions.executions.values();
    expect(execution).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
    expect(execution?.cause).toContain('raeson');
    expect(execution?.cause).toContain('A correct input by hand');
    expect(result.summary.mutatingCalls).toBe(0);
  });

  it('with a rule that is a dry run only plans and tells, while another rule acts', async () => {
    const rules = loadPolicy().rules.filter(({ name }) => name === 'packet-loss');
    const [rule] = rules as [Rule];
    const planned = await rehearseSmall(smallIncident(), { policy: { rules: [{ ...rule, dryRun: true }] } });
    expect(planned.result.summary.mutatingCalls).toBe(0);
    expect(planned.result.messages.map(({ kind }) => kind)).toEqual(['would-act']);
    const both = await rehearseSmall(smallIncident(), {
      policy: { rules: [{ ...rule, name: 'packet-loss-all', dryRun: true }, rule] },
    });
    expect(both.result.messages.map(({ kind }) => kind).sort()).toEqual(['acted', 'gave-back', 'would-act']);
  });

  it('with dryRun only plans', async () => {
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        losses: [],
        deeds: [
          deed(60, (running) =>
            startByHand(running, 'by-hand', { tags: { tier: 'web' }, reason: 'test', dryRun: true }),
          ),
        ],
      }),
    );
    const [execution] = cloud.stepFunctions.executions.values();
    expect(execution?.status).toBe('SUCCEEDED');
    expect(execution?.output).toMatchObject({ plan: { action: 'REPORT', mode: 'dry-run', groups: 2 } });
    expect(result.plan.map(({ operation }) => operation).sort()).toEqual([
      'CreateOrUpdateTags',
      'CreateOrUpdateTags',
      'SuspendProcesses',
      'SuspendProcesses',
    ]);
    expect(result.summary.mutatingCalls).toBe(0);
  });
});
