import { type Incident, mostSucceedSinceOf } from '../incident.ts';
import type { Launches } from '../launches/decide-launches.ts';
import { laterOf } from '../launches/launch-record.ts';
import { mostSucceedSeconds, roundsMax } from '../limits.ts';
import type { Mode } from '../mode.ts';
import { addSeconds, secondsBetween } from '../times.ts';

/**
 * What was read of the incident's alarm.
 * - `none`: a person started the hold; there is no alarm.
 * - `unreadable`: CloudWatch did not answer.
 * - `deleted`: CloudWatch knows no such alarm.
 */
export type AlarmReading =
  | { kind: 'none' }
  | { kind: 'unreadable'; error: string }
  | { kind: 'deleted' }
  | {
      kind: 'read';
      value: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
      since: string;
      /** Of an OK: whether it is only for want of data. */
      lacksData?: boolean;
    };

/** What a decision rests on; `because` in one word: the journal gets a line when it changes. */
export type HoldFacts =
  | { because: 'IN_ALARM' }
  | { because: 'COOLING_OFF'; okSeconds: number; coolOffSeconds: number }
  | { because: 'COOLED_OFF'; okSeconds: number }
  | { because: 'INSUFFICIENT_DATA' }
  | { because: 'OK_WITHOUT_DATA' }
  | { because: 'ALARM_UNREADABLE'; error: string }
  | { because: 'ALARM_DELETED' }
  | { because: 'BY_HAND' }
  | { because: 'LAUNCHES_UNREADABLE' }
  | { because: 'LAUNCHES_FAIL'; waitingGroups: number }
  | { because: 'LAUNCHES_QUIET' }
  /** The alarm says that it is over, and no launch has shown that the next one would work. */
  | { because: 'LAUNCHES_UNPROVEN'; groups: number }
  | { because: 'LAUNCHES_SUCCEED' }
  /** The others get an execution each. */
  | { because: 'LAUNCHES_SUCCEED_IN_MOST_GROUPS'; stillFailing: string[] }
  | { because: 'KILL_SWITCH_UNREADABLE' }
  | { because: 'KILL_SWITCH'; mode: Mode }
  /** With what would have let it go on. */
  | { because: 'EXPIRED'; expiresAt: string; otherwise: HoldFacts }
  | { because: 'HELD_AT_MOST'; heldSeconds: number }
  | { because: 'ROUNDS_MAX'; rounds: number }
  /** It is being given back already. */
  | { because: 'RELEASING'; reason?: string };

/** Whether a hold goes on. `renewUntil` is set when its expiry moves, `lastsUntil` when it does not. */
export type HoldDecision =
  | ({ action: 'KEEP'; renewUntil?: string; lastsUntil?: string } & HoldFacts)
  | ({ action: 'RELEASE' } & HoldFacts);

const keepUnlessExpired = ({ expiresAt }: Incident, now: string, facts: HoldFacts): HoldDecision =>
  expiresAt <= now
    ? { action: 'RELEASE', because: 'EXPIRED', expiresAt, otherwise: facts }
    : { action: 'KEEP', ...facts, lastsUntil: expiresAt };

/** That a hold goes on, and is renewed, because of what it is for. */
export const renewed = ({ settings }: Incident, now: string, facts: HoldFacts): HoldDecision => ({
  action: 'KEEP',
  ...facts,
  renewUntil: addSeconds(now, settings.expiresAfterSeconds),
});

/** A hold that lasts until launches succeed: renewed as long as a group lacks instances, or its breaker is open. */
const decideByLaunches = (incident: Incident, launches: Launches | undefined, now: string): HoldDecision => {
  if (launches === undefined) return keepUnlessExpired(incident, now, { because: 'LAUNCHES_UNREADABLE' });
  if (launches.succeedAgain) return { action: 'RELEASE', because: 'LAUNCHES_SUCCEED' };
  const { isShared } = incident;
  const { stillFailing } = launches;
  const areMostProven = secondsBetween(mostSucceedSinceOf(incident) ?? now, now) >= mostSucceedSeconds;
  if (isShared === true && stillFailing !== undefined && areMostProven) {
    return { action: 'RELEASE', because: 'LAUNCHES_SUCCEED_IN_MOST_GROUPS', stillFailing };
  }
  const { waitingGroups } = launches;
  return waitingGroups === 0
    ? keepUnlessExpired(incident, now, { because: 'LAUNCHES_QUIET' })
    : renewed(incident, now, { because: 'LAUNCHES_FAIL', waitingGroups });
};

