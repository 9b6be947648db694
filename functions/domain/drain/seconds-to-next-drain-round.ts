import type { Incident } from '../incident.ts';
import type { LaunchRecord } from '../launches/launch-record.ts';
import { secondsBetween } from '../times.ts';

/** The longest pause while only open breakers are waited for: a probe must not be late, nor the kill switch. */
const idleSecondsMax = 300;

/** Seconds until the next round of draining: longer while only open breakers are waited for. */
export const secondsToNextDrainRound = (
  records: LaunchRecord[],
  isBusy: boolean,
  incident: Incident,
  now: string,
): number => {
  const { checkEverySeconds } = incident.settings;
  const breakers = records.flatMap(({ breaker }) => breaker ?? []);
  const isIdle = !isBusy && breakers.length > 0 && breakers.every(({ state }) => state === 'OPEN');
  if (!isIdle) return checkEverySeconds;
  const nextProbe = Math.min(...breakers.map(({ probeAt }) => secondsBetween(now, probeAt)));
  return Math.ceil(Math.max(checkEverySeconds, Math.min(idleSecondsMax, nextProbe)));
};
