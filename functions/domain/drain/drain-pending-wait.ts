import * as z from 'zod/mini';
import { optionalDuration } from '../duration.ts';
import { count, expiryFits, flag, groupsMaxField, lengthFields, toHoldSettings } from '../fields.ts';
import { giveBackSecondsMax, hookSecondsMax } from '../limits.ts';
import { defineRemediation } from '../remediation.ts';
import { launchBreakerEffect } from './settings.ts';

const day = 86_400;

type Limits = Record<'atOnce' | 'perGroupPerHour' | 'perHour', number>;

/** Launches that are stuck in `Pending:Wait` are ended, a few at a time. */
export const drainPendingWait = defineRemediation({
  description: 'Launches that are stuck in Pending:Wait are ended, a few at a time.',
  startsOn: 'stuckInstances',
  fields: () => ({
    olderThan: optionalDuration(
      60,
      hookSecondsMax,
      1800,
      'Instances in Pending:Wait for longer than this are stuck. Longer than a good launch ever takes.',
    ),
    atOnce: count(20, 5, 'Instances being drained at one time, in all groups.'),
    perGroupPerHour: count(100, 6, 'Instances drained within an hour in one group.'),
    perHour: count(1000, 30, 'Instances drained within an hour in all groups.'),
    breakerAfter: count(
      20,
      3,
      'Drains of a group without a launch that succeeded, after which no more are made; when what was launched in their place is stuck too, the breaker opens.',
    ),
    probeAfter: optionalDuration(
      300,
      day,
      600,
      'How long the open breaker waits before its first probe; it doubles.',
    ),
    probeAtMost: optionalDuration(300, day, 3600, 'The longest it waits between two probes.'),
    drainContinuing: flag(
      false,
      'Whether instances are drained too whose launch hooks all have the default result CONTINUE: left alone, they come into service when the hooks time out.',
    ),
    snapshot: flag(
      false,
      'Whether the volumes of an instance are snapshotted before it is ended. An instance that does not carry the tag holdfast=true is then not ended.',
    ),
    ...lengthFields(),
    groupsMax: groupsMaxField(),
  }),
  checks: () => [
    expiryFits(),
    z.refine<Limits>(({ atOnce, perGroupPerHour, perHour }) => Math.max(atOnce, perGroupPerHour) <= perHour, {
      path: ['perHour'],
      error:
        'at least atOnce and at least perGroupPerHour: raise it, or lower those. Where nothing is said they are 5 and 6, and perHour is 30',
    }),
    z.refine<Record<'probeAfter' | 'probeAtMost', number>>(
      ({ probeAfter, probeAtMost }) => probeAfter <= probeAtMost,
      { path: ['probeAtMost'], error: 'at least probeAfter (1h where nothing is said)' },
    ),
  ],
  toSettings: (fields) => ({
    settings: toHoldSettings(launchBreakerEffect, fields),
    drain: {
      olderThanSeconds: fields.olderThan,
      atOnce: fields.atOnce,
      perGroupPerHour: fields.perGroupPerHour,
      perHour: fields.perHour,
      breakerAfter: fields.breakerAfter,
      probeAfterSeconds: fields.probeAfter,
      probeAtMostSeconds: fields.probeAtMost,
      drainsContinuing: fields.drainContinuing,
      snapshot: fields.snapshot,
    },
  }),
  untilLaunchesSucceed: () => false,
  example: { autoScalingGroupName: 'api', reason: 'bootstrap hangs', olderThan: '20m' },
  traits: {
    SUSPENDED_BY_AWS: {
      treatment: 'refused',
      why: 'AWS itself suspended Launch, because launches failed for a day: nothing would come in the place of what is drained; resume it first',
    },
    STACK_UPDATE: {
      treatment: 'warned',
      why: 'an update of its CloudFormation stack is in progress: a rolling update needs Launch, and may stall, fail and roll back while an open breaker suspends it',
    },
    CODE_DEPLOY: {
      treatment: 'warned',
      why: 'AWS CodeDeploy deploys to what is launched, in a launch hook of its own: a deployment that takes longer than olderThan is ended with its instance',
    },
  },
  suspendedBecause: {
    Launch: 'every launch fails, so each one only feeds the loop',
    ReplaceUnhealthy: 'with Launch suspended it would end instances and replace none',
  },
  imposedBecause: 'its launch breaker is open',
  words: {
    began: () => 'Draining begun',
    held: () => 'Nothing more is launched there.',
    undo: 'Instances that were terminated do not come back. Stop the execution: it terminates no more, and where it suspended Launch, launches run again within six minutes. While a launch is stuck, the rule starts a new execution, so stopping this one does not last. To stop that too, turn Holdfast off: the command under "Emergency only".',
  },
  takesAllGroupsOrNone: false,
  forbidsStops: false,
  onlyHolds: false,
  holdsItsGroups: false,
  // It is renewed for as long as something is stuck.
  endsAtLatest: () => undefined,
  describeEnd: () => 'Holdfast gives everything back once no launch is stuck any more.',
  // Two that drain one group would count each other's drains twice, and each believe the other's to be its own.
  isSameAffair: (_incident, _request, { held, asked }) => asked.some((name) => held.includes(name)),
  continuedBy: { field: 'giveBack', name: 'give-back' },
  giveBackSecondsMax,
});
