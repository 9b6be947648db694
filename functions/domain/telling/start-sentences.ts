import type { IgnoreFacts, StartFacts } from '../signals/decide-start.ts';
import { spokenDuration, spokenTime } from '../times.ts';

/** Why an execution is started. */
export const tellStart = (facts: StartFacts): string => {
  switch (facts.because) {
    case 'IN_ALARM':
      return `alarm ${facts.alarmName} is in ALARM since ${spokenTime(facts.since)}`;
    case 'LAUNCHES_FAIL':
      return `${facts.failures} launches of ${facts.autoScalingGroupName} failed, the latest at ${spokenTime(facts.latestAt)}`;
    case 'LAUNCHES_FAIL_IN_MANY_GROUPS':
      return `launches of ${facts.autoScalingGroupName} failed; one execution takes it from ${spokenTime(facts.beginAt)} on, with every group in which launches fail at about the same time`;
    case 'STUCK':
      return `${facts.instanceId} of ${facts.autoScalingGroupName} has been in Pending:Wait for ${spokenDuration(facts.waitedSeconds)}`;
    case 'BREAKER_OPEN':
      return `the breaker of ${facts.autoScalingGroupName} is open since ${spokenTime(facts.since)}`;
  }
};

/** Why nothing is started. */
export const tellIgnored = (facts: IgnoreFacts): string => {
  switch (facts.because) {
    case 'NO_RULE':
      return `no rule names the alarm ${facts.alarmName}`;
    case 'NOT_IN_ALARM':
      return `${facts.value} starts nothing; a hold that is in force reads its alarm itself`;
    case 'MODE_OFF':
      return 'the mode is off';
    case 'STALE':
      return `stale: the alarm changed ${spokenDuration(facts.ageSeconds)} ago, and only ${spokenDuration(facts.freshForSeconds)} are fresh; if it is still in ALARM the sweep takes it up`;
    case 'BEFORE_THE_STAGE':
      return `the alarm changed at ${spokenTime(facts.changedAt)}, before the stage was deployed or its mode changed (${spokenTime(facts.since)})`;
    case 'TOO_LONG_AGO':
      return `stale: the alarm changed ${spokenDuration(facts.ageSeconds)} ago, longer than the ${spokenDuration(facts.holdAtMostSeconds)} of holdAtMost`;
    case 'ALARM_DELETED':
      return 'the alarm no longer exists';
    case 'NOT_IN_ALARM_ANY_MORE':
      return `read again, the alarm is in ${facts.value}`;
    case 'SUPPRESSED':
      return facts.isReadAgain ? `read again, ${facts.suppressedBecause}` : facts.suppressedBecause;
  }
};

/** Why an incident was begun: in the words of its rule, or of whoever started it. */
export const tellReason = ({ rule, reason }: { rule?: string | undefined; reason: string }): string =>
  rule === undefined ? `Reason given at the start: ${reason}` : reason;
