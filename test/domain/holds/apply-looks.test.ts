import { describe, expect, it } from 'vitest';
import type { AutoScalingGroup } from '../../../functions/domain/auto-scaling-group.ts';
import {
  decideApply,
  isReplaced,
  mayBeStale,
  ofThisGroup,
} from '../../../functions/domain/holds/decide-apply.ts';
import type { GroupRecord, Imposed } from '../../../functions/domain/holds/group-record.ts';
import { protectInstancesEffect } from '../../../functions/domain/holds/protect-instances.ts';
import type { HoldEffect } from '../../../functions/domain/holds/settings.ts';
import type { Incident } from '../../../functions/domain/incident.ts';
import {
  holdsPerGroupMax,
  inForceWithinSeconds,
  protectedInstancesMax,
} from '../../../functions/domain/limits.ts';
import { inputOf } from '../../input-of.ts';
import {
  aGroup,
  aHold,
  anIncident,
  anInstance,
  aRecord,
  later,
  now,
  scaleInProcesses,
} from './group-fixtures.ts';

const written = (decision: ReturnType<typeof decideApply>) => {
  if (decision.action !== 'WRITE') throw new Error(`expected WRITE, found ${JSON.stringify(decision)}`);
  return decision;
};
const withEffect = (effect: HoldEffect, over: Partial<Incident> = {}): Incident =>
  anIncident({ settings: { ...anIncident().settings, effect }, ...over });
const protecting = withEffect(protectInstancesEffect, { remediation: 'protect-instances' });
/** A hold that suspends one process and protects nothing. */
const onLaunch = withEffect({ processes: ['Launch'], protectsInstances: false });
const launchHeld = (over: Partial<AutoScalingGroup> = {}) =>
  aGroup({ suspendedProcesses: ['Launch'], ...over });
const first = (incident: Incident, group = aGroup(), record = aRecord(), at = now) =>
  written(decideApply(incident, group, record, 'me', at)).after;

describe('the hold that is written', () => {
  it('says when it is given back at the latest, and whether Launch has to run', () => {
    const [plain] = first(anIncident()).holds;
    expect(plain).toMatchObject({ heldAt: now, stage: 'HELD', stageAt: now, reason: 'packets are lost' });
    expect(plain?.endsAtLatest).toBe(later(anIncident().settings.holdAtMostSeconds));
    expect(plain).not.toHaveProperty('keepsLaunch');
    const keeps = withEffect({ processes: ['AZRebalance'], protectsInstances: false, keepsLaunch: true });
    expect(first(keeps).holds[0]).toMatchObject({ keepsLaunch: true });
    const lets = withEffect({ processes: ['AZRebalance'], protectsInstances: false, keepsLaunch: false });
    expect(first(lets).holds[0]).not.toHaveProperty('keepsLaunch');
  });

  it('is written once, beside those of others', () => {
    const record = first(onLaunch);
    const other = first(anIncident({ incidentId: 'incident-b' }), launchHeld(), record, later(600));
    expect(other.holds.map(({ incidentId }) => incidentId)).toEqual(['incident-a', 'incident-b']);
    expect(decideApply(onLaunch, launchHeld(), record, 'me', later(600))).toEqual({ action: 'IN_FORCE' });
  });

  it('remembers what was so before, without what is ours', () => {
    const group = aGroup({
      suspendedProcesses: ['Terminate', 'AddToLoadBalancer', 'AZRebalance'],
      instances: [
        anInstance('i-1', { protectedFromScaleIn: true }),
        anInstance('i-2'),
        anInstance('i-3', { protectedFromScaleIn: true }),
      ],
    });
    const ours = { recordedAt: later(-600), appliedAt: later(-600) };
    const record = aRecord({
      imposed: [
        { setting: 'AZRebalance', ...ours },
        { setting: 'i-3', ...ours },
      ],
    });
    expect(first(onLaunch, group, record).baseline).toEqual({
      seenAt: now,
      suspendedProcesses: ['AddToLoadBalancer', 'Terminate'],
      protectedInstances: ['i-1'],
      minSize: 1,
      maxSize: 10,
      desiredCapacity: 4,
    });
  });
});

