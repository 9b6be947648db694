import { optInTag } from '../auto-scaling-group.ts';
import type { ReadinessFact } from '../readiness/decide-readiness.ts';
import { counted, firstOf, spokenDuration } from '../times.ts';

/** What was found, and what to do about it. */
export interface ToldReadiness {
  found: string;
  remedy: string;
}

const tellTags = (tags: Record<string, string>): string =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(' and ');

const namesShown = 5;

/** A finding as people read it. */
export const tellReadiness = (fact: ReadinessFact): ToldReadiness => {
  switch (fact.because) {
    case 'NO_ALARM': {
      const { names, count, nearest } = fact.otherAlarms;
      const more = count > names.length ? ` and ${count - names.length} more` : '';
      return {
        found: `no alarm here is called ${fact.patterns.join(' or ')}${count === 0 ? ', and there is no other' : `; there ${count === 1 ? 'is' : 'are'} ${names.join(', ')}${more}`}`,
        remedy: `${nearest === undefined ? 'make' : `did you mean ${nearest}? Else make`} the alarm, or name yours in the rule`,
      };
    }
    case 'ALARM_SUPPRESSED':
      return {
        found: `${fact.alarmName}: ${fact.why}, so it starts nothing`,
        remedy: /disabled/.test(fact.why)
          ? 'enable its actions: in the CloudWatch console, or with aws cloudwatch enable-alarm-actions'
          : 'end the mute rule, or look why the alarm that suppresses it is in ALARM',
      };
    case 'ALARM_WITHOUT_DATA':
      return {
        found: `${fact.alarmName} has no data (INSUFFICIENT_DATA)`,
        remedy: 'look whether its metric is still sent, and under these dimensions',
      };
    case 'MISSING_DATA_IS_GOOD':
      return {
        found: `${fact.alarmName} takes missing data for good, so it stays OK when the metric vanishes with the network`,
        remedy: 'set missing data to "missing" or "breaching"',
      };
    case 'METRIC_WITHOUT_DATA':
      return {
        found: `the metric of ${fact.alarmName} had no data for a day, and the alarm does not say so`,
        remedy:
          'look whether it is still sent, and under these dimensions; if it counts what seldom happens, all is well',
      };
    case 'NO_GROUP':
      return {
        found: `no group has the tags ${tellTags(fact.tags)}`,
        remedy: 'tag the groups, or change the targets of the rule',
      };
    case 'NOT_OPTED_IN':
      return {
        found: `${firstOf(fact.groups, namesShown)} did not opt in${fact.isAny ? '' : ', and no other group of the rule did'}`,
        remedy: `set the tag ${optInTag.key}=${optInTag.value}, in these letters, on the groups that the rule may act on`,
      };
    case 'TOO_MANY_GROUPS':
      return {
        found: `${fact.groupsFound} groups, more than the ${fact.groupsMax} of groupsMax: the whole rule would be refused`,
        remedy: 'raise groupsMax, or narrow the targets',
      };
    case 'OVER_GROUPS_MAX':
      return {
        found: `more groups than the ${fact.groupsMax} of groupsMax: ${counted(fact.groups.length, 'group')} would be left alone: ${firstOf(fact.groups, namesShown)}`,
        remedy: 'raise groupsMax, or narrow the targets',
      };
    case 'GROUP_REFUSED':
      return {
        found: `${firstOf(fact.groups, namesShown)}: would be left alone: ${fact.why}`,
        remedy: 'see docs/real-fleets.md',
      };
    case 'GROUP_WARNED':
      return {
        found: `${firstOf(fact.groups, namesShown)}: ${fact.why}`,
        remedy: 'know it; see docs/real-fleets.md',
      };
    case 'NO_LAUNCH_HOOK':
      return {
        found: `${firstOf(fact.groups, namesShown)}: no launch hook, so no launch is ever in Pending:Wait`,
        remedy: 'add a launch hook that the bootstrap completes, or take the group out of the rule',
      };
    case 'HOOK_CONTINUES':
      return {
        found: `${firstOf(fact.groups, namesShown)}: the launch hook lets a stuck instance into service when it times out (CONTINUE), and the rule leaves those alone`,
        remedy: 'set the default result of the hook to ABANDON, or drainContinuing: true in the rule',
      };
    case 'HOOK_TOO_SHORT':
      return {
        found: `${firstOf(fact.groups, namesShown)}: the launch hook times out no later than a launch counts as stuck (${spokenDuration(fact.olderThanSeconds)})`,
        remedy: 'lengthen the timeout of the hook, or shorten olderThan',
      };
    case 'CHECKS_EC2_ONLY':
      return {
        found: `${firstOf(fact.groups, namesShown)}: health checks ask only EC2, so a resized instance counts as healthy before it serves`,
        remedy: 'use health checks of the load balancer, where there is one',
      };
    case 'CANNOT_RESIZE':
      return {
        found: `${firstOf(fact.groups, namesShown)}: ${fact.why}`,
        remedy: 'see holdfast plan for each instance',
      };
    case 'NOT_DEPLOYED':
      return {
        found: `stage ${fact.stage} is not deployed here`,
        remedy: 'look at --stage and --region, or deploy it',
      };
    case 'SWITCHED':
      return {
        found: fact.isKnown
          ? `the kill switch says ${fact.word}`
          : `the kill switch says "${fact.word}", which Holdfast does not know: nothing new begins`,
        remedy: 'holdfast switch live, when Holdfast is to act',
      };
    case 'NOBODY_IS_TOLD':
      return {
        found:
          fact.hasNoTopic === true
            ? 'the topic of the stage is not there'
            : `nobody is subscribed to the topic${fact.pending === 0 ? '' : `; ${counted(fact.pending, 'subscription')} not confirmed`}`,
        remedy:
          fact.hasNoTopic === true
            ? 'deploy the stage again, and subscribe to its topic; see docs/operations.md'
            : 'subscribe, and confirm the mail that AWS sends; see docs/operations.md',
      };
    case 'POLICY_DIFFERS': {
      const parts = [
        ['changed', fact.changed],
        ['only in this file', fact.onlyHere],
        ['only deployed', fact.onlyDeployed],
      ] as const;
      return {
        found: `the stage runs another policy than this file: ${parts
          .filter(([, names]) => names.length > 0)
          .map(([what, names]) => `${what}: ${firstOf(names, namesShown)}`)
          .join('; ')}`,
        remedy: 'deploy this file, or look at the one that is deployed',
      };
    }
    case 'ROLES_DENIED': {
      const who = fact.by === 'BOUNDARY' ? 'a permissions boundary' : 'a policy of the organization';
      return {
        found: `${who} denies ${firstOf(fact.actions, namesShown)} to ${firstOf(fact.functionNames, namesShown)}`,
        remedy: `allow it there; npm run permissions prints what each role needs`,
      };
    }
    case 'UNREADABLE':
      return {
        found: `${fact.what} is not known: ${fact.why.replace(/\.$/, '')}`,
        remedy: /not authorized|AccessDenied|permission/i.test(fact.why)
          ? 'give the permission'
          : /only the first|publishes it/.test(fact.why)
            ? 'nothing now'
            : 'try again',
      };
  }
};
