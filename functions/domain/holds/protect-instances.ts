import * as z from 'zod/mini';
import { count, groupsMaxField, holdChecks, lengthFields, releaseFields, toHoldSettings } from '../fields.ts';
import { giveBackSecondsMax } from '../limits.ts';
import { defineRemediation } from '../remediation.ts';
import { isOfSameAlarm } from '../request.ts';
import { describeHoldEnd, holdEndsAtLatest } from './hold-end.ts';
import { type HoldEffect, holdDefaults } from './settings.ts';

/**
 * What a `protect-instances` hold does. Not `Terminate`: protection stops scale-in by itself, and what nobody protects may
 * still be ended. Not `Launch`, `AlarmNotification` or `ScheduledActions`: more capacity stays welcome.
 */
export const protectInstancesEffect: HoldEffect = {
  processes: ['ReplaceUnhealthy', 'AZRebalance', 'HealthCheck', 'InstanceRefresh'],
  protectsInstances: true,
};

/** What runs is kept while nothing can be launched. */
export const protectInstances = defineRemediation({
  description: 'What runs is kept while nothing can be launched.',
  startsOn: 'launchFailures',
  fields: () => ({
    launchesToRelease: count(
      50,
      holdDefaults.launchesToRelease,
      'Launches of a group that must have come into service since its last failure for it to count as well again; fewer are enough where no more are missing.',
    ),
    ...releaseFields(),
    ...lengthFields(),
    groupsMax: groupsMaxField(),
  }),
  fieldsByHand: () => ({
    until: z
      ._default(z.enum(['expiry', 'launches-succeed']), 'expiry')
      .check(z.describe('launches-succeed: given back as soon as launches succeed again.')),
  }),
  checks: holdChecks,
  toSettings: (fields) => ({
    settings: toHoldSettings(protectInstancesEffect, fields),
  }),
  untilLaunchesSucceed: (byHand) => byHand === undefined || byHand.until === 'launches-succeed',
  example: { autoScalingGroupName: 'api', reason: 'package repository down', expiresAfter: '2h' },
  traits: {
    SPOT: {
      treatment: 'warned',
      why: 'it may have Spot Instances, and EC2 ends those whatever protects them',
    },
    REPLACES_ROOT_VOLUMES: {
      treatment: 'warned',
      why: 'root volumes of its instances are being replaced: that pauses while InstanceRefresh is suspended, and what is in it cannot be protected',
    },
    INSTANCE_REFRESH: {
      treatment: 'warned',
      why: 'an instance refresh is in progress: it pauses while InstanceRefresh is suspended, and by default it fails when it waits an hour for protected instances',
    },
    STACK_UPDATE: {
      treatment: 'warned',
      why: 'an update of its CloudFormation stack is in progress: a rolling update may end instances whatever protects them, and fails and rolls back when launches fail',
    },
    SUSPENDED_BY_AWS: {
      treatment: 'warned',
      why: 'AWS itself suspended Launch, because launches failed for a day: nothing is launched until somebody resumes it, and the hold is not renewed meanwhile',
    },
    ECS: {
      treatment: 'warned',
      why: 'Amazon ECS manages its instances and may set and remove scale-in protection by itself; what ECS removes is left removed, and what is still protected in the end is given back',
    },
  },
  suspendedBecause: {
    ReplaceUnhealthy:
      'protection from scale-in does not stop it from ending an instance for which no replacement can be launched',
    AZRebalance: 'it would move instances between zones, and none can be launched',
    HealthCheck:
      'instances overloaded because others are missing fail their checks, and marks made now would be acted on at the end',
    InstanceRefresh: 'a rolling replacement ends instances and needs launches that succeed',
  },
  protectedBecause: 'scale-in must not take an instance for which no replacement can be launched',
  words: {
    began: () => 'Instances protected',
    held: () =>
      'Instances in service are protected from scale-in, and Auto Scaling does not replace or rebalance them. It can still launch more.',
    undo: 'Stop the execution: within six minutes Holdfast gives back the groups of this execution, and Auto Scaling may terminate instances again. If launches fail again, the rule starts again.',
  },
  takesAllGroupsOrNone: false,
  forbidsStops: false,
  onlyHolds: true,
  holdsItsGroups: true,
  endsAtLatest: holdEndsAtLatest,
  describeEnd: describeHoldEnd,
  isSameAffair: (incident, request, { held, asked }) =>
    request.alarm === undefined
      ? request.untilLaunchesSucceed &&
        incident.untilLaunchesSucceed === true &&
        incident.alarm === undefined &&
        asked.length > 0 &&
        asked.every((name) => held.includes(name))
      : isOfSameAlarm(incident, request),
  continuedBy: { field: 'giveBack', name: 'give-back' },
  giveBackSecondsMax,
});