describe('who came into service', () => {
  const group = (...instances: [id: string, state?: string][]) =>
    aGroup({
      suspendedProcesses: protectInstancesEffect.processes,
      instances: instances.map(([id, lifecycleState = 'InService']) =>
        anInstance(id, { lifecycleState, protectedFromScaleIn: true }),
      ),
    });

  it('is told from who was there, in service or not, when the first hold that protects began', () => {
    const begun = first(
      protecting,
      group(['i-1'], ['i-2', 'Standby'], ['i-3', 'Pending:Wait'], ['i-4', 'Pending']),
    );
    expect(begun.presentAtFirst).toEqual(['i-1', 'i-2']);
    expect(begun.launched).toEqual([]);
    const after = written(
      decideApply(protecting, group(['i-1'], ['i-2'], ['i-3'], ['i-5']), begun, 'me', later(600)),
    ).after;
    expect(after.launched).toEqual([
      { instanceId: 'i-3', seenAt: later(600) },
      { instanceId: 'i-5', seenAt: later(600) },
    ]);
    expect(
      decideApply(protecting, group(['i-1'], ['i-2'], ['i-3'], ['i-5']), after, 'me', later(700)).action,
    ).toBe('IN_FORCE');
  });

  it('is looked for only while some hold protects', () => {
    expect(first(onLaunch)).not.toHaveProperty('presentAtFirst');
    const second = { ...protecting, incidentId: 'incident-b' };
    const both = first(second, launchHeld(), first(onLaunch), later(600));
    expect(both.presentAtFirst).toEqual(['i-1', 'i-2', 'i-3', 'i-4']);
    expect(both.launched).toEqual([]);
  });

  it('is remembered of the last fifty, and all others as who is there', () => {
    const begun = first(protecting, group(['i-1']));
    const many = Array.from({ length: 60 }, (_, n): [string] => [`i-new-${n}`]);
    const { presentAtFirst, launched } = written(
      decideApply(protecting, group(['i-1'], ...many), begun, 'me', later(600)),
    ).after;
    expect(launched).toHaveLength(50);
    expect(launched?.[0]).toEqual({ instanceId: 'i-new-10', seenAt: later(600) });
    expect(presentAtFirst).toEqual(['i-1', ...many.slice(0, 10).flat()]);
  });

  it('forgets who left only where far too many are remembered', () => {
    const newcomer = group(['i-1'], ['i-new']);
    const afterSo = (count: number) => {
      const gone = Array.from({ length: count }, (_, n) => `i-gone-${n}`);
      const record = { ...first(protecting, group(['i-1'])), presentAtFirst: ['i-1', ...gone] };
      return written(decideApply(protecting, newcomer, record, 'me', later(600))).after.presentAtFirst;
    };
    const most = protectedInstancesMax + 1000;
    expect(afterSo(most - 1)).toHaveLength(most);
    expect(afterSo(most)).toEqual(['i-1']);
  });
});

