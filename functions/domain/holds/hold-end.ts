import type { Incident } from '../incident.ts';
import { mostSucceedSeconds } from '../limits.ts';
import { addSeconds, spokenDuration, spokenTime } from '../times.ts';

/** When a hold is over at the latest: a person's at its expiry, a rule's goes on while what it is for does. */
export const holdEndsAtLatest = (incident: Incident): string =>
  incident.alarm !== undefined || incident.untilLaunchesSucceed === true
    ? addSeconds(incident.startedAt, incident.settings.holdAtMostSeconds)
    : incident.expiresAt;

/** When a hold is given back, as a person says it. */
export const describeHoldEnd = (incident: Incident): string => {
  const { alarm, untilLaunchesSucceed, isShared, groupsAsked, settings } = incident;
  const givesBack = 'Holdfast gives everything back';
  const latest = `at the latest at ${spokenTime(holdEndsAtLatest(incident))}`;
  const cooledOff =
    alarm === undefined
      ? ''
      : `the alarm ${alarm.alarmName} has been OK for ${spokenDuration(settings.coolOffSeconds)}`;
  if (isShared === true && groupsAsked !== 1) {
    return `${givesBack} once launches succeed again, ${latest}. Once they succeed in most of its groups for ${spokenDuration(mostSucceedSeconds)}, each of the others gets an execution of its own, and the rest is given back.`;
  }
  if (untilLaunchesSucceed === true) {
    return alarm === undefined
      ? `${givesBack} once launches succeed again, ${latest}.`
      : `${givesBack} once ${cooledOff}, or sooner if it is not in ALARM and launches succeed again; ${latest}.`;
  }
  return alarm === undefined
    ? `${givesBack} at ${spokenTime(incident.expiresAt)}.`
    : `${givesBack} once ${cooledOff}, ${latest}.`;
};
