import { describe, expect, it } from 'vitest';
import type { AutoScalingGroup } from '../../../functions/domain/auto-scaling-group.ts';
import { launchBreakerEffect } from '../../../functions/domain/drain/settings.ts';
import { decideApply } from '../../../functions/domain/holds/decide-apply.ts';
import { decideRelease, type ReleaseDecision } from '../../../functions/domain/holds/decide-release.ts';
import type { GroupRecord } from '../../../functions/domain/holds/group-record.ts';
import type { ScalingFacts } from '../../../functions/domain/holds/plan-raise.ts';
import { protectInstancesEffect } from '../../../functions/domain/holds/protect-instances.ts';
import { inForceWithinSeconds, leaseSeconds, replacingSecondsMax } from '../../../functions/domain/limits.ts';
import { notGivenBackTodo, tellNotGivenBack } from '../../../functions/domain/telling/hold-sentences.ts';
import { inputOf } from '../../input-of.ts';
import { aGroup, anIncident, anInstance, aRecord, later, now, scaleInProcesses } from './group-fixtures.ts';

const settle = 180;
const scalesIn: ScalingFacts = { policies: [{ name: 'cpu', canLower: true }], scheduledActions: [] };
const release = (
  group: AutoScalingGroup | undefined,
  record: GroupRecord,
  incidentId: string,
  settleSeconds: number,
  owner: string,
  at: string,
  scaling: ScalingFacts | undefined = scalesIn,
) => decideRelease(group, record, { incidentId, settleSeconds, owner, scaling }, at);
const write = (decision: ReleaseDecision) => {
  if (decision.action !== 'WRITE') throw new Error(`expected WRITE, found ${JSON.stringify(decision)}`);
  return decision;
};
const held = (group = aGroup(), incident = anIncident(), record = aRecord()) => {
  const decision = decideApply(incident, group, record, 'me', now);
  if (decision.action !== 'WRITE') throw new Error(JSON.stringify(decision));
  return decision.after;
};
const heldGroup = (over: Parameters<typeof aGroup>[0] = {}) =>
  aGroup({ suspendedProcesses: scaleInProcesses, ...over });
const calls = (decision: ReleaseDecision) =>
  write(decision).calls.map((call) => [
    call.operation,
    inputOf(call).ScalingProcesses ?? inputOf(call).DesiredCapacity,
  ]);

