import type { GroupRecord, Hold } from './group-record.ts';
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

/**
 * The processes that must be suspended in a group: its baseline and the claims of all its holds, less what a
 * person resumed meanwhile. The one function that says what a group should look like.
 *
 * @param record what is known of the group
 * @returns process names, sorted
 */
export const wantedSuspendedProcesses = (record: GroupRecord): string[] => {
  const wanted = new Set<string>([
    ...(record.baseline?.suspendedProcesses ?? []),
    ...record.holds.flatMap(claimedProcesses),
  ]);
  for (const { process } of record.overridden) wanted.delete(process);
  return [...wanted].sort();
};
