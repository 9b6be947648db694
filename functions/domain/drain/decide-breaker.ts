import type { AutoScalingGroup } from '../auto-scaling-group.ts';
import { isComplete } from '../group-units.ts';
import type { StuckInstance } from '../launches/launch-record.ts';
import {
  type Breaker,
  type Drain,
  isInFlight,
  type LaunchRecord,
  stuckInstances,
} from '../launches/launch-record.ts';
import { addSeconds, secondsBetween } from '../times.ts';
import type { DrainSettings } from './settings.ts';

/** What became of a breaker at one look, and what is news. That it opened is told apart. */
export interface BreakerStep {
  record: LaunchRecord;
  news?: BreakerNews;
}

/** What became of a breaker that was not closed. */
export type BreakerNews =
  | { because: 'LAUNCH_SUCCEEDED' | 'NOTHING_MISSING' }
  | { because: 'PROBES'; probes: number }
  | ({ because: 'PROBE_FAILED'; delaySeconds: number } & ProbeFailure);

/** Why a probe came to nothing. */
export type ProbeFailure =
  | { failure: 'STUCK'; instanceId: string }
  | { failure: 'LAUNCH_FAILED' | 'NO_LAUNCH' };

/** How much longer than `olderThan` a launch is waited for before its silence is an answer too. */
const silenceSeconds = 1800;

/** Drains that say something about a loop: those since the last launch that succeeded. */
export const drainsThatCount = ({ drains, drainsCountFrom = '' }: LaunchRecord): Drain[] =>
  drains.filter(({ chosenAt, stage }) => chosenAt >= drainsCountFrom && stage !== 'ESCAPED');

const without = ({ breaker: _breaker, ...record }: LaunchRecord, now: string): LaunchRecord => ({
  ...record,
  drainsCountFrom: now,
});

const openAgain = (
  breaker: Breaker,
  settings: DrainSettings,
  now: string,
  isMendedElsewhere: boolean,
): Breaker => {
  const delaySeconds = isMendedElsewhere
    ? 0
    : Math.min(
        Math.max(breaker.delaySeconds, settings.probeAfterSeconds / 2) * 2,
        settings.probeAtMostSeconds,
      );
  return { ...breaker, state: 'OPEN', stateAt: now, delaySeconds, probeAt: addSeconds(now, delaySeconds) };
};

/** Opens the breaker of a group that has none, or forgets drains that feed no loop. */
const openIfDue = (
  record: LaunchRecord,
  stuck: StuckInstance[],
  settings: DrainSettings,
  now: string,
): LaunchRecord => {
  const counted = drainsThatCount(record);
  const first = counted[0]?.chosenAt;
  if (first === undefined || counted.length < settings.breakerAfter) return record;
  const cameBack = stuck.find(({ since }) => since > first);
  if (cameBack !== undefined) {
    const breaker: Breaker = {
      state: 'OPEN',
      openedAt: now,
      stateAt: now,
      delaySeconds: settings.probeAfterSeconds,
      probeAt: addSeconds(now, settings.probeAfterSeconds),
      probes: 0,
      drained: counted.length,
      cameBack: cameBack.instanceId,
      isTold: false,
    };
    return { ...record, breaker };
  }
  const last = counted.at(-1)?.chosenAt ?? now;
  const isSilent =
    !counted.some(isInFlight) &&
    secondsBetween(last, now) > settings.olderThanSeconds + silenceSeconds &&
    !record.waits.some(({ since }) => since > first);
  // Nothing was launched in their place, so these drains feed no loop.
  return isSilent ? { ...record, drainsCountFrom: now } : record;
};

/**
 * Moves the breaker of one group on. It opens when `breakerAfter` drains were made since a launch last succeeded and
 * an instance launched after the first of them is stuck too; it probes after a delay that doubles; it closes when a
 * launch succeeds, or when nothing is missing any more. What closed the breaker of another group since is a reason to
 * probe this one at once: often it is one fault.
 *
 * @param record the group's launches as just observed
 * @param now ISO 8601
 * @param closedElsewhereAt when the breaker of another group of the rule last closed by a success
 */
export const decideBreaker = (
  record: LaunchRecord,
  group: AutoScalingGroup,
  settings: DrainSettings,
  now: string,
  closedElsewhereAt = '',
): BreakerStep => {
  const stuck = stuckInstances(record, group, settings.olderThanSeconds, now);
  const { breaker } = record;

  if (breaker === undefined) return { record: openIfDue(record, stuck, settings, now) };
  if (record.lastSuccessAt !== undefined && record.lastSuccessAt > breaker.stateAt) {
    return {
      record: { ...without(record, now), breakerClosedAt: now },
      news: { because: 'LAUNCH_SUCCEEDED' },
    };
  }
  if (breaker.state === 'OPEN') {
    if (now < breaker.probeAt && closedElsewhereAt <= breaker.stateAt) return { record };
    const probes = breaker.probes + 1;
    return {
      record: { ...record, breaker: { ...breaker, state: 'PROBING', stateAt: now, probes } },
      news: { because: 'PROBES', probes },
    };
  }
  const reopen = (failure: ProbeFailure, launchedAt = now): BreakerStep => {
    const reopened = openAgain(breaker, settings, now, closedElsewhereAt > launchedAt);
    return {
      record: { ...record, breaker: reopened },
      news: { because: 'PROBE_FAILED', delaySeconds: reopened.delaySeconds, ...failure },
    };
  };
  const failed = stuck.find(({ since }) => since > breaker.stateAt);
  if (failed !== undefined) {
    return reopen({ failure: 'STUCK', instanceId: failed.instanceId }, failed.since);
  }
  if (record.failures.some(({ startedAt }) => startedAt > breaker.stateAt)) {
    return reopen({ failure: 'LAUNCH_FAILED' });
  }
  if (isComplete(group)) {
    return { record: without(record, now), news: { because: 'NOTHING_MISSING' } };
  }
  return secondsBetween(breaker.stateAt, now) > settings.olderThanSeconds + silenceSeconds
    ? reopen({ failure: 'NO_LAUNCH' })
    : { record };
};
