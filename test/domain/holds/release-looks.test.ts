import { describe, expect, it } from 'vitest';
import type { AutoScalingGroup } from '../../../functions/domain/auto-scaling-group.ts';
import { decideRelease } from '../../../functions/domain/holds/decide-release.ts';
import type { GroupRecord, Hold, Imposed } from '../../../functions/domain/holds/group-record.ts';
import { giveBackCalls, holdCalls, keepGoodCalls } from '../../../functions/domain/holds/hold-calls.ts';
import { claimedProcesses, wantedSettings } from '../../../functions/domain/holds/wanted-state.ts';
import { inForceWithinSeconds, leaseSeconds } from '../../../functions/domain/limits.ts';
import { inputOf } from '../../input-of.ts';
import { aGroup, aHold, anInstance, aRecord, later, now } from './group-fixtures.ts';

const asked = (setting: string, over: Partial<Imposed> = {}): Imposed => ({
  setting,
  recordedAt: now,
  appliedAt: now,
  ...over,
});
const settings = { incidentId: 'incident-a', settleSeconds: 180, owner: 'me' };
const scaling = { policies: [], scheduledActions: [] };
const release = (
  group: AutoScalingGroup | undefined,
  record: GroupRecord,
  at = later(600),
  over: Partial<Parameters<typeof decideRelease>[2]> = {},
) => decideRelease(group, record, { ...settings, scaling, ...over }, at);
const written = (decision: ReturnType<typeof decideRelease>) => {
  if (decision.action !== 'WRITE') throw new Error(`expected WRITE, found ${JSON.stringify(decision)}`);
  return decision;
};

describe('holdCalls and giveBackCalls', () => {
  it('name service, order, reason, and fifty instances at a time', () => {
    const ids = Array.from({ length: 51 }, (_, n) => `i-${String(50 - n).padStart(2, '0')}`);
    const calls = holdCalls('web', ['HealthCheck', ...ids, 'Terminate'], 'protect-instances');
    expect(calls.map(({ service, operation }) => `${service} ${operation}`)).toEqual([
      'AutoScaling SuspendProcesses',
      'AutoScaling SetInstanceProtection',
      'AutoScaling SetInstanceProtection',
    ]);
    expect(calls[0]?.input).toEqual({
      AutoScalingGroupName: 'web',
      ScalingProcesses: ['Terminate', 'HealthCheck'],
    });
    expect(calls[0]?.reason).toEqual([
      'Terminate: another hold on the group wants it',
      'HealthCheck: instances overloaded because others are missing fail their checks, and marks made now would be acted on at the end',
    ]);
    expect(inputOf(calls[1]).InstanceIds).toEqual([...ids].sort().slice(0, 50));
    expect(inputOf(calls[2])).toEqual({
      AutoScalingGroupName: 'web',
      InstanceIds: ['i-50'],
      ProtectedFromScaleIn: true,
    });
    expect(calls[1]?.reason).toBe(
      'SetInstanceProtection: scale-in must not take an instance for which no replacement can be launched',
    );
    expect(holdCalls('web', ['i-1'], 'pause-scaling')[0]?.reason).toBe(
      'SetInstanceProtection: another hold on the group wants it',
    );
  });

  it('keep the good ones protected, and take protection back before processes', () => {
    expect(keepGoodCalls('web', ['i-2', 'i-1'])).toEqual([
      {
        service: 'AutoScaling',
        operation: 'SetInstanceProtection',
        input: { AutoScalingGroupName: 'web', InstanceIds: ['i-1', 'i-2'], ProtectedFromScaleIn: true },
        reason:
          'SetInstanceProtection: scale-in does not choose by health, and broken newcomers have to be replaced first',
      },
    ]);
    const calls = giveBackCalls('web', ['Terminate', 'i-1', 'AZRebalance'], 'why');
    expect(calls.map(({ operation, input, reason }) => [operation, input, reason])).toEqual([
      [
        'SetInstanceProtection',
        { AutoScalingGroupName: 'web', InstanceIds: ['i-1'], ProtectedFromScaleIn: false },
        'why',
      ],
      [
        'ResumeProcesses',
        { AutoScalingGroupName: 'web', ScalingProcesses: ['AZRebalance', 'Terminate'] },
        'why',
      ],
    ]);
  });
});

