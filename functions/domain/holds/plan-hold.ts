import { type AutoScalingGroup, inService, isOptedIn, optInTag } from '../auto-scaling-group.ts';
import type { AutoScalingCall, TagCall } from '../calls.ts';
import { unitsUnknownBecause } from '../group-units.ts';
import { protectedInstancesMax } from '../limits.ts';
import type { Remediation } from '../remediation-names.ts';
import { holdCalls } from './hold-calls.ts';
import { holdTagCall } from './hold-tag.ts';
import type { HoldEffect } from './settings.ts';
import { settingsInForce } from './wanted-state.ts';

/** What is planned for one group. */
export type GroupPlan =
  | { action: 'HOLD'; autoScalingGroupName: string; calls: (AutoScalingCall | TagCall)[]; reason: string }
  | { action: 'REFUSE'; autoScalingGroupName: string; reason: string };

/** What is planned for an incident: the groups to hold, with their calls, and the groups refused. */
export interface HoldPlan {
  groups: GroupPlan[];
  /** Set when nothing at all may be done, with the reason. */
  refusal?: string;
}

/** What a plan rests on. */
export interface PlanSettings {
  remediation: Remediation;
  effect: HoldEffect;
  groupsMax: number;
  /** What the tag of each group is to say; none where there is nothing to hold yet. */
  tag?: string;
  /** Whose tags may be changed. */
  stage?: string;
}

const planGroup = (
  group: AutoScalingGroup,
  { remediation, effect, tag, stage = '' }: PlanSettings,
  reason: string,
): GroupPlan => {
  const { autoScalingGroupName } = group;
  const refuse = (because: string): GroupPlan => ({
    action: 'REFUSE',
    autoScalingGroupName,
    reason: because,
  });
  if (!isOptedIn(group)) return refuse(`the group does not carry the tag ${optInTag.key}=${optInTag.value}`);
  if (group.status !== undefined) return refuse(`the group is being deleted (${group.status})`);
  const unknownUnits = unitsUnknownBecause(group);
  if (unknownUnits !== undefined) return refuse(unknownUnits);
  const ids = effect.protectsInstances ? inService(group).map(({ instanceId }) => instanceId) : [];
  if (ids.length > protectedInstancesMax) {
    return refuse(
      `${ids.length} instances are in service, more than the ${protectedInstancesMax} of one group that can be protected; set NewInstancesProtectedFromScaleIn on it and protect them by hand`,
    );
  }
  const inForce = settingsInForce(group);
  const missing = [...effect.processes, ...ids].filter((setting) => !inForce.has(setting));
  const tagCall = tag === undefined ? undefined : holdTagCall(group, tag, stage);
  return {
    action: 'HOLD',
    autoScalingGroupName,
    reason: missing.length === 0 ? 'everything is in force already' : reason,
    calls: [
      ...holdCalls(autoScalingGroupName, missing, remediation),
      ...(tagCall === undefined ? [] : [tagCall]),
    ],
  };
};

/**
 * Plans a hold over groups.
 *
 * @param groups the groups found, in any order
 * @param requestedNames names asked for one by one, so that an unknown one is refused rather than forgotten
 * @param settings what to do to each group, and to how many at most
 * @param reason why, for every group
 * @returns one plan per group, sorted by name; a refusal of the whole when there are too many groups or none
 */
export const planHold = (
  groups: AutoScalingGroup[],
  requestedNames: string[],
  settings: PlanSettings,
  reason: string,
): HoldPlan => {
  const found = new Set(groups.map((group) => group.autoScalingGroupName));
  const planned: GroupPlan[] = [
    ...groups.map((group) => planGroup(group, settings, reason)),
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
