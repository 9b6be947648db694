import {
  type AutoScalingGroup,
  inService,
  markedUnhealthy,
  type ScalingProcess,
} from '../auto-scaling-group.ts';
import { type GroupRecord, type Hold, isGivenBackUnseen, type Setting } from './group-record.ts';
import { processesThatEndInstances, resumedFirst } from './settings.ts';

/** The processes one hold still claims in its stage. */
export const claimedProcesses = (hold: Hold): ScalingProcess[] => {
  switch (hold.stage) {
    case 'HELD':
      return hold.processes;
    case 'SETTLING':
      return hold.processes.filter((process) => !resumedFirst.includes(process));
    case 'REPLACING':
    case 'VERIFYING':
      return [];
  }
};

/** Whether one hold still claims the protection of instances in its stage. */
export const claimsProtection = ({ protectsInstances, stage }: Hold): boolean =>
  stage === 'REPLACING' || (protectsInstances && stage !== 'VERIFYING');

/** Whether one hold still keeps instances from scale-in in its stage. */
export const keepsInstances = (hold: Hold): boolean =>
  claimsProtection(hold) ||
  claimedProcesses(hold).some((process) => processesThatEndInstances.includes(process));

/** The instances that are to be protected: all in service, less the broken ones where only their replacement is waited for. */
const protectedIds = ({ holds, brokenNewcomers = [] }: GroupRecord, group: AutoScalingGroup): Setting[] => {
  const claims = holds.filter(claimsProtection);
  if (claims.length === 0) return [];
  const ids = inService(group).map(({ instanceId }) => instanceId);
  if (claims.some(({ stage }) => stage !== 'REPLACING')) return ids;
  const broken = new Set([...brokenNewcomers, ...markedUnhealthy(group)].map(({ instanceId }) => instanceId));
  return ids.filter((id) => !broken.has(id));
};

/**
 * The settings that must be in force in a group: its baseline and the claims of all its holds, less what a person
 * took back meanwhile. The one function that says what a group should look like.
 *
 * @param record what is known of the group
 * @param group the group as described; only instances in service now are wanted protected
 * @returns names of processes and ids of instances, sorted
 */
export const wantedSettings = (record: GroupRecord, group: AutoScalingGroup): Setting[] => {
  const wanted = new Set<Setting>([
    ...(record.baseline?.suspendedProcesses ?? []),
    ...record.holds.flatMap(claimedProcesses),
    ...protectedIds(record, group),
  ]);
  for (const { setting } of record.overridden) wanted.delete(setting);
  // What somebody suspended before us stays; a resize is not begun there.
  const isOthers = record.baseline?.suspendedProcesses.includes('Launch') === true;
  if (record.holds.some(({ keepsLaunch }) => keepsLaunch === true) && !isOthers) wanted.delete('Launch');
  return [...wanted].sort();
};

/** The settings that a description shows in force. */
export const settingsInForce = (group: AutoScalingGroup): Set<Setting> =>
  new Set([
    ...group.suspendedProcesses,
    ...group.instances
      .filter(({ protectedFromScaleIn }) => protectedFromScaleIn)
      .map(({ instanceId }) => instanceId),
  ]);

/** The same without those that Holdfast gave back so lately that the description may be from before. */
export const settingsStillInForce = (
  record: GroupRecord,
  group: AutoScalingGroup,
  now: string,
): Set<Setting> => {
  const inForce = settingsInForce(group);
  for (const imposed of record.imposed) {
    if (isGivenBackUnseen(imposed, now)) inForce.delete(imposed.setting);
  }
  return inForce;
};
