import { describe, expect, it } from 'vitest';
import type { Remediation } from '../../functions/domain/remediation-names.ts';
import type { GroupSpec } from '../../rehearsal/cloud/auto-scaling-group.ts';
import type { Death, Quirks, SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import type { Part, RandomIncident } from '../../rehearsal/random/parts.ts';
import { type RandomRun, runRandomIncident } from '../../rehearsal/random/run-random-incident.ts';
import { sliceOf } from '../seeds.ts';
import { launchHook, stuckLaunches } from './stuck-launches.ts';

const aGroup = (name: string, tier: string, more: Partial<GroupSpec> = {}): GroupSpec => ({
  name,
  tags: { tier, holdfast: 'true' },
  minSize: 1,
  maxSize: 5,
  desiredCapacity: 2,
  availabilityZones: ['us-east-1a', 'us-east-1b'],
  healthCheckType: 'ELB',
  healthCheckGracePeriodSeconds: 60,
  bootSeconds: 60,
  deregistrationDelaySeconds: 10,
  requestsPerSecondAtFullCpu: 100,
  policies: [],
  ...more,
});

const byHand = (
  remediation: Remediation,
  input: Record<string, unknown>,
): Extract<Part, { kind: 'by hand' }> => ({
  kind: 'by hand',
  from: 120,
  remediation,
  input: { reason: 'a test', ...input },
});

/** What is told for each remediation: one group of it, and one that somebody had changed before; and groups that share one. */
const stories: Record<
  Remediation | 'groups that fail at once',
  Pick<RandomIncident, 'groups' | 'parts' | 'groupsFailingAlone' | 'changesLaunchTemplates'>
> = {
  'pause-scaling': {
    groups: [aGroup('web', 'web'), aGroup('web-2', 'web', { suspendedProcesses: ['AZRebalance'] })],
    parts: [{ kind: 'loss', from: 120, lasts: 600, fraction: 0.03 }],
  },
  'protect-instances': {
    groups: [aGroup('web', 'web', { newInstancesProtected: true }), aGroup('web-2', 'web')],
    parts: [byHand('protect-instances', { tags: { tier: 'web' }, expiresAfter: '10m' })],
  },
  'groups that fail at once': {
    groups: ['api', 'api-2', 'api-3'].map((name) => aGroup(name, 'api')),
    groupsFailingAlone: 0,
    parts: [
      {
        kind: 'launches fail',
        from: 60,
        lasts: 900,
        groups: ['api', 'api-2', 'api-3'],
        outcome: { kind: 'refused', statusMessage: 'We currently do not have sufficient capacity.' },
      },
      ...['api', 'api-2', 'api-3'].map(
        (group): Part => ({ kind: 'set desired capacity', from: 90, group, to: 3 }),
      ),
    ],
  },
  'drain-pending-wait': {
    groups: [aGroup('api', 'api', { lifecycleHooks: [launchHook()] })],
    parts: [
      ...stuckLaunches('api', 900),
      { ...byHand('drain-pending-wait', { autoScalingGroupName: 'api', olderThan: '5m' }), from: 480 },
    ],
  },
  'resize-in-place': {
    groups: [aGroup('db', 'db')],
    parts: [
      byHand('resize-in-place', {
        autoScalingGroupName: 'db',
        instanceTypes: 'm7i.xlarge',
        expiresAfter: '2h',
        snapshot: true,
        updateLaunchTemplate: true,
      }),
    ],
    changesLaunchTemplates: true,
  },
};

/** AWS at its quickest, and at its slowest: what it accepted does not show, and instances take their time. */
const speeds: Record<string, Partial<Quirks>> = {
  'without lags': { suspensionDelaySeconds: 0, ec2StaleSeconds: 0, standbyLagSeconds: 0, ec2TimeFactor: 0.3 },
  'with lags': {
    suspensionDelaySeconds: 20,
    ec2StaleSeconds: 60,
    standbyLagSeconds: 15,
    reservationDelaySeconds: 20,
  },
};

const quiet: Partial<Quirks> = {
  duplicateRate: 0,
  bestEffortLossRate: 0,
  ec2EndsPerHour: 0,
  stuckStopRate: 0,
  impairedStartRate: 0,
  deafStartRate: 0,
  othersShareOfCalls: 0,
};

const incidentOf = (story: keyof typeof stories, speed: Partial<Quirks>): RandomIncident => ({
  seed: 1,
  load: 0.2,
  quirks: { ...quiet, ...speed },
  quietFrom: 1200,
  ...stories[story],
});

const stopAll = ({ stepFunctions }: SimulatedCloud): void => {
  for (const [arn, { status }] of stepFunctions.executions) {
    if (status === 'RUNNING') stepFunctions.stopExecution(arn);
  }
};

/** Functions that are not the execution's: where they die, others have to go on, which is another story. */
const isOfExecution = ({ functionName }: Death): boolean =>
  !['sweep', 'routeSignal', 'tellPeople'].includes(functionName);

/** Lets the function that makes the n-th call or write die, with its execution: only the sweep is left. */
const dieAt = async (incident: RandomIncident, when: Death['when'], n: number) => {
  let moments = 0;
  const run = await runRandomIncident(incident, {
    dies: (death, cloud) => {
      if (!isOfExecution(death) || death.when !== when || (when === 'after' && !death.mutating)) return false;
      moments += 1;
      if (moments !== n) return false;
      stopAll(cloud);
      return true;
    },
  });
  return { run, moments };
};

/** Stops the execution that enters the n-th state of all that are entered. */
const stopAt = async (incident: RandomIncident, n: number) => {
  let moments = 0;
  const run = await runRandomIncident(incident, {
    onState: (cloud) => {
      moments += 1;
      if (moments === n) stopAll(cloud);
    },
  });
  return { run, moments };
};

/** Each way to end an execution, with how to do it at the n-th moment. */
const ways: Record<
  string,
  (incident: RandomIncident, n: number) => Promise<{ run: RandomRun; moments: number }>
> = {
  'dies before call or write': (incident, n) => dieAt(incident, 'before', n),
  'dies after call': (incident, n) => dieAt(incident, 'after', n),
  'is stopped as it enters state': stopAt,
};

const cases = Object.keys(stories).flatMap((story) =>
  Object.keys(speeds).flatMap((speed) =>
    Object.keys(ways).map((way) => ({ story: story as keyof typeof stories, speed, way })),
  ),
);

describe.each(cases)('$story $speed that $way', async ({ story, speed, way }) => {
  const incident = incidentOf(story, speeds[speed] ?? {});
  const tell = ways[way];
  if (tell === undefined) throw new Error(`${way} is no way`);
  const { run: undisturbed, moments } = await tell(incident, 0);

  it('keeps every promise where nothing goes wrong, and does something', () => {
    expect(undisturbed.broken).toEqual([]);
    expect(undisturbed.result.calls.some(({ mutating }) => mutating)).toBe(true);
    expect(moments).toBeGreaterThanOrEqual(8);
  });

  const everyMoment = Array.from({ length: moments }, (_, index) => index + 1);
  it.each(sliceOf(everyMoment, 3))('%i keeps every promise, with nothing left but the sweep', async (n) => {
    const { run } = await tell(incident, n);
    expect(run.broken).toEqual([]);
  });
});
