import { describe, expect, it } from 'vitest';
import { decideApply } from '../../functions/domain/decide-apply.ts';
import { decideRelease, type ReleaseDecision } from '../../functions/domain/decide-release.ts';
import { launchBreakerEffect, protectInstancesEffect } from '../../functions/domain/hold-effects.ts';
import { aGroup, anIncident, aRecord, later, now, scaleInProcesses } from './group-fixtures.ts';

const settle = 180;
const write = (decision: ReleaseDecision) => {
  if (decision.action !== 'WRITE')
    throw new Error(`expected WRITE, found ${decision.action}: ${decision.reason}`);
  return decision;
};
const held = (group = aGroup(), incident = anIncident(), record = aRecord()) => {
  const decision = decideApply(incident, group, record, 'me', now);
  if (decision.action !== 'WRITE') throw new Error(decision.reason);
  return decision.after;
};
const heldGroup = (over: Parameters<typeof aGroup>[0] = {}) =>
  aGroup({ suspendedProcesses: scaleInProcesses, ...over });
const calls = (decision: ReleaseDecision) =>
  write(decision).calls.map(({ operation, input }) => [
    operation,
    input.ScalingProcesses ?? input.DesiredCapacity,
  ]);

describe('decideRelease', () => {
  it('gives back HealthCheck first, waits, gives back the rest, and looks that it is so', () => {
    const first = decideRelease(heldGroup(), held(), 'incident-a', settle, 'me', later(600));
    expect(calls(first)).toEqual([['ResumeProcesses', ['HealthCheck']]]);

    const settling = write(first).after;
    const rest = scaleInProcesses.filter((process) => process !== 'HealthCheck');
    const group = aGroup({ suspendedProcesses: rest });
    expect(decideRelease(group, settling, 'incident-a', settle, 'me', later(600 + settle - 1))).toMatchObject(
      {
        action: 'WAIT',
        seconds: 1,
      },
    );
    const second = decideRelease(group, settling, 'incident-a', settle, 'me', later(600 + settle));
    expect(calls(second)).toEqual([['ResumeProcesses', [...rest].sort()]]);

    const third = write(decideRelease(aGroup(), write(second).after, 'incident-a', settle, 'me', later(800)));
    expect(third).toMatchObject({ calls: [], isDone: true, needsPerson: false });
    expect(third.after).toMatchObject({ holds: [], imposed: [] });
    expect(third.after.baseline).toBeUndefined();
    expect(decideRelease(aGroup(), third.after, 'incident-a', settle, 'me', later(900)).action).toBe('DONE');
  });

  it('raises desired capacity to what is in service before it gives back Terminate', () => {
    const settling = write(decideRelease(heldGroup(), held(), 'incident-a', settle, 'me', later(600))).after;
    const group = heldGroup({ desiredCapacity: 2, suspendedProcesses: ['Terminate'] });
    expect(calls(decideRelease(group, settling, 'incident-a', settle, 'me', later(800)))).toEqual([
      ['SetDesiredCapacity', 4],
      ['ResumeProcesses', ['Terminate']],
    ]);
  });

  it('raises it no further than the maximum', () => {
    const settling = write(decideRelease(heldGroup(), held(), 'incident-a', settle, 'me', later(600))).after;
    const group = heldGroup({ desiredCapacity: 1, maxSize: 3, suspendedProcesses: ['Terminate'] });
    expect(calls(decideRelease(group, settling, 'incident-a', settle, 'me', later(800)))[0]).toEqual([
      'SetDesiredCapacity',
      3,
    ]);
  });

  it('leaves desired capacity alone while another hold keeps Terminate', () => {
    const other = anIncident({ incidentId: 'incident-b' });
    const both = held(heldGroup(), other, held());
    const group = heldGroup({ desiredCapacity: 2 });
    const decision = write(decideRelease(group, both, 'incident-a', settle, 'me', later(600)));
    expect(decision.calls).toEqual([]);
    expect(decision.isDone).toBe(true);
    expect(decision.after.holds.map(({ incidentId }) => incidentId)).toEqual(['incident-b']);
    expect(decision.after.imposed.map(({ setting }) => setting).sort()).toEqual([...scaleInProcesses].sort());
  });

  it('never gives back what was suspended before the hold', () => {
    const record = held(aGroup({ suspendedProcesses: ['AZRebalance', 'HealthCheck'] }));
    const decision = decideRelease(heldGroup(), record, 'incident-a', settle, 'me', later(600));
    expect(calls(decision)).toEqual([
      ['ResumeProcesses', ['InstanceRefresh', 'ReplaceUnhealthy', 'Terminate']],
    ]);
  });

  it('still lets health settle when a crash followed the first call', () => {
    const group = aGroup({ suspendedProcesses: scaleInProcesses.filter((p) => p !== 'HealthCheck') });
    const decision = write(decideRelease(group, held(), 'incident-a', settle, 'me', later(600)));
    expect(decision.calls).toEqual([]);
    expect(decision.after.holds[0]?.stage).toBe('SETTLING');
  });

  it('gives back again what is still suspended a minute later, three times, and then tells a person', () => {
    let record = write(decideRelease(heldGroup(), held(), 'incident-a', settle, 'me', later(600))).after;
    const group = aGroup({ suspendedProcesses: ['Terminate'] });
    for (const at of [800, 870, 940]) {
      const decision = write(decideRelease(group, record, 'incident-a', settle, 'me', later(at)));
      expect(calls(decision)).toEqual([['ResumeProcesses', ['Terminate']]]);
      record = decision.after;
    }
    expect(decideRelease(group, record, 'incident-a', settle, 'me', later(950)).action).toBe('WAIT');
    expect(decideRelease(group, record, 'incident-a', settle, 'me', later(1010))).toMatchObject({
      action: 'WRITE',
      calls: [],
      isDone: true,
      needsPerson: true,
    });
  });

  it('does not take for given back what is still suspended, however late it looks', () => {
    const settling = write(decideRelease(heldGroup(), held(), 'incident-a', settle, 'me', later(600))).after;
    const group = aGroup({ suspendedProcesses: ['Terminate'] });
    const verifying = write(decideRelease(group, settling, 'incident-a', settle, 'me', later(900))).after;
    expect(calls(decideRelease(group, verifying, 'incident-a', settle, 'me', later(1200)))).toEqual([
      ['ResumeProcesses', ['Terminate']],
    ]);
  });

  it('does not fight a person who suspends HealthCheck after it was given back', () => {
    const record = write(decideRelease(heldGroup(), held(), 'incident-a', settle, 'me', later(600))).after;
    const decision = decideRelease(heldGroup(), record, 'incident-a', settle, 'me', later(800));
    expect(calls(decision)).toEqual([
      ['ResumeProcesses', ['AZRebalance', 'InstanceRefresh', 'ReplaceUnhealthy', 'Terminate']],
    ]);
  });

  it('leaves alone in the last stage too what a person put back after the first', () => {
    const settling = write(decideRelease(heldGroup(), held(), 'incident-a', settle, 'me', later(600))).after;
    const rest = scaleInProcesses.filter((process) => process !== 'HealthCheck');
    const group = aGroup({ suspendedProcesses: rest });
    const verifying = write(decideRelease(group, settling, 'incident-a', settle, 'me', later(800))).after;
    const putBack = aGroup({ suspendedProcesses: ['HealthCheck'] });
    expect(decideRelease(putBack, verifying, 'incident-a', settle, 'me', later(900))).toMatchObject({
      action: 'WRITE',
      calls: [],
      isDone: true,
      needsPerson: false,
    });
  });

  it('forgets what a person took back once no hold claims it any more', () => {
    const breaker = anIncident({
      incidentId: 'incident-b',
      remediation: 'drain-pending-wait',
      settings: { ...anIncident().settings, effect: launchBreakerEffect },
    });
    const both = held(heldGroup(), breaker, held());
    const taken = {
      ...both,
      imposed: both.imposed.filter(({ setting }) => !['Launch', 'Terminate'].includes(setting)),
      overridden: ['Launch', 'Terminate'].map((setting) => ({ setting, seenAt: now })),
    };
    let record = taken;
    for (const at of [600, 700, 800]) {
      const decision = decideRelease(heldGroup(), record, 'incident-b', 0, 'me', later(at));
      if (decision.action === 'WRITE') record = decision.after as typeof taken;
    }
    expect(record.holds.map(({ incidentId }) => incidentId)).toEqual(['incident-a']);
    // The other hold still claims Terminate: there the person's word stands.
    expect(record.overridden.map(({ setting }) => setting)).toEqual(['Terminate']);
  });

  it.each([
    ['the group does not exist any more', undefined],
    ['the group is being deleted', aGroup({ status: 'Delete in progress' })],
  ])('forgets the hold when %s', (_reason, group) => {
    const decision = write(decideRelease(group, held(), 'incident-a', settle, 'me', later(600)));
    expect(decision).toMatchObject({ calls: [], isDone: true });
    expect(decision.after.holds).toEqual([]);
  });

  it('refuses to touch a group whose opt-in was taken away, and says what to do', () => {
    const decision = decideRelease(heldGroup({ tags: {} }), held(), 'incident-a', settle, 'me', later(600));
    expect(decision.action).toBe('REFUSE');
    expect(decision.reason).toContain('put the tag back, or give back AZRebalance, HealthCheck');
  });

  it('leaves a leased group for later', () => {
    const record = { ...held(), lease: { owner: 'other', expiresAt: later(601) } };
    expect(decideRelease(heldGroup(), record, 'incident-a', settle, 'me', later(600)).action).toBe('BUSY');
  });

  describe('of protections', () => {
    const incident = anIncident({
      remediation: 'protect-instances',
      settings: { ...anIncident().settings, effect: protectInstancesEffect },
    });
    const instances = (states: Record<string, string>) =>
      Object.entries(states).map(([instanceId, lifecycleState]) => ({
        instanceId,
        lifecycleState,
        healthStatus: 'Healthy',
        protectedFromScaleIn: true,
      }));
    const serving = aGroup({
      suspendedProcesses: protectInstancesEffect.processes,
      instances: instances({ 'i-1': 'InService', 'i-2': 'InService' }),
    });
    const protectedGroup = (over: Parameters<typeof aGroup>[0]) => aGroup({ ...serving, ...over });
    const heldRecord = held(
      aGroup({ instances: serving.instances.map((each) => ({ ...each, protectedFromScaleIn: false })) }),
      incident,
    );
    const settling = write(decideRelease(serving, heldRecord, 'incident-a', settle, 'me', later(600))).after;
    const rest = (group: typeof serving) =>
      decideRelease(group, settling, 'incident-a', settle, 'me', later(900));

    it('raises desired to what serves and what is on its way, then removes them, then resumes', () => {
      const group = protectedGroup({
        desiredCapacity: 1,
        instances: instances({ 'i-1': 'InService', 'i-2': 'InService', 'i-9': 'Pending:Wait' }),
      });
      expect(write(rest(group)).calls.map(({ operation, input }) => [operation, input])).toEqual([
        ['SetDesiredCapacity', { AutoScalingGroupName: 'web', DesiredCapacity: 3, HonorCooldown: false }],
        [
          'SetInstanceProtection',
          { AutoScalingGroupName: 'web', InstanceIds: ['i-1', 'i-2'], ProtectedFromScaleIn: false },
        ],
        [
          'ResumeProcesses',
          {
            AutoScalingGroupName: 'web',
            ScalingProcesses: ['AZRebalance', 'InstanceRefresh', 'ReplaceUnhealthy'],
          },
        ],
      ]);
    });

    it('asks nothing of an instance that leaves', () => {
      const group = protectedGroup({
        instances: instances({ 'i-1': 'InService', 'i-2': 'Terminating:Wait' }),
      });
      expect(
        write(rest(group))
          .calls.map(({ input }) => input.InstanceIds)
          .filter(Boolean),
      ).toEqual([['i-1']]);
    });

    it('waits for one that passes through another state, an hour at most', () => {
      const group = aGroup({ instances: instances({ 'i-1': 'Pending' }) });
      const waiting = write(rest(group));
      expect(waiting).toMatchObject({ calls: [], isDone: false });
      const look = (at: string, seen = group) =>
        decideRelease(seen, waiting.after, 'incident-a', settle, 'me', at);
      expect(look(later(960))).toMatchObject({ action: 'WAIT' });
      expect(
        write(look(later(1020), aGroup({ instances: instances({ 'i-1': 'InService' }) }))).calls,
      ).toMatchObject([{ operation: 'SetInstanceProtection', input: { InstanceIds: ['i-1'] } }]);
      expect(look(later(900 + 3600))).toMatchObject({ action: 'WRITE', isDone: true, needsPerson: true });
    });

    it('leaves protections alone while another hold protects', () => {
      const other = { ...incident, incidentId: 'incident-b' };
      const both = decideApply(other, serving, heldRecord, 'me', later(60));
      const decision = write(
        decideRelease(serving, write(both as ReleaseDecision).after, 'incident-a', settle, 'me', later(600)),
      );
      expect(decision).toMatchObject({ calls: [], isDone: true });
      expect(decision.after.imposed.map(({ setting }) => setting)).toEqual(
        expect.arrayContaining(['i-1', 'i-2']),
      );
    });
  });
});
