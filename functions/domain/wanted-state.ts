import { type AutoScalingGroup, inService } from './auto-scaling-group.ts';
import type { GroupRecord, Hold, Setting } from './group-record.ts';
import { resumedFirst, type ScalingProcess } from './hold-effects.ts';

/** The processes one hold still claims in its stage. */
export const claimedProcesses = (hold: Hold): ScalingProcess[] => {
  switch (hold.stage) {
    case 'HELD':
      return hold.processes;
    case 'SETTLING':
      return hold.processes.filter((process) => !resumedFirst.includes(process));
    case 'VERIFYING':
      return [];
  }
};

/** Whether one hold still claims the protection of instances in its stage. */
export const claimsProtection = ({ protectsInstances, stage }: Hold): boolean =>
  protectsInstances && stage !== 'VERIFYING';

/**
 * The settings that must be in force in a group: its baseline and the claims of all its holds, less what a person
 * took back meanwhile. The one function that says what a group should look like.
 *
 * @param record what is known of the group
 * @param group the group as described; only instances in service now are wanted protected
 * @returns names of processes and ids of instances, sorted
 */
export const wantedSettings = (record: GroupRecord, group: AutoScalingGroup): Setting[] => {
  const ids = inService(group).map(({ instanceId }) => instanceId);
  const wanted = new Set<Setting>([
    ...(record.baseline?.suspendedProcesses ?? []),
    ...record.holds.flatMap(claimedProcesses),
    ...(record.holds.some(claimsProtection) ? ids : []),
  ]);
  for (const { setting } of record.overridden) wanted.delete(setting);
  // What somebody suspended before us stays; a resize is not begun there.
  const isOthers = record.baseline?.suspendedProcesses.includes('Launch') === true;
  if (record.holds.some(({ keepsLaunch }) => keepsLaunch === true) && !isOthers) wanted.delete('Launch');
  return [...wanted].sort();
};

/** The settings that are in force in a group as described. */
export const settingsInForce = (group: AutoScalingGroup): Set<Setting> =>
  new Set([
    ...group.suspendedProcesses,
    ...group.instances
      .filter(({ protectedFromScaleIn }) => protectedFromScaleIn)
      .map(({ instanceId }) => instanceId),
  ]);