describe('the sizes that matter in the end', () => {
  it('are remembered as soon as some hold keeps instances, and the highest that was seen', () => {
    expect(first(onLaunch)).not.toHaveProperty('kept');
    const sizes = { minSize: 1, maxSize: 10, desiredCapacity: 4 };
    const begun = first(anIncident());
    expect(begun.kept).toEqual({ since: now, desiredHighest: 4, ...sizes });
    const held = (desiredCapacity: number) =>
      aGroup({ suspendedProcesses: scaleInProcesses, desiredCapacity });
    const risen = written(decideApply(anIncident(), held(7), begun, 'me', later(600))).after;
    expect(risen.kept).toEqual({ since: now, desiredHighest: 7, ...sizes });
    expect(decideApply(anIncident(), held(5), risen, 'me', later(700)).action).toBe('IN_FORCE');
    expect(decideApply(anIncident(), held(7), risen, 'me', later(700)).action).toBe('IN_FORCE');
  });

  it('are those of now where none was kept before, although another hold is older', () => {
    const older = first(onLaunch, aGroup({ desiredCapacity: 9 }));
    const { kept } = first(
      anIncident({ incidentId: 'incident-b' }),
      launchHeld({ desiredCapacity: 3 }),
      older,
      later(600),
    );
    expect(kept).toEqual({
      since: later(600),
      desiredHighest: 3,
      minSize: 1,
      maxSize: 10,
      desiredCapacity: 3,
    });
  });

  it('of a release before this one are those of its baseline', () => {
    const { kept: _kept, ...old } = first(anIncident(), aGroup({ desiredCapacity: 9 }));
    const group = aGroup({ suspendedProcesses: scaleInProcesses, desiredCapacity: 5 });
    const { kept } = written(decideApply(anIncident(), group, old, 'me', later(600))).after;
    expect(kept).toMatchObject({ since: now, desiredHighest: 9, desiredCapacity: 9 });
  });

  it('are forgotten when no hold keeps instances any more', () => {
    const kept = { since: now, desiredHighest: 4, minSize: 1, maxSize: 10, desiredCapacity: 4 };
    const record = { ...first(onLaunch), kept };
    expect(written(decideApply(onLaunch, launchHeld(), record, 'me', later(600))).after).not.toHaveProperty(
      'kept',
    );
  });
});

describe('a group made anew under its name', () => {
  const named = (arn: string | undefined, over: Partial<AutoScalingGroup> = {}) =>
    launchHeld({ ...(arn === undefined ? {} : { autoScalingGroupArn: arn }), ...over });
  const known = { ...first(onLaunch), autoScalingGroupArn: 'old', arnSeenAt: later(-999) };

  it('is another one where both ARNs are known and differ', () => {
    expect(isReplaced(known, named('new'))).toBe(true);
    expect(isReplaced(known, named('old'))).toBe(false);
    expect(isReplaced(known, named(undefined))).toBe(false);
    expect(isReplaced(aRecord(), named('new'))).toBe(false);
  });

  it('may be told by an old answer for two minutes after the first that told it', () => {
    expect(mayBeStale(aRecord(), now)).toBe(false);
    expect(mayBeStale(aRecord({ arnSeenAt: now }), later(inForceWithinSeconds - 1))).toBe(true);
    expect(mayBeStale(aRecord({ arnSeenAt: now }), later(inForceWithinSeconds))).toBe(false);
    const early = { ...known, arnSeenAt: later(-20) };
    expect(decideApply(onLaunch, named('new'), early, 'me', now)).toEqual({
      action: 'BUSY',
      because: 'DESCRIPTIONS_DISAGREE',
    });
    // Of the same group nothing disagrees.
    expect(decideApply(onLaunch, named('old'), early, 'me', later(600)).action).toBe('IN_FORCE');
  });

  it('has nothing of the one before it but what was put in force since it was made', () => {
    const at = (seconds: number): Imposed => ({
      setting: 'Launch',
      recordedAt: later(seconds - 5),
      appliedAt: later(seconds),
    });
    const imposed: Imposed[] = [
      at(-300),
      { ...at(-100), setting: 'Terminate' },
      { setting: 'AZRebalance', recordedAt: later(-100) },
      { setting: 'HealthCheck', recordedAt: later(-101) },
    ];
    const record = { ...known, version: 7, imposed };
    const made = ofThisGroup(record, named('new', { createdAt: later(-100) }), now);
    expect(made).toEqual({
      autoScalingGroupName: 'web',
      version: 7,
      holds: [],
      overridden: [],
      imposed: [imposed[1], imposed[2]],
      autoScalingGroupArn: 'new',
      arnSeenAt: now,
    });
    // Where nobody says when it was made: what may be in force unseen.
    const unknown = ofThisGroup({ ...record, imposed: [at(-300), at(-10)] }, named('new'), now);
    expect(unknown.imposed).toEqual([at(-10)]);
  });

  it('is remembered by its ARN from the first look that tells it', () => {
    const { autoScalingGroupArn: _arn, arnSeenAt: _at, ...nameless } = known;
    expect(ofThisGroup(nameless, named('new'), now)).toEqual({
      ...nameless,
      autoScalingGroupArn: 'new',
      arnSeenAt: now,
    });
    expect(ofThisGroup(known, named('old'), now)).toBe(known);
    expect(ofThisGroup(known, named(undefined), now)).toBe(known);
    const missing = { ...known, missingSince: later(-60) };
    expect(ofThisGroup(missing, named('old'), now)).toEqual(known);
    expect(ofThisGroup(missing, named('old'), now)).not.toHaveProperty('missingSince');
    // Each is written down, although nothing is called.
    expect(written(decideApply(onLaunch, named('old'), missing, 'me', later(600))).because).toBe(
      'IN_FORCE_ALREADY',
    );
    expect(written(decideApply(onLaunch, named('new'), nameless, 'me', later(600))).calls).toEqual([]);
  });

  it('is held only where it carries the tags that the incident is about', () => {
    const about = (targetTags?: Record<string, string>) =>
      decideApply(
        { ...onLaunch, ...(targetTags === undefined ? {} : { targetTags }) },
        named('new'),
        known,
        'me',
        later(600),
      );
    expect(about({ tier: 'api' })).toEqual({ action: 'REFUSE', because: 'REPLACED_BY_ANOTHER' });
    expect(about({ tier: 'web' })).toMatchObject({ action: 'WRITE', isReplaced: true });
    expect(about()).toMatchObject({ action: 'WRITE', isReplaced: true });
    // The one that was planned may have lost them: that is no reason.
    const same = decideApply(
      { ...onLaunch, targetTags: { tier: 'api' } },
      named('old'),
      known,
      'me',
      later(600),
    );
    expect(same.action).toBe('IN_FORCE');
  });
});

