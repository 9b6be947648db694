import { processesToSuspend, type ScalingProcess, suspendedBecause } from './hold-effects.ts';
import type { PlannedCall } from './incident.ts';

/**
 * The call that suspends processes of a group, with the reason for each: what a plan lists is what a live run calls.
 *
 * @param processes in any order; the call names them in the order in which the reasons are written down
 * @returns no call for no processes, since to AWS an empty list means all of them
 */
export const suspendCalls = (autoScalingGroupName: string, processes: string[]): PlannedCall[] => {
  const ordered = processesToSuspend('all').filter((process) => processes.includes(process));
  if (ordered.length === 0) return [];
  return [
    {
      service: 'AutoScaling',
      operation: 'SuspendProcesses',
      input: { AutoScalingGroupName: autoScalingGroupName, ScalingProcesses: ordered },
      reason: ordered.map((process: ScalingProcess) => `${process}: ${suspendedBecause[process]}`).join('; '),
    },
  ];
};
