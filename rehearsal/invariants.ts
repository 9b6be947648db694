import { isOptedIn } from '../functions/domain/auto-scaling-group.ts';
import { holdTagKey } from '../functions/domain/holds/hold-tag.ts';
import type { Evidence as InstanceEvidence } from '../functions/domain/launches/evidence.ts';
import { counted } from '../functions/domain/times.ts';
import { groupNameIn, type SimulatedGroup, unitsInService } from './cloud/auto-scaling-group.ts';
import type { Execution } from './cloud/step-functions.ts';
import type { RecordedCall } from './cloud/wire.ts';
import type { LaunchFault } from './incident.ts';
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
  /** Groups that must lose no good instance, and must have what they desire in the end. */
  mustSurvive: string[];
  /** Whether a moment, in milliseconds, is in the trouble of the story or right after. */
  isInTrouble: (at: number) => boolean;
  /** Groups that may lack capacity although they are held: others take it. */
  mayLackCapacity: string[];
  /** Executions that people of the story stop. */
  stoppedByPeople: string[];
  launchFaults: LaunchFault[];
  breakersLeft: string[];
  /** What was kept of instances. */
  evidence: InstanceEvidence[];
  /** Times at which a call of Holdfast lowered a desired capacity. */
  desiredLowered: string[];
  /** Groups that Holdfast still holds, leases or resizes. */
  holdsLeft: string[];
  /** Instances, and groups, of which people were told that Holdfast leaves them as they are. */
  leftForAPerson: string[];
  /** Capacity reservations that are still paid for. */
  reservationsLeft: string[];
  /** In service and needed, each minute, per group. */
  samples: Map<string, Sample[]>;
  /** Errors of functions that were invoked by an event. */
  functionErrors: string[];
  /** Whether an execution may fail, because the table did not answer when it began. */
  mayFail: (execution: Execution) => boolean;
  startedAtMilliseconds: number;
  endedAtMilliseconds: number;
}

/** The hard limit of one Standard execution (Step Functions quotas). */
const historyEventsMax = 25_000;
/** A hold later than this is too late to be of use. */
const heldWithinSeconds = 120;
/** How long after giving back a lack of capacity still counts as the doing of the one who gave back. */
const afterReleaseSeconds = 900;
/** How long a group may take to replace what EC2 ended. */
const replacedWithinSeconds = 1800;

/** Calls by the group that they name: of a large fleet all of them are asked for each group. */
const indexed = new WeakMap<RecordedCall[], Map<unknown, RecordedCall[]>>();
const callsOf = (calls: RecordedCall[], name: string): RecordedCall[] => {
  const byGroup = indexed.get(calls) ?? Map.groupBy(calls, ({ input }) => input.AutoScalingGroupName);
  indexed.set(calls, byGroup);
  return byGroup.get(name) ?? [];
};

const succeeded = (calls: RecordedCall[], operation: string, name: string): RecordedCall[] =>
  callsOf(calls, name).filter((call) => call.operation === operation && call.outcome === 'ok');

const checkCalls = ({ calls, groups, isDryRun }: Evidence): string[] => {
  const byName = new Map(groups.map((group) => [group.name, group]));
  return calls
    .filter(({ mutating }) => mutating)
    .flatMap(({ at, operation, input }) => {
      const name = groupNameIn(input) ?? String(input.InstanceId);
      const found: string[] = [];
      if (isDryRun) found.push(`${at} ${operation} on ${name}: a dry run changes nothing`);
      const group = byName.get(name);
      if (group !== undefined && !isOptedIn(group)) {
        found.push(`${at} ${operation} on ${name}: the group did not opt in`);
      }
      const named = input.ScalingProcesses;
      if (operation.endsWith('Processes') && (!Array.isArray(named) || named.length === 0)) {
        found.push(`${at} ${operation} on ${name} names no process, which means all of them`);
      }
      return found;
    });
};

/** Nothing is destroyed before its evidence is kept, and no launch is ever continued from here. */
const checkDrains = ({ calls, evidence }: Evidence): string[] =>
  calls
    .filter(
      ({ operation, outcome }) =>
        outcome === 'ok' &&
        ['CompleteLifecycleAction', 'TerminateInstanceInAutoScalingGroup'].includes(operation),
    )
    .flatMap(({ at, operation, input }) => {
      const kept = evidence.find(({ instanceId }) => instanceId === input.InstanceId);
      return [
        ...(kept === undefined || kept.takenAt > at
          ? [`${at} ${operation} on ${input.InstanceId}: no evidence was kept before`]
          : []),
        ...(input.LifecycleActionResult === 'CONTINUE' ? [`${at} ${operation} continued a launch`] : []),
      ];
    });

