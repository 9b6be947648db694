import { type AutoScalingGroup, inService, launching } from '../auto-scaling-group.ts';
import { unitsOf } from '../group-units.ts';
import {
  areLaunchesFailing,
  type Drain,
  isInFlight,
  type LaunchRecord,
  laterOf,
  type StuckInstance,
  stuckInstances,
} from '../launches/launch-record.ts';
import { secondsBetween } from '../times.ts';
import { drainsThatCount } from './decide-breaker.ts';
import type { DrainSettings } from './settings.ts';

/** One group as it is and as its launches are remembered. */
export interface GroupWithLaunches {
  group: AutoScalingGroup;
  record: LaunchRecord;
  /**
   * Whether all of its launch hooks let an instance into service when they time out (DefaultResult CONTINUE); absent where
   * nothing is stuck, or it does not matter.
   */
  hooksContinue?: boolean | 'unreadable';
}

/** An instance to drain, and why; or one that is stuck and has to wait, and why. */
export type DrainChoice = StuckInstance & { autoScalingGroupName: string } & (
    | { action: 'DRAIN' }
    | ({ action: 'WAIT' } & DrainWait)
  );

/** Why a stuck instance has to wait. */
export type DrainWait =
  | ({ because: 'WIDESPREAD' } & Widespread)
  | { because: 'PROCESS_SUSPENDED'; process: string }
  | { because: 'HOOKS_CONTINUE' | 'HOOKS_UNREADABLE' }
  | { because: 'BREAKER_OPEN'; probeAt: string }
  | { because: 'BREAKER_PROBES' }
  | { because: 'PER_GROUP_PER_HOUR' | 'BREAKER_AFTER' | 'AT_ONCE' | 'PER_HOUR'; limit: number };

/** Launches fail in so many of all managed groups at once. */
export interface Widespread {
  failingGroups: number;
  managedGroups: number;
}

const hour = 3600;
/** Fewer failing groups than this are never taken for a fault that is nobody's own. */
const widespreadMin = 3;

/** Whether nothing may be drained anywhere: most groups fail, so it is not a group's fault. */
export const findWidespread = (
  managed: GroupWithLaunches[],
  olderThanSeconds: number,
  now: string,
): Widespread | undefined => {
  const failing = managed.filter(
    ({ group, record }) =>
      areLaunchesFailing(record, now, hour) ||
      stuckInstances(record, group, olderThanSeconds, now).length > 0,
  );
  if (failing.length < widespreadMin || failing.length * 2 <= managed.length) return undefined;
  return { failingGroups: failing.length, managedGroups: managed.length };
};

const drainsInLastHour = ({ drains }: LaunchRecord, now: string): number =>
  drains.filter(({ chosenAt }) => secondsBetween(chosenAt, now) < hour).length;

/** Why a group's next stuck instance has to wait, or `undefined` when it may be drained. */
const waitBecause = (
  { group, record, hooksContinue }: GroupWithLaunches,
  settings: DrainSettings,
  chosenNow: number,
  now: string,
): DrainWait | undefined => {
  const { breaker } = record;
  if (hooksContinue === 'unreadable') return { because: 'HOOKS_UNREADABLE' };
  if (hooksContinue === true && !settings.drainsContinuing) return { because: 'HOOKS_CONTINUE' };
  // An abandoned launch is made good by a launch. Terminate need not run: suspended, it covers what is in service only.
  if (group.suspendedProcesses.includes('Launch') && breaker?.state !== 'OPEN') {
    return { because: 'PROCESS_SUSPENDED', process: 'Launch' };
  }
  if (breaker?.state === 'OPEN') return { because: 'BREAKER_OPEN', probeAt: breaker.probeAt };
  if (drainsInLastHour(record, now) + chosenNow >= settings.perGroupPerHour) {
    return { because: 'PER_GROUP_PER_HOUR', limit: settings.perGroupPerHour };
  }
  if (breaker?.state === 'PROBING') {
    const hasDrained = record.drains.some(({ chosenAt }) => chosenAt >= breaker.stateAt) || chosenNow > 0;
    const present = unitsOf(group, [...inService(group), ...launching(group)]);
    const hasRoom = present !== undefined && present < group.desiredCapacity;
    // With nothing missing no launch would follow: one drain makes room for the launch that is watched.
    return hasDrained || hasRoom ? { because: 'BREAKER_PROBES' } : undefined;
  }
  if (drainsThatCount(record).length + chosenNow >= settings.breakerAfter) {
    return { because: 'BREAKER_AFTER', limit: settings.breakerAfter };
  }
  return undefined;
};

