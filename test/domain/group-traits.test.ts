import { describe, expect, it } from 'vitest';
import type { AutoScalingGroup } from '../../functions/domain/auto-scaling-group.ts';
import {
  groupTraits,
  isHookOfCodeDeploy,
  traitsTreated,
  treatmentOf,
} from '../../functions/domain/group-traits.ts';
import { type AskedSettings, askedSettings } from '../../functions/domain/incident.ts';
import type { GroupTrait } from '../../functions/domain/remediation.ts';
import { remediationNames } from '../../functions/domain/remediation-names.ts';
import { aGroup, anInstance, defaultHoldSettings } from './holds/group-fixtures.ts';

const tagged = (key: string): Partial<AutoScalingGroup> => ({ tags: { holdfast: 'true', [key]: 'x' } });

/** Groups that have a trait, each in another way. */
const having: [GroupTrait, Partial<AutoScalingGroup>][] = [
  ['ECS', tagged('AmazonECSManaged')],
  ['EKS', tagged('eks:cluster-name')],
  ['EKS', tagged('eks:nodegroup-name')],
  ['KUBERNETES', tagged('kubernetes.io/cluster/shop')],
  ['ELASTIC_BEANSTALK', tagged('elasticbeanstalk:environment-name')],
  ['MIXED_INSTANCES', { hasMixedInstances: true }],
  ['SUSPENDED_BY_AWS', { suspendedByAws: ['AZRebalance', 'Launch'] }],
  ['WARM_POOL', { hasWarmPool: true }],
  ['COUNTS_UNITS', { countsUnits: 'vcpu' }],
  ['SPOT', { hasSpot: true }],
  ['RESERVATIONS_FIRST', { usesReservationsFirst: true }],
  ['ZONAL_SHIFT', { hasZonalShift: true }],
  [
    'REPLACES_ROOT_VOLUMES',
    { instances: [anInstance('i-1'), anInstance('i-2', { lifecycleState: 'ReplacingRootVolume:Wait' })] },
  ],
  ['REPLACES_ROOT_VOLUMES', { instances: [anInstance('i-1', { lifecycleState: 'RootVolumeReplaced' })] }],
];

const all = (over: Partial<AutoScalingGroup>): GroupTrait[] => [
  ...new Set(
    remediationNames.flatMap((remediation) =>
      (['warned', 'refused'] as const).flatMap((treatment) =>
        traitsTreated(aGroup(over), remediation, treatment).map(({ trait }) => trait),
      ),
    ),
  ),
];

describe('the traits of a group', () => {
  it.each(having)('%s is seen, and no other', (trait, over) => {
    expect(all(over)).toEqual([trait]);
  });

  it.each<[string, Partial<AutoScalingGroup>]>([
    ['nothing special', {}],
    ['a tag that only ends like one', tagged('my/kubernetes.io/cluster/')],
    ['a tag that only begins like one', tagged('AmazonECSManagedByMe')],
    ['another process that AWS suspended', { suspendedByAws: ['AZRebalance'] }],
    [
      'an instance in a state that only contains one',
      { instances: [anInstance('i-1', { lifecycleState: 'NotReplacingRootVolume' })] },
    ],
  ])('of a group with %s there is none', (_what, over) => {
    expect(all(over)).toEqual([]);
  });

  it('are all treated somehow, and as any group where a remediation says nothing', () => {
    expect(new Set(having.map(([trait]) => trait))).toEqual(
      new Set(
        groupTraits.filter((trait) => !['INSTANCE_REFRESH', 'STACK_UPDATE', 'CODE_DEPLOY'].includes(trait)),
      ),
    );
    expect(treatmentOf('pause-scaling', 'MIXED_INSTANCES')).toEqual({ treatment: 'handled' });
  });
});

describe('isHookOfCodeDeploy', () => {
  it('knows the hook by how its name begins', () => {
    const name = 'CodeDeploy-managed-automatic-launch-deployment-hook';
    expect(isHookOfCodeDeploy(`${name}-shop-0123`)).toBe(true);
    expect(isHookOfCodeDeploy(`my-${name}`)).toBe(false);
  });
});

describe('askedSettings', () => {
  it('leaves out what stands beside the settings, and what was not set', () => {
    const settings = defaultHoldSettings;
    const drain = { olderThanSeconds: 1 } as unknown as NonNullable<AskedSettings['drain']>;
    const resize = { waveSize: 1 } as unknown as NonNullable<AskedSettings['resize']>;
    const beside = { reason: 'why' };
    expect(askedSettings({ settings, ...beside })).toEqual({ settings });
    expect(askedSettings({ settings, drain, ...beside })).toEqual({ settings, drain });
    expect(askedSettings({ settings, resize, ...beside })).toEqual({ settings, resize });
  });
});
