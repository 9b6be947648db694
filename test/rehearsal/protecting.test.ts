import { describe, expect, it } from 'vitest';
import { decideApply } from '../../functions/domain/holds/decide-apply.ts';
import { protectInstancesEffect } from '../../functions/domain/holds/protect-instances.ts';
import type { ServiceOutage } from '../../rehearsal/incident.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import type { RehearsalResult } from '../../rehearsal/rehearse.ts';
import { aGroup, anIncident, aRecord, later, now } from '../domain/holds/group-fixtures.ts';
import { seedsOf, withReplay } from '../seeds.ts';
import {
  apiGroup,
  asksForMoreAt,
  calm,
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

describe('protecting', () => {
  const protectOnly = onlyRules('launches-failing');
  const refused = {
    kind: 'refused',
    statusMessage:
      'We currently do not have sufficient m7i.large capacity in the Availability Zone you requested (us-east-1a). Launching EC2 instance failed.',
  } as const;
  const failing = (over: Parameters<typeof launchIncident>[0] = {}) =>
    launchIncident({
      launchFaults: [
        {
          name: 'no capacity',
          groups: ['api'],
          fromSeconds: 0,
          untilSeconds: minutes(60),
          outcome: refused,
        },
      ],
      ...over,
    });

  it('takes one call per fifty instances and one for the processes', async () => {
    const { result } = await rehearseSmall(
      failing({
        groups: [
          apiGroup('api', { desiredCapacity: 120, ...scaleOutAt(asksForMoreAt, 122) }),
          ...quietGroups(4),
        ],
        load: () => 2000,
      }),
      { policy: protectOnly, quirks: calm },
    );
    expect(result.violations).toEqual([]);
    const until = Date.parse(packetLoss.startsAt) + minutes(30) * 1000;
    const made = result.calls.filter(({ mutating, at }) => mutating && Date.parse(at) < until);
    expect(
      made.map(({ operation, input }) => [operation, (input.InstanceIds as string[] | undefined)?.length]),
    ).toEqual([
      ['SuspendProcesses', undefined],
      ['SetInstanceProtection', 50],
      ['SetInstanceProtection', 50],
      ['SetInstanceProtection', 20],
      ['CreateOrUpdateTags', undefined],
    ]);
  });

  it('protects what comes into service meanwhile, and gives everything back once launches succeed', async () => {
    const { result, cloud } = await rehearseSmall(failing(), { policy: protectOnly, quirks: calm });
    expect(result.violations).toEqual([]);
    const [execution] = executionsOf(result, 'protect-instances');
    expect(execution?.status).toBe('SUCCEEDED');
    expect(journalOf(cloud)).toContain('releasing: launches succeed again');
    const protections = accepted(result, 'SetInstanceProtection');
    const [first, ...later] = protections.filter(({ input }) => input.ProtectedFromScaleIn === true);
    expect(first?.input.InstanceIds).toHaveLength(4);
    expect(later.flatMap(({ input }) => input.InstanceIds as string[])).toHaveLength(2);
    expect(later[0]?.seconds).toBeGreaterThan(minutes(60));
  });

  it.each([3600, 7200])(
    'lasts as long as the outage: with hooks of %i s no good instance is lost to a late scale-in',
    async (heartbeatTimeoutSeconds) => {
      const names = ['api-a', 'api-b', 'api-c'];
      const { result } = await rehearseSmall(
        launchIncident({
          durationSeconds: minutes(8 * 60),
          groups: [
            ...names.map((name) =>
              apiGroup(name, {
                lifecycleHooks: [{ ...launchHook, heartbeatTimeoutSeconds }],
                scheduledActions: [
                  { scheduledActionName: 'more', atSeconds: asksForMoreAt, desiredCapacity: 6 },
                  ...[150, 197, 250, 330, 430].flatMap((minute) => [
                    { scheduledActionName: 'less', atSeconds: minutes(minute), desiredCapacity: 2 },
                    { scheduledActionName: 'more', atSeconds: minutes(minute + 8), desiredCapacity: 6 },
                  ]),
                ],
              }),
            ),
            ...quietGroups(2),
          ],
          launchFaults: [
            { name: 'hang', groups: names, fromSeconds: 0, untilSeconds: minutes(9999), outcome: stuck },
          ],
          mustSurvive: names,
        }),
        { policy: onlyRules('stuck-launches', 'launches-failing'), quirks: calm },
      );
      expect(result.violations.filter((violation) => violation.includes('lost'))).toEqual([]);
    },
  );

  describe('of forty groups whose launches fail in the same minute', () => {
    const names = Array.from({ length: 40 }, (_, n) => `api-${String(n).padStart(2, '0')}`);
    /** No group gets capacity until then. */
    const noCapacity = (untilSeconds: number) => ({
      name: 'no capacity',
      groups: names,
      fromSeconds: 0,
      untilSeconds,
      outcome: refused,
    });
    /** A fault that nobody mends. */
    const never = { name: 'its own fault', fromSeconds: 0, untilSeconds: minutes(9999) };
    const many = (over: Parameters<typeof launchIncident>[0] = {}) =>
      failing({
        groups: names.map((name) => apiGroup(name, scaleOutAt(asksForMoreAt, 8))),
        launchFaults: [noCapacity(minutes(60))],
        ...over,
      });
    const heldIn = (result: RehearsalResult) =>
      new Set(
        accepted(result, 'SetInstanceProtection').flatMap(({ input, group }) =>
          input.ProtectedFromScaleIn === true ? [group] : [],
        ),
      );

    /** Whether what many groups shared ended although this one still failed. */
    const hasLeftShared = (result: RehearsalResult, name: string): boolean =>
      result.journals.some(({ entries }) =>
        entries.some(({ text = '' }) => text.includes(`has begun for each of the others: ${name}`)),
      );

    it.each(seedsOf({ slice: 2, all: 30 }))(
      'gives ten an execution each, and the others a few that they share, seed %i',
      (seed) =>
        withReplay('test/rehearsal/protecting.test.ts', seed, async () => {
          const { result } = await rehearseSmall(many(), { policy: protectOnly, seed, quirks: {} });
          expect(result.violations).toEqual([]);
          expect([...heldIn(result)].sort()).toEqual(names);
          const executions = executionsOf(result, 'protect-instances');
          // Ten in each minute, and they fail over some minutes.
          expect(executions.length).toBeLessThan(names.length);
          expect(result.messages.length).toBeLessThan(3 * executions.length);
        }),
    );

    it('tells people once of all that share one, and why', async () => {
      const { result } = await rehearseSmall(many(), { policy: protectOnly, quirks: calm });
      const [told, ...more] = result.messages.filter(({ text }) =>
        text.includes('launches failed at about the same time, shortly before'),
      );
      expect(told?.text).toContain('Holdfast holds 30 groups: ');
      expect(more.every(({ subject }) => !subject.includes('Instances protected'))).toBe(true);
    });

    it('holds them all once AWS answers again, when it did not when they failed', async () => {
      const { result } = await rehearseSmall(
        many({
          serviceOutages: [
            {
              service: 'AutoScaling',
              fromSeconds: asksForMoreAt + 20,
              untilSeconds: asksForMoreAt + minutes(14),
            },
          ],
        }),
        { policy: protectOnly, quirks: calm },
      );
      // What could not read its groups failed; nothing else is wrong.
      expect(result.violations.filter((violation) => !violation.includes('does not answer'))).toEqual([]);
      expect([...heldIn(result)].sort()).toEqual(names);
    });

    it('gives most back although one never recovers, and holds that one alone without a gap', async () => {
      const { result, cloud } = await rehearseSmall(
        many({
          durationSeconds: minutes(300),
          launchFaults: [noCapacity(minutes(40)), { ...never, groups: ['api-00'], outcome: refused }],
        }),
        { policy: protectOnly, quirks: calm },
      );
      expect(hasLeftShared(result, 'api-00')).toBe(true);
      const stays = (violation: string): boolean =>
        !/still runs when the story ends|is still (held|open)/.test(violation);
      expect(result.violations.filter(stays)).toEqual([]);
      const heldNow = cloud.store.listGroups().map(({ autoScalingGroupName }) => autoScalingGroupName);
      expect(heldNow).toEqual(['api-00']);
      const resumed = accepted(result, 'ResumeProcesses').filter(({ group }) => group !== 'api-00');
      expect(Math.max(...resumed.map(({ seconds }) => seconds))).toBeLessThan(minutes(90));
      const [first] = accepted(result, 'SetInstanceProtection').filter(({ group }) => group === 'api-00');
      const taken = accepted(result, 'SetInstanceProtection').filter(
        ({ group, input }) => group === 'api-00' && input.ProtectedFromScaleIn === false,
      );
      expect(first?.seconds).toBeLessThan(minutes(20));
      expect(taken).toEqual([]);
    });

    /** Most groups recover after forty minutes, and the launches of one that shared their execution hang from then on. */
    const oneHangs = (over: Parameters<typeof launchIncident>[0]) =>
      many({
        groups: names.map((name) =>
          apiGroup(name, {
            ...scaleOutAt(asksForMoreAt, 8),
            ...(name === 'api-00'
              ? { lifecycleHooks: [{ ...launchHook, heartbeatTimeoutSeconds: 3600 }] }
              : {}),
          }),
        ),
        launchFaults: [
          noCapacity(minutes(40)),
          { ...never, groups: ['api-00'], fromSeconds: minutes(40), outcome: stuck },
        ],
        durationSeconds: minutes(150),
        ...over,
      });

    it.each<[string, ServiceOutage[]]>([
      ['nothing is wrong', []],
      [
        'Step Functions is silent as it is to get an execution of its own',
        [{ service: 'StepFunctions', fromSeconds: 3600, untilSeconds: 3740 }],
      ],
      [
        'that execution cannot read the kill switch',
        [{ service: 'SSM', fromSeconds: 3613.9, untilSeconds: 4100 }],
      ],
    ])('leaves one that still fails at no moment without a hold, where %s', async (_what, serviceOutages) => {
      const { result } = await rehearseSmall(oneHangs({ serviceOutages }), {
        policy: protectOnly,
        quirks: calm,
      });
      const ofOne = (operation: string) =>
        accepted(result, operation).filter(({ group }) => group === 'api-00');
      const taken = ofOne('SetInstanceProtection').filter(
        ({ input }) => input.ProtectedFromScaleIn === false,
      );
      expect([taken, ofOne('ResumeProcesses')]).toEqual([[], []]);
      expect(hasLeftShared(result, 'api-00')).toBe(true);
    });

    it('does not begin one for each while the plan of what they share waits for AWS', async () => {
      const { result } = await rehearseSmall(
        many({
          durationSeconds: minutes(40),
          launchFaults: [noCapacity(742), { ...never, groups: names, fromSeconds: 742, outcome: stuck }],
          serviceOutages: [{ service: 'AutoScaling', fromSeconds: 745, untilSeconds: 905 }],
        }),
        { policy: protectOnly, quirks: calm },
      );
      expect([...heldIn(result)].sort()).toEqual(names);
      expect(executionsOf(result, 'protect-instances').length).toBeLessThan(15);
    });

    it('does not plan again, for each, what a rule in dry run only planned', async () => {
      const policy = { rules: protectOnly.rules.map((rule) => ({ ...rule, dryRun: true as const })) };
      const { result } = await rehearseSmall(
        many({
          durationSeconds: minutes(60),
          launchFaults: [noCapacity(742), { ...never, groups: names, fromSeconds: 742, outcome: stuck }],
        }),
        { policy, quirks: calm },
      );
      expect(result.calls.filter(({ mutating }) => mutating)).toEqual([]);
      expect(executionsOf(result, 'protect-instances').length).toBeLessThan(15);
    });

    it('changes nothing in a dry run, and tells once what it would do', async () => {
      const { result } = await rehearseSmall(many(), { policy: protectOnly, quirks: calm, dryRun: true });
      expect(result.violations).toEqual([]);
      expect(result.calls.filter(({ mutating }) => mutating)).toEqual([]);
      expect(executionsOf(result, 'protect-instances').length).toBeGreaterThan(10);
    });
  });

  it('does not take instances that come back from Standby for launches that succeed', () => {
    const incident = anIncident({
      incidentId: 'incident-a',
      remediation: 'protect-instances',
      settings: { ...anIncident().settings, effect: protectInstancesEffect },
    });
    const at = (lifecycleState: string) =>
      aGroup({
        suspendedProcesses: protectInstancesEffect.processes,
        instances: ['i-1', 'i-2', 'i-3'].map((instanceId) => ({
          instanceId,
          lifecycleState,
          healthStatus: 'Healthy',
          protectedFromScaleIn: true,
        })),
      });
    const first = decideApply(incident, at('Standby'), aRecord(), 'me', now);
    if (first.action !== 'WRITE') throw new Error(JSON.stringify(first));
    const back = decideApply(incident, at('InService'), first.after, 'me', later(600));
    expect(back).toMatchObject({ calls: [], after: { launched: [] } });
  });

  it('raises desired capacity that fell meanwhile before it removes a protection', async () => {
    const { result, cloud } = await rehearseSmall(
      failing({
        groups: failing().groups.map((group) => ({
          ...group,
          policies: [{ type: 'StepScaling', name: 'cpu', above: 1000, add: 1, below: -1, remove: 1 }],
        })),
        deeds: [
          {
            atSeconds: minutes(40),
            text: 'a policy scales in',
            act: ({ autoScaling }) => {
              autoScaling.handle('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 2 });
            },
          },
          startOf(
            'protect-instances',
            'by-hand',
            { autoScalingGroupName: 'api', reason: 'nothing can be launched', expiresAfter: '1h' },
            minutes(15),
          ),
        ],
      }),
      { policy: onlyRules('packet-loss'), quirks: calm },
    );
    expect(result.violations).toEqual([]);
    const raise = accepted(result, 'SetDesiredCapacity');
    const unprotect = accepted(result, 'SetInstanceProtection').find(
      ({ input }) => input.ProtectedFromScaleIn === false,
    );
    expect(raise.map(({ input }) => input.DesiredCapacity)).toEqual([4]);
    expect(raise[0]?.seconds).toBeLessThan(unprotect?.seconds ?? 0);
    expect(inServiceOf(cloud)).toBe(4);
    expect(groupOf(cloud).terminations).toEqual([]);
  });

  it.each([true, false])(
    'protects the rest at once when an instance leaves in the middle of the call (all or nothing: %s)',
    async (protectionIsAllOrNothing) => {
      let lost: string | undefined;
      const { result, cloud } = await rehearseSmall(
        failing({
          deeds: [
            rightBefore('SetInstanceProtection', ({ autoScaling }, { InstanceIds }) => {
              const group = autoScaling.groups.get('api');
              const instance = group?.instances.find(
                ({ instanceId }) => instanceId === (InstanceIds as string[])[1],
              );
              if (group === undefined || instance === undefined || lost !== undefined) return;
              lost = instance.instanceId;
              autoScaling.loseInstance(group, instance);
            }),
          ],
        }),
        { policy: protectOnly, quirks: { ...calm, protectionIsAllOrNothing } },
      );
      expect(result.violations).toEqual([]);
      const attempts = result.calls.filter(({ operation }) => operation === 'SetInstanceProtection');
      expect(attempts[0]?.outcome).toBe('ValidationError');
      const tookSeconds = (Date.parse(attempts[1]?.at ?? '') - Date.parse(attempts[0]?.at ?? '')) / 1000;
      const missing = protectionIsAllOrNothing ? 3 : 0;
      if (missing > 0) {
        expect(attempts[1]?.input.InstanceIds).toHaveLength(missing);
        expect(tookSeconds).toBeLessThan(5);
      }
      expect(executionsOf(result, 'protect-instances')[0]?.status).toBe('SUCCEEDED');
      expect(journalOf(cloud).join('\n')).not.toContain('a person took back');
    },
  );

  it('gives back only its own: what was protected before stays so', async () => {
    let before: string[] = [];
    const { result, cloud } = await rehearseSmall(
      failing({
        deeds: [
          {
            atSeconds: 3,
            text: 'somebody protects two instances',
            act: ({ autoScaling }) => {
              const instances = autoScaling.groups.get('api')?.instances.slice(0, 2) ?? [];
              for (const instance of instances) instance.protectedFromScaleIn = true;
              before = instances.map(({ instanceId }) => instanceId);
            },
          },
        ],
      }),
      { policy: protectOnly, quirks: calm },
    );
    const stillProtected = groupOf(cloud)
      .instances.filter(({ protectedFromScaleIn }) => protectedFromScaleIn)
      .map(({ instanceId }) => instanceId);
    expect(stillProtected).toEqual(before);
    expect(result.holdsLeft).toEqual([]);
  });

  it('leaves alone an instance whose protection a person removes', async () => {
    let freed: string | undefined;
    const { result, cloud } = await rehearseSmall(
      failing({
        deeds: [
          {
            atSeconds: minutes(30),
            text: 'somebody removes a protection',
            act: ({ autoScaling }) => {
              const [instance] = autoScaling.groups.get('api')?.instances ?? [];
              if (instance === undefined) return;
              freed = instance.instanceId;
              instance.protectedFromScaleIn = false;
            },
          },
        ],
      }),
      { policy: protectOnly, quirks: calm },
    );
    expect(result.violations).toEqual([]);
    expect(journalOf(cloud).map((line) => line.split('. ')[0])).toContain(
      `overridden: api: a person or a tool such as Terraform removed the scale-in protection of 1 instance (${freed}), against this hold`,
    );
    const again = accepted(result, 'SetInstanceProtection').filter(
      ({ seconds, input }) => seconds > minutes(30) && (input.InstanceIds as string[]).includes(freed ?? ''),
    );
    expect(again).toEqual([]);
  });

  it.each([
    ['of another tier', { tier: 'web', holdfast: 'true' }],
    ['that did not opt in', { tier: 'api' }],
  ])('starts nothing for a group %s', async (_what, tags) => {
    const { result } = await rehearseSmall(
      failing({
        groups: [apiGroup('api', { tags: tags as Record<string, string>, ...scaleOutAt(asksForMoreAt, 6) })],
      }),
      { policy: protectOnly, quirks: calm },
    );
    expect(result.executions).toEqual([]);
    expect(result.violations).toEqual([]);
  });

  it('starts under the same name whether events or the sweep count the failures', async () => {
    const nameOf = async (bestEffortLossRate: number) => {
      const { result } = await rehearseSmall(failing(), {
        policy: protectOnly,
        quirks: { ...calm, bestEffortLossRate },
      });
      expect(result.violations).toEqual([]);
      return executionsOf(result, 'protect-instances')[0]?.name;
    };
    const byEvents = await nameOf(0);
    expect(byEvents).toMatch(/^launches-failing-/);
    expect(await nameOf(1)).toBe(byEvents);
  });

  it('starts one execution, however many launches fail while the group is protected', async () => {
    const { result } = await rehearseSmall(failing(), { policy: protectOnly, quirks: calm });
    const failed = result.summary.groups.find((each) => each.autoScalingGroupName === 'api');
    expect(failed?.launchesFailed).toBeGreaterThan(40);
    // Failures of the seconds until the hold is in force may start a second one, which finds the first and ends.
    expect(executionsOf(result, 'protect-instances').length).toBeLessThanOrEqual(2);
  });

  it('counts afresh after a start: a dry run plans once for each three failures', async () => {
    const { result } = await rehearseSmall(
      failing({
        launchFaults: [
          {
            name: 'refused',
            groups: ['api'],
            fromSeconds: 0,
            untilSeconds: asksForMoreAt + minutes(15),
            outcome: refused,
          },
        ],
      }),
      { policy: protectOnly, quirks: calm, dryRun: true },
    );
    const failures =
      result.summary.groups.find((each) => each.autoScalingGroupName === 'api')?.launchesFailed ?? 0;
    const plans = executionsOf(result, 'protect-instances').length;
    expect(failures).toBeGreaterThan(10);
    expect(plans).toBeGreaterThan(1);
    expect(plans).toBeLessThanOrEqual(Math.floor(failures / 3));
  });

  it('counts an event that comes twice once', async () => {
    const { result } = await rehearseSmall(
      failing({
        launchFaults: [
          {
            name: 'two launches are refused',
            groups: ['api'],
            fromSeconds: 0,
            untilSeconds: asksForMoreAt + 5,
            outcome: refused,
          },
        ],
      }),
      { policy: protectOnly, quirks: { ...calm, duplicateRate: 1 } },
    );
    expect(executionsOf(result, 'protect-instances')).toEqual([]);
  });

  it('lists in a dry run every instance it would protect', async () => {
    const { result, cloud } = await rehearseSmall(failing(), {
      policy: protectOnly,
      quirks: calm,
      dryRun: true,
    });
    expect(result.violations).toEqual([]);
    expect(result.calls.filter(({ mutating }) => mutating)).toEqual([]);
    expect(result.plan.map(({ operation, input }) => [operation, input])).toContainEqual([
      'SetInstanceProtection',
      {
        AutoScalingGroupName: 'api',
        InstanceIds: groupOf(cloud)
          .instances.map(({ instanceId }) => instanceId)
          .sort()
          .slice(0, 4),
        ProtectedFromScaleIn: true,
      },
    ]);
  });

  it('is not begun by failures that leave nothing missing', async () => {
    const { result, cloud } = await rehearseSmall(
      launchIncident({
        groups: [apiGroup('api', { desiredCapacity: 6, availabilityZones: ['us-east-1a', 'us-east-1b'] })],
        launchFaults: [
          {
            name: 'a zone takes no more',
            groups: ['api'],
            fromSeconds: 0,
            untilSeconds: minutes(60),
            outcome: { kind: 'refused', statusMessage: 'We currently do not have sufficient capacity' },
          },
        ],
        deeds: [
          {
            atSeconds: 30,
            text: 'all but one are in one zone, and AWS tries to balance them',
            act: ({ autoScaling }) => {
              const [first, ...others] = autoScaling.groups.get('api')?.instances ?? [];
              if (first !== undefined) first.availabilityZone = 'us-east-1b';
              for (const instance of others) instance.availabilityZone = 'us-east-1a';
            },
          },
        ],
        durationSeconds: minutes(60),
      }),
      { policy: onlyRules('launches-failing'), quirks: calm },
    );
    const failed = cloud.autoScaling.groups
      .get('api')
      ?.activities.filter(({ statusCode }) => statusCode === 'Failed');
    expect(failed?.length).toBeGreaterThan(3);
    expect(result.executions).toEqual([]);
  });
});
