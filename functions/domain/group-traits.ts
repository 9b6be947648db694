import type { AutoScalingGroup } from './auto-scaling-group.ts';
import type { GroupTrait, Treatment } from './remediation.ts';
import type { Remediation } from './remediation-names.ts';
import { remediations } from './remediations.ts';

const hasTag = ({ tags }: AutoScalingGroup, isNamed: (key: string) => boolean): boolean =>
  Object.keys(tags).some(isNamed);

/**
 * How each trait is seen in what DescribeAutoScalingGroups says.
 * Source of the tags: Amazon ECS Developer Guide, "Auto Scaling group capacity providers"; Amazon EKS User Guide, "Managed
 * node groups"; AWS Elastic Beanstalk Developer Guide, "Auto Scaling group".
 */
const isSeenIn: Record<GroupTrait, (group: AutoScalingGroup) => boolean> = {
  ECS: (group) => hasTag(group, (key) => key === 'AmazonECSManaged'),
  EKS: (group) => hasTag(group, (key) => key === 'eks:cluster-name' || key === 'eks:nodegroup-name'),
  KUBERNETES: (group) => hasTag(group, (key) => key.startsWith('kubernetes.io/cluster/')),
  ELASTIC_BEANSTALK: (group) => hasTag(group, (key) => key === 'elasticbeanstalk:environment-name'),
  MIXED_INSTANCES: ({ hasMixedInstances }) => hasMixedInstances === true,
  SUSPENDED_BY_AWS: ({ suspendedByAws = [] }) => suspendedByAws.includes('Launch'),
  WARM_POOL: ({ hasWarmPool }) => hasWarmPool === true,
  COUNTS_UNITS: ({ countsUnits }) => countsUnits !== undefined,
};

/** All traits, in the order of the table of `docs/real-fleets.md`. */
export const groupTraits = Object.keys(isSeenIn) as GroupTrait[];

/** What a remediation does with groups of a trait: what its record says, else what it does with any group. */
export const treatmentOf = (remediation: Remediation, trait: GroupTrait): Treatment =>
  remediations[remediation].traits[trait] ?? { treatment: 'handled' };

/** The traits of a group for which a remediation refuses it, or which it warns of, each with why. */
export const traitsTreated = (
  group: AutoScalingGroup,
  remediation: Remediation,
  treatment: 'warned' | 'refused',
): { trait: GroupTrait; why: string }[] =>
  groupTraits
    .filter((trait) => isSeenIn[trait](group))
    .flatMap((trait) => {
      const found = treatmentOf(remediation, trait);
      return found.treatment === treatment ? [{ trait, why: found.why }] : [];
    });
