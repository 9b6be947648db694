import { canaryWatchSeconds } from '../functions/domain/limits.ts';
import { loadPolicy } from '../functions/policy.ts';
import type { SimulatedInstance } from '../rehearsal/cloud/auto-scaling-group.ts';
import type { SimulatedCloud } from '../rehearsal/cloud/simulated-cloud.ts';
import { stateMachineArn } from '../rehearsal/cloud/step-functions.ts';
import type { Story } from '../rehearsal/incident.ts';
import { rehearse } from '../rehearsal/rehearse.ts';

const instances = 100;
const waveSize = 10;

/** A hundred instances, resized by hand in a world in which nothing goes wrong. */
const hundredInstances: Story = {
  name: 'hundred-instances',
  title: 'A hundred instances are resized',
  story: [],
  startsAt: '2026-03-02T03:00:00.000Z',
  durationSeconds: 4 * 3600,
  groups: [
    {
      name: 'api',
      tags: { tier: 'api', holdfast: 'true' },
      minSize: 1,
      maxSize: 2 * instances,
      desiredCapacity: instances,
      availabilityZones: ['us-east-1a', 'us-east-1b', 'us-east-1c'],
      healthCheckType: 'ELB',
      healthCheckGracePeriodSeconds: 300,
      bootSeconds: 120,
      deregistrationDelaySeconds: 60,
      requestsPerSecondAtFullCpu: 100,
      policies: [],
    },
  ],
  alarms: [],
  load: () => 1000,
  losses: [],
  autoScalingCallsPerSecond: 10,
  autoScalingBurst: 20,
};

/** What AWS takes an instance for: each way from a call to what it led to, in milliseconds. */
interface Course {
  wave: number;
  ways: number;
  since?: number;
  step: string;
  isOver: boolean;
}

/** What an instance waits for, by where it is; nothing once it is in service and healthy. */
const stepOf = ({ lifecycleState, ec2, target }: SimulatedInstance, now: number): string => {
  if (lifecycleState === 'EnteringStandby') return 'draining';
  if (lifecycleState === 'Standby') {
    if (ec2.state === 'stopping') return 'stopping';
    if (ec2.state === 'pending') return 'starting';
    return ec2.state === 'running' && ec2.checksOkAt > now ? 'checks' : 'ours';
  }
  return lifecycleState === 'InService' && target.state === 'healthy' ? 'healthy' : 'registering';
};

/**
 * Measures how much longer a resize of a hundred instances in waves of ten takes than AWS itself: the canary and then
 * the slowest member of each wave. The time for which the canary is watched is left out.
 */
export const measureResize = async () => {
  const courses = new Map<string, Course>();
  let cloud: SimulatedCloud | undefined;
  let startedAt: number | undefined;
  let endedAt = 0;
  let wave = 0;
  const watch = ({ autoScaling, time }: SimulatedCloud): void => {
    const now = time.now();
    const [group] = autoScaling.groups.values();
    const ofThisWave = wave + ([...courses.values()].every(({ isOver }) => isOver) ? 1 : 0);
    for (const instance of group?.instances ?? []) {
      const step = stepOf(instance, now);
      const known = courses.get(instance.instanceId);
      if (known === undefined) {
        if (step === 'healthy') continue;
        wave = ofThisWave;
        startedAt ??= now;
        courses.set(instance.instanceId, { wave, ways: 0, since: now, step, isOver: false });
        continue;
      }
      // What AWS takes is counted; what we take to see it, and to make the next call, is not.
      if (known.step !== 'ours' && known.since !== undefined && !known.isOver)
        known.ways += now - known.since;
      if (!known.isOver && step === 'healthy') {
        known.isOver = true;
        endedAt = now;
      }
      known.step = step;
      known.since = now;
    }
  };
  const { wallMilliseconds, executions } = await rehearse({
    incident: {
      ...hundredInstances,
      deeds: [
        {
          atSeconds: 1,
          text: 'an operator starts resize-in-place',
          act: (running) => {
            cloud = running;
            running.time.every(1, () => watch(running));
            running.stepFunctions.startExecution(
              stateMachineArn('holdfast-rehearsal-resize-in-place'),
              'bench',
              {
                autoScalingGroupName: 'api',
                instanceTypes: 'm7i.xlarge',
                waveSize,
                reason: 'bench',
              },
            );
          },
        },
      ],
    },
    seed: 1,
    policy: loadPolicy(),
    withHoldfast: true,
    dryRun: false,
    quirks: {
      reservationsTakeRunning: false,
      reservationDelaySeconds: 0,
      standbyLagSeconds: 0,
      suspensionDelaySeconds: 0,
      ec2StaleSeconds: 0,
      stuckStopRate: 0,
      impairedStartRate: 0,
      deafStartRate: 0,
      ec2EndsPerHour: 0,
    },
    endsWhen: ({ stepFunctions }) =>
      [...stepFunctions.executions.values()].some(({ status }) => status !== 'RUNNING'),
  });
  const slowest = new Map<number, number>();
  for (const { wave: of, ways } of courses.values()) slowest.set(of, Math.max(slowest.get(of) ?? 0, ways));
  const criticalSeconds = [...slowest.values()].reduce((sum, ways) => sum + ways, 0) / 1000;
  // The canary is watched on purpose: that is neither AWS's time nor lost.
  const seconds = (endedAt - (startedAt ?? endedAt)) / 1000 - canaryWatchSeconds;
  const resized = [...(cloud?.autoScaling.groups.values() ?? [])]
    .flatMap((group) => group.instances)
    .filter(({ ec2 }) => ec2.instanceType === 'm7i.xlarge').length;
  return {
    instances,
    waveSize,
    waves: slowest.size,
    resized,
    criticalPathSeconds: Math.round(criticalSeconds),
    seconds: Math.round(seconds),
    timesCriticalPath: Math.round((seconds / criticalSeconds) * 1000) / 1000,
    historyEvents: executions[0]?.historyEvents,
    stateTransitions: executions[0]?.transitions,
    wallMilliseconds,
  };
};
