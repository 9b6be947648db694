import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { groupTraits, treatmentOf } from '../../functions/domain/group-traits.ts';
import type { GroupTrait, Treatment } from '../../functions/domain/remediation.ts';
import { type Remediation, remediationNames } from '../../functions/domain/remediation-names.ts';
import type { GroupSpec } from '../../rehearsal/cloud/auto-scaling-group.ts';
import { startOf } from './launch-incident.ts';
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
  COUNTS_UNITS: { groupDetails: { DesiredCapacityType: 'vcpu' }, weightedCapacity: '1' },
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
    const run = await rehearseResize(
      resizeIncident(
        [
          {
            atSeconds: 5,
            text: 'AWS gives the group up, where that is the trait',
            act: ({ autoScaling }) => {
              if (trait !== 'SUSPENDED_BY_AWS') return;
              autoScaling.groups.get('web')?.suspended.set('Launch', 'Administrative suspension');
            },
          },
          startOf(
            remediation,
            'by-hand',
            { autoScalingGroupName: 'web', reason: 'a test', ...inputs[remediation] },
            60,
          ),
        ],
        { groups: [smallGroup('web', groupWith[trait])], durationSeconds: minutes(60) },
      ),
    );
    const found = treatmentOf(remediation, trait);
    const said = (of: 'warned' | 'refused') =>
      found.treatment === of ? [`${of}: web: ${of === 'refused' ? 'left alone: ' : ''}${found.why}`] : [];
    const told = (of: string) => run.journal.filter((line) => line.startsWith(`${of}: web: `));
    // A resize warns in the line of its plan.
    if (remediation !== 'resize-in-place') expect(told('warned')).toEqual(said('warned'));
    else if (found.treatment === 'warned') expect(told('planned').join()).toContain(found.why);
    expect(told('refused')).toEqual(said('refused'));
    const made = changes(run.result).filter(({ operation }) => !/Tags$/.test(operation));
    // Nothing is stuck here, so a drain has nothing to do.
    const acts = treatment !== 'refused' && remediation !== 'drain-pending-wait';
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
