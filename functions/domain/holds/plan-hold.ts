import { type AutoScalingGroup, inService } from '../auto-scaling-group.ts';
import type { AutoScalingCall, TagCall } from '../calls.ts';
import { protectedInstancesMax } from '../limits.ts';
import type { Remediation } from '../remediation-names.ts';
import { holdCalls } from './hold-calls.ts';
import { holdTagCall } from './hold-tag.ts';
import { type GroupRefusal, refusalOfAll, type SelectionRefusal, selectGroups } from './select-groups.ts';
import type { HoldEffect } from './settings.ts';
import { settingsInForce } from './wanted-state.ts';

/** Why a group cannot be held. */
export type HoldRefusal =
  | GroupRefusal
  | { because: 'TOO_MANY_INSTANCES'; instancesInService: number; instancesMax: number };

/** What is planned for one group. */
export type GroupPlan =
  | {
      action: 'HOLD';
      autoScalingGroupName: string;
      /** Whether anything is missing that a hold wants. */
      because: 'ASKED_FOR' | 'IN_FORCE_ALREADY';
      calls: (AutoScalingCall | TagCall)[];
    }
  | ({ action: 'REFUSE'; autoScalingGroupName: string } & HoldRefusal);

/** What is planned for an incident: the groups to hold, with their calls, and the groups refused. */
export interface HoldPlan {
  groups: GroupPlan[];
  /** Set when nothing at all may be done. */
  refusal?: SelectionRefusal;
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
): GroupPlan => {
  const { autoScalingGroupName } = group;
  const ids = effect.protectsInstances ? inService(group).map(({ instanceId }) => instanceId) : [];
  if (ids.length > protectedInstancesMax) {
    return {
      action: 'REFUSE',
      autoScalingGroupName,
      because: 'TOO_MANY_INSTANCES',
      instancesInService: ids.length,
      instancesMax: protectedInstancesMax,
    };
  }
  const inForce = settingsInForce(group);
  const missing = [...effect.processes, ...ids].filter((setting) => !inForce.has(setting));
  const tagCall = tag === undefined ? undefined : holdTagCall(group, tag, stage);
  return {
    action: 'HOLD',
    autoScalingGroupName,
    because: missing.length === 0 ? 'IN_FORCE_ALREADY' : 'ASKED_FOR',
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
 * @returns one plan per group, sorted by name, those over the number left alone; a refusal of the whole when there is none
 */
export const planHold = (
  groups: AutoScalingGroup[],
  requestedNames: string[],
  settings: PlanSettings,
): HoldPlan => {
  const planned = selectGroups(groups, requestedNames, settings).groups.map(
    (selection): GroupPlan =>
      selection.action === 'TAKE' ? planGroup(selection.group, settings) : selection,
  );
  const refusal = refusalOfAll(planned, planned.filter(isHeld).length, settings.groupsMax);
  return { groups: planned, ...(refusal === undefined ? {} : { refusal }) };
};

/** Whether a plan holds this group. */
export const isHeld = (plan: GroupPlan): plan is GroupPlan & { action: 'HOLD' } => plan.action === 'HOLD';
