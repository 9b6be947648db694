import type { AutoScalingGroup, AutoScalingInstance } from '../../../functions/domain/auto-scaling-group.ts';
import {
  emptyGroupRecord,
  type GroupRecord,
  type Hold,
} from '../../../functions/domain/holds/group-record.ts';
import { pauseScalingEffect } from '../../../functions/domain/holds/pause-scaling.ts';
import type { HoldSettings } from '../../../functions/domain/holds/settings.ts';
import { holdDefaults } from '../../../functions/domain/holds/settings.ts';

import type { Incident } from '../../../functions/domain/incident.ts';

/** A moment in every test. */
export const now = '2026-03-02T03:00:00.000Z';

export const later = (seconds: number): string => new Date(Date.parse(now) + seconds * 1000).toISOString();

export const anInstance = (
  instanceId: string,
  over: Partial<AutoScalingInstance> = {},
): AutoScalingInstance => ({
  instanceId,
  lifecycleState: 'InService',
  healthStatus: 'Healthy',
  protectedFromScaleIn: false,
  ...over,
});

export const aGroup = (over: Partial<AutoScalingGroup> = {}): AutoScalingGroup => ({
  autoScalingGroupName: 'web',
  minSize: 1,
  maxSize: 10,
  desiredCapacity: 4,
  suspendedProcesses: [],
  tags: { holdfast: 'true', tier: 'web' },
  instances: ['i-1', 'i-2', 'i-3', 'i-4'].map((instanceId) => anInstance(instanceId)),
  ...over,
});

/** The settings of a `pause-scaling` hold whose rule or input says nothing else. */
export const defaultHoldSettings: HoldSettings = { effect: pauseScalingEffect('scale-in'), ...holdDefaults };

export const anIncident = (over: Partial<Incident> = {}): Incident => ({
  incidentId: 'incident-a',
  remediation: 'pause-scaling',
  rule: 'packet-loss',
  alarm: { alarmName: 'loss', alarmArn: 'arn:loss', stateTimestamp: now },
  reason: 'packets are lost',
  mode: 'live',
  settings: defaultHoldSettings,
  startedAt: now,
  expiresAt: later(7200),
  status: 'HELD',
  ...over,
});

export const aRecord = (over: Partial<GroupRecord> = {}): GroupRecord => ({
  ...emptyGroupRecord('web'),
  ...over,
});

export const aHold = (over: Partial<Hold> = {}): Hold => ({
  incidentId: 'incident-a',
  processes: ['Terminate'],
  protectsInstances: false,
  reason: 'test',
  heldAt: now,
  stage: 'HELD',
  stageAt: now,
  ...over,
});

/** One process held for an incident, as a function that died right after left it. */
export const aHoldOnTerminate = (incidentId: string): Pick<GroupRecord, 'holds' | 'imposed'> => ({
  holds: [aHold({ incidentId })],
  imposed: [{ setting: 'Terminate', recordedAt: now, appliedAt: now }],
});

export const scaleInProcesses = [
  'Terminate',
  'ReplaceUnhealthy',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
];
