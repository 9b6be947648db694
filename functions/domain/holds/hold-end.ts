import type { Incident } from '../incident.ts';
import { addSeconds, spokenDuration, spokenTime } from '../times.ts';

/** When a hold is over at the latest: a person's at its expiry, a rule's goes on while what it is for does. */
export const holdEndsAtLatest = (incident: Incident): string =>
  incident.alarm !== undefined || incident.untilLaunchesSucceed === true
    ? addSeconds(incident.startedAt, incident.settings.holdAtMostSeconds)
    : incident.expiresAt;

/** When a hold is given back, as a person says it. */
export const describeHoldEnd = (incident: Incident): string => {
  const { alarm, untilLaunchesSucceed, settings } = incident;
  const latest = `at the latest at ${spokenTime(holdEndsAtLatest(incident))}`;
  if (untilLaunchesSucceed === true) {
    const cause = alarm === undefined ? '' : `the alarm ${alarm.alarmName} is not in ALARM and `;
    const otherwise =
      alarm === undefined
        ? ''
        : `, or once the alarm has been OK for ${spokenDuration(settings.coolOffSeconds)}`;
    return `given back once ${cause}launches succeed again${otherwise}, ${latest}`;
  }
  if (alarm !== undefined) {
    return `given back once the alarm ${alarm.alarmName} has been OK for ${spokenDuration(settings.coolOffSeconds)}, ${latest}`;
  }
  return `given back at ${spokenTime(incident.expiresAt)}`;
};
