import { type AutoScalingGroup, isOptedIn } from '../auto-scaling-group.ts';
import { traitsTreated } from '../group-traits.ts';
import { type UnknownUnits, unknownUnits } from '../group-units.ts';
import type { GroupTrait } from '../remediation.ts';
import type { Remediation } from '../remediation-names.ts';
import { remediations } from '../remediations.ts';

/** Why a group may not be touched, whatever is to be done to it. */
export type GroupRefusal =
  | { because: 'NOT_OPTED_IN' }
  | { because: 'BEING_DELETED'; status: string }
  | ({ because: 'UNITS_UNKNOWN' } & UnknownUnits)
  | { because: 'NO_SUCH_GROUP' }
  /** So many others, before it by name, were taken already. */
  | { because: 'OVER_GROUPS_MAX'; groupsMax: number }
  /** Something else manages it, or it is made of what this remediation may not touch. */
  | { because: 'TRAIT'; trait: GroupTrait; why: string };

/** One group that was asked for, or found: it takes part, or why not. */
export type GroupSelection =
  | { action: 'TAKE'; autoScalingGroupName: string; group: AutoScalingGroup }
  | ({ action: 'REFUSE'; autoScalingGroupName: string } & GroupRefusal);

/** Why nothing at all may be done. */
export type SelectionRefusal =
  | { because: 'TOO_MANY_GROUPS'; groupsFound: number; groupsMax: number }
  | { because: 'NO_GROUP_MATCHES' }
  | { because: 'EVERY_GROUP_REFUSED' };

/** What a remediation may begin with. */
export interface Selection {
  /** By name. */
  groups: GroupSelection[];
  refusal?: SelectionRefusal;
}

const refusalOf = (group: AutoScalingGroup, remediation: Remediation): GroupRefusal | undefined => {
  if (!isOptedIn(group)) return { because: 'NOT_OPTED_IN' };
  if (group.status !== undefined) return { because: 'BEING_DELETED', status: group.status };
  const [first] = traitsTreated(group, remediation, 'refused');
  if (first !== undefined) return { because: 'TRAIT', ...first };
  const units = unknownUnits(group);
  return units === undefined ? undefined : { because: 'UNITS_UNKNOWN', ...units };
};

/** Why so many groups are too many, or none too few. */
export const refusalOfAll = (
  groups: { action: string }[],
  taken: number,
  groupsMax: number,
): SelectionRefusal | undefined => {
  if (taken > groupsMax) return { because: 'TOO_MANY_GROUPS', groupsFound: taken, groupsMax };
  if (taken > 0) return undefined;
  return { because: groups.length === 0 ? 'NO_GROUP_MATCHES' : 'EVERY_GROUP_REFUSED' };
};

/** The selection with those over a number left alone: the last by name, so that the same ones are taken each time. */
const withinLimit = (groups: GroupSelection[], groupsMax: number): GroupSelection[] => {
  let taken = 0;
  return groups.map((group) => {
    if (group.action !== 'TAKE') return group;
    taken += 1;
    const { autoScalingGroupName } = group;
    return taken <= groupsMax
      ? group
      : { action: 'REFUSE', autoScalingGroupName, because: 'OVER_GROUPS_MAX', groupsMax };
  });
};

/**
 * Chooses the groups that a remediation may be about.
 *
 * @param found the groups found, in any order
 * @param requestedNames names asked for one by one, so that an unknown one is refused rather than forgotten
 * @param limits what is to be done to them, and to how many at most
 * @returns one answer for each group, sorted by name; a refusal of the whole when there is none, and for a remediation
 * that takes all or none when there are too many
 */
export const selectGroups = (
  found: AutoScalingGroup[],
  requestedNames: string[],
  limits: { remediation: Remediation; groupsMax: number },
): Selection => {
  const { remediation, groupsMax } = limits;
  const { takesAllGroupsOrNone } = remediations[remediation];
  const known = new Set(found.map(({ autoScalingGroupName }) => autoScalingGroupName));
  const all = [
    ...found.map((group): GroupSelection => {
      const { autoScalingGroupName } = group;
      const refusal = refusalOf(group, remediation);
      return refusal === undefined
        ? { action: 'TAKE', autoScalingGroupName, group }
        : { action: 'REFUSE', autoScalingGroupName, ...refusal };
    }),
    ...requestedNames
      .filter((name) => !known.has(name))
      .map(
        (name): GroupSelection => ({
          action: 'REFUSE',
          autoScalingGroupName: name,
          because: 'NO_SUCH_GROUP',
        }),
      ),
  ].sort((a, b) => (a.autoScalingGroupName < b.autoScalingGroupName ? -1 : 1));
  const groups = takesAllGroupsOrNone ? all : withinLimit(all, groupsMax);
  const refusal = refusalOfAll(groups, groups.filter(({ action }) => action === 'TAKE').length, groupsMax);
  return { groups, ...(refusal === undefined ? {} : { refusal }) };
};

/** Whether a group takes part. */
export const isTaken = (selection: GroupSelection): selection is GroupSelection & { action: 'TAKE' } =>
  selection.action === 'TAKE';
