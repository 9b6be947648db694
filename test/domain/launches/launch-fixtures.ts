import type { AutoScalingGroup } from '../../../functions/domain/auto-scaling-group.ts';
import type { DrainSettings } from '../../../functions/domain/drain/settings.ts';
import {
  type Breaker,
  type Drain,
  emptyLaunchRecord,
  type LaunchRecord,
} from '../../../functions/domain/launches/launch-record.ts';
import { aGroup, later, now } from '../holds/group-fixtures.ts';

export const drainSettings: DrainSettings = {
  olderThanSeconds: 1200,
  atOnce: 5,
  perGroupPerHour: 6,
  perHour: 30,
  breakerAfter: 3,
  probeAfterSeconds: 600,
  probeAtMostSeconds: 3600,
  drainsContinuing: false,
  snapshot: false,
};

export const aLaunchRecord = (over: Partial<LaunchRecord> = {}): LaunchRecord => ({
  ...emptyLaunchRecord('web'),
  ...over,
});

export const aDrain = (instanceId: string, chosenAt: string, over: Partial<Drain> = {}): Drain => ({
  instanceId,
  incidentId: 'incident-a',
  since: chosenAt,
  from: 'lifecycle event',
  stage: 'GONE',
  chosenAt,
  stageAt: chosenAt,
  attempts: 0,
  hasEvidence: true,
  ...over,
});

/** A breaker that opened at the moment of every test, and was told of. */
export const aBreaker = (over: Partial<Breaker> = {}): Breaker => ({
  state: 'OPEN',
  openedAt: now,
  stateAt: now,
  delaySeconds: 600,
  probeAt: later(600),
  probes: 0,
  isTold: true,
  ...over,
});

const instance = (instanceId: string, lifecycleState: string) => ({
  instanceId,
  lifecycleState,
  healthStatus: 'Healthy',
  protectedFromScaleIn: false,
});

/** A group with two in service that desires four, and these instances in a launch hook. */
export const aWaitingGroup = (waiting: string[], over: Partial<AutoScalingGroup> = {}): AutoScalingGroup =>
  aGroup({
    instances: [
      instance('i-1', 'InService'),
      instance('i-2', 'InService'),
      ...waiting.map((id) => instance(id, 'Pending:Wait')),
    ],
    ...over,
  });

/** Waits that began so many seconds before the moment of every test. */
export const waitingSince = (seconds: Record<string, number>): LaunchRecord['waits'] =>
  Object.entries(seconds).map(([instanceId, waited]) => ({
    instanceId,
    since: later(-waited),
    from: 'lifecycle event',
  }));
