import { describe, expect, it } from 'vitest';
import type { GroupSpec } from '../../rehearsal/cloud/auto-scaling-group.ts';
import type { Part, RandomIncident } from '../../rehearsal/random/parts.ts';
import { runRandomIncident } from '../../rehearsal/random/run-random-incident.ts';
import { launchHook, stuckLaunches } from './stuck-launches.ts';

const group = (name: string, desiredCapacity: number, over: Partial<GroupSpec> = {}): GroupSpec => ({
  name,
  tags: { tier: 'other', holdfast: 'true' },
  minSize: 0,
  maxSize: 4,
  desiredCapacity,
  availabilityZones: ['us-east-1a'],
  healthCheckType: 'EC2',
  healthCheckGracePeriodSeconds: 60,
  deregistrationDelaySeconds: 0,
  bootSeconds: 60,
  requestsPerSecondAtFullCpu: 100,
  policies: [],
  ...over,
});

const incident = (groups: GroupSpec[], parts: Part[]): RandomIncident => ({
  seed: 1,
  groups,
  parts,
  load: 0.2,
  quirks: { ec2EndsPerHour: 0, stuckStopRate: 0, impairedStartRate: 0, deafStartRate: 0, lossRate: 0 },
  quietFrom: 4200,
  changesLaunchTemplates: true,
});

const drain = (from: number, fields: object): Part => ({
  kind: 'by hand',
  from,
  remediation: 'drain-pending-wait',
  input: {
    autoScalingGroupName: ['api'],
    olderThan: '5m',
    expiresAfter: '30m',
    reason: 'launches hang',
    ...fields,
  },
});

const others = ['web', 'web-2', 'web-3'].map((name) => group(name, 1));

describe('a drain by hand', () => {
  it('that goes on with what another one chose takes the snapshots that it is asked for', async () => {
    const { broken, result } = await runRandomIncident(
      incident(
        [group('api', 2, { lifecycleHooks: [launchHook()] }), ...others],
        [
          ...stuckLaunches('api', 3600),
          drain(600, {}),
          { kind: 'death', function: 'abandonLaunches', at: 1, when: 'before' },
          { kind: 'stop executions', from: 606 },
          drain(1300, { snapshot: true }),
        ],
      ),
    );
    expect(broken).toEqual([]);
    const made = result.calls.filter(({ outcome }) => outcome === 'ok').map(({ operation }) => operation);
    expect(made).toContain('CreateSnapshots');
    expect(made.indexOf('CompleteLifecycleAction')).toBeGreaterThan(made.indexOf('CreateSnapshots'));
  });

  it.each([true, false])('warns of AWS CodeDeploy, with drainContinuing: %s', async (drainContinuing) => {
    const deploying = launchHook('CodeDeploy-managed-automatic-launch-deployment-hook-x-1', 'CONTINUE');
    const { broken, result } = await runRandomIncident(
      incident(
        [group('api', 2, { lifecycleHooks: [deploying] }), ...others],
        [...stuckLaunches('api', 3600), drain(600, { drainContinuing })],
      ),
    );
    expect(broken).toEqual([]);
    expect(JSON.stringify(result.journals)).toContain('AWS CodeDeploy deploys to what is launched');
  });
});

describe('a resize by hand', () => {
  const resize: Part = {
    kind: 'by hand',
    from: 60,
    remediation: 'resize-in-place',
    input: {
      autoScalingGroupName: ['api'],
      instanceTypes: 'm7i.xlarge',
      expiresAfter: '2h',
      updateLaunchTemplate: true,
      reason: 'promotion at nine',
    },
  };

  it.each(['disabled', 'off', 'dry-run'])(
    'changes no launch template while the kill switch says "%s"',
    async (word) => {
      const { broken, result } = await runRandomIncident(
        incident([group('api', 2)], [resize, { kind: 'kill switch', from: 800, lasts: 3000, word }]),
      );
      expect(broken).toEqual([]);
      const switchedOff = result.calls.filter(
        ({ operation, at }) =>
          operation === 'CreateLaunchTemplateVersion' &&
          at > '2026-03-02T03:13:20' &&
          at < '2026-03-02T04:03:20',
      );
      expect(switchedOff).toEqual([]);
    },
  );

  it('that ended before all groups were done says so of the launch template, and nothing untrue', async () => {
    const short = { ...resize, input: { ...resize.input, expiresAfter: '14m' } };
    const { broken, result } = await runRandomIncident(incident([group('api', 2)], [short]));
    expect(broken).toEqual([]);
    expect(JSON.stringify(result.journals)).not.toContain('not every instance was resized to one type');
  });
});