/** Groups of which the story says so lose no good instance and get what they desire. */
const checkSurvival = ({
  calls,
  groups,
  samples,
  mustSurvive,
  isInTrouble,
  startedAtMilliseconds,
  endedAtMilliseconds: endsAt,
}: Evidence): string[] =>
  groups
    .filter(({ name }) => mustSurvive.includes(name))
    .flatMap((group) => {
      const givenBack = calls.filter(
        ({ operation, outcome, input }) =>
          input.AutoScalingGroupName === group.name &&
          outcome === 'ok' &&
          (operation === 'ResumeProcesses' || input.ProtectedFromScaleIn === false),
      );
      const givenBackAt = Date.parse(givenBack.at(-1)?.at ?? '9999-01-01');
      const lacksCapacityAfter = (at: number): boolean =>
        (samples.get(group.name) ?? []).some(({ seconds, capacity, needed }) => {
          const since = startedAtMilliseconds + seconds * 1000 - at;
          return since >= 0 && since < afterReleaseSeconds * 1000 && capacity < needed;
        });
      // What policies take after the trouble, of a group that nobody holds and that has enough then, is as it should be.
      const isScalingAsUsual = (at: number): boolean =>
        !isInTrouble(at) && (givenBack.length === 0 || at > givenBackAt) && !lacksCapacityAfter(at);
      const lost = group.terminations.filter(
        ({ at, wasGood, because }) =>
          wasGood &&
          // AWS balances the zones by launching first: what it ends then serves elsewhere already.
          because !== 'rebalance' &&
          !(because === 'scale-in' && isScalingAsUsual(at)),
      );
      const inService = unitsInService(group);
      // What EC2 ended right before the end of the story is being replaced still.
      const endedLately = group.endedByEc2At.filter(
        (at) => at > endsAt - replacedWithinSeconds * 1000,
      ).length;
      return [
        ...(lost.length === 0
          ? []
          : [
              `the story says that ${group.name} must survive, and it lost ${counted(lost.length, 'good instance')} (${lost.map((l) => l.because).join(', ')})`,
            ]),
        ...(inService + endedLately >= group.desiredCapacity
          ? []
          : [
              `the story says that ${group.name} must survive, and it ends with ${inService} in service and desires ${group.desiredCapacity}`,
            ]),
      ];
    });

/** What was taken out of service is back, or people were told of it by name. */
const checkStandby = ({ calls, groups, leftForAPerson }: Evidence): string[] => {
  const entered = new Set(
    calls
      .filter(({ operation, outcome }) => operation === 'EnterStandby' && outcome === 'ok')
      .flatMap(({ input }) => input.InstanceIds as string[]),
  );
  return groups.flatMap(({ name, instances }) =>
    instances
      .filter(({ instanceId }) => entered.has(instanceId) && !leftForAPerson.includes(instanceId))
      .filter(({ lifecycleState, ec2 }) => /Standby$/.test(lifecycleState) || /^stop/.test(ec2.state))
      .map(
        ({ instanceId, lifecycleState, ec2 }) =>
          `${instanceId} of ${name} ends ${lifecycleState} and ${ec2.state}`,
      ),
  );
};

/** The error of a resize that left something: its report names what, and people were told. */
const leavesInstances = 'InstancesLeftForAPerson';

/** What executions that still run have not given back yet, in one line for each of them. */
const checkRunning = ({ executions }: Evidence): string[] =>
  executions
    .filter(({ status }) => status === 'RUNNING')
    .map(
      ({ name }) =>
        `the execution ${name} still runs when the story ends, and has not given everything back; let the story last longer (lasts)`,
    );

