import type { ScalingProcess } from '../auto-scaling-group.ts';
import type { AutoScalingCall } from '../calls.ts';
import { chunk } from '../chunk.ts';
import { instancesPerProtectionCall } from '../limits.ts';
import type { Remediation } from '../remediation-names.ts';
import { remediations } from '../remediations.ts';
import { isInstance, type Setting } from './group-record.ts';
import { processOrder } from './settings.ts';

const suspendCalls = (
  autoScalingGroupName: string,
  processes: string[],
  remediation: Remediation,
): AutoScalingCall[] => {
  const ordered = processOrder.filter((process) => processes.includes(process));
  if (ordered.length === 0) return [];
  const because = (process: ScalingProcess): string =>
    remediations[remediation].suspendedBecause[process] ?? 'another hold on the group wants it';
  return [
    {
      service: 'AutoScaling',
      operation: 'SuspendProcesses',
      input: { AutoScalingGroupName: autoScalingGroupName, ScalingProcesses: ordered },
      reason: ordered.map((process) => `${process}: ${because(process)}`),
    },
  ];
};

/** The calls that set or remove scale-in protection, fifty instances each. */
const protectionCalls = (
  autoScalingGroupName: string,
  instanceIds: string[],
  isProtected: boolean,
  reason: string,
): AutoScalingCall[] =>
  chunk([...instanceIds].sort(), instancesPerProtectionCall).map((InstanceIds) => ({
    service: 'AutoScaling',
    operation: 'SetInstanceProtection',
    input: { AutoScalingGroupName: autoScalingGroupName, InstanceIds, ProtectedFromScaleIn: isProtected },
    reason,
  }));

/**
 * The calls that put settings in force, with the reason for each: what a plan lists is what a live run calls.
 *
 * @param settings in any order; no call is made for none, since to AWS an empty list of processes means all of them
 */
export const holdCalls = (
  autoScalingGroupName: string,
  settings: Setting[],
  remediation: Remediation,
): AutoScalingCall[] => [
  ...suspendCalls(
    autoScalingGroupName,
    settings.filter((setting) => !isInstance(setting)),
    remediation,
  ),
  ...protectionCalls(
    autoScalingGroupName,
    settings.filter(isInstance),
    true,
    `SetInstanceProtection: ${remediations[remediation].protectedBecause ?? 'another hold on the group wants it'}`,
  ),
];

/** The calls that protect good instances while the group replaces broken ones. */
export const keepGoodCalls = (autoScalingGroupName: string, instanceIds: string[]): AutoScalingCall[] =>
  protectionCalls(
    autoScalingGroupName,
    instanceIds,
    true,
    'SetInstanceProtection: scale-in does not choose by health, and broken newcomers have to be replaced first',
  );

/** The calls that take settings back: protection first, so that no process acts on a group half given back. */
export const giveBackCalls = (
  autoScalingGroupName: string,
  settings: Setting[],
  reason: string,
): AutoScalingCall[] => {
  const processes = settings.filter((setting) => !isInstance(setting)).sort();
  return [
    ...protectionCalls(autoScalingGroupName, settings.filter(isInstance), false, reason),
    ...(processes.length === 0
      ? []
      : [
          {
            service: 'AutoScaling' as const,
            operation: 'ResumeProcesses' as const,
            input: { AutoScalingGroupName: autoScalingGroupName, ScalingProcesses: processes },
            reason,
          },
        ]),
  ];
};