/**
 * Chooses what to drain now, the longest wait first, within every limit. Pure, so that the plan of a dry run and the
 * first round of a live one agree.
 *
 * @param groups the groups of the incident, observed just now
 * @param elsewhere the records of all other managed groups: limits over all groups are over these too
 * @param widespread why nothing may be drained anywhere; what is stuck is listed all the same
 * @param now ISO 8601
 * @returns every stuck instance that is not being drained yet, with what happens to it
 */
export const decideDrains = (
  groups: GroupWithLaunches[],
  settings: DrainSettings,
  elsewhere: LaunchRecord[],
  widespread: Widespread | undefined,
  now: string,
): DrainChoice[] => {
  const candidates = groups
    .flatMap((seen) =>
      stuckInstances(seen.record, seen.group, settings.olderThanSeconds, now)
        .filter(({ instanceId }) =>
          seen.record.drains.every(
            (drain) => drain.instanceId !== instanceId || (!isInFlight(drain) && drain.stage !== 'LEFT'),
          ),
        )
        .map((stuck) => ({ seen, stuck })),
    )
    .sort((a, b) => b.stuck.waitedSeconds - a.stuck.waitedSeconds);
  const all = [...groups.map(({ record }) => record), ...elsewhere];
  let atOnce = all.reduce((sum, { drains }) => sum + drains.filter(isInFlight).length, 0);
  let withinHour = all.reduce((sum, record) => sum + drainsInLastHour(record, now), 0);
  const chosenNow = new Map<string, number>();
  return candidates.map(({ seen, stuck }): DrainChoice => {
    const { autoScalingGroupName } = seen.group;
    const inGroup = chosenNow.get(autoScalingGroupName) ?? 0;
    const wait: DrainWait | undefined =
      (widespread === undefined ? undefined : { because: 'WIDESPREAD', ...widespread }) ??
      waitBecause(seen, settings, inGroup, now) ??
      (atOnce >= settings.atOnce ? { because: 'AT_ONCE', limit: settings.atOnce } : undefined) ??
      (withinHour >= settings.perHour ? { because: 'PER_HOUR', limit: settings.perHour } : undefined);
    if (wait !== undefined) return { ...stuck, autoScalingGroupName, action: 'WAIT', ...wait };
    atOnce += 1;
    withinHour += 1;
    chosenNow.set(autoScalingGroupName, inGroup + 1);
    return { ...stuck, autoScalingGroupName, action: 'DRAIN' };
  });
};

/** The record with the drains that were chosen, written before anything is done. */
export const withChosen = (
  record: LaunchRecord,
  choices: DrainChoice[],
  incidentId: string,
  now: string,
): LaunchRecord => {
  const drains = choices
    .filter(
      ({ action, autoScalingGroupName }) =>
        action === 'DRAIN' && autoScalingGroupName === record.autoScalingGroupName,
    )
    .map(
      ({ instanceId, since, from }): Drain => ({
        instanceId,
        incidentId,
        since,
        from,
        stage: 'CHOSEN',
        chosenAt: now,
        stageAt: now,
        attempts: 0,
        hasEvidence: false,
      }),
    );
  return {
    ...record,
    drains: [...record.drains, ...drains],
    ...drains.reduce<Pick<LaunchRecord, 'lastFailedLaunchAt'>>(
      ({ lastFailedLaunchAt }, { since }) => ({ lastFailedLaunchAt: laterOf(lastFailedLaunchAt, since) }),
      record.lastFailedLaunchAt === undefined ? {} : { lastFailedLaunchAt: record.lastFailedLaunchAt },
    ),
  };
};

/** Whether draining has nothing more to do in a group for now: nobody has waited half of what is too long. */
export const isAtRest = (
  { group, record }: GroupWithLaunches,
  settings: DrainSettings,
  now: string,
): boolean => {
  const left = new Set(
    record.drains.filter(({ stage }) => stage === 'LEFT').map((drain) => drain.instanceId),
  );
  return (
    record.breaker === undefined &&
    !record.drains.some(isInFlight) &&
    stuckInstances(record, group, settings.olderThanSeconds / 2, now).every(({ instanceId }) =>
      left.has(instanceId),
    )
  );
};
