import type { Incident } from '../incident.ts';
import { changeFunctionTimeoutSeconds } from '../limits.ts';
import { secondsBetween } from '../times.ts';

/**
 * Seconds until an incident whose groups are all given back may be closed. A function that was started before the
 * giving back began may still be running, and hold one more group: an execution that was stopped, or a task that Step
 * Functions gave up on, does not stop its function. Only when the last of them must be dead is nothing left the end.
 *
 * @returns 0 when it may be closed now
 */
export const secondsUntilClosable = (incident: Incident, now: string): number =>
  incident.releasingSince === undefined
    ? changeFunctionTimeoutSeconds
    : Math.max(0, Math.ceil(changeFunctionTimeoutSeconds - secondsBetween(incident.releasingSince, now)));