describe('decideRelease', () => {
  it('gives back HealthCheck first, waits, gives back the rest, and looks that it is so', () => {
    const first = release(heldGroup(), held(), 'incident-a', settle, 'me', later(600));
    expect(calls(first)).toEqual([['ResumeProcesses', ['HealthCheck']]]);

    const settling = write(first).after;
    const rest = scaleInProcesses.filter((process) => process !== 'HealthCheck');
    const group = aGroup({ suspendedProcesses: rest });
    expect(release(group, settling, 'incident-a', settle, 'me', later(600 + settle - 1))).toMatchObject({
      action: 'WAIT',
      seconds: 1,
    });
    const second = release(group, settling, 'incident-a', settle, 'me', later(600 + settle));
    expect(calls(second)).toEqual([['ResumeProcesses', [...rest].sort()]]);

    const verifying = write(second).after;
    const seenAt = 600 + settle + inForceWithinSeconds;
    expect(release(aGroup(), verifying, 'incident-a', settle, 'me', later(seenAt - 1))).toMatchObject({
      action: 'WAIT',
      seconds: 1,
    });
    const third = write(release(aGroup(), verifying, 'incident-a', settle, 'me', later(seenAt)));
    expect(third).toMatchObject({ calls: [], isDone: true, needsPerson: false });
    expect(third.after).toMatchObject({ holds: [], imposed: [] });
    expect(third.after.baseline).toBeUndefined();
    expect(release(aGroup(), third.after, 'incident-a', settle, 'me', later(900)).action).toBe('DONE');
  });

  it('raises desired capacity to what is in service before it gives back Terminate', () => {
    const settling = write(release(heldGroup(), held(), 'incident-a', settle, 'me', later(600))).after;
    const group = heldGroup({ desiredCapacity: 2, suspendedProcesses: ['Terminate'] });
    expect(calls(release(group, settling, 'incident-a', settle, 'me', later(800)))).toEqual([
      ['SetDesiredCapacity', 4],
      ['ResumeProcesses', ['Terminate']],
    ]);
  });

  it('raises it no further than the maximum', () => {
    const record = held(aGroup({ desiredCapacity: 3, maxSize: 3 }));
    const settling = write(release(heldGroup(), record, 'incident-a', settle, 'me', later(600))).after;
    const group = heldGroup({ desiredCapacity: 1, maxSize: 3, suspendedProcesses: ['Terminate'] });
    expect(calls(release(group, settling, 'incident-a', settle, 'me', later(800)))[0]).toEqual([
      'SetDesiredCapacity',
      3,
    ]);
  });

  it('leaves desired capacity alone while another hold keeps Terminate', () => {
    const other = anIncident({ incidentId: 'incident-b' });
    const both = held(heldGroup(), other, held());
    const group = heldGroup({ desiredCapacity: 2 });
    const decision = write(release(group, both, 'incident-a', settle, 'me', later(600)));
    expect(decision.calls).toEqual([]);
    expect(decision.isDone).toBe(true);
    expect(decision.after.holds.map(({ incidentId }) => incidentId)).toEqual(['incident-b']);
    expect(decision.after.imposed.map(({ setting }) => setting).sort()).toEqual([...scaleInProcesses].sort());
  });

  it('never gives back what was suspended before the hold', () => {
    const record = held(aGroup({ suspendedProcesses: ['AZRebalance', 'HealthCheck'] }));
    const decision = release(heldGroup(), record, 'incident-a', settle, 'me', later(600));
    expect(calls(decision)).toEqual([
      ['ResumeProcesses', ['InstanceRefresh', 'ReplaceUnhealthy', 'Terminate']],
    ]);
  });

  it('still lets health settle when a crash followed the first call', () => {
    const group = aGroup({ suspendedProcesses: scaleInProcesses.filter((p) => p !== 'HealthCheck') });
    const decision = write(release(group, held(), 'incident-a', settle, 'me', later(600)));
    expect(decision.calls).toEqual([]);
    expect(decision.after.holds[0]?.stage).toBe('SETTLING');
  });

  it('leaves what is in force again once that can only be new, and tells a person', () => {
    const settling = write(release(heldGroup(), held(), 'incident-a', settle, 'me', later(600))).after;
    const group = aGroup({ suspendedProcesses: ['Terminate'] });
    const verifying = write(release(group, settling, 'incident-a', settle, 'me', later(800))).after;
    const look = (at: number) => release(group, verifying, 'incident-a', settle, 'me', later(at));
    expect(look(800 + inForceWithinSeconds - 1)).toMatchObject({ action: 'WAIT', seconds: 1 });
    expect(look(800 + inForceWithinSeconds)).toMatchObject({
      action: 'WRITE',
      calls: [],
      isDone: true,
      needsPerson: true,
      because: 'IN_FORCE_AGAIN',
      settings: ['Terminate'],
    });
  });

  it('gives back again what it cannot know to have been given back', () => {
    const settling = write(release(heldGroup(), held(), 'incident-a', settle, 'me', later(600))).after;
    const group = aGroup({ suspendedProcesses: ['Terminate'] });
    const died = write(release(group, settling, 'incident-a', settle, 'me', later(800))).before;
    const lapsed = 800 + leaseSeconds;
    expect(release(group, died, 'incident-a', settle, 'me', later(lapsed - 1)).action).toBe('BUSY');
    expect(calls(release(group, died, 'incident-a', settle, 'me', later(lapsed)))).toEqual([
      ['ResumeProcesses', ['Terminate']],
    ]);
  });

  it.each([
    ['accepted', (record: GroupRecord) => record, 60],
    [
      'asked for, whatever became of the call',
      (record: GroupRecord) => ({
        ...record,
        imposed: record.imposed.map(({ appliedAt: _appliedAt, ...entry }) => entry),
      }),
      60,
    ],
  ])('gives back what was only just %s, although no description shows it', (_what, change, seconds) => {
    const record = change(held());
    const first = write(release(aGroup(), record, 'incident-a', 0, 'me', later(seconds)));
    expect(calls(first)).toEqual([['ResumeProcesses', ['HealthCheck']]]);
    const second = release(aGroup(), first.after, 'incident-a', 0, 'me', later(seconds));
    expect(calls(second)).toEqual([
      ['ResumeProcesses', ['AZRebalance', 'InstanceRefresh', 'ReplaceUnhealthy', 'Terminate']],
    ]);
    // Until no description can be from before, nothing is done with.
    const { after } = write(second);
    expect(release(aGroup(), after, 'incident-a', 0, 'me', later(seconds + 119)).action).toBe('WAIT');
    expect(
      write(release(aGroup(), after, 'incident-a', 0, 'me', later(seconds + inForceWithinSeconds))).isDone,
    ).toBe(true);
  });

  it('does not fight a person who suspends HealthCheck after it was given back', () => {
    const record = write(release(heldGroup(), held(), 'incident-a', settle, 'me', later(600))).after;
    const decision = release(heldGroup(), record, 'incident-a', settle, 'me', later(800));
    expect(calls(decision)).toEqual([
      ['ResumeProcesses', ['AZRebalance', 'InstanceRefresh', 'ReplaceUnhealthy', 'Terminate']],
    ]);
  });

  it('leaves alone in the last stage too what a person put back after the first', () => {
    const settling = write(release(heldGroup(), held(), 'incident-a', settle, 'me', later(600))).after;
    const rest = scaleInProcesses.filter((process) => process !== 'HealthCheck');
    const group = aGroup({ suspendedProcesses: rest });
    const verifying = write(release(group, settling, 'incident-a', settle, 'me', later(800))).after;
    const putBack = aGroup({ suspendedProcesses: ['HealthCheck'] });
    expect(release(putBack, verifying, 'incident-a', settle, 'me', later(920))).toMatchObject({
      action: 'WRITE',
      calls: [],
      isDone: true,
      needsPerson: true,
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
    for (const at of [600, 700, 820]) {
      const decision = release(heldGroup(), record, 'incident-b', 0, 'me', later(at));
      if (decision.action === 'WRITE') record = decision.after as typeof taken;
    }
    expect(record.holds.map(({ incidentId }) => incidentId)).toEqual(['incident-a']);
    // The other hold still claims Terminate: there the person's word stands.
    expect(record.overridden.map(({ setting }) => setting)).toEqual(['Terminate']);
  });

  it('forgets the hold when the group is being deleted', () => {
    const deleted = aGroup({ status: 'Delete in progress' });
    const decision = write(release(deleted, held(), 'incident-a', settle, 'me', later(600)));
    expect(decision).toMatchObject({ calls: [], isDone: true, isGone: true });
    expect(decision.after.holds).toEqual([]);
  });

  it('believes that a group is gone only when it is missing for as long as a description may lack it', () => {
    const first = write(release(undefined, held(), 'incident-a', settle, 'me', later(600)));
    expect(first).toMatchObject({ calls: [], isDone: false });
    expect(release(undefined, first.after, 'incident-a', settle, 'me', later(719)).action).toBe('WAIT');
    const back = write(release(heldGroup(), first.after, 'incident-a', settle, 'me', later(700)));
    expect(back.after.missingSince).toBeUndefined();
    expect(back.after.holds).toHaveLength(1);
    const gone = write(release(undefined, first.after, 'incident-a', settle, 'me', later(720)));
    expect(gone).toMatchObject({ calls: [], isDone: true, isGone: true });
    expect(gone.after).toEqual(aRecord());
  });

  it('gives nothing back to another group of the name', () => {
    const record = held(aGroup({ autoScalingGroupArn: 'arn:old' }));
    const another = aGroup({ autoScalingGroupArn: 'arn:new', suspendedProcesses: ['Terminate'] });
    expect(write(release(another, record, 'incident-a', settle, 'me', later(600)))).toMatchObject({
      calls: [],
      isDone: true,
      isGone: true,
    });
  });

  it('refuses to touch a group whose opt-in was taken away, and says what to do', () => {
    const decision = release(heldGroup({ tags: {} }), held(), 'incident-a', settle, 'me', later(600));
    if (decision.action !== 'REFUSE') throw new Error(decision.action);
    expect(tellNotGivenBack(decision.inForce)).toContain(
      'Still suspended or protected: AZRebalance, HealthCheck',
    );
    expect(notGivenBackTodo('eu-west-1', 'web', decision.inForce)[0]).toContain('put it back');
  });

  it('leaves a leased group for later', () => {
    const record = { ...held(), lease: { owner: 'other', expiresAt: later(601) } };
    expect(release(heldGroup(), record, 'incident-a', settle, 'me', later(600)).action).toBe('BUSY');
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
    const settling = write(release(serving, heldRecord, 'incident-a', settle, 'me', later(600))).after;
    const rest = (group: typeof serving) => release(group, settling, 'incident-a', settle, 'me', later(900));

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
          .calls.map((call) => inputOf(call).InstanceIds)
          .filter(Boolean),
      ).toEqual([['i-1']]);
    });

    it('waits for one that passes through another state, an hour at most', () => {
      const group = aGroup({ instances: instances({ 'i-1': 'Pending' }) });
      const waiting = write(rest(group));
      expect(waiting).toMatchObject({ calls: [], isDone: false });
      const look = (at: string, seen = group) => release(seen, waiting.after, 'incident-a', settle, 'me', at);
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
        release(serving, write(both as ReleaseDecision).after, 'incident-a', settle, 'me', later(600)),
      );
      expect(decision).toMatchObject({ calls: [], isDone: true });
      expect(decision.after.imposed.map(({ setting }) => setting)).toEqual(
        expect.arrayContaining(['i-1', 'i-2']),
      );
    });
  });
});