describe('wantedSettings', () => {
  const wanted = (holds: Hold[], suspendedProcesses?: string[]) =>
    wantedSettings(
      aRecord({
        holds,
        ...(suspendedProcesses === undefined
          ? {}
          : {
              baseline: {
                suspendedProcesses,
                protectedInstances: [],
                minSize: 1,
                maxSize: 10,
                desiredCapacity: 4,
              },
            }),
      }),
      aGroup(),
    );
  const launch = aHold({ processes: ['Launch'] });
  const keeps = aHold({ incidentId: 'b', processes: ['AZRebalance'], keepsLaunch: true });

  it('claims in each stage what is not given back yet', () => {
    const processes: Hold['processes'] = ['Terminate', 'HealthCheck'];
    expect(claimedProcesses(aHold({ processes }))).toEqual(processes);
    expect(claimedProcesses(aHold({ processes, stage: 'SETTLING' }))).toEqual(['Terminate']);
    expect(claimedProcesses(aHold({ processes, stage: 'REPLACING' }))).toEqual([]);
    expect(claimedProcesses(aHold({ processes, stage: 'VERIFYING' }))).toEqual([]);
  });

  it('lets Launch run where a resize needs it, unless somebody had suspended it before', () => {
    expect(wanted([launch])).toEqual(['Launch']);
    expect(wanted([launch, keeps])).toEqual(['AZRebalance']);
    expect(wanted([keeps, launch], ['Launch'])).toEqual(['AZRebalance', 'Launch']);
    expect(wanted([launch, { ...keeps, keepsLaunch: false }])).toEqual(['AZRebalance', 'Launch']);
  });

  it('protects nobody where no hold protects, all where one does, and the good where only they are waited for', () => {
    const group = aGroup({
      instances: [anInstance('i-1'), anInstance('i-2', { healthStatus: 'Unhealthy' })],
    });
    const of = (...holds: Hold[]) => wantedSettings(aRecord({ holds }), group);
    const protects = aHold({ processes: [], protectsInstances: true });
    const replacing = aHold({ incidentId: 'b', processes: [], stage: 'REPLACING' });
    expect(of(aHold({ processes: [] }))).toEqual([]);
    expect(of(protects)).toEqual(['i-1', 'i-2']);
    expect(of(replacing)).toEqual(['i-1']);
    expect(of(replacing, protects)).toEqual(['i-1', 'i-2']);
  });
});

