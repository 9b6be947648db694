import {
  type AutoScalingGroup,
  type AutoScalingInstance,
  inService,
  launching,
} from './auto-scaling-group.ts';

/**
 * What instances count towards the desired, minimum and maximum capacity of their group, in the group's own units:
 * one each, or their weights. The one place that knows.
 *
 * @returns `undefined` when it cannot be known: AWS tells weights of each instance, and no virtual CPUs or memory
 */
export const unitsOf = (
  { countsUnits }: Pick<AutoScalingGroup, 'countsUnits'>,
  instances: AutoScalingInstance[],
): number | undefined => {
  if (countsUnits === undefined) return instances.length;
  return instances.reduce(
    (sum: number | undefined, { weightedCapacity }) =>
      sum === undefined || weightedCapacity === undefined ? undefined : sum + weightedCapacity,
    0,
  );
};

/** Sizes that cannot be compared with instances: what they count, and the first instance that does not tell. */
export interface UnknownUnits {
  countsUnits: string;
  /** Absent when there is no instance that could tell. */
  silentInstanceId?: string;
}

/** Why a group's sizes cannot be compared with its instances; `undefined` when they can. */
export const unknownUnits = ({ countsUnits, instances }: AutoScalingGroup): UnknownUnits | undefined => {
  if (countsUnits === undefined) return undefined;
  if (countsUnits !== weights && instances.length === 0) return { countsUnits };
  const [silent] = instances.filter(({ weightedCapacity }) => weightedCapacity === undefined);
  return silent === undefined ? undefined : { countsUnits, silentInstanceId: silent.instanceId };
};

/** What `countsUnits` says of a group whose sizes are sums of weights. */
export const weights = 'weights of a mixed instances policy';

/** Units of the instances in service; `undefined` when they cannot be known. */
const unitsInService = (group: AutoScalingGroup): number | undefined => unitsOf(group, inService(group));

/**
 * Whether a group has less in service than it desires. One whose units cannot be known is taken to lack nothing: it is
 * refused before anything rests on that.
 */
export const isShort = (group: AutoScalingGroup): boolean =>
  (unitsInService(group) ?? Number.POSITIVE_INFINITY) < group.desiredCapacity;

/** Whether all that a group desires is in service, and nothing is on its way. */
export const isComplete = (group: AutoScalingGroup): boolean =>
  !isShort(group) && launching(group).length === 0;