describe('decideRelease with broken newcomers', () => {
  const broken = { instanceId: 'i-3', because: 'TARGET_UNHEALTHY', seenAt: now, confirmedAt: now } as const;
  const three = [anInstance('i-1'), anInstance('i-2'), anInstance('i-3')];
  const afterSettling = (record: GroupRecord): GroupRecord => ({
    ...record,
    holds: record.holds.map((hold) => ({ ...hold, stage: 'SETTLING', stageAt: later(600) })),
    imposed: record.imposed.filter(({ setting }) => setting !== 'HealthCheck'),
  });
  const rest = scaleInProcesses.filter((process) => process !== 'HealthCheck');
  const group = heldGroup({ instances: three, suspendedProcesses: rest });
  const known = afterSettling({ ...held(heldGroup({ instances: three, suspendedProcesses: [] })) });
  const at = (record: GroupRecord, shown: AutoScalingGroup, seconds: number) =>
    release(shown, record, 'incident-a', settle, 'me', later(600 + settle + seconds));
  const operations = (decision: ReleaseDecision) =>
    write(decision).calls.map(({ operation, input }) => [
      operation,
      (input as { InstanceIds?: string[] }).InstanceIds ?? [],
    ]);

  it('protects the good ones before it lets the group replace the broken', () => {
    const decision = at({ ...known, brokenNewcomers: [broken] }, group, 0);
    expect(write(decision)).toMatchObject({ because: 'BROKEN_NEWCOMERS', instanceIds: ['i-3'] });
    expect(operations(decision)).toEqual([
      ['SetInstanceProtection', ['i-1', 'i-2']],
      ['ResumeProcesses', []],
    ]);
    // Written down before it is asked for.
    expect(write(decision).before.imposed.map(({ setting }) => setting)).toContain('i-1');
  });

  it('does nothing of the kind for a suspicion, for one that is gone, or where another hold has the group', () => {
    const { confirmedAt: _confirmedAt, ...suspected } = broken;
    const other = held(group, anIncident({ incidentId: 'incident-b' })).holds;
    const cases: [GroupRecord, AutoScalingGroup][] = [
      [{ ...known, brokenNewcomers: [suspected] }, group],
      [
        { ...known, brokenNewcomers: [broken] },
        { ...group, instances: three.slice(0, 2) },
      ],
      [{ ...known, brokenNewcomers: [broken], holds: [...known.holds, ...other] }, group],
    ];
    for (const [record, shown] of cases) {
      const decision = at(record, shown, 0);
      expect(decision.action === 'WRITE' && decision.because === 'BROKEN_NEWCOMERS').toBe(false);
    }
  });

  it('waits for the broken, and for what is marked meanwhile, and then takes the protection back', () => {
    const replacing = write(at({ ...known, brokenNewcomers: [broken] }, group, 0)).after;
    const good = [
      anInstance('i-1', { protectedFromScaleIn: true }),
      anInstance('i-2', { protectedFromScaleIn: true }),
    ];
    const all = aGroup({ instances: [...good, anInstance('i-3')] });
    expect(at(replacing, all, 60).action).toBe('WAIT');
    const marked = aGroup({ instances: [...good, anInstance('i-4', { healthStatus: 'Unhealthy' })] });
    expect(at(replacing, marked, 120).action).toBe('WAIT');
    const gone = at(replacing, aGroup({ instances: good }), 180);
    expect(write(gone)).toMatchObject({ because: 'BROKEN_NEWCOMERS_GONE', needsPerson: false });
    expect(operations(at(write(gone).after, aGroup({ instances: good }), 195))).toEqual([
      ['SetInstanceProtection', ['i-1', 'i-2']],
    ]);
  });

  it('does not wait for what only a target group finds unhealthy where health checks do not ask it', () => {
    const decision = at({ ...known, brokenNewcomers: [broken] }, { ...group, checksEc2Only: true }, 0);
    expect(write(decision).because).toBe('NO_HOLD_WANTS_IT');
    const impaired = { ...broken, because: 'STATUS_IMPAIRED' } as const;
    const other = at({ ...known, brokenNewcomers: [impaired] }, { ...group, checksEc2Only: true }, 0);
    expect(write(other).because).toBe('BROKEN_NEWCOMERS');
  });

  it('waits no longer once another hold claims the group, and says so', () => {
    const replacing = write(at({ ...known, brokenNewcomers: [broken] }, group, 0)).after;
    const other = held(group, anIncident({ incidentId: 'incident-b' })).holds;
    const joined = { ...replacing, holds: [...replacing.holds, ...other] };
    expect(write(at(joined, aGroup({ instances: three }), 60))).toMatchObject({
      because: 'BROKEN_NEWCOMERS_ELSEWHERE',
      needsPerson: false,
    });
    // One that claims nothing any more is no other hold.
    const verifying = other.map((hold) => ({ ...hold, stage: 'VERIFYING' as const }));
    const alone = { ...known, brokenNewcomers: [broken], holds: [...known.holds, ...verifying] };
    expect(write(at(alone, group, 0)).because).toBe('BROKEN_NEWCOMERS');
  });

  it('does not raise desired capacity by what policies take away once they run again', () => {
    const replacing = write(at({ ...known, brokenNewcomers: [broken] }, group, 0)).after;
    const fallen = aGroup({ desiredCapacity: 1, instances: [anInstance('i-1'), anInstance('i-2')] });
    const gone = write(at(replacing, fallen, 180)).after;
    const decision = at(
      gone,
      { ...fallen, instances: fallen.instances.map((each) => ({ ...each, protectedFromScaleIn: true })) },
      195,
    );
    expect(operations(decision).map(([operation]) => operation)).toEqual(['SetInstanceProtection']);
  });

  it('waits no longer than it may, and says which ones stay', () => {
    const replacing = write(at({ ...known, brokenNewcomers: [broken] }, group, 0)).after;
    const shown = aGroup({ instances: three });
    expect(at(replacing, shown, replacingSecondsMax - 1).action).toBe('WAIT');
    expect(write(at(replacing, shown, replacingSecondsMax))).toMatchObject({
      because: 'BROKEN_NEWCOMERS_STAY',
      instanceIds: ['i-3'],
    });
  });
});
