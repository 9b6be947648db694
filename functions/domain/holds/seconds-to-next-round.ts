import type { Incident } from '../incident.ts';
import { checkEverySecondsMax, soonSeconds } from '../limits.ts';
import { secondsBetween } from '../times.ts';

/** Rounds in which unfinished groups are looked at again soon; after that at the hold's own pace. */
export const soonRounds = 10;

/** Seconds from one round to the next, as far as the groups go. */
const secondsBetweenRounds = (
  { settings: { effect, checkEverySeconds } }: Incident,
  round: number,
  isSettled: boolean,
): number => {
  if (!isSettled && round <= soonRounds) return Math.min(soonSeconds, checkEverySeconds);
  return isSettled && round > soonRounds && !effect.protectsInstances
    ? Math.min(3 * checkEverySeconds, checkEverySecondsMax)
    : checkEverySeconds;
};

/**
 * Seconds to the next round. A group of which only processes are suspended gets nothing new that would have to be
 * held, so after the first rounds it is looked at less often: every round is paid for. The expiry is not waited past.
 */
export const secondsToNextRound = (
  incident: Incident,
  round: number,
  isSettled: boolean,
  now: string,
): number => {
  const untilExpiry = Math.max(1, Math.ceil(secondsBetween(now, incident.expiresAt)));
  return Math.min(secondsBetweenRounds(incident, round, isSettled), untilExpiry);
};