describe('what was so before the hold', () => {
  const before = aGroup({
    suspendedProcesses: ['AZRebalance', 'Terminate'],
    instances: [
      anInstance('i-1', { protectedFromScaleIn: true }),
      anInstance('i-2', { protectedFromScaleIn: true }),
    ],
  });
  const begun = first(onLaunch, before);
  const lookAfter = (seconds: number) =>
    decideApply(
      onLaunch,
      aGroup({
        suspendedProcesses: ['Launch', 'Terminate'],
        instances: [anInstance('i-1', { protectedFromScaleIn: true }), anInstance('i-2')],
      }),
      begun,
      'me',
      later(seconds),
    );

  it('is confirmed by the first look that is surely newer', () => {
    expect(lookAfter(inForceWithinSeconds - 1)).toEqual({ action: 'UNVERIFIED', pending: ['AZRebalance'] });
    const confirmed = written(lookAfter(inForceWithinSeconds));
    expect(confirmed.after.baseline).toEqual({
      suspendedProcesses: ['Terminate'],
      protectedInstances: ['i-1'],
      minSize: 1,
      maxSize: 10,
      desiredCapacity: 4,
    });
    // No hold wants it, so that nobody took anything from one.
    expect(confirmed.newlyOverridden).toEqual([]);
    expect(confirmed.because).toBe('IN_FORCE_ALREADY');
  });

  it('needs no confirmation where there was nothing', () => {
    expect(decideApply(onLaunch, launchHeld(), first(onLaunch), 'me', later(600))).toEqual({
      action: 'IN_FORCE',
    });
  });
});

