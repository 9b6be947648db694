import type { AutoScalingGroup } from '../auto-scaling-group.ts';
import { isComplete } from '../group-units.ts';
import {
  type Breaker,
  type Drain,
  isInFlight,
  type LaunchRecord,
  stuckInstances,
} from '../launches/launch-record.ts';
import { addSeconds, secondsBetween, spokenDuration } from '../times.ts';
import type { DrainSettings } from './settings.ts';

/** What became of a breaker at one look, with a sentence when that is news. That it opened is told apart. */
export interface BreakerStep {
  record: LaunchRecord;
  news?: string;
}

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

  if (breaker === undefined) {
    const counted = drainsThatCount(record);
    const first = counted[0]?.chosenAt;
    if (first === undefined || counted.length < settings.breakerAfter) return { record };
    const cameBack = stuck.find(({ since }) => since > first);
    if (cameBack !== undefined) {
      return {
        record: {
          ...record,
          breaker: {
            state: 'OPEN',
            openedAt: now,
            stateAt: now,
            delaySeconds: settings.probeAfterSeconds,
            probeAt: addSeconds(now, settings.probeAfterSeconds),
            probes: 0,
            reason: `${counted.length} instances were drained, none came into service since, and ${cameBack.instanceId}, launched after them, is stuck too. Nothing is drained or launched for ${spokenDuration(settings.probeAfterSeconds)}`,
            isTold: false,
          },
        },
      };
    }
    const last = counted.at(-1)?.chosenAt ?? now;
    const isSilent =
      !counted.some(isInFlight) &&
      secondsBetween(last, now) > settings.olderThanSeconds + silenceSeconds &&
      !record.waits.some(({ since }) => since > first);
    // Nothing was launched in their place, so these drains feed no loop.
    return isSilent ? { record: { ...record, drainsCountFrom: now } } : { record };
  }

  if (record.lastSuccessAt !== undefined && record.lastSuccessAt > breaker.stateAt) {
    return {
      record: { ...without(record, now), breakerClosedAt: now },
      news: 'the breaker closes: a launch succeeded',
    };
  }
  if (breaker.state === 'OPEN') {
    if (now < breaker.probeAt && closedElsewhereAt <= breaker.stateAt) return { record };
    const probes = breaker.probes + 1;
    return {
      record: { ...record, breaker: { ...breaker, state: 'PROBING', stateAt: now, probes } },
      news: `probe ${probes}: Launch is given back, and the next launch is watched`,
    };
  }
  const reopen = (why: string, launchedAt = now): BreakerStep => {
    const reopened = openAgain(breaker, settings, now, closedElsewhereAt > launchedAt);
    return {
      record: { ...record, breaker: reopened },
      news: `the breaker stays open: ${why}. The next probe is in ${spokenDuration(reopened.delaySeconds)}`,
    };
  };
  const failed = stuck.find(({ since }) => since > breaker.stateAt);
  if (failed !== undefined) {
    return reopen(`${failed.instanceId}, launched for the probe, is stuck`, failed.since);
  }
  if (record.failures.some(({ startedAt }) => startedAt > breaker.stateAt)) {
    return reopen('the launch for the probe failed');
  }
  if (isComplete(group)) {
    return { record: without(record, now), news: 'the breaker closes: nothing is missing any more' };
  }
  return secondsBetween(breaker.stateAt, now) > settings.olderThanSeconds + silenceSeconds
    ? reopen('no launch came to anything')
    : { record };
};
