import type { Incident } from '../incident.ts';
import type { Launches } from '../launches/decide-launches.ts';
import { laterOf } from '../launches/launch-record.ts';
import { roundsMax } from '../limits.ts';
import type { Mode } from '../mode.ts';
import { addSeconds, counted, secondsBetween, spokenDuration } from '../times.ts';

/**
 * What was read of the incident's alarm.
 * - `none`: a person started the hold; there is no alarm.
 * - `unreadable`: CloudWatch did not answer.
 * - `deleted`: CloudWatch knows no such alarm.
 */
export type AlarmReading =
  | { kind: 'none' }
  | { kind: 'unreadable'; message: string }
  | { kind: 'deleted' }
  | {
      kind: 'read';
      value: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
      since: string;
      /** Of an OK: whether it is only for want of data. */
      lacksData?: boolean;
    };

/** What a decision rests on, in one word: the journal gets a line when it changes. */
export type HoldBecause =
  | 'IN_ALARM'
  | 'COOLING_OFF'
  | 'COOLED_OFF'
  | 'INSUFFICIENT_DATA'
  | 'OK_WITHOUT_DATA'
  | 'ALARM_UNREADABLE'
  | 'ALARM_DELETED'
  | 'BY_HAND'
  | 'LAUNCHES_FAIL'
  | 'LAUNCHES_QUIET'
  | 'LAUNCHES_SUCCEED'
  | 'KILL_SWITCH_UNREADABLE'
  | 'KILL_SWITCH'
  | 'EXPIRED'
  | 'HELD_AT_MOST'
  | 'ROUNDS_MAX'
  | 'RELEASING';

/** Whether a hold goes on. `renewUntil` is set when its expiry moves. */
export type HoldDecision =
  | { action: 'KEEP'; because: HoldBecause; reason: string; renewUntil?: string }
  | { action: 'RELEASE'; because: HoldBecause; reason: string };

const keepUnlessExpired = (
  incident: Incident,
  now: string,
  because: HoldBecause,
  reason: string,
): HoldDecision =>
  incident.expiresAt <= now
    ? {
        action: 'RELEASE',
        because: 'EXPIRED',
        reason: `the hold expired at ${incident.expiresAt}; ${reason}`,
      }
    : { action: 'KEEP', because, reason: `${reason}; the hold lasts until ${incident.expiresAt}` };

/** A hold that lasts until launches succeed: renewed as long as a group lacks instances, or its breaker is open. */
const decideByLaunches = (incident: Incident, launches: Launches | undefined, now: string): HoldDecision => {
  if (launches === undefined) {
    return keepUnlessExpired(incident, now, 'LAUNCHES_FAIL', 'the launches of its groups cannot be read');
  }
  if (launches.succeedAgain) {
    return { action: 'RELEASE', because: 'LAUNCHES_SUCCEED', reason: 'launches succeed again' };
  }
  if (launches.waitingGroups === 0) {
    return keepUnlessExpired(incident, now, 'LAUNCHES_QUIET', 'nothing is missing and nothing was launched');
  }
  return {
    action: 'KEEP',
    because: 'LAUNCHES_FAIL',
    reason: `launches have not succeeded yet in ${counted(launches.waitingGroups, 'group')}, so the hold goes on`,
    renewUntil: addSeconds(now, incident.settings.expiresAfterSeconds),
  };
};

/**
 * Decides whether a hold goes on for another round.
 *
 * @param incident the incident as stored
 * @param alarm what was read of its alarm just now
 * @param mode what may happen now; `undefined` when the kill switch could not be read
 * @param round rounds made so far
 * @param now ISO 8601
 * @param launches how the launches of its groups stand, for an incident that lasts until they succeed
 * @param roundsAtMost rounds that its execution has room for
 */
export const decideHold = (
  incident: Incident,
  alarm: AlarmReading,
  mode: Mode | undefined,
  round: number,
  now: string,
  launches?: Launches,
  roundsAtMost: number = roundsMax,
): HoldDecision => {
  if (incident.status === 'RELEASING') {
    return {
      action: 'RELEASE',
      because: 'RELEASING',
      reason: incident.releasingBecause ?? 'it is being given back already',
    };
  }
  if (mode !== undefined && mode !== 'live') {
    return { action: 'RELEASE', because: 'KILL_SWITCH', reason: `the mode was set to ${mode}` };
  }
  const heldSeconds = secondsBetween(incident.startedAt, now);
  if (heldSeconds >= incident.settings.holdAtMostSeconds) {
    return {
      action: 'RELEASE',
      because: 'HELD_AT_MOST',
      reason: `held for ${spokenDuration(heldSeconds)}, the most that holdAtMost allows`,
    };
  }
  if (round >= roundsAtMost) {
    return {
      action: 'RELEASE',
      because: 'ROUNDS_MAX',
      reason: `${round} rounds were made, the most that one execution can`,
    };
  }
  if (mode === undefined)
    return keepUnlessExpired(incident, now, 'KILL_SWITCH_UNREADABLE', 'the kill switch cannot be read');

  const isInAlarm = alarm.kind === 'read' && alarm.value === 'ALARM';
  if (incident.untilLaunchesSucceed === true && !isInAlarm && alarm.kind !== 'unreadable') {
    if (alarm.kind === 'none' || launches?.succeedAgain === true) {
      return decideByLaunches(incident, launches, now);
    }
  }
  switch (alarm.kind) {
    case 'none':
      return keepUnlessExpired(incident, now, 'BY_HAND', 'started by hand');
    case 'unreadable':
      return keepUnlessExpired(
        incident,
        now,
        'ALARM_UNREADABLE',
        `the alarm cannot be read (${alarm.message})`,
      );
    case 'deleted':
      return keepUnlessExpired(incident, now, 'ALARM_DELETED', 'the alarm does not exist any more');
    case 'read':
      break;
  }
  switch (alarm.value) {
    case 'ALARM':
      return {
        action: 'KEEP',
        because: 'IN_ALARM',
        reason: 'the alarm is in ALARM, so the hold goes on',
        renewUntil: addSeconds(now, incident.settings.expiresAfterSeconds),
      };
    case 'INSUFFICIENT_DATA':
      return keepUnlessExpired(
        incident,
        now,
        'INSUFFICIENT_DATA',
        'the alarm has too little data, and a network metric often vanishes with its path',
      );
    case 'OK': {
      if (alarm.lacksData === true) {
        return keepUnlessExpired(
          incident,
          now,
          'OK_WITHOUT_DATA',
          'the alarm is OK only because no data came, and a network metric often vanishes with its path',
        );
      }
      const okSince = laterOf(incident.okWithoutDataAt, alarm.since);
      const okSeconds = secondsBetween(okSince, now);
      const { coolOffSeconds } = incident.settings;
      return okSeconds >= coolOffSeconds
        ? {
            action: 'RELEASE',
            because: 'COOLED_OFF',
            reason: `the alarm has been OK for ${spokenDuration(okSeconds)}`,
          }
        : keepUnlessExpired(
            incident,
            now,
            'COOLING_OFF',
            `the alarm has been OK for ${spokenDuration(okSeconds)} of ${spokenDuration(coolOffSeconds)}`,
          );
    }
  }
};