describe('what AWS refused, and somebody else put in force', () => {
  const refused = (setting: string): Imposed => ({ setting, recordedAt: later(-60), refusedAt: later(-59) });
  const record: GroupRecord = {
    ...first(
      protecting,
      aGroup({
        suspendedProcesses: ['Launch'],
        instances: [anInstance('i-0', { protectedFromScaleIn: true })],
      }),
    ),
    imposed: [refused('AZRebalance'), refused('HealthCheck'), refused('i-1')],
  };

  it('is theirs, as if it had been so before', () => {
    const group = aGroup({
      suspendedProcesses: ['AZRebalance', 'Launch'],
      instances: [
        anInstance('i-0', { protectedFromScaleIn: true }),
        anInstance('i-1', { protectedFromScaleIn: true }),
      ],
    });
    const { after } = written(decideApply(protecting, group, record, 'me', later(10)));
    expect(after.baseline).toMatchObject({
      suspendedProcesses: ['AZRebalance', 'Launch'],
      protectedInstances: ['i-0', 'i-1'],
    });
    expect(after.imposed.map(({ setting }) => setting).sort()).toEqual([
      'HealthCheck',
      'InstanceRefresh',
      'ReplaceUnhealthy',
    ]);
  });

  it('stays ours to ask for where nobody did', () => {
    const { calls, after } = written(decideApply(protecting, aGroup(), record, 'me', later(10)));
    expect(after.baseline?.suspendedProcesses).toEqual(['Launch']);
    expect(calls.flatMap((call) => (inputOf(call).ScalingProcesses as string[] | undefined) ?? [])).toContain(
      'AZRebalance',
    );
  });
});

describe('why something is written', () => {
  const newcomer = [
    ...['i-1', 'i-2', 'i-3', 'i-4'].map((id) => anInstance(id, { protectedFromScaleIn: true })),
    anInstance('i-5'),
  ];
  const { processes } = protectInstancesEffect;

  it('is that it was asked for, where the hold is new or a process is missing', () => {
    const all = aGroup({ suspendedProcesses: processes, instances: newcomer });
    expect(written(decideApply(protecting, all, aRecord(), 'me', now)).because).toBe('ASKED_FOR');
    const begun = first(protecting, aGroup({ instances: newcomer.slice(0, 4) }));
    const withoutOne = {
      ...begun,
      imposed: begun.imposed.filter(({ setting }) => setting !== 'HealthCheck'),
    };
    const group = aGroup({
      suspendedProcesses: processes.filter((process) => process !== 'HealthCheck'),
      instances: newcomer,
    });
    const decision = written(decideApply(protecting, group, withoutOne, 'me', later(600)));
    expect(decision.because).toBe('ASKED_FOR');
    expect(decision.calls).toHaveLength(2);
  });

  it('is that nothing more had to be put in force, where the hold is new and all is so', () => {
    expect(written(decideApply(onLaunch, launchHeld(), aRecord(), 'me', now)).because).toBe(
      'IN_FORCE_ALREADY',
    );
  });

  it('says with what AWS had accepted from us what a person took back', () => {
    const { after, because } = written(decideApply(onLaunch, aGroup(), first(onLaunch), 'me', later(600)));
    expect(because).toBe('TAKEN_BACK');
    expect(after.overridden).toEqual([{ setting: 'Launch', seenAt: later(600), appliedAt: now }]);
    expect(after.imposed).toEqual([]);
  });

  it('is written once: what a person took back stays theirs, and an instance that left is forgotten', () => {
    const record = {
      ...first(onLaunch),
      overridden: [
        { setting: 'i-9', seenAt: now },
        { setting: 'AZRebalance', seenAt: now },
        { setting: 'i-1', seenAt: now },
      ],
    };
    const { after } = written(decideApply(onLaunch, aGroup(), record, 'me', later(600)));
    expect(after.overridden.map(({ setting }) => setting)).toEqual(['AZRebalance', 'i-1', 'Launch']);
  });
});

