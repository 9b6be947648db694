import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../functions/events/policy.ts';
import { CloudError } from '../../rehearsal/cloud/cloud-error.ts';
import { runningFunction } from '../../rehearsal/cloud/lambda.ts';
import { killSwitchParameter, type SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import type { Deed } from '../../rehearsal/incident.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import { startOf } from './launch-incident.ts';
import {
  changes,
  leftBehind,
  nothingLeft,
  quiet,
  rehearseResize,
  resizeIncident,
  secondsOf,
  startResize,
  statuses,
} from './resize-incident.ts';
import { minutes, smallGroup } from './small-incident.ts';

const small = { minSize: 1, maxSize: 8, desiredCapacity: 4 };
const all = (type: string, count = 4): string[] =>
  Array.from({ length: count }, () => `InService ${type} running`);

/** The output of the only execution. */
const reportOf = (cloud: SimulatedCloud) => {
  const [execution] = cloud.stepFunctions.executions.values();
  return execution?.output as {
    plan: { action: string; reason: string; warnings: string[] };
    report: { headline: string; attention: string[]; todo: string[] };
  };
};

/** Does something the first time an EC2 operation arrives. */
const onFirst = (
  operation: string,
  act: (cloud: SimulatedCloud, input: Record<string, unknown>) => void,
): Deed => ({
  atSeconds: 3,
  text: `something happens at the first ${operation}`,
  act: (cloud) => {
    let isDone = false;
    for (const service of [cloud.ec2, cloud.autoScaling]) {
      const { handle } = service;
      service.handle = (called, input) => {
        if (called === operation && !isDone && input.DryRun !== true) {
          isDone = true;
          act(cloud, input);
        }
        return handle(called, input);
      };
    }
  },
});

/** The first instance that is started never passes its status checks as m7i.xlarge. */
const firstNeverPassesItsChecks = onFirst('StartInstances', ({ autoScaling }, input) => {
  const [id] = input.InstanceIds as string[];
  const instance = [...autoScaling.groups.values()]
    .flatMap(({ instances }) => instances)
    .find(({ instanceId }) => instanceId === id);
  if (instance === undefined) return;
  const { ec2 } = instance;
  let okAt = ec2.checksOkAt;
  Object.defineProperty(ec2, 'checksOkAt', {
    get: () => (ec2.instanceType === 'm7i.xlarge' ? Number.POSITIVE_INFINITY : okAt),
    set: (at: number) => {
      okAt = at;
    },
  });
});

const resizeRule = {
  name: 'more-room',
  do: 'resize-in-place',
  when: { alarm: 'network-packet-loss-*' },
  targets: { tags: { tier: 'web' } },
  with: { instanceTypes: 'larger' },
};

describe('resize-in-place', () => {
  it('changes every type, a canary first, never below the floor, and leaves nothing behind', async () => {
    const run = await rehearseResize(resizeIncident([startResize({ waveSize: 2 })]));
    expect(run.instances).toEqual(all('m7i.xlarge'));
    expect(run.fewestHealthy).toEqual({ web: 2 });
    expect(leftBehind(run, small)).toEqual(nothingLeft);
    expect(run.result.violations).toEqual([]);
    expect(statuses(run)).toEqual(['SUCCEEDED']);
    expect(reportOf(run.cloud).report.headline).toBe('Resized 4 of 4 instances');
    const enters = run.result.calls
      .filter(({ operation }) => operation === 'EnterStandby')
      .map(({ at }) => secondsOf(at));
    const exits = run.result.calls
      .filter(({ operation }) => operation === 'ExitStandby')
      .map(({ at }) => secondsOf(at));
    // The canary is back before anything else goes, and the first wave before the second.
    expect(enters[1]).toBeGreaterThan(exits[0] ?? Number.POSITIVE_INFINITY);
    expect(enters[3]).toBeGreaterThan(exits[2] ?? Number.POSITIVE_INFINITY);
    expect(run.result.summary.groups[0]).toMatchObject({ goodInstancesLost: 0, launchesFailed: 0 });
  });

  it('tells in the end how many it did not begin with, and why', async () => {
    const run = await rehearseResize(resizeIncident([startResize({ waveSize: 1, expiresAfter: '25m' })]));
    const begun = run.result.calls.filter(({ operation }) => operation === 'EnterStandby').length;
    expect(begun).toBeGreaterThan(0);
    expect(begun).toBeLessThan(4);
    expect(run.instances).toEqual([...all('m7i.large', 4 - begun), ...all('m7i.xlarge', begun)]);
    expect(leftBehind(run, small)).toEqual(nothingLeft);
    const { headline, attention } = reportOf(run.cloud).report;
    expect(headline).toBe(`Resized ${begun} of 4 instances`);
    expect(attention).toContainEqual(
      expect.stringMatching(
        /^web: \d instances? keeps? the type (it|they) had: the time of the resize was over at /,
      ),
    );
  });

  it('tells of a canary that failed and is well again that it failed, and has nobody launch more of it', async () => {
    const restarts = {
      groups: ['web'],
      everySeconds: 290,
      fromSeconds: 100,
      untilSeconds: 1600,
      name: 'it restarts',
    };
    const run = await rehearseResize(resizeIncident([startResize()], { restartLoops: [restarts] }));
    const { headline, attention, todo } = reportOf(run.cloud).report;
    expect(run.journal.filter((line) => line.startsWith('turned: '))).not.toEqual([]);
    expect(headline).toBe('Resized 1 of 4 instances');
    expect(attention).toContainEqual(
      expect.stringMatching(
        /^web: 3 instances keep the type they had: i-\S+ failed: as m7i\.xlarge it did not stay/,
      ),
    );
    expect(todo).toEqual([]);
  });

  it.each([10, 30, 60])(
    'believes no single answer of EC2, which may be %i s old',
    async (ec2StaleSeconds) => {
      for (const seed of [1, 3]) {
        const run = await rehearseResize(resizeIncident([startResize({ waveSize: 2 })]), {
          seed,
          quirks: { ...quiet, ec2StaleSeconds },
        });
        expect(run.journal.filter((line) => /^(turned|left|gone|brought-home): /.test(line))).toEqual([]);
        expect(run.instances).toEqual(all('m7i.xlarge'));
        expect(leftBehind(run, small)).toEqual(nothingLeft);
        expect(run.result.violations).toEqual([]);
      }
    },
  );

  it('calls in a quiet world what its dry run listed, in kind, number and input', async () => {
    const input = { waveSize: 2, snapshot: true };
    const live = await rehearseResize(resizeIncident([startResize(input)], {}, { minSize: 4 }));
    const dry = await rehearseResize(resizeIncident([startResize(input)], {}, { minSize: 4 }), {
      dryRun: true,
    });
    expect(changes(dry.result)).toEqual([]);
    expect(dry.result.violations).toEqual([]);
    // A token and an end come of who asks and when; the id of a reservation is known once it is made.
    const plain = ({ operation, input }: { operation: string; input: object }) => {
      const { ClientToken, EndDate, TagSpecifications, CapacityReservationId, ...rest } = input as Record<
        string,
        unknown
      >;
      return JSON.stringify([operation, ...Object.entries(rest).sort()]);
    };
    const planned = dry.result.plan.map(plain).sort();
    expect(planned.length).toBeGreaterThan(30);
    const made = changes(live.result).filter(({ operation }) => operation !== 'ResumeProcesses');
    expect(made.map(plain).sort()).toEqual(planned);
  });

  it('answers with nothing to do, and does nothing, when everything has the type already', async () => {
    const run = await rehearseResize(
      resizeIncident([startResize({ instanceTypes: ['m7i.large', 'm7i.xlarge'] })]),
    );
    expect(changes(run.result)).toEqual([]);
    expect(reportOf(run.cloud)).toMatchObject({
      plan: { action: 'NOTHING', reason: 'web: all 4 in service have m7i.large or m7i.xlarge already' },
      report: { headline: 'Nothing to resize' },
    });
  });

  it.each([['m7i.xlarge'], ['larger']])(
    'changes nothing when it is repeated for %s',
    async (instanceTypes) => {
      const run = await rehearseResize(
        resizeIncident([
          startResize({ instanceTypes, waveSize: 3 }),
          startResize({ instanceTypes, waveSize: 3 }, 'again', minutes(60)),
        ]),
      );
      expect(run.instances).toEqual(all('m7i.xlarge'));
      expect(run.result.calls.filter(({ mutating, at }) => mutating && secondsOf(at) > minutes(60))).toEqual(
        [],
      );
      expect(statuses(run)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    },
  );

  it('brings a canary home whose status checks do not pass, and touches no other', async () => {
    const run = await rehearseResize(
      resizeIncident([startResize({ waveSize: 2 }), firstNeverPassesItsChecks]),
    );
    expect(run.instances).toEqual(all('m7i.large'));
    expect(leftBehind(run, small)).toEqual(nothingLeft);
    expect(changes(run.result).filter(({ operation }) => operation === 'EnterStandby')).toHaveLength(1);
    expect(statuses(run)).toEqual(['SUCCEEDED']);
    expect(reportOf(run.cloud).report.headline).toBe(
      'Resized 0 of 4 instances, 1 brought back with the old type',
    );
    expect(run.journal.join('\n')).toMatch(
      /Holdfast resizes no further instance: i-\w+ failed: as m7i.xlarge its status checks did not pass within 15 min/,
    );
  });

  it('takes one out of service again that does not get healthy, and brings it home', async () => {
    const run = await rehearseResize(
      resizeIncident([
        startResize(),
        onFirst('ExitStandby', ({ autoScaling }, input) => {
          const [id] = input.InstanceIds as string[];
          const instance = autoScaling.groups
            .get('web')
            ?.instances.find(({ instanceId }) => instanceId === id);
          if (instance !== undefined) instance.isDeaf = true;
        }),
      ]),
    );
    expect(run.instances).toEqual(all('m7i.large'));
    expect(leftBehind(run, small)).toEqual(nothingLeft);
    expect(run.fewestHealthy).toEqual({ web: 3 });
    expect(run.journal.join('\n')).toMatch(/it is still not healthy 15 min after it came back/);
  });

  it('leaves one in Standby, and says so, that is not healthy with any type', async () => {
    const run = await rehearseResize(
      resizeIncident([startResize({ waveSize: 2 })], { durationSeconds: minutes(120) }),
      { quirks: { ...quiet, deafStartRate: 1 } },
    );
    // In service it would be ended by Auto Scaling once the group is given back.
    expect(run.group.terminations).toEqual([]);
    expect(run.instances).toEqual([...all('m7i.large').slice(1), 'Standby m7i.large running']);
    expect(run.journal.join('\n')).toMatch(
      /left: web: i-\w+: it is in Standby, because as m7i.large it is still not healthy 15 min after it came back.*\. Look at i-/,
    );
    expect(statuses(run)).toEqual(['FAILED InstancesLeftForAPerson']);
    expect(leftBehind(run, small)).toMatchObject({
      minSize: 0,
      desiredCapacity: -1,
      suspended: [],
      records: 0,
    });
  });

  it('counts one that leaves the group while it returns once only', async () => {
    const run = await rehearseResize(
      resizeIncident([
        startResize({ waveSize: 2 }),
        onFirst('ExitStandby', ({ autoScaling, time }, input) => {
          const [id] = input.InstanceIds as string[];
          time.at(time.elapsedSeconds() + 1, () => {
            const group = autoScaling.groups.get('web');
            const instance = group?.instances.find(({ instanceId }) => instanceId === id);
            expect(instance?.lifecycleState).toBe('Pending');
            if (group !== undefined && instance !== undefined) autoScaling.loseInstance(group, instance);
          });
        }),
      ]),
    );
    expect(run.journal.join('\n')).toMatch(/gone: web: i-\w+/);
    expect(leftBehind(run, small)).toEqual(nothingLeft);
    expect(run.group.instances).toHaveLength(4);
  });

  it('lowers the minimum by no more than the next wave takes', async () => {
    const run = await rehearseResize(
      resizeIncident([startResize({ waveSize: 4, floor: 1 })], {}, { minSize: 4 }),
    );
    const lowered = changes(run.result)
      .filter(({ operation }) => operation === 'UpdateAutoScalingGroup')
      .map(({ input }) => input.MinSize);
    // The canary, the wave of three above the floor, and back.
    expect(lowered).toEqual([3, 1, 4]);
    expect(run.instances).toEqual(all('m7i.xlarge'));
    expect(leftBehind(run, { ...small, minSize: 4 })).toEqual(nothingLeft);
  });

  it('tries a step that AWS refuses ever more rarely', async () => {
    const run = await rehearseResize(
      resizeIncident([
        startResize({ waveSize: 2 }),
        onFirst('StopInstances', ({ autoScaling }, input) => {
          const [id] = input.InstanceIds as string[];
          for (const { instanceId, ec2 } of autoScaling.groups.get('web')?.instances ?? []) {
            if (instanceId === id) ec2.isStopProtected = true;
          }
        }),
      ]),
    );
    const stops = run.result.calls.filter(({ operation }) => operation === 'StopInstances');
    expect(stops.every(({ outcome }) => outcome !== 'ok')).toBe(true);
    expect(stops.length).toBeGreaterThan(2);
    expect(stops.length).toBeLessThan(7);
    expect(run.instances).toEqual(all('m7i.large'));
    expect(leftBehind(run, small)).toEqual(nothingLeft);
  });

  it('refuses, with nothing touched, where no capacity can be held', async () => {
    const run = await rehearseResize(
      resizeIncident([startResize({ instanceTypes: ['m7i.xlarge', 'm6i.xlarge'] })], {
        capacityShortages: [
          { instanceTypes: ['m7i.xlarge', 'm6i.xlarge'], fromSeconds: 0, untilSeconds: minutes(90) },
        ],
      }),
    );
    expect(run.instances).toEqual(all('m7i.large'));
    expect(
      changes(run.result)
        .map(({ operation }) => operation)
        .filter((name) => !/Processes|Tags/.test(name)),
    ).toEqual([]);
    expect(leftBehind(run, small)).toEqual(nothingLeft);
    expect(run.journal.join('\n')).toMatch(
      /no capacity of m7i.xlarge or m6i.xlarge can be held in us-east-1a: 2 instances there are not touched/,
    );
  });

  it('goes down the list, zone by zone, where capacity is missing', async () => {
    const run = await rehearseResize(
      resizeIncident([startResize({ instanceTypes: ['m7i.xlarge', 'm6i.xlarge'], waveSize: 2 })], {
        capacityShortages: [
          {
            instanceTypes: ['m7i.xlarge'],
            availabilityZones: ['us-east-1b'],
            fromSeconds: 0,
            untilSeconds: minutes(90),
          },
        ],
      }),
    );
    expect(run.instances).toEqual([...all('m6i.xlarge', 2), ...all('m7i.xlarge', 2)]);
    expect(leftBehind(run, small)).toEqual(nothingLeft);
  });

  it('holds more capacity where running instances take the places of a reservation', async () => {
    const run = await rehearseResize(
      resizeIncident([startResize({ waveSize: 3 })], {}, { desiredCapacity: 7 }),
      {
        quirks: { ...quiet, reservationsTakeRunning: true },
      },
    );
    expect(run.instances).toEqual(all('m7i.xlarge', 7));
    expect(leftBehind(run, { ...small, desiredCapacity: 7 })).toEqual(nothingLeft);
    expect(run.journal.join('\n')).toContain('running instances took places of the reservation');
  });

  const shortage = (untilSeconds: number) => ({
    capacityShortages: [
      { instanceTypes: ['m7i.xlarge', 'm7i.large', 'm6i.xlarge'], fromSeconds: 90, untilSeconds },
    ],
  });

  it.each([[false], [true]])(
    'without a reservation tries every type until one starts (start fails later: %s)',
    async (startFailsLater) => {
      const run = await rehearseResize(
        resizeIncident(
          [startResize({ instanceTypes: ['m7i.xlarge', 'm6i.xlarge'], reserveCapacity: false })],
          shortage(minutes(20)),
        ),
        { quirks: { ...quiet, startFailsLater } },
      );
      expect(leftBehind(run, small)).toEqual(nothingLeft);
      expect(run.journal.join('\n')).toMatch(
        /as m7i.xlarge it did not (start|stay up) .*; Holdfast brings it back as m7i.large/,
      );
      expect(run.journal.join('\n')).toMatch(
        /as m7i.large it did not (start|stay up) .*; m6i.xlarge is tried|m6i.xlarge it did not/,
      );
      expect(statuses(run)).toEqual(['SUCCEEDED']);
    },
  );

  it('leaves an instance that nothing can start for a person, and says so loudly', async () => {
    const run = await rehearseResize(
      resizeIncident([startResize({ reserveCapacity: false })], shortage(minutes(90))),
    );
    expect(statuses(run)).toEqual(['FAILED InstancesLeftForAPerson']);
    expect(run.instances.filter((each) => each.includes('Standby'))).toEqual([
      expect.stringMatching(/^Standby m7i\.x?large stopped$/),
    ]);
    const left = run.journal.filter((line) => line.startsWith('left: '));
    expect(left).toHaveLength(1);
    expect(left[0]).toMatch(/i-\w+: .*did not start.*aws ec2 start-instances/);
    expect(leftBehind(run, small)).toMatchObject({
      minSize: 0,
      desiredCapacity: -1,
      suspended: [],
      reservations: 0,
      records: 0,
    });
    expect(reportOf(run.cloud)).toBeUndefined();
  });

  it('forces a stop that hangs', async () => {
    const run = await rehearseResize(resizeIncident([startResize({ waveSize: 4, floor: 0 })]), {
      quirks: { ...quiet, stuckStopRate: 1 },
    });
    expect(run.instances).toEqual(all('m7i.xlarge'));
    expect(run.journal.filter((line) => line.includes('by force'))).toHaveLength(4);
  });

  it.each([
    ['the kill switch', ({ parameters }: SimulatedCloud) => parameters.set(killSwitchParameter, 'off')],
    [
      'a pause of scaling',
      ({ stepFunctions }: SimulatedCloud) =>
        startOf(
          'pause-scaling',
          'loss',
          { autoScalingGroupName: 'web', reason: 'packets are lost', block: 'all', expiresAfter: '20m' },
          0,
        ).act({ stepFunctions } as SimulatedCloud),
    ],
  ])('begins nothing more after %s, and brings home what is in flight', async (_what, act) => {
    const run = await rehearseResize(
      resizeIncident([
        startResize({ waveSize: 2 }),
        onFirst('ModifyInstanceAttribute', (cloud) => act(cloud)),
      ]),
    );
    expect(leftBehind(run, small)).toEqual(nothingLeft);
    expect(changes(run.result).filter(({ operation }) => operation === 'EnterStandby')).toHaveLength(1);
    expect(new Set(statuses(run))).toEqual(new Set(['SUCCEEDED']));
  });

  it('brings home what a stopped execution left, with another one', async () => {
    const run = await rehearseResize(
      resizeIncident([
        startResize({ waveSize: 2 }),
        onFirst('ModifyInstanceAttribute', ({ stepFunctions }) => {
          for (const arn of stepFunctions.executions.keys()) stepFunctions.stopExecution(arn);
        }),
      ]),
    );
    expect(statuses(run)).toEqual(['ABORTED', 'SUCCEEDED']);
    expect(leftBehind(run, small)).toEqual(nothingLeft);
    expect(changes(run.result).filter(({ operation }) => operation === 'EnterStandby')).toHaveLength(1);
  });

  it('ends when somebody terminates an instance in Standby, and lets one be launched in its place', async () => {
    const run = await rehearseResize(
      resizeIncident([
        startResize({ waveSize: 2 }),
        onFirst('ModifyInstanceAttribute', ({ autoScaling }) => {
          const group = autoScaling.groups.get('web');
          const instance = group?.instances.find(({ lifecycleState }) => lifecycleState === 'Standby');
          if (group !== undefined && instance !== undefined) autoScaling.loseInstance(group, instance);
        }),
      ]),
    );
    expect(leftBehind(run, small)).toEqual(nothingLeft);
    expect(run.group.instances).toHaveLength(4);
    expect(run.journal.join('\n')).toMatch(/gone: web: i-\w+/);
  });

  it.each([false, true])(
    'lets no exit exceed the maximum (AWS ends what returns while Terminate is suspended: %s)',
    async (endsPendingWhileTerminateIsSuspended) => {
      const run = await rehearseResize(
        resizeIncident(
          [
            startResize(),
            onFirst('StartInstances', ({ autoScaling }) => {
              autoScaling.handle('SetDesiredCapacity', { AutoScalingGroupName: 'web', DesiredCapacity: 4 });
            }),
          ],
          {},
          { maxSize: 4 },
        ),
        { quirks: { ...quiet, endsPendingWhileTerminateIsSuspended } },
      );
      expect(run.group.desiredCapacity).toBe(4);
      expect(leftBehind(run, { ...small, maxSize: 4 })).toMatchObject({
        minSize: 0,
        suspended: [],
        records: 0,
      });
      const resized = run.instances.filter((each) => each === 'InService m7i.xlarge running').length;
      if (endsPendingWhileTerminateIsSuspended) {
        // There is one more than the maximum allows, and AWS takes the one that returns; nothing else is begun.
        expect(run.journal.join('\n')).toMatch(/gone: web: i-\w+: it left the group \(Terminating\)/);
        expect(run.instances).toEqual(all('m7i.large'));
      } else expect(resized).toBeGreaterThanOrEqual(3);
    },
  );

  it.each([false, true])(
    'loses none that returns to a group with more than it desires (AWS ends what returns: %s)',
    async (endsPendingWhileTerminateIsSuspended) => {
      const run = await rehearseResize(
        resizeIncident([
          startResize({ waveSize: 3, floor: 1 }),
          onFirst('StartInstances', ({ autoScaling }) => {
            autoScaling.handle('SetDesiredCapacity', { AutoScalingGroupName: 'web', DesiredCapacity: 2 });
          }),
        ]),
        { quirks: { ...quiet, endsPendingWhileTerminateIsSuspended } },
      );
      expect(run.journal.filter((line) => line.startsWith('gone: '))).toEqual([]);
      const endsDuring = run.group.terminations.filter(
        ({ at }) =>
          at <
          Date.parse(run.result.calls.findLast(({ operation }) => operation === 'ResumeProcesses')?.at ?? ''),
      );
      expect(endsDuring).toEqual([]);
      // What the person wanted is what it desires in the end: two fewer than the four that were there, one of them in Standby then.
      expect(run.group.desiredCapacity).toBe(3);
    },
  );

  it('leaves a minimum alone that somebody changed meanwhile', async () => {
    const run = await rehearseResize(
      resizeIncident(
        [
          startResize(),
          onFirst('StartInstances', ({ autoScaling }) => {
            autoScaling.handle('UpdateAutoScalingGroup', { AutoScalingGroupName: 'web', MinSize: 2 });
          }),
        ],
        {},
        { minSize: 4 },
      ),
    );
    expect(run.group.minSize).toBe(2);
    expect(run.instances).toEqual(all('m7i.xlarge'));
  });

  it('gives the launch template the new type where it is asked to', async () => {
    const run = await rehearseResize(
      resizeIncident(
        [startResize({ waveSize: 4, floor: 0, updateLaunchTemplate: true })],
        {},
        { launchTemplateVersion: '$Default' },
      ),
      { changesLaunchTemplates: true },
    );
    expect(run.group.launchTemplate).toMatchObject({
      versions: ['m7i.large', 'm7i.xlarge'],
      defaultVersion: 2,
    });
    expect(leftBehind(run, small)).toEqual(nothingLeft);
  });

  it('refuses to change a launch template where the stage is not deployed for it, and changes nothing', async () => {
    const run = await rehearseResize(resizeIncident([startResize({ updateLaunchTemplate: true })]));
    expect(run.result.calls.filter(({ mutating }) => mutating)).toEqual([]);
    const [execution] = run.cloud.stepFunctions.executions.values();
    expect(execution).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
    expect(execution?.cause).toContain('deploy with --param launchTemplates=on');
  });

  it('resizes several groups at once, and the first failure ends it in all of them', async () => {
    const names = ['web', 'app'];
    const run = await rehearseResize(
      resizeIncident([startResize({ autoScalingGroupName: names }), firstNeverPassesItsChecks], {
        groups: names.map((name) => smallGroup(name, { desiredCapacity: 6 })),
        durationSeconds: minutes(120),
      }),
    );
    const failedAt = run.cloud.store
      .listJournals()
      .flatMap(({ entries }) => entries)
      .find(({ event }) => event === 'turned')?.at;
    const entered = run.result.calls.filter(
      ({ operation, outcome }) => operation === 'EnterStandby' && outcome === 'ok',
    );
    expect(entered.filter(({ at }) => at > (failedAt ?? ''))).toEqual([]);
    expect(entered.length).toBeGreaterThan(2);
    expect(leftBehind(run, { ...small, desiredCapacity: 6 })).toEqual(nothingLeft);
    for (const group of run.cloud.autoScaling.groups.values()) expect(group.instances).toHaveLength(6);
    const types = [...run.cloud.autoScaling.groups.values()].map(
      ({ instances }) => instances.filter(({ ec2 }) => ec2.instanceType === 'm7i.xlarge').length,
    );
    expect(Math.min(...types)).toBe(0);
    // All but the one that failed, and one in flight where it had its old type still: home is the shortest way.
    expect([entered.length - 1, entered.length - 2]).toContain(Math.max(...types));
    expect(statuses(run)).toEqual(['SUCCEEDED']);
  });

  it('refuses while another execution resizes the group', async () => {
    const run = await rehearseResize(
      resizeIncident([startResize({ waveSize: 3 }), startResize({}, 'another', minutes(5))]),
    );
    expect(run.instances).toEqual(all('m7i.xlarge'));
    expect(run.journal.join('\n')).toContain('the execution by-hand resizes one of these groups already');
  });

  it('takes nothing more out of service where status checks fail and there is no load balancer', async () => {
    const run = await rehearseResize(
      resizeIncident(
        [
          startResize({ floor: 3 }),
          onFirst('StartInstances', ({ autoScaling }) => {
            const ill = autoScaling.groups
              .get('web')
              ?.instances.find(({ lifecycleState }) => lifecycleState === 'InService');
            if (ill !== undefined) ill.ec2.checksOkAt = Number.POSITIVE_INFINITY;
          }),
        ],
        { durationSeconds: minutes(150) },
        { healthCheckType: 'EC2' },
      ),
    );
    expect(changes(run.result).filter(({ operation }) => operation === 'EnterStandby')).toHaveLength(1);
    expect(run.journal.join('\n')).toContain(
      'Holdfast has waited for 30 min, because 3 in service are healthy, and the floor is 3',
    );
    expect(leftBehind(run, small)).toEqual(nothingLeft);
  });

  it('does not hold a group that EC2 would not let it resize', async () => {
    const names = ['web', 'app'];
    let first: string | undefined;
    const run = await rehearseResize(
      resizeIncident(
        [
          startResize({ autoScalingGroupName: names }),
          {
            atSeconds: 3,
            text: 'EC2 would not allow it for one group',
            act: ({ ec2, autoScaling }) => {
              first = autoScaling.groups.get('app')?.instances[0]?.instanceId;
              const { handle } = ec2;
              ec2.handle = (operation, input) => {
                const ids = [input.InstanceId, ...((input.InstanceIds ?? []) as string[])];
                if (input.DryRun === true && ids.includes(first)) {
                  throw new CloudError('UnauthorizedOperation', 'You are not authorized.', 403);
                }
                return handle(operation, input);
              };
            },
          },
        ],
        { groups: names.map((name) => smallGroup(name)) },
      ),
    );
    expect(run.instances).toEqual(all('m7i.xlarge'));
    const touched = changes(run.result).filter(({ input }) => input.AutoScalingGroupName === 'app');
    expect(touched).toEqual([]);
    expect(run.journal.join('\n')).toMatch(/app: not touched: StopInstances would be refused/);
  });

  it('tells a person, and fails, when a group cannot be set back', async () => {
    const run = await rehearseResize(
      resizeIncident(
        [
          startResize({ waveSize: 3 }),
          {
            atSeconds: 3,
            text: 'nobody may set sizes any more',
            act: ({ autoScaling }) => {
              const { handle } = autoScaling;
              autoScaling.handle = (operation, input) => {
                if (operation === 'UpdateAutoScalingGroup' && runningFunction.getStore() === 'restoreGroup') {
                  throw new CloudError('AccessDenied', 'explicit deny in a service control policy', 403);
                }
                return handle(operation, input);
              };
            },
          },
        ],
        { durationSeconds: minutes(120) },
        { minSize: 4 },
      ),
    );
    expect(statuses(run)).toEqual(['FAILED InstancesLeftForAPerson']);
    expect(run.journal.join('\n')).toMatch(
      /left: web: for 30 min AWS refused to set its sizes back to minimum 4 and desired capacity 4/,
    );
    expect(leftBehind(run, small)).toMatchObject({
      notInService: [],
      suspended: [],
      reservations: 0,
      records: 0,
    });
  });

  it('holds capacity for a platform that a reservation calls otherwise', async () => {
    const run = await rehearseResize(
      resizeIncident(
        [startResize({ waveSize: 2 })],
        // Capacity is short from the first stop on: only what is reserved for its platform starts.
        { capacityShortages: [{ instanceTypes: ['m7i.large'], fromSeconds: 0, untilSeconds: minutes(90) }] },
        { instanceDetails: { PlatformDetails: 'Red Hat Enterprise Linux with HA' } },
      ),
    );
    const reserved = changes(run.result).filter(({ operation }) => operation === 'CreateCapacityReservation');
    expect(reserved.length).toBeGreaterThan(2);
    expect(new Set(reserved.map(({ input }) => input.InstancePlatform))).toEqual(new Set(['RHEL with HA']));
    expect(run.instances).toEqual(all('m7i.xlarge'));
    expect(leftBehind(run, small)).toEqual(nothingLeft);
  });

  it('takes nothing out of service when another one became unhealthy since the wave was chosen', async () => {
    const run = await rehearseResize(
      resizeIncident([
        startResize({ floor: 3 }),
        onFirst('CreateCapacityReservation', ({ autoScaling, time }) => {
          const sick = autoScaling.groups.get('web')?.instances.at(-1);
          if (sick === undefined) return;
          sick.isDeaf = true;
          sick.target = { state: 'unhealthy', streak: 0 };
          time.at(time.elapsedSeconds() + minutes(10), () => {
            sick.isDeaf = false;
          });
        }),
      ]),
      // Capacity is active a little after it was asked for: the look after that is another one.
      { quirks: { ...quiet, reservationDelaySeconds: 15 } },
    );
    expect(run.journal.join('\n')).toMatch(
      /is not taken out of service now: 3 are healthy, and the floor is 3/,
    );
    expect(run.fewestHealthy.web).toBe(3);
    expect(run.instances).toEqual(all('m7i.xlarge'));
    expect(leftBehind(run, small)).toEqual(nothingLeft);
  });

  it('holds capacity anew that others took while a stop was refused', async () => {
    let refusals = 0;
    const run = await rehearseResize(
      resizeIncident([
        startResize({ waveSize: 2 }),
        {
          atSeconds: 3,
          text: 'the first stop is refused, and others take the capacity',
          act: ({ ec2 }) => {
            const { handle } = ec2;
            ec2.handle = (operation, input) => {
              if (operation === 'StopInstances' && input.DryRun !== true && refusals === 0) {
                refusals += 1;
                for (const reservation of ec2.reservations) reservation.availableInstanceCount = 0;
                throw new CloudError('IncorrectInstanceState', 'not now');
              }
              return handle(operation, input);
            };
          },
        },
      ]),
    );
    expect(run.journal.join('\n')).toMatch(/others took the capacity of m7i.xlarge/);
    expect(run.instances).toEqual(all('m7i.xlarge'));
    expect(leftBehind(run, small)).toEqual(nothingLeft);
    const rounds = run.result.calls.filter(
      ({ functionName, operation }) =>
        functionName === 'chooseWave' && operation === 'DescribeAutoScalingGroups',
    );
    expect(rounds.length).toBeLessThan(200);
  });

  it('begins no further instance while the kill switch cannot be read', async () => {
    const [from, until] = [minutes(3), minutes(40)];
    const run = await rehearseResize(
      resizeIncident([startResize({ waveSize: 2 })], {
        serviceOutages: [{ service: 'SSM', fromSeconds: from, untilSeconds: until }],
        durationSeconds: minutes(150),
      }),
    );
    const chosenAt = run.cloud.store
      .listJournals()
      .flatMap(({ entries }) => entries)
      .filter(({ event }) => event === 'chosen')
      .map(({ at }) => secondsOf(at));
    expect(chosenAt.filter((seconds) => seconds > from + 30 && seconds < until)).toEqual([]);
    // What was begun before comes back into service meanwhile, and the rest follows.
    expect(chosenAt.length).toBeGreaterThan(1);
    expect(leftBehind(run, small)).toEqual(nothingLeft);
  });

  it('stops nothing whose capacity others took while it was drained', async () => {
    const shortage = {
      instanceTypes: ['m7i.xlarge'],
      fromSeconds: Number.POSITIVE_INFINITY,
      untilSeconds: minutes(90),
    };
    const run = await rehearseResize(
      resizeIncident(
        [
          startResize({ waveSize: 2 }),
          onFirst('EnterStandby', ({ ec2, time }) => {
            shortage.fromSeconds = time.elapsedSeconds();
            for (const reservation of ec2.reservations) reservation.availableInstanceCount = 0;
          }),
        ],
        { capacityShortages: [shortage] },
      ),
    );
    expect(run.journal.join('\n')).toMatch(/others took the capacity of m7i.xlarge that was held for it/);
    expect(changes(run.result).filter(({ operation }) => operation === 'StopInstances')).toEqual([]);
    expect(run.instances).toEqual(all('m7i.large'));
    expect(leftBehind(run, small)).toEqual(nothingLeft);
  });

  it('is not begun by a rule where launches succeed', async () => {
    const run = await rehearseResize(
      resizeIncident([], {
        alarms: packetLoss.alarms,
        losses: [{ name: 'loss', fromSeconds: 600, untilSeconds: 1800, fraction: () => 0.2 }],
      }),
      { policy: parsePolicy({ rules: [resizeRule] }, 'test') },
    );
    expect(changes(run.result)).toEqual([]);
    expect(run.journal.join('\n')).toContain(
      'web: left alone: its launches do not fail: it can scale out instead',
    );
  });

  it.each([
    ['a group of one', { desiredCapacity: 1 }, {}, /a group of one is without any while it is resized/],
    [
      'a floor that leaves nothing',
      {},
      { floor: '100%' },
      /4 of 4 in service are healthy, and the floor is 4/,
    ],
    ['somebody else’s Standby', {}, {}, /is in Standby, put there by somebody else/],
    ['an instance refresh', {}, {}, /an instance refresh is in progress/],
    ['Launch suspended by a person', {}, {}, /somebody suspended Launch/],
    [
      'another architecture',
      {},
      { instanceTypes: 'm7g.xlarge' },
      /architecture: x86_64, and m7g.xlarge supports arm64/,
    ],
    ['a type that does not exist', {}, { instanceTypes: 'm7i.huge' }, /EC2 knows no m7i.huge/],
    ['paused scaling', {}, {}, /its scaling is paused/],
    [
      'a platform that cannot be reserved',
      { instanceDetails: { PlatformDetails: 'Windows BYOL', UsageOperation: 'RunInstances:0800' } },
      {},
      /platform: Windows BYOL: EC2 reserves no capacity for it; set reserveCapacity to false/,
    ],
    [
      'an Outpost',
      { instanceDetails: { OutpostArn: 'arn:aws:outposts:us-east-1:123456789012:outpost/op-1' } },
      {},
      /Outpost: it runs on an Outpost/,
    ],
  ])('refuses %s, with nothing touched', async (what, spec, input, reason) => {
    const before: Deed = {
      atSeconds: 5,
      text: what,
      act: ({ autoScaling, stepFunctions }) => {
        const group = autoScaling.groups.get('web');
        if (group === undefined) return;
        if (what.includes('Standby')) {
          autoScaling.handle('EnterStandby', {
            AutoScalingGroupName: 'web',
            InstanceIds: [group.instances[0]?.instanceId],
            ShouldDecrementDesiredCapacity: true,
          });
        }
        if (what.includes('refresh')) autoScaling.startInstanceRefresh(group);
        if (what.includes('Launch')) group.suspended.set('Launch', 'User suspended at 2026-03-02T03:00:00Z');
        if (what.includes('paused'))
          startOf('pause-scaling', 'loss', { autoScalingGroupName: 'web', reason: 'switch upgrade' }, 0).act({
            stepFunctions,
          } as SimulatedCloud);
      },
    };
    const run = await rehearseResize(resizeIncident([before, startResize(input)], {}, spec));
    expect(changes(run.result).filter(({ operation }) => !/Processes|Tags/.test(operation))).toEqual([]);
    expect(run.journal.join('\n')).toMatch(reason);
  });
});
