import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { groupTraits, treatmentOf } from '../../functions/domain/group-traits.ts';
import type { GroupTrait, Treatment } from '../../functions/domain/remediation.ts';
import { type Remediation, remediationNames } from '../../functions/domain/remediation-names.ts';
import type { GroupSpec } from '../../rehearsal/cloud/auto-scaling-group.ts';
import type { SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import { groupOf, scaleOutAt, startOf, stuck } from './launch-incident.ts';
import { changes, rehearseResize, resizeIncident } from './resize-incident.ts';
import { minutes, smallGroup } from './small-incident.ts';

/** A group with the trait and nothing else that is special. */
const groupWith: Record<GroupTrait, Partial<GroupSpec>> = {
  ECS: { tags: { tier: 'web', holdfast: 'true', AmazonECSManaged: '' } },
  EKS: { tags: { tier: 'web', holdfast: 'true', 'eks:cluster-name': 'shop' } },
  KUBERNETES: { tags: { tier: 'web', holdfast: 'true', 'kubernetes.io/cluster/shop': 'owned' } },
  ELASTIC_BEANSTALK: { tags: { tier: 'web', holdfast: 'true', 'elasticbeanstalk:environment-name': 'shop' } },
  MIXED_INSTANCES: {
    groupDetails: {
      MixedInstancesPolicy: {
        LaunchTemplate: {
          LaunchTemplateSpecification: { LaunchTemplateId: 'lt-web', Version: '$Latest' },
          Overrides: [{ InstanceType: 'm7i.large' }, { InstanceType: 'm6i.large' }],
        },
      },
    },
  },
  WARM_POOL: { groupDetails: { WarmPoolConfiguration: { MinSize: 1, PoolState: 'Stopped' } } },
  SUSPENDED_BY_AWS: {},
  SPOT: {
    groupDetails: {
      MixedInstancesPolicy: {
        LaunchTemplate: { LaunchTemplateSpecification: { LaunchTemplateId: 'lt-web', Version: '$Latest' } },
        InstancesDistribution: { OnDemandPercentageAboveBaseCapacity: 50 },
      },
    },
  },
  RESERVATIONS_FIRST: {
    groupDetails: {
      CapacityReservationSpecification: { CapacityReservationPreference: 'capacity-reservations-first' },
    },
  },
  ZONAL_SHIFT: { groupDetails: { AvailabilityZoneImpairmentPolicy: { ZonalShiftEnabled: true } } },
  REPLACES_ROOT_VOLUMES: {},
  INSTANCE_REFRESH: {},
  STACK_UPDATE: { tags: { tier: 'web', holdfast: 'true', 'aws:cloudformation:stack-name': 'shop' } },
  CODE_DEPLOY: {
    lifecycleHooks: [
      {
        lifecycleHookName: 'CodeDeploy-managed-automatic-launch-deployment-hook-shop-0123',
        lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
        heartbeatTimeoutSeconds: 3600,
        defaultResult: 'ABANDON',
      },
    ],
  },
  COUNTS_UNITS: { groupDetails: { DesiredCapacityType: 'vcpu' }, weightedCapacity: '1' },
};

/** What happens to a group in the trait's name, where its description alone does not make it. */
const comesAbout: Partial<Record<GroupTrait, (cloud: SimulatedCloud) => void>> = {
  SUSPENDED_BY_AWS: (cloud) => groupOf(cloud, 'web').suspended.set('Launch', 'Administrative suspension'),
  REPLACES_ROOT_VOLUMES: (cloud) => {
    const [first] = groupOf(cloud, 'web').instances;
    if (first !== undefined) first.lifecycleState = 'ReplacingRootVolume';
  },
  INSTANCE_REFRESH: (cloud) => cloud.autoScaling.startInstanceRefresh(groupOf(cloud, 'web')),
  STACK_UPDATE: ({ cloudFormation }) => cloudFormation.updateStack('shop'),
};

const inputs: Record<Remediation, object> = {
  'pause-scaling': { expiresAfter: '20m' },
  'protect-instances': { expiresAfter: '20m' },
  'drain-pending-wait': { olderThan: '10m' },
  'resize-in-place': { instanceTypes: 'm7i.xlarge' },
};

const cases = groupTraits.flatMap((trait) =>
  remediationNames.map((remediation): [GroupTrait, Remediation, Treatment['treatment']] => [
    trait,
    remediation,
    treatmentOf(remediation, trait).treatment,
  ]),
);

describe('who else manages a group', () => {
  it.each(cases)('%s, %s: %s', async (trait, remediation, treatment) => {
    // The hook of CodeDeploy matters to a drain only where something waits in it.
    const isStuck = trait === 'CODE_DEPLOY' && remediation === 'drain-pending-wait';
    const run = await rehearseResize(
      resizeIncident(
        [
          {
            atSeconds: 5,
            text: 'what the trait is comes about',
            act: (cloud) => comesAbout[trait]?.(cloud),
          },
          startOf(
            remediation,
            'by-hand',
            { autoScalingGroupName: 'web', reason: 'a test', ...inputs[remediation] },
            isStuck ? minutes(15) : 60,
          ),
        ],
        {
          groups: [smallGroup('web', { ...groupWith[trait], ...(isStuck ? scaleOutAt(10, 5) : {}) })],
          durationSeconds: minutes(60),
          launchFaults: isStuck
            ? [
                {
                  name: 'launches hang',
                  groups: ['web'],
                  fromSeconds: 0,
                  untilSeconds: minutes(60),
                  outcome: stuck,
                },
              ]
            : [],
        },
      ),
    );
    const found = treatmentOf(remediation, trait);
    const said = (of: 'warned' | 'refused') =>
      found.treatment === of ? [`${of}: web: ${of === 'refused' ? 'left alone: ' : ''}${found.why}`] : [];
    const told = (of: string) => run.journal.filter((line) => line.startsWith(`${of}: web: `));
    // A resize warns in the line of its plan; what takes a call for each group a hold says once it is in force.
    if (remediation !== 'resize-in-place') {
      const later = run.journal.filter((line) => line.startsWith('in-progress: web: '));
      const warnings = [
        ...told('warned'),
        ...later.map((line) => line.replace(/^in-progress/, 'warned').replace(/; it began at [^;]+$/, '')),
      ];
      expect(warnings).toEqual(said('warned'));
    } else if (found.treatment === 'warned') expect(told('planned').join()).toContain(found.why);
    expect(told('refused')).toEqual(said('refused'));
    const made = changes(run.result).filter(({ operation }) => !/Tags$/.test(operation));
    // Where nothing is stuck, a drain has nothing to do.
    const acts = treatment !== 'refused' && (remediation !== 'drain-pending-wait' || isStuck);
    expect(made.length > 0).toBe(acts);
  });

  it('is what the table of the docs says', () => {
    const page = readFileSync(new URL('../../docs/real-fleets.md', import.meta.url), 'utf8');
    for (const trait of groupTraits) {
      const cells = remediationNames.map((name) => treatmentOf(name, trait).treatment);
      expect(page, trait).toMatch(new RegExp(`\\| ${trait} \\|[^\\n]*\\| ${cells.join(' \\| ')} \\|`));
    }
  });
});
