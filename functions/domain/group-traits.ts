import type { AutoScalingGroup } from './auto-scaling-group.ts';
import type { GroupTrait, TraitReadAlone, Treatment } from './remediation.ts';
import type { Remediation } from './remediation-names.ts';
import { remediations } from './remediations.ts';

const hasTag = ({ tags }: AutoScalingGroup, isNamed: (key: string) => boolean): boolean =>
  Object.keys(tags).some(isNamed);

/**
 * How each trait is seen in what DescribeAutoScalingGroups says.
 * Source of the tags: Amazon ECS Developer Guide, "Auto Scaling group capacity providers"; Amazon EKS User Guide, "Managed
 * node groups"; AWS Elastic Beanstalk Developer Guide, "Auto Scaling group".
 */
const isSeenIn: Record<Exclude<GroupTrait, TraitReadAlone>, (group: AutoScalingGroup) => boolean> = {
  ECS: (group) => hasTag(group, (key) => key === 'AmazonECSManaged'),
  EKS: (group) => hasTag(group, (key) => key === 'eks:cluster-name' || key === 'eks:nodegroup-name'),
  KUBERNETES: (group) => hasTag(group, (key) => key.startsWith('kubernetes.io/cluster/')),
  ELASTIC_BEANSTALK: (group) => hasTag(group, (key) => key === 'elasticbeanstalk:environment-name'),
  MIXED_INSTANCES: ({ hasMixedInstances }) => hasMixedInstances === true,
  SUSPENDED_BY_AWS: ({ suspendedByAws = [] }) => suspendedByAws.includes('Launch'),
  WARM_POOL: ({ hasWarmPool }) => hasWarmPool === true,
  COUNTS_UNITS: ({ countsUnits }) => countsUnits !== undefined,
  SPOT: ({ hasSpot }) => hasSpot === true,
  RESERVATIONS_FIRST: ({ usesReservationsFirst }) => usesReservationsFirst === true,
  ZONAL_SHIFT: ({ hasZonalShift }) => hasZonalShift === true,
  REPLACES_ROOT_VOLUMES: ({ instances }) =>
    instances.some(({ lifecycleState }) => /^(ReplacingRootVolume|RootVolumeReplaced)/.test(lifecycleState)),
};

/** Whether a launch hook is AWS CodeDeploy's own (CodeDeploy User Guide, "Integrating CodeDeploy with Amazon EC2 Auto Scaling"). */
export const isHookOfCodeDeploy = (lifecycleHookName: string): boolean =>
  lifecycleHookName.startsWith('CodeDeploy-managed-automatic-launch-deployment-hook');

const traitsReadAlone: TraitReadAlone[] = ['INSTANCE_REFRESH', 'STACK_UPDATE', 'CODE_DEPLOY'];
const traitsInDescription = Object.keys(isSeenIn) as (keyof typeof isSeenIn)[];

/** All traits, in the order of the table of `docs/real-fleets.md`. */
export const groupTraits: GroupTrait[] = [...traitsInDescription, ...traitsReadAlone];

/** What a remediation does with groups of a trait: what its record says, else what it does with any group. */
export const treatmentOf = (remediation: Remediation, trait: GroupTrait): Treatment =>
  remediations[remediation].traits[trait] ?? { treatment: 'handled' };

/** Why a remediation warns of a trait, or refuses a group for it; `undefined` when it does neither. */
export const whyTreated = (
  remediation: Remediation,
  trait: GroupTrait,
  treatment: 'warned' | 'refused',
): string | undefined => {
  const found = treatmentOf(remediation, trait);
  return found.treatment === treatment ? found.why : undefined;
};

/** The traits of a group for which a remediation refuses it, or which it warns of, each with why. */
export const traitsTreated = (
  group: AutoScalingGroup,
  remediation: Remediation,
  treatment: 'warned' | 'refused',
): { trait: GroupTrait; why: string }[] =>
  traitsInDescription
    .filter((trait) => isSeenIn[trait](group))
    .flatMap((trait) => {
      const why = whyTreated(remediation, trait, treatment);
      return why === undefined ? [] : [{ trait, why }];
    });
