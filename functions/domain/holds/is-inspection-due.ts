import type { Incident } from '../incident.ts';
import {
  inspectAgainAfterSeconds,
  inspectEverySeconds,
  inspectLaterAfterSeconds,
  inspectLaterEverySeconds,
  inspectSuspectsEverySeconds,
} from '../limits.ts';
import { secondsBetween } from '../times.ts';

/** What the last look at the groups of an incident came to. */
interface Inspected {
  /** When it began. */
  at: string;
  /** Whether it did not get to every group. */
  isUnfinished: boolean;
  /** How many newcomers did not work. */
  suspects: number;
}

/** Seconds to the next look, as far as the last one goes. */
const pauseAfter = ({ isUnfinished, suspects }: Inspected): number => {
  if (isUnfinished) return inspectAgainAfterSeconds;
  return suspects > 0 ? inspectSuspectsEverySeconds : inspectEverySeconds;
};

/**
 * Whether the groups of a hold are to be looked at more closely: whether their instances work, and what else changes them.
 * At first, then every few minutes, sooner when a look left something open; a hold that lasts for hours less often,
 * because the history of an execution has an end.
 *
 * @param askedAt when it was last asked for; a look that failed is not repeated sooner
 * @param now ISO 8601
 */
export const isInspectionDue = (
  incident: Pick<Incident, 'startedAt'>,
  askedAt: string | undefined,
  inspected: Inspected | undefined,
  now: string,
): boolean => {
  if (askedAt === undefined) return true;
  const isOld = secondsBetween(incident.startedAt, now) > inspectLaterAfterSeconds;
  const hasFailed = inspected === undefined || inspected.at < askedAt;
  const pause = hasFailed ? inspectEverySeconds : pauseAfter(inspected);
  return secondsBetween(askedAt, now) >= (isOld ? inspectLaterEverySeconds : pause);
};
