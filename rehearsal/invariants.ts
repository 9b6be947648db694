import { isOptedIn } from '../functions/domain/auto-scaling-group.ts';
import type { SimulatedGroup } from './cloud/auto-scaling.ts';
import type { Execution } from './cloud/step-functions.ts';
import type { RecordedCall } from './cloud/wire.ts';
import type { Sample } from './summary.ts';

/** Everything a finished run can be judged by. */
export interface Evidence {
  isDryRun: boolean;
  calls: RecordedCall[];
  executions: Execution[];
  groups: SimulatedGroup[];
  /** Suspended processes that each group must have in the end. */
  expectedSuspended: Record<string, string[]>;
  /** Groups that must be held soon after the first alarm. */
  expectedHeld: string[];
  /** Seconds since the start at which the story's first alarm went into ALARM. */
  alarmAtSeconds: number | undefined;
  /** Times at which a call of Holdfast lowered a desired capacity. */
  desiredLowered: string[];
  /** Groups that Holdfast still holds or leases. */
  holdsLeft: string[];
  /** In service and needed, each minute, per group. */
  samples: Record<string, Sample[]>;
  /** Errors of functions that were invoked by an event. */
  functionErrors: string[];
  startedAtMilliseconds: number;
}

/** The hard limit of one Standard execution (Step Functions quotas). */
const historyEventsMax = 25_000;
/** A hold later than this is too late to be of use. */
const heldWithinSeconds = 120;
/** How long after giving back a loss still counts as the doing of the one who gave back. */
const afterReleaseSeconds = 900;

const succeeded = (calls: RecordedCall[], operation: string, name: string): RecordedCall[] =>
  calls.filter(
    (call) =>
      call.operation === operation && call.outcome === 'ok' && call.input.AutoScalingGroupName === name,
  );

const checkCalls = ({ calls, groups, isDryRun }: Evidence): string[] =>
  calls
    .filter(({ mutating }) => mutating)
    .flatMap(({ at, operation, input }) => {
      const name = String(input.AutoScalingGroupName);
      const found: string[] = [];
      if (isDryRun) found.push(`${at} ${operation} on ${name}: a dry run changes nothing`);
      const group = groups.find((candidate) => candidate.name === name);
      if (group !== undefined && !isOptedIn(group)) {
        found.push(`${at} ${operation} on ${name}: the group did not opt in`);
      }
      const named = input.ScalingProcesses;
      if (operation.endsWith('Processes') && (!Array.isArray(named) || named.length === 0)) {
        found.push(`${at} ${operation} on ${name} names no process, which means all of them`);
      }
      return found;
    });

const checkEnd = ({
  groups,
  expectedSuspended,
  holdsLeft,
  executions,
  functionErrors,
  desiredLowered,
}: Evidence): string[] => [
  ...holdsLeft.map((name) => `${name} is still held at the end`),
  ...groups.flatMap((group) => {
    const found = [...group.suspended.keys()].sort().join(', ');
    const expected = [...(expectedSuspended[group.name] ?? [])].sort().join(', ');
    return found === expected
      ? []
      : [`${group.name} ends with [${found}] suspended, and should with [${expected}]`];
  }),
  ...executions
    .filter(({ status }) => status !== 'SUCCEEDED')
    .map(({ name, status, error, cause }) =>
      `execution ${name} is ${status} ${error ?? ''} ${cause ?? ''}`.trim(),
    ),
  ...executions
    .filter(({ historyEvents }) => historyEvents > historyEventsMax)
    .map(({ name, historyEvents }) => `execution ${name} wrote ${historyEvents} history events`),
  ...desiredLowered.map((what) => `desired capacity was lowered: ${what}`),
  ...functionErrors.map((error) => `a function failed: ${error}`),
];

/** While a group is held, and for a while after it was given back, it must have what its users need. */
const checkCapacity = ({ calls, groups, samples, startedAtMilliseconds }: Evidence): string[] =>
  groups.flatMap((group) => {
    const since = (call: RecordedCall | undefined): number | undefined =>
      call === undefined ? undefined : (Date.parse(call.at) - startedAtMilliseconds) / 1000;
    const heldSince = since(succeeded(calls, 'SuspendProcesses', group.name).at(0));
    if (heldSince === undefined) return [];
    const givenBackAt =
      since(succeeded(calls, 'ResumeProcesses', group.name).at(-1)) ?? Number.POSITIVE_INFINITY;
    const short = (samples[group.name] ?? []).filter(
      ({ seconds, inService, needed }) =>
        seconds > heldSince && seconds < givenBackAt + afterReleaseSeconds && inService < needed,
    );
    const worst = short.sort((a, b) => a.inService - a.needed - (b.inService - b.needed))[0];
    return worst === undefined
      ? []
      : [
          `${group.name} had ${worst.inService} in service and needed ${worst.needed} after ${Math.round(worst.seconds / 60)} minutes, although it was held`,
        ];
  });

/** Whoever is to be held is held in time. */
const checkHeld = ({
  isDryRun,
  calls,
  expectedHeld,
  alarmAtSeconds,
  startedAtMilliseconds,
}: Evidence): string[] => {
  if (isDryRun || alarmAtSeconds === undefined) return [];
  const deadline = startedAtMilliseconds + (alarmAtSeconds + heldWithinSeconds) * 1000;
  return expectedHeld
    .filter(
      (name) => !succeeded(calls, 'SuspendProcesses', name).some(({ at }) => Date.parse(at) <= deadline),
    )
    .map((name) => `${name} was not held within ${heldWithinSeconds} s of the alarm`);
};

/** Everything that must never be so. Empty when all is well. */
export const findViolations = (evidence: Evidence): string[] => [
  ...checkCalls(evidence),
  ...checkEnd(evidence),
  ...checkHeld(evidence),
  ...checkCapacity(evidence),
];
