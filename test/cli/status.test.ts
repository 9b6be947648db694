import { describe, expect, it } from 'vitest';
import { groupStatusOf, isWorthTelling } from '../../cli/laptop/group-status.ts';
import type { Incident } from '../../functions/domain/incident.ts';
import { emptyLaunchRecord } from '../../functions/domain/launches/launch-record.ts';
import { aGroup, anIncident, aRecord } from '../domain/holds/group-fixtures.ts';

const incidentId = 'arn:aws:states:us-east-1:123456789012:execution:holdfast-prod-pause-scaling:loss-1';
const incident: Incident = anIncident({ incidentId, rule: 'packet-loss' });
const at = '2026-03-02T03:00:00.000Z';
const until = '2026-03-02T15:00:00.000Z';
const hold = (over: object = {}) => ({
  incidentId,
  processes: ['Terminate' as const],
  protectsInstances: true,
  reason: 'x',
  heldAt: at,
  endsAtLatest: until,
  stage: 'HELD' as const,
  stageAt: at,
  ...over,
});
const imposed = (...settings: string[]) =>
  settings.map((setting) => ({ setting, recordedAt: at, appliedAt: at }));
const instance = (instanceId: string, over: object = {}) => ({
  instanceId,
  lifecycleState: 'InService',
  healthStatus: 'Healthy',
  protectedFromScaleIn: false,
  ...over,
});

describe('groupStatusOf', () => {
  it('says who asked for what is suspended and protected: Holdfast, people, or AWS itself', () => {
    const group = aGroup({
      suspendedProcesses: ['Terminate', 'AZRebalance', 'Launch'],
      suspendedByAws: ['Launch'],
      instances: [
        instance('i-1', { protectedFromScaleIn: true }),
        instance('i-2', { protectedFromScaleIn: true }),
        instance('i-3', { lifecycleState: 'Standby' }),
      ],
    });
    const record = { ...aRecord(), holds: [hold()], imposed: imposed('Terminate', 'i-1') };
    const status = groupStatusOf(group, { record, incidents: new Map([[incidentId, incident]]) });
    expect(status).toMatchObject({
      holders: [
        {
          remediation: 'pause-scaling',
          executionName: 'loss-1',
          startedBy: 'by rule packet-loss',
          since: at,
          until,
          isGivingBack: false,
        },
      ],
      suspended: [
        { process: 'Terminate', by: 'Holdfast' },
        { process: 'AZRebalance', by: 'people' },
        { process: 'Launch', by: 'AWS' },
      ],
      protected: { Holdfast: 1, people: 1 },
      instances: 3,
      standby: ['i-3'],
    });
  });

  it.each([
    ['a hold that settles', { holds: [hold({ stage: 'SETTLING' })] }, incident],
    ['an incident that is released', { holds: [hold()] }, { ...incident, status: 'RELEASING' as const }],
  ])('says of %s that it is given back', (_what, over, known) => {
    const status = groupStatusOf(aGroup(), {
      record: { ...aRecord(), ...over },
      incidents: new Map([[incidentId, known]]),
    });
    expect(status.holders[0]?.isGivingBack).toBe(true);
  });

  it('says what the tag says where nothing is deployed, and that it does not know who suspended the rest', () => {
    const group = aGroup({
      suspendedProcesses: ['Terminate'],
      tags: { 'holdfast-hold': 'prod holds it: x' },
    });
    expect(groupStatusOf(group, { incidents: new Map() })).toMatchObject({
      tag: 'prod holds it: x',
      suspended: [{ process: 'Terminate', by: 'unknown' }],
    });
  });

  it('gives to people what Holdfast gave back and is there again', () => {
    const group = aGroup({ suspendedProcesses: ['Terminate'] });
    const record = {
      ...aRecord(),
      imposed: [
        { setting: 'Terminate', recordedAt: at, appliedAt: at, givingBackAt: until, givenBackAt: until },
      ],
    };
    expect(groupStatusOf(group, { record, incidents: new Map() }).suspended).toEqual([
      { process: 'Terminate', by: 'people' },
    ]);
  });

  it('tells of an open breaker', () => {
    const breaker = {
      state: 'OPEN' as const,
      openedAt: at,
      stateAt: at,
      delaySeconds: 600,
      probeAt: until,
      probes: 0,
      isTold: true,
    };
    const status = groupStatusOf(aGroup(), {
      incidents: new Map(),
      launches: { ...emptyLaunchRecord('web'), breaker },
    });
    expect(status.breaker).toEqual({ state: 'OPEN', nextProbeAt: until });
    expect(isWorthTelling(status)).toBe(true);
  });

  it('has nothing to tell of a group as AWS made it', () => {
    const quiet = groupStatusOf(aGroup({ suspendedProcesses: [], instances: [instance('i-1')] }), {
      incidents: new Map(),
    });
    expect(isWorthTelling(quiet)).toBe(false);
  });
});