/** What is as it was once everything has ended. */
const checkLeft = ({
  groups,
  expectedSuspended,
  holdsLeft,
  breakersLeft,
  reservationsLeft,
}: Evidence): string[] => [
  ...holdsLeft.map((name) => `${name} is still held at the end`),
  ...reservationsLeft.map((id) => `the capacity reservation ${id} is still held at the end`),
  ...breakersLeft.map((name) => `the breaker of ${name} is not closed at the end`),
  ...groups
    .filter(({ tags }) => holdTagKey in tags)
    .map(({ name }) => `${name} ends with the tag ${holdTagKey}`),
  ...groups.flatMap(({ name, instances }) => {
    const count = instances.filter(({ protectedFromScaleIn }) => protectedFromScaleIn).length;
    return count === 0 ? [] : [`${name} ends with ${count} instances protected from scale-in`];
  }),
  ...groups.flatMap((group) => {
    const found = [...group.suspended.keys()].sort().join(', ');
    const expected = [...(expectedSuspended[group.name] ?? [])].sort().join(', ');
    return found === expected
      ? []
      : [`${group.name} ends with [${found}] suspended, and should with [${expected}]`];
  }),
];

const checkExecutions = ({
  executions,
  functionErrors,
  mayFail,
  desiredLowered,
  leftForAPerson,
  stoppedByPeople,
}: Evidence): string[] => [
  ...executions
    .filter((execution) => !(execution.status === 'FAILED' && mayFail(execution)))
    .filter(
      ({ status, error, name }) =>
        status !== 'SUCCEEDED' &&
        status !== 'RUNNING' &&
        !(status === 'ABORTED' && stoppedByPeople.includes(name)) &&
        !(error === leavesInstances && leftForAPerson.length > 0),
    )
    .map(({ name, status, error, cause }) =>
      `execution ${name} is ${status} ${error ?? ''} ${cause ?? ''}`.trim(),
    ),
  ...executions
    .filter(({ historyEvents }) => historyEvents > historyEventsMax)
    .map(({ name, historyEvents }) => `execution ${name} wrote ${historyEvents} history events`),
  ...desiredLowered.map((what) => `desired capacity was lowered: ${what}`),
  ...functionErrors.map((error) => `a function failed: ${error}`),
];

const checkEnd = (evidence: Evidence): string[] => {
  const running = checkRunning(evidence);
  return [...(running.length > 0 ? running : checkLeft(evidence)), ...checkExecutions(evidence)];
};

/**
 * How long a group may take to launch what it lacks, once it can: half an hour, after an open breaker has probed again, which
 * it does once an hour at least (`probeAtMost`).
 */
const recoverSeconds = 1800 + 3600;

/**
 * While a group is held, and for a while after it was given back, it must have what its users need; but what cannot
 * be launched cannot serve.
 */
const checkCapacity = ({
  calls,
  groups,
  samples,
  launchFaults,
  mayLackCapacity,
  startedAtMilliseconds,
}: Evidence): string[] =>
  groups.flatMap((group) => {
    const canLaunch = (seconds: number): boolean =>
      launchFaults.every(
        (fault) =>
          !fault.groups.includes(group.name) ||
          seconds < fault.fromSeconds ||
          seconds > fault.untilSeconds + recoverSeconds,
      );
    const since = (call: RecordedCall | undefined): number | undefined =>
      call === undefined ? undefined : (Date.parse(call.at) - startedAtMilliseconds) / 1000;
    const heldSince = since(succeeded(calls, 'SuspendProcesses', group.name).at(0));
    if (heldSince === undefined || mayLackCapacity.includes(group.name)) return [];
    const givenBackAt =
      since(succeeded(calls, 'ResumeProcesses', group.name).at(-1)) ?? Number.POSITIVE_INFINITY;
    const short = (samples.get(group.name) ?? []).filter(
      ({ seconds, capacity, needed }) =>
        seconds > heldSince &&
        seconds < givenBackAt + afterReleaseSeconds &&
        capacity < needed &&
        canLaunch(seconds),
    );
    const worst = short.sort((a, b) => a.capacity - a.needed - (b.capacity - b.needed))[0];
    return worst === undefined
      ? []
      : [
          `${group.name} had the capacity of ${worst.capacity} in service and needed ${worst.needed} after ${Math.round(worst.seconds / 60)} minutes, although it was held`,
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
  if (isDryRun) return [];
  // Without an alarm that a rule names there is no moment to count from; held it has to be all the same.
  if (alarmAtSeconds === undefined) {
    return expectedHeld
      .filter((name) => succeeded(calls, 'SuspendProcesses', name).length === 0)
      .map((name) => `${name} was never held`);
  }
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
  ...checkDrains(evidence),
  ...checkSurvival(evidence),
  ...checkStandby(evidence),
];