/** What an OK says: that it has been so for the cool-off, or not yet, or nothing at all. */
const decideByOk = (
  incident: Incident,
  { since, lacksData }: { since: string; lacksData?: boolean },
  now: string,
): HoldDecision => {
  if (lacksData === true) return keepUnlessExpired(incident, now, { because: 'OK_WITHOUT_DATA' });
  const okSeconds = secondsBetween(laterOf(incident.okWithoutDataAt, since), now);
  const { coolOffSeconds } = incident.settings;
  return okSeconds >= coolOffSeconds
    ? { action: 'RELEASE', because: 'COOLED_OFF', okSeconds }
    : keepUnlessExpired(incident, now, { because: 'COOLING_OFF', okSeconds, coolOffSeconds });
};

const decideByAlarm = (incident: Incident, alarm: AlarmReading, now: string): HoldDecision => {
  switch (alarm.kind) {
    case 'none':
      return keepUnlessExpired(incident, now, { because: 'BY_HAND' });
    case 'unreadable':
      return keepUnlessExpired(incident, now, { because: 'ALARM_UNREADABLE', error: alarm.error });
    case 'deleted':
      return keepUnlessExpired(incident, now, { because: 'ALARM_DELETED' });
    case 'read':
      break;
  }
  switch (alarm.value) {
    case 'ALARM':
      return renewed(incident, now, { because: 'IN_ALARM' });
    case 'INSUFFICIENT_DATA':
      return keepUnlessExpired(incident, now, { because: 'INSUFFICIENT_DATA' });
    case 'OK':
      return decideByOk(incident, alarm, now);
  }
};

/** What a decision about a hold is made of, beside the incident. */
export interface HoldRound {
  /** What was read of its alarm just now. */
  alarm: AlarmReading;
  /** What may happen now; `undefined` when the kill switch could not be read. */
  mode: Mode | undefined;
  /** Rounds made so far. */
  round: number;
  /** How the launches of its groups stand, for an incident that lasts until they succeed. */
  launches?: Launches | undefined;
  /** Rounds that its execution has room for. */
  roundsAtMost?: number;
}

/** Why a hold ends whatever its alarm says; `undefined` when it need not. */
const endsAnyway = (
  incident: Incident,
  { mode, round, roundsAtMost = roundsMax }: HoldRound,
  now: string,
): HoldFacts | undefined => {
  if (incident.status === 'RELEASING') {
    const { releasingBecause: reason } = incident;
    return { because: 'RELEASING', ...(reason === undefined ? {} : { reason }) };
  }
  if (mode !== undefined && mode !== 'live') return { because: 'KILL_SWITCH', mode };
  const heldSeconds = secondsBetween(incident.startedAt, now);
  if (heldSeconds >= incident.settings.holdAtMostSeconds) return { because: 'HELD_AT_MOST', heldSeconds };
  return round >= roundsAtMost ? { because: 'ROUNDS_MAX', rounds: round } : undefined;
};

/**
 * Decides whether a hold goes on for another round.
 *
 * @param incident the incident as stored
 * @param now ISO 8601
 */
export const decideHold = (incident: Incident, round: HoldRound, now: string): HoldDecision => {
  const ends = endsAnyway(incident, round, now);
  if (ends !== undefined) return { action: 'RELEASE', ...ends };
  const { alarm, mode, launches } = round;
  if (mode === undefined) return keepUnlessExpired(incident, now, { because: 'KILL_SWITCH_UNREADABLE' });
  const isInAlarm = alarm.kind === 'read' && alarm.value === 'ALARM';
  if (incident.untilLaunchesSucceed === true && !isInAlarm && alarm.kind !== 'unreadable') {
    if (alarm.kind === 'none' || launches?.succeedAgain === true) {
      return decideByLaunches(incident, launches, now);
    }
  }
  const decision = decideByAlarm(incident, alarm, now);
  if (incident.untilLaunchesSucceed !== true || decision.because !== 'COOLED_OFF') return decision;
  // An alarm on launches is OK also where nobody launches any more: what is given back then could not be replaced.
  if (launches === undefined) return keepUnlessExpired(incident, now, { because: 'LAUNCHES_UNREADABLE' });
  const { unprovenGroups = 0 } = launches;
  return unprovenGroups > 0
    ? keepUnlessExpired(incident, now, { because: 'LAUNCHES_UNPROVEN', groups: unprovenGroups })
    : decision;
};