describe('giving back', () => {
  const terminate = aRecord({ holds: [aHold()], imposed: [asked('Terminate')] });
  const suspended = aGroup({ suspendedProcesses: ['Terminate'] });

  it('has nothing to do where the incident holds nothing, and waits for whoever is at it', () => {
    expect(release(suspended, aRecord({ holds: [aHold({ incidentId: 'b' })] }))).toEqual({ action: 'DONE' });
    const lease = { owner: 'other', expiresAt: later(700) };
    expect(release(suspended, { ...terminate, lease })).toEqual({
      action: 'BUSY',
      because: 'LEASED',
      until: later(700),
    });
  });

  it('writes who gives back what before the call, and what was given back after it', () => {
    const decision = written(release(suspended, terminate));
    expect(decision).toMatchObject({
      because: 'NO_HOLD_WANTS_IT',
      decidedAt: later(600),
      isDone: false,
      isGone: false,
      needsPerson: false,
    });
    expect(decision.calls).toEqual(giveBackCalls('web', ['Terminate'], 'no hold wants them any more'));
    expect(decision.before.imposed).toEqual([asked('Terminate', { givingBackAt: later(600) })]);
    expect(decision.before.lease).toEqual({ owner: 'me', expiresAt: later(600 + leaseSeconds) });
    expect(decision.after.imposed).toEqual([
      asked('Terminate', { givingBackAt: later(600), givenBackAt: later(600) }),
    ]);
    expect(decision.after.holds[0]).toMatchObject({ stage: 'VERIFYING', stageAt: later(600) });
    expect(decision).not.toHaveProperty('raise');
    // Then it looks until it is surely so.
    const running = aGroup();
    expect(release(running, decision.after, later(610))).toEqual({
      action: 'WAIT',
      seconds: inForceWithinSeconds - 10,
    });
    const end = written(release(running, decision.after, later(600 + inForceWithinSeconds)));
    expect(end).toMatchObject({ because: 'GIVEN_BACK', isDone: true });
    expect(end.after).toMatchObject({ holds: [], imposed: [], overridden: [] });
    const again = written(release(suspended, decision.after, later(600 + inForceWithinSeconds)));
    expect(again).toMatchObject({ because: 'IN_FORCE_AGAIN', settings: ['Terminate'], needsPerson: true });
  });

  it('reads policies and scheduled actions before desired capacity may be raised', () => {
    const kept = { since: now, desiredHighest: 4, minSize: 1, maxSize: 10, desiredCapacity: 4 };
    const fallen = aGroup({ suspendedProcesses: ['Terminate'], desiredCapacity: 2 });
    expect(decideRelease(fallen, { ...terminate, kept }, settings, later(600))).toEqual({
      action: 'READ_SCALING',
    });
    const left = written(release(fallen, { ...terminate, kept }));
    expect(left.raise).toMatchObject({ action: 'LEAVE' });
    // Nothing is ended when only this is given back.
    const harmless = aRecord({
      holds: [aHold({ processes: ['AlarmNotification'] })],
      imposed: [asked('AlarmNotification')],
      kept,
    });
    const alarms = aGroup({ suspendedProcesses: ['AlarmNotification'], desiredCapacity: 2 });
    expect(decideRelease(alarms, harmless, settings, later(600)).action).toBe('WRITE');
  });

  it('takes two minutes to believe that the group is gone, and says when it is there again', () => {
    const first = written(release(undefined, terminate));
    expect(first).toMatchObject({ because: 'NO_DESCRIPTION', isDone: false });
    expect(first.after.missingSince).toBe(later(600));
    expect(release(undefined, first.after, later(700))).toEqual({
      action: 'WAIT',
      seconds: inForceWithinSeconds - 100,
    });
    expect(written(release(undefined, first.after, later(720)))).toMatchObject({
      because: 'NO_SUCH_GROUP',
      isDone: true,
      isGone: true,
    });
    const there = written(release(suspended, first.after, later(700)));
    expect(there).toMatchObject({ because: 'GROUP_IS_THERE_AGAIN', calls: [], isDone: false });
    expect(there.after).not.toHaveProperty('missingSince');
  });

  it('leaves a group alone that is being deleted, has opted out, or is another one', () => {
    expect(written(release(aGroup({ status: 'Delete in progress' }), terminate))).toMatchObject({
      because: 'BEING_DELETED',
      status: 'Delete in progress',
      isGone: true,
      calls: [],
    });
    const out = aGroup({ tags: { tier: 'web' }, suspendedProcesses: ['Terminate'] });
    expect(release(out, terminate)).toEqual({
      action: 'REFUSE',
      because: 'NOT_OPTED_IN',
      inForce: ['Terminate'],
    });
    // What somebody has resumed meanwhile, and what AWS never put in force, is none of it.
    const imposed = [...terminate.imposed, asked('Launch', { appliedAt: later(-300) })];
    expect(release(out, { ...terminate, imposed })).toMatchObject({ inForce: ['Terminate'] });
    const refused = [asked('Terminate', { refusedAt: later(-300) })];
    expect(written(release(out, { ...terminate, imposed: refused }))).toMatchObject({
      because: 'NOTHING_LEFT',
      calls: [],
    });
    expect(written(release(aGroup({ tags: {} }), terminate))).toMatchObject({
      because: 'NOTHING_LEFT',
      calls: [],
    });
    const old = { ...terminate, autoScalingGroupArn: 'old', arnSeenAt: later(590) };
    const other = aGroup({
      autoScalingGroupArn: 'new',
      createdAt: later(500),
      suspendedProcesses: ['Terminate'],
    });
    expect(release(other, old)).toEqual({ action: 'BUSY', because: 'DESCRIPTIONS_DISAGREE' });
    const settled = { ...old, arnSeenAt: later(-999) };
    expect(written(release(other, settled))).toMatchObject({ because: 'REPLACED_BY_ANOTHER', isGone: true });
    // What met the new one by mistake is given back.
    const met = { ...settled, imposed: [asked('Terminate', { appliedAt: later(550) })] };
    expect(written(release(other, met)).calls).toHaveLength(1);
  });

  it('gives health checks back first, and lets health settle', () => {
    const health = aRecord({
      holds: [aHold({ processes: ['HealthCheck', 'Terminate'] })],
      imposed: [asked('HealthCheck'), asked('Terminate')],
    });
    const group = aGroup({ suspendedProcesses: ['HealthCheck', 'Terminate'] });
    const first = written(release(group, health));
    expect(first).toMatchObject({ because: 'HEALTH_SETTLES', settleSeconds: 180 });
    expect(first.calls).toEqual(
      giveBackCalls('web', ['HealthCheck'], 'health has to be judged afresh before anything may act on it'),
    );
    expect(first.after.holds[0]).toMatchObject({ stage: 'SETTLING', stageAt: later(600) });
    expect(release(suspended, first.after, later(700))).toEqual({ action: 'WAIT', seconds: 80 });
    const rest = written(release(suspended, first.after, later(780)));
    expect(rest.calls.map((call) => inputOf(call).ScalingProcesses)).toEqual([['Terminate']]);
    // Given back by somebody who died before writing so.
    expect(written(release(suspended, health))).toMatchObject({ because: 'HEALTH_SETTLES', calls: [] });
    // It was never in force: nothing has to settle.
    const refused = { ...health, imposed: [asked('HealthCheck', { refusedAt: now }), asked('Terminate')] };
    expect(written(release(suspended, refused)).because).toBe('NO_HOLD_WANTS_IT');
  });

  it('waits for an instance that passes through, for an hour', () => {
    const protects = aRecord({
      holds: [aHold({ processes: [], protectsInstances: true })],
      imposed: [asked('i-1')],
    });
    const group = (lifecycleState: string, protectedFromScaleIn = true) =>
      aGroup({ instances: [anInstance('i-1', { lifecycleState, protectedFromScaleIn })] });
    const first = written(release(group('Pending'), protects));
    expect(first).toMatchObject({ because: 'PASSES_THROUGH', instanceId: 'i-1', calls: [] });
    expect(release(group('Pending'), first.after, later(4199))).toEqual({ action: 'WAIT', seconds: 30 });
    expect(written(release(group('Pending'), first.after, later(4200)))).toMatchObject({
      because: 'STAYED_PROTECTED',
      settings: ['i-1'],
      needsPerson: true,
    });
    expect(written(release(group('Pending', false), protects)).because).toBe('NOTHING_LEFT');
    // The protection of one that leaves, or has left, ends with it.
    expect(written(release(group('Terminating:Wait'), protects)).because).toBe('NOTHING_LEFT');
    expect(written(release(aGroup({ instances: [] }), protects)).because).toBe('NOTHING_LEFT');
    const justNow = { ...protects, imposed: [asked('i-1', { appliedAt: later(590) })] };
    const unseen = written(release(aGroup({ instances: [] }), justNow));
    expect(unseen).toMatchObject({ because: 'GIVEN_BACK_UNSEEN', calls: [], isDone: false });
    expect(unseen.after.holds[0]?.stage).toBe('VERIFYING');
    expect(written(release(group('InService'), protects)).calls).toHaveLength(1);
  });

  it('leaves what another hold claims, and what that hold has to know', () => {
    const other = aHold({
      incidentId: 'b',
      processes: ['Launch', 'AddToLoadBalancer'],
      protectsInstances: true,
    });
    const kept = { since: now, desiredHighest: 4, minSize: 1, maxSize: 10, desiredCapacity: 4 };
    const record = aRecord({
      holds: [aHold({ stage: 'VERIFYING', stageAt: later(300) }), other],
      imposed: [
        asked('Launch'),
        asked('i-1'),
        asked('Terminate', { givingBackAt: later(300), givenBackAt: later(300) }),
      ],
      overridden: [
        { setting: 'AddToLoadBalancer', seenAt: now },
        { setting: 'Terminate', seenAt: now },
        { setting: 'i-2', seenAt: now },
      ],
      kept,
      presentAtFirst: ['i-1'],
      launched: [],
    });
    const end = written(release(aGroup({ suspendedProcesses: ['Launch'] }), record));
    expect(end).toMatchObject({ because: 'GIVEN_BACK', isDone: true });
    expect(end.after.holds).toEqual([other]);
    expect(end.after.imposed.map(({ setting }) => setting)).toEqual(['Launch', 'i-1']);
    expect(end.after.overridden.map(({ setting }) => setting)).toEqual(['AddToLoadBalancer', 'i-2']);
    expect(end.after).toMatchObject({ kept, presentAtFirst: ['i-1'], launched: [] });
    // One that neither keeps instances nor protects need not know.
    const plain = { ...other, protectsInstances: false };
    const less = written(
      release(aGroup({ suspendedProcesses: ['Launch'] }), {
        ...record,
        holds: [record.holds[0] as Hold, plain],
      }),
    );
    expect(less.after).not.toHaveProperty('kept');
    expect(less.after).not.toHaveProperty('presentAtFirst');
    expect(less.after.imposed.map(({ setting }) => setting)).toEqual(['Launch']);
  });

  it('leaves Launch to a resize that needs it', () => {
    const resize = aHold({ incidentId: 'b', processes: [], keepsLaunch: true });
    const record = aRecord({ holds: [aHold({ processes: ['Launch'] }), resize], imposed: [asked('Launch')] });
    const end = written(release(aGroup({ suspendedProcesses: ['Launch'] }), record));
    expect(end).toMatchObject({ because: 'NOTHING_LEFT', calls: [], isDone: true });
    expect(end.after.imposed.map(({ setting }) => setting)).toEqual(['Launch']);
    const gone = { ...record, holds: [record.holds[0] as Hold, { ...resize, keepsLaunch: false }] };
    expect(written(release(aGroup({ suspendedProcesses: ['Launch'] }), gone)).calls).toHaveLength(1);
  });
});
