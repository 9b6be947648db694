import { type AutoScalingGroup, isOptedIn, optInTag } from './auto-scaling-group.ts';
import { type Block, processesToSuspend } from './hold-effects.ts';
import type { PlannedCall } from './incident.ts';
import { suspendCalls } from './suspend-call.ts';

/** What is planned for one group. */
export type GroupPlan =
  | { action: 'HOLD'; autoScalingGroupName: string; calls: PlannedCall[]; reason: string }
  | { action: 'REFUSE'; autoScalingGroupName: string; reason: string };

/** What is planned for an incident: the groups to hold, with their calls, and the groups refused. */
export interface HoldPlan {
  groups: GroupPlan[];
  /** Set when nothing at all may be done, with the reason. */
  refusal?: string;
}

const planGroup = (group: AutoScalingGroup, block: Block, reason: string): GroupPlan => {
  const { autoScalingGroupName } = group;
  if (!isOptedIn(group)) {
    return {
      action: 'REFUSE',
      autoScalingGroupName,
      reason: `the group does not carry the tag ${optInTag.key}=${optInTag.value}`,
    };
  }
  if (group.status !== undefined) {
    return { action: 'REFUSE', autoScalingGroupName, reason: `the group is being deleted (${group.status})` };
  }
  const missing = processesToSuspend(block).filter((process) => !group.suspendedProcesses.includes(process));
  if (missing.length === 0) {
    return { action: 'HOLD', autoScalingGroupName, calls: [], reason: 'everything is suspended already' };
  }
  return {
    action: 'HOLD',
    autoScalingGroupName,
    reason,
    calls: suspendCalls(autoScalingGroupName, missing),
  };
};

/**
 * Plans a hold over groups.
 *
 * @param groups the groups found, in any order
 * @param requestedNames names asked for one by one, so that an unknown one is refused rather than forgotten
 * @param settings what to block and how many groups at most
 * @param reason why, for every group
 * @returns one plan per group, sorted by name; a refusal of the whole when there are too many groups or none
 */
export const planHold = (
  groups: AutoScalingGroup[],
  requestedNames: string[],
  settings: { block: Block; groupsMax: number },
  reason: string,
): HoldPlan => {
  const found = new Set(groups.map((group) => group.autoScalingGroupName));
  const planned: GroupPlan[] = [
    ...groups.map((group) => planGroup(group, settings.block, reason)),
    ...requestedNames
      .filter((name) => !found.has(name))
      .map(
        (name): GroupPlan => ({
          action: 'REFUSE',
          autoScalingGroupName: name,
          reason: 'there is no Auto Scaling group of this name in this account and Region',
        }),
      ),
  ].sort((a, b) => (a.autoScalingGroupName < b.autoScalingGroupName ? -1 : 1));
  const held = planned.filter((plan) => plan.action === 'HOLD').length;
  if (held > settings.groupsMax) {
    return {
      groups: planned,
      refusal: `${held} groups match, more than the ${settings.groupsMax} that groupsMax allows; nothing was held. Narrow the targets or raise groupsMax.`,
    };
  }
  if (held === 0) {
    return {
      groups: planned,
      refusal: `no group can be held: ${planned.length === 0 ? `none matches the targets and carries ${optInTag.key}=${optInTag.value}` : 'each one found was refused'}`,
    };
  }
  return { groups: planned };
};

/** Whether a plan holds this group. */
export const isHeld = (plan: GroupPlan): plan is GroupPlan & { action: 'HOLD' } => plan.action === 'HOLD';
