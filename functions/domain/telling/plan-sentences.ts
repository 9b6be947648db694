import { optInTag } from '../auto-scaling-group.ts';
import type { GroupPlan, HoldRefusal } from '../holds/plan-hold.ts';
import type { SelectionRefusal } from '../holds/select-groups.ts';
import type { Mode } from '../mode.ts';
import { counted } from '../times.ts';

/** Why a group is left alone. */
export const tellGroupRefusal = (refusal: HoldRefusal): string => {
  switch (refusal.because) {
    case 'NOT_OPTED_IN':
      return `the group does not carry the tag ${optInTag.key}=${optInTag.value}`;
    case 'BEING_DELETED':
      return `the group is being deleted (${refusal.status})`;
    case 'UNITS_UNKNOWN':
      return refusal.silentInstanceId === undefined
        ? `its sizes count ${refusal.countsUnits}, and no instance tells how much it counts`
        : `its sizes count ${refusal.countsUnits}, and AWS does not say how much ${refusal.silentInstanceId} counts`;
    case 'TRAIT':
      return refusal.why;
    case 'NO_SUCH_GROUP':
      return 'there is no Auto Scaling group of this name in this account and Region';
    case 'OVER_GROUPS_MAX':
      return `groupsMax allows ${counted(refusal.groupsMax, 'group')}, and others come before it by name; narrow the targets or raise groupsMax`;
    case 'TOO_MANY_INSTANCES':
      return `${refusal.instancesInService} instances are in service, more than the ${refusal.instancesMax} of one group that can be protected; set NewInstancesProtectedFromScaleIn on it and protect them by hand`;
  }
};

/** What is done to a group, as a refusal says that it is not done. */
export type Deed = 'held' | 'drained' | 'resized';

/** Why nothing at all is done. */
export const tellSelectionRefusal = (refusal: SelectionRefusal, deed: Deed): string => {
  switch (refusal.because) {
    case 'TOO_MANY_GROUPS':
      return `${refusal.groupsFound} groups match, more than the ${refusal.groupsMax} that groupsMax allows; nothing was ${deed}. Narrow the targets or raise groupsMax.`;
    case 'NO_GROUP_MATCHES':
      return `no group can be ${deed}: none matches the targets and carries ${optInTag.key}=${optInTag.value}`;
    case 'EVERY_GROUP_REFUSED':
      return `none of these groups can be ${deed} now, for the reasons below`;
  }
};

/** What is planned for one group, in the mode of the run. */
export const tellGroupPlan = (plan: GroupPlan, mode: Mode): string =>
  plan.action === 'REFUSE'
    ? tellLeftAlone(tellGroupRefusal(plan))
    : `${mode === 'live' ? 'will' : 'would'} be held${plan.because === 'IN_FORCE_ALREADY' ? '; everything is in force already' : ''}`;

/** That a group is left alone, and why. */
export const tellLeftAlone = (because: string): string => `left alone: ${because}`;