describe('what a crash left', () => {
  it('is written as accepted where it is in force, one of several too', () => {
    const { processes } = anIncident().settings.effect;
    const begun = first(anIncident());
    const imposed = begun.imposed.map(
      (entry): Imposed => (entry.setting === 'Terminate' ? { setting: 'Terminate', recordedAt: now } : entry),
    );
    const group = aGroup({ suspendedProcesses: processes });
    const decision = written(decideApply(anIncident(), group, { ...begun, imposed }, 'me', later(600)));
    expect(decision.calls).toEqual([]);
    expect(decision.because).toBe('IN_FORCE_ALREADY');
    expect(decision.after.imposed.find(({ setting }) => setting === 'Terminate')?.appliedAt).toBe(later(600));
  });

  it('is not ours where AWS refused it, and not put in force again where it is being given back', () => {
    const begun = first(anIncident());
    const group = aGroup({ suspendedProcesses: scaleInProcesses });
    const going = begun.imposed.map((entry): Imposed => {
      const { appliedAt: _appliedAt, ...asked } = entry;
      return entry.setting === 'Terminate' ? { ...asked, givingBackAt: later(-999) } : entry;
    });
    // Its giving back was not accepted, so that it is still in force, and stays so for this hold.
    expect(decideApply(anIncident(), group, { ...begun, imposed: going }, 'me', later(600))).toEqual({
      action: 'IN_FORCE',
    });
  });

  it('is told with how long somebody else may be at it', () => {
    const lease = { owner: 'other', expiresAt: later(60) };
    expect(decideApply(onLaunch, aGroup(), aRecord({ lease }), 'me', now)).toEqual({
      action: 'BUSY',
      because: 'LEASED',
      until: later(60),
    });
  });
});

describe('who may not hold a group', () => {
  const crowded = (count: number) =>
    aRecord({ holds: Array.from({ length: count }, (_, n) => aHold({ incidentId: `other-${n}` })) });

  it.each<[what: string, group: AutoScalingGroup, record: GroupRecord, refusal: object]>([
    ['of one that did not opt in', aGroup({ tags: { tier: 'web' } }), aRecord(), { because: 'NOT_OPTED_IN' }],
    [
      'of one that is being deleted',
      aGroup({ status: 'Delete in progress' }),
      aRecord(),
      { because: 'BEING_DELETED', status: 'Delete in progress' },
    ],
    [
      'of one that many hold',
      aGroup(),
      crowded(holdsPerGroupMax),
      { because: 'TOO_MANY_HOLDS', holds: holdsPerGroupMax, holdsMax: holdsPerGroupMax },
    ],
  ])('%s', (_what, group, record, refusal) => {
    expect(decideApply(onLaunch, group, record, 'me', now)).toEqual({ action: 'REFUSE', ...refusal });
  });

  it('is not who holds it already, or finds room for one', () => {
    const full = crowded(holdsPerGroupMax);
    const own = { ...full, holds: [...full.holds.slice(1), aHold({ incidentId: onLaunch.incidentId })] };
    expect(decideApply(onLaunch, aGroup(), own, 'me', now).action).not.toBe('REFUSE');
    expect(decideApply(onLaunch, aGroup(), crowded(holdsPerGroupMax - 1), 'me', now).action).toBe('WRITE');
  });
});

describe('protections of instances that left', () => {
  const gone = (count: number): Imposed[] =>
    Array.from({ length: count }, (_, n) => ({ setting: `i-gone-${n}`, recordedAt: now, appliedAt: now }));
  const most = protectedInstancesMax + 1000;

  it('are remembered, because a description may be stale, unless far too many are', () => {
    const begun = first(onLaunch);
    const lookWith = (count: number) =>
      written(
        decideApply(
          withEffect({ processes: ['Launch'], protectsInstances: false }, { incidentId: 'incident-b' }),
          launchHeld(),
          { ...begun, imposed: [...begun.imposed, ...gone(count)] },
          'me',
          later(600),
        ),
      ).after.imposed;
    expect(lookWith(most - 1)).toHaveLength(most);
    expect(lookWith(most).map(({ setting }) => setting)).toEqual(['Launch']);
  });
});
