import type { Incident } from '../incident.ts';
import { sweepGraceSeconds } from '../limits.ts';
import { addSeconds, spokenTime } from '../times.ts';

/** Why the sweep has to give an incident back, or `undefined` when its own execution looks after it. */
export const abandonedBecause = (incident: Incident, isRunning: boolean, now: string): string | undefined => {
  if (!isRunning) return 'its execution no longer runs';
  if (incident.status === 'HELD' && addSeconds(incident.expiresAt, sweepGraceSeconds) < now) {
    return `it expired at ${spokenTime(incident.expiresAt)} and its execution did not give it back`;
  }
  return undefined;
};
