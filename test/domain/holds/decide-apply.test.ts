import { describe, expect, it } from 'vitest';
import { decideApply } from '../../../functions/domain/holds/decide-apply.ts';
import { decideRelease } from '../../../functions/domain/holds/decide-release.ts';
import { afterFailure, type GroupRecord } from '../../../functions/domain/holds/group-record.ts';
import { pauseScalingEffect } from '../../../functions/domain/holds/pause-scaling.ts';
import { protectInstancesEffect } from '../../../functions/domain/holds/protect-instances.ts';
import { inForceWithinSeconds, leaseSeconds } from '../../../functions/domain/limits.ts';
import { inputOf } from '../../input-of.ts';
import {
  aGroup,
  anIncident,
  aRecord,
  defaultHoldSettings,
  later,
  now,
  scaleInProcesses,
} from './group-fixtures.ts';

const write = (decision: ReturnType<typeof decideApply>) => {
  if (decision.action !== 'WRITE') throw new Error(`expected WRITE, found ${JSON.stringify(decision)}`);
  return decision;
};

describe('decideApply', () => {
  it('records baseline, hold, intent and lease before one call that names every process', () => {
    const decision = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now));
    expect(decision.calls.map(({ operation, input }) => ({ operation, input }))).toEqual([
      {
        operation: 'SuspendProcesses',
        input: { AutoScalingGroupName: 'web', ScalingProcesses: scaleInProcesses },
      },
    ]);
    expect(decision.before).toMatchObject({
      baseline: { suspendedProcesses: [], minSize: 1, maxSize: 10, desiredCapacity: 4 },
      holds: [{ incidentId: 'incident-a', stage: 'HELD' }],
      lease: { owner: 'me', expiresAt: later(leaseSeconds) },
    });
    expect(decision.before.imposed.every(({ appliedAt }) => appliedAt === undefined)).toBe(true);
    expect(decision.after.lease).toBeUndefined();
    expect(decision.after.imposed.every(({ appliedAt }) => appliedAt === now)).toBe(true);
  });

  it('suspends everything when the incident blocks all', () => {
    const incident = anIncident({
      settings: { ...anIncident().settings, effect: pauseScalingEffect('all') },
    });
    const decision = write(decideApply(incident, aGroup(), aRecord(), 'me', now));
    expect(inputOf(decision.calls[0]).ScalingProcesses).toEqual([
      ...scaleInProcesses,
      'Launch',
      'AlarmNotification',
      'ScheduledActions',
    ]);
  });

  it('claims without a call what somebody suspended before', () => {
    const group = aGroup({ suspendedProcesses: scaleInProcesses });
    const decision = write(decideApply(anIncident(), group, aRecord(), 'me', now));
    expect(decision.calls).toEqual([]);
    expect(decision.after.imposed).toEqual([]);
    expect(decision.after.baseline?.suspendedProcesses).toEqual([...scaleInProcesses].sort());
  });

  it('does nothing a second time', () => {
    const first = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now));
    const group = aGroup({ suspendedProcesses: scaleInProcesses });
    expect(decideApply(anIncident(), group, first.after, 'me', later(600)).action).toBe('IN_FORCE');
  });

  it('makes the call again when a crash left only the intent', () => {
    const first = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now));
    const second = write(decideApply(anIncident(), aGroup(), first.before, 'me', later(leaseSeconds + 1)));
    expect(inputOf(second.calls[0]).ScalingProcesses).toEqual(scaleInProcesses);
    expect(second.newlyOverridden).toEqual([]);
  });

  it.each([
    [inForceWithinSeconds - 1, 'UNVERIFIED'],
    [inForceWithinSeconds, 'WRITE'],
  ])('takes an absence %i s after the call for %s', (seconds, action) => {
    const first = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now));
    expect(decideApply(anIncident(), aGroup(), first.after, 'me', later(seconds)).action).toBe(action);
  });

  it('leaves alone, and tells, what a person resumed meanwhile', () => {
    const first = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now));
    const group = aGroup({ suspendedProcesses: scaleInProcesses.filter((p) => p !== 'AZRebalance') });
    const decision = write(decideApply(anIncident(), group, first.after, 'me', later(600)));
    expect(decision.calls).toEqual([]);
    expect(decision.newlyOverridden).toEqual(['AZRebalance']);
    expect(decideApply(anIncident(), group, decision.after, 'me', later(660)).action).toBe('IN_FORCE');
  });

  it('writes down what a crash left unwritten, so that a person who resumes it later is not fought', () => {
    const first = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now));
    const seenAt = later(leaseSeconds + 1);
    const group = aGroup({ suspendedProcesses: scaleInProcesses });
    const second = write(decideApply(anIncident(), group, first.before, 'me', seenAt));
    expect(second.calls).toEqual([]);
    expect(second.after.imposed.every(({ appliedAt }) => appliedAt === seenAt)).toBe(true);
  });

  it('gives up its claim on what a person resumed: suspended again later, it is the person’s', () => {
    const first = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now));
    const group = aGroup({ suspendedProcesses: scaleInProcesses.filter((p) => p !== 'Terminate') });
    const decision = write(decideApply(anIncident(), group, first.after, 'me', later(600)));
    expect(decision.after.imposed.map(({ setting }) => setting)).not.toContain('Terminate');
  });

  it('suspends anew for a second incident what the first was giving back when it crashed', () => {
    const first = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now)).after;
    const suspended = aGroup({ suspendedProcesses: scaleInProcesses });
    const release = decideRelease(
      suspended,
      first,
      { incidentId: 'incident-a', settleSeconds: 180, owner: 'me' },
      later(600),
    );
    if (release.action !== 'WRITE') throw new Error(JSON.stringify(release));
    const group = aGroup({ suspendedProcesses: scaleInProcesses.filter((p) => p !== 'HealthCheck') });
    const other = anIncident({ incidentId: 'incident-b' });
    const decision = write(decideApply(other, group, release.before, 'me', later(600 + leaseSeconds)));
    expect(inputOf(decision.calls[0]).ScalingProcesses).toEqual(['HealthCheck']);
    expect(decision.newlyOverridden).toEqual([]);
  });

  it('does not suspend anew what a person resumed of the baseline', () => {
    const before = aGroup({ suspendedProcesses: ['AZRebalance'] });
    const first = write(decideApply(anIncident(), before, aRecord(), 'me', now));
    const all = aGroup({ suspendedProcesses: scaleInProcesses });
    const confirmed = write(decideApply(anIncident(), all, first.after, 'me', later(180)));
    expect(confirmed.calls).toEqual([]);
    const group = aGroup({ suspendedProcesses: scaleInProcesses.filter((p) => p !== 'AZRebalance') });
    const decision = write(decideApply(anIncident(), group, confirmed.after, 'me', later(600)));
    expect(decision.calls).toEqual([]);
    expect(decision.newlyOverridden).toEqual(['AZRebalance']);
  });

  it('believes no single look about the baseline: what showed may vanish once more', () => {
    const before = aGroup({ suspendedProcesses: ['AZRebalance'] });
    const without = aGroup({ suspendedProcesses: scaleInProcesses.filter((p) => p !== 'AZRebalance') });
    const first = write(decideApply(anIncident(), before, aRecord(), 'me', now));
    expect(decideApply(anIncident(), without, first.after, 'me', later(15)).action).toBe('UNVERIFIED');
    // The first look that is surely newer tells that somebody resumed it, at about the time when the hold began.
    const decision = write(decideApply(anIncident(), without, first.after, 'me', later(180)));
    expect(decision.calls).toEqual([]);
    expect(decision.newlyOverridden).toEqual(['AZRebalance']);
    expect(decision.after.baseline?.suspendedProcesses).toEqual([]);
    expect(decideApply(anIncident(), without, decision.after, 'me', later(240)).action).toBe('IN_FORCE');
  });

  describe('after AWS refused the call', () => {
    const first = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now));
    const refused = afterFailure(first.before, now, later(1), first.refusable);

    it('takes what somebody else suspends then for theirs, and gives only the rest back', () => {
      const group = aGroup({ suspendedProcesses: ['Terminate'] });
      const decision = write(decideApply(anIncident(), group, refused, 'me', later(60)));
      expect(inputOf(decision.calls[0]).ScalingProcesses).not.toContain('Terminate');
      expect(decision.after.baseline?.suspendedProcesses).toEqual(['Terminate']);
      expect(decision.after.imposed.map(({ setting }) => setting)).not.toContain('Terminate');
    });

    it('leaves alone what they resume again', () => {
      const theirs = aGroup({ suspendedProcesses: ['Terminate'] });
      const { after } = write(decideApply(anIncident(), theirs, refused, 'me', later(60)));
      const all = aGroup({ suspendedProcesses: scaleInProcesses });
      const confirmed = write(decideApply(anIncident(), all, after, 'me', later(240))).after;
      const group = aGroup({ suspendedProcesses: scaleInProcesses.filter((p) => p !== 'Terminate') });
      expect(write(decideApply(anIncident(), group, confirmed, 'me', later(600))).newlyOverridden).toEqual([
        'Terminate',
      ]);
    });

    it('believes that nothing is in force only of what was not asked for just before', () => {
      const unknown = afterFailure(first.before, now, later(1));
      const second = write(decideApply(anIncident(), aGroup(), unknown, 'me', later(60)));
      expect(second.refusable).toEqual(new Set());
      const third = write(
        decideApply(anIncident(), aGroup(), unknown, 'me', later(1 + inForceWithinSeconds)),
      );
      expect([...third.refusable].sort()).toEqual([...scaleInProcesses].sort());
    });

    it('does not take what it had put in force before, and could not give back, for somebody else’s', () => {
      const applied = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now)).after;
      const all = aGroup({ suspendedProcesses: scaleInProcesses });
      const settings = { incidentId: 'incident-a', settleSeconds: 180, owner: 'me' };
      const release = decideRelease(all, applied, settings, later(600));
      if (release.action !== 'WRITE') throw new Error(JSON.stringify(release));
      const failed = afterFailure(release.before, later(600), later(601));
      const other = anIncident({ incidentId: 'incident-b' });
      const second = write(decideApply(other, all, failed, 'me', later(660)));
      expect(inputOf(second.calls[0]).ScalingProcesses).toEqual(['HealthCheck']);
      expect(second.refusable).toEqual(new Set());
    });

    it('nor what it asked for once more meanwhile, because another hold wants it still', () => {
      const protecting = anIncident({ settings: { ...defaultHoldSettings, effect: protectInstancesEffect } });
      const pausing = anIncident({ incidentId: 'incident-b' });
      const group = aGroup({
        suspendedProcesses: protectInstancesEffect.processes,
        instances: aGroup().instances.map((instance) => ({ ...instance, protectedFromScaleIn: true })),
      });
      let record = write(decideApply(protecting, aGroup(), aRecord(), 'me', now)).after;
      const pause = (seconds: number) => {
        const decision = write(decideApply(pausing, group, record, 'me', later(seconds)));
        record = afterFailure(decision.before, later(seconds), later(seconds + 1), decision.refusable);
        return decision;
      };
      const release = (seconds: number) => {
        const settings = { incidentId: 'incident-a', settleSeconds: 180, owner: 'me' };
        const decision = decideRelease(group, record, settings, later(seconds));
        if (decision.action !== 'WRITE') throw new Error(JSON.stringify(decision));
        record = afterFailure(decision.before, later(seconds), later(seconds + 1));
      };
      pause(540);
      release(600);
      expect(inputOf(pause(660).calls.at(-1)).ProtectedFromScaleIn).toBe(true);
      release(720);
      const decision = pause(790);
      expect(inputOf(decision.calls.at(-1)).ProtectedFromScaleIn).toBe(true);
      expect([...decision.refusable]).toEqual(['Terminate']);
    });

    it('asks for it again', () => {
      const decision = write(decideApply(anIncident(), aGroup(), refused, 'me', later(60)));
      expect(inputOf(decision.calls[0]).ScalingProcesses).toEqual(scaleInProcesses);
    });

    it('gives nothing back that was never in force', () => {
      const settings = { incidentId: 'incident-a', settleSeconds: 180, owner: 'me' };
      const group = aGroup({ suspendedProcesses: ['Terminate', 'HealthCheck'] });
      const release = decideRelease(group, refused, settings, later(30));
      expect(release).toMatchObject({ action: 'WRITE', because: 'NEVER_HELD', calls: [], isDone: true });
    });
  });

  describe('of a hold that was written down and whose call failed', () => {
    const { before, refusable } = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now));
    const asked = afterFailure(before, now, later(1), refusable);
    const isAsked = (record: GroupRecord) => record.holds.map((hold) => hold.isAsked === true);

    it('writes that it is in force once it is, and nothing more from then on', () => {
      expect(isAsked(asked)).toEqual([true]);
      const decision = write(decideApply(anIncident(), aGroup(), asked, 'me', later(60)));
      expect(decision.because).toBe('ASKED_FOR');
      expect([isAsked(decision.before), isAsked(decision.after)]).toEqual([[true], [false]]);
      const held = aGroup({ suspendedProcesses: scaleInProcesses });
      expect(decideApply(anIncident(), held, decision.after, 'me', later(120)).action).toBe('IN_FORCE');
    });

    it('says that it is held where another hold has put everything in force since', () => {
      const other = anIncident({ incidentId: 'incident-b' });
      const { after } = write(decideApply(other, aGroup(), asked, 'me', later(60)));
      expect(isAsked(after)).toEqual([true, false]);
      const held = aGroup({ suspendedProcesses: scaleInProcesses });
      const decision = write(decideApply(anIncident(), held, after, 'me', later(120)));
      expect(decision).toMatchObject({ because: 'IN_FORCE_ALREADY', calls: [] });
      expect(isAsked(decision.after)).toEqual([false, false]);
    });

    it('was held, where its end finds nothing left only if that was written', () => {
      const settings = { incidentId: 'incident-a', settleSeconds: 180, owner: 'me' };
      const releaseOf = (record: GroupRecord) => decideRelease(aGroup(), record, settings, later(600));
      expect(releaseOf(asked)).toMatchObject({ because: 'NEVER_HELD' });
      const held = aGroup({ suspendedProcesses: scaleInProcesses });
      const { after } = write(decideApply(anIncident(), held, aRecord(), 'me', now));
      expect(releaseOf(after)).toMatchObject({ because: 'NOTHING_LEFT' });
    });
  });

  it('does not take a failure to give back for another try to put in force', () => {
    const { before } = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now));
    const unknown = afterFailure(before, now, later(1));
    const settings = { incidentId: 'incident-a', settleSeconds: 180, owner: 'me' };
    const release = decideRelease(aGroup(), unknown, settings, later(60));
    if (release.action !== 'WRITE') throw new Error(JSON.stringify(release));
    expect(release.calls.map((call) => inputOf(call).ScalingProcesses)).toEqual([['HealthCheck']]);
    const failed = afterFailure(release.before, later(60), later(61));
    const second = decideRelease(aGroup(), failed, settings, later(1 + inForceWithinSeconds));
    expect(second).toMatchObject({ action: 'WRITE', because: 'HEALTH_SETTLES', calls: [] });
  });

  it('judges what a description may not show yet by when the group was asked for', () => {
    const { after } = write(decideApply(anIncident(), aGroup(), aRecord(), 'me', now));
    // Described ten seconds after the call, decided three minutes later, when the groups before it were done.
    const late = decideApply(anIncident(), aGroup(), after, 'me', later(180), later(10));
    expect(late).toMatchObject({ action: 'UNVERIFIED' });
    expect(write(decideApply(anIncident(), aGroup(), after, 'me', later(180))).newlyOverridden).toEqual(
      [...scaleInProcesses].sort(),
    );
  });

  it.each([
    ['BUSY', aGroup(), aRecord({ lease: { owner: 'other', expiresAt: later(1) } })],
    ['GONE', undefined, aRecord()],
    ['REFUSE', aGroup({ tags: { tier: 'web' } }), aRecord()],
    ['REFUSE', aGroup({ tags: { holdfast: 'false' } }), aRecord()],
    ['REFUSE', aGroup({ status: 'Delete in progress' }), aRecord()],
  ] as const)('answers %s and changes nothing', (action, group, record) => {
    expect(decideApply(anIncident(), group, record, 'me', now).action).toBe(action);
  });

  it('takes over from a lease that has expired', () => {
    const record = aRecord({ lease: { owner: 'dead', expiresAt: now } });
    expect(decideApply(anIncident(), aGroup(), record, 'me', now).action).toBe('WRITE');
  });

  describe('for a hold that protects', () => {
    const incident = anIncident({
      remediation: 'protect-instances',
      settings: { ...anIncident().settings, effect: protectInstancesEffect },
    });
    const instance = (instanceId: string, protectedFromScaleIn: boolean, healthStatus = 'Healthy') => ({
      instanceId,
      lifecycleState: 'InService',
      healthStatus,
      protectedFromScaleIn,
    });
    const first = write(decideApply(incident, aGroup(), aRecord(), 'me', now)).after;
    const later600 = (...instances: ReturnType<typeof instance>[]) =>
      decideApply(
        incident,
        aGroup({ suspendedProcesses: protectInstancesEffect.processes, instances }),
        first,
        'me',
        later(600),
      );

    it('protects newcomers, counts them, and remembers who left: a description may be stale', () => {
      const decision = write(later600(instance('i-1', true), instance('i-8', false)));
      expect(decision.calls.map((call) => inputOf(call).InstanceIds)).toEqual([['i-8']]);
      expect(decision.because).toBe('NEW_INSTANCES');
      expect(decision.after.launched).toEqual([{ instanceId: 'i-8', seenAt: later(600) }]);
      expect(
        decision.after.imposed.map(({ setting }) => setting).filter((id) => id.startsWith('i-')),
      ).toEqual(['i-1', 'i-2', 'i-3', 'i-4', 'i-8']);
    });

    it('does not count a newcomer that is unhealthy', () => {
      const decision = write(later600(instance('i-1', true), instance('i-8', false, 'Unhealthy')));
      expect(decision.after.launched).toEqual([]);
    });
  });
});
