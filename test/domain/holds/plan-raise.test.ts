import { describe, expect, it } from 'vitest';
import {
  isComplete,
  isShort,
  unitsOf,
  unknownUnits,
  weights,
} from '../../../functions/domain/group-units.ts';
import type {
  GroupRecord,
  KeptSizes,
  ScheduledAction,
} from '../../../functions/domain/holds/group-record.ts';
import { pauseScalingEffect } from '../../../functions/domain/holds/pause-scaling.ts';
import { planHold } from '../../../functions/domain/holds/plan-hold.ts';
import type { RaiseDecision } from '../../../functions/domain/holds/plan-raise.ts';
import { keptOf, planRaise, type ScalingFacts } from '../../../functions/domain/holds/plan-raise.ts';
import { raiseTodo, tellRaise } from '../../../functions/domain/telling/hold-sentences.ts';
import { tellGroupRefusal } from '../../../functions/domain/telling/plan-sentences.ts';
import { inputOf } from '../../input-of.ts';
import { aGroup, aHold, anInstance, aRecord, later, now } from './group-fixtures.ts';

const kept: KeptSizes = { since: now, desiredHighest: 4, minSize: 1, maxSize: 10, desiredCapacity: 4 };
const scalesIn: ScalingFacts = { policies: [{ name: 'cpu', canLower: true }], scheduledActions: [] };
const raise = (
  group: Parameters<typeof aGroup>[0],
  {
    sizes = {},
    facts = scalesIn,
    at = later(3600),
    own = [],
    record = {},
  }: {
    sizes?: Partial<KeptSizes>;
    facts?: ScalingFacts | undefined;
    at?: string;
    own?: number[];
    record?: Partial<GroupRecord>;
  } = {},
) => planRaise(aGroup(group), { ...aRecord(), kept: { ...kept, ...sizes }, ...record }, facts, own, at);
/** What people are told of it. */
const told = (decision: RaiseDecision): string =>
  decision.action === 'RAISE' || decision.action === 'LEAVE' ? tellRaise(decision) : '';

const desiredOf = (decision: ReturnType<typeof raise>) =>
  'calls' in decision ? inputOf(decision.calls[0]).DesiredCapacity : decision.action;

describe('planRaise', () => {
  it.each([
    ['what fell', { desiredCapacity: 2 }, {}, 4],
    ['nothing that did not fall', { desiredCapacity: 4 }, {}, 'NOTHING'],
    ['not to what was there before', { desiredCapacity: 3 }, { desiredHighest: 3 }, 'NOTHING'],
    ['to no more than the highest seen', { desiredCapacity: 1 }, { desiredHighest: 3 }, 3],
    ['to no more than what is there', { desiredCapacity: 1 }, { desiredHighest: 9 }, 4],
    ['to no more than the maximum', { desiredCapacity: 1, maxSize: 3 }, { maxSize: 3 }, 3],
  ])('raises by %s', (_what, group, sizes, expected) => {
    expect(desiredOf(raise(group, { sizes }))).toBe(expected);
  });

  it('asks for policies and scheduled actions only where it may have to raise', () => {
    const unread = { facts: undefined };
    expect(planRaise(aGroup({ desiredCapacity: 2 }), { ...aRecord(), kept }, undefined, [], now).action).toBe(
      'UNKNOWN',
    );
    expect(raise({ desiredCapacity: 4 }, unread).action).toBe('NOTHING');
  });

  it('says how to set it back, quoted for the shell', () => {
    const decision = raise({ autoScalingGroupName: 'web&api', desiredCapacity: 2 });
    expect(decision.action === 'RAISE' && raiseTodo('eu-west-1', decision)).toEqual([
      "Holdfast raised desired capacity to 4. If that is too much, set it back to 2: aws autoscaling set-desired-capacity --region eu-west-1 --auto-scaling-group-name 'web&api' --desired-capacity 2",
    ]);
  });

  it.each<[string, Parameters<typeof aGroup>[0], Partial<KeptSizes>, Partial<ScalingFacts>]>([
    ['lowered its minimum from 3 to 1', { minSize: 1 }, { minSize: 3 }, {}],
    ['lowered its maximum from 12 to 10', {}, { maxSize: 12 }, {}],
    ['no enabled scaling policy that lowers it', {}, {}, { policies: [{ name: 'p', canLower: false }] }],
    ['no enabled scaling policy that lowers it', {}, {}, { policies: [] }],
  ])('leaves it, because: %s', (because, group, sizes, facts) => {
    const decision = raise({ desiredCapacity: 2, ...group }, { sizes, facts: { ...scalesIn, ...facts } });
    expect(decision.action).toBe('LEAVE');
    expect(told(decision)).toContain(because);
  });

  it.each([
    ['our own resize set the minimum', {}, { minSize: 3 }, [1]],
    [
      'a rolling update ended, which raises minimum and desired capacity alike',
      { tags: { holdfast: 'true', 'aws:cloudformation:stack-name': 'web' } },
      { minSize: 4 },
      [],
    ],
    ['the minimum was raised meanwhile', { minSize: 2 }, {}, []],
  ])('raises it although %s', (_what, group, sizes, own) => {
    expect(desiredOf(raise({ desiredCapacity: 2, ...group }, { sizes, own }))).toBe(4);
  });

  it('leaves it where its policies were suspended all the while', () => {
    const suspended = { desiredCapacity: 2, suspendedProcesses: ['AlarmNotification'] };
    const since = (appliedAt: string) => ({
      imposed: [{ setting: 'AlarmNotification', recordedAt: appliedAt, appliedAt }],
    });
    expect(raise(suspended, { record: since(later(2)) })).toMatchObject({
      action: 'LEAVE',
      because: 'POLICIES_SUSPENDED',
    });
    const before = { suspendedProcesses: ['AlarmNotification'], protectedInstances: [] };
    const baseline = { ...before, minSize: 1, maxSize: 10, desiredCapacity: 4 };
    expect(raise(suspended, { record: { baseline } }).action).toBe('LEAVE');
    // Suspended half an hour later, by another hold or by somebody: policies ran before that.
    expect(raise(suspended, { record: since(later(1800)) }).action).toBe('RAISE');
    expect(raise(suspended).action).toBe('RAISE');
  });

  const night: ScheduledAction = { name: 'night', desiredCapacity: 2 };
  it.each<[string, Partial<ScheduledAction>, boolean]>([
    ['a one-off within the hold', { startsAt: later(1800) }, true],
    ['a one-off that runs a little late', { startsAt: later(-100) }, true],
    ['a one-off before it', { startsAt: later(-200) }, false],
    ['a one-off that is still to come', { startsAt: later(7200) }, false],
    // The moment of every test is a Monday, 03:00 UTC.
    ['a recurring one within it', { recurrence: '30 3 * * *', startsAt: later(-86_400) }, true],
    ['a recurring one in its own time zone', { recurrence: '30 4 * * *', timeZone: 'Europe/Paris' }, true],
    ['a recurring one of another hour', { recurrence: '30 5 * * *' }, false],
    ['a recurring one of another day', { recurrence: '30 3 * * 2' }, false],
    ['a recurring one that is over', { recurrence: '30 3 * * *', endsAt: later(-60) }, false],
    ['a recurring one that has not begun', { recurrence: '30 3 * * *', startsAt: later(86_400) }, true],
    ['a recurrence that cannot be read', { recurrence: 'whenever' }, true],
  ])('counts %s: %s', (_what, over, ran) => {
    const facts = { ...scalesIn, scheduledActions: [{ ...night, ...over }] };
    expect(raise({ desiredCapacity: 2 }, { facts }).action).toBe(ran ? 'LEAVE' : 'RAISE');
  });

  it('remembers a one-off that is not listed any more, and believes what was listed before of a recurring one', () => {
    const remembered = [{ ...night, startsAt: later(1800) }];
    expect(raise({ desiredCapacity: 2 }, { sizes: { scheduledActions: remembered } }).action).toBe('LEAVE');
    const next = { ...night, recurrence: '30 3 * * *', startsAt: later(86_400 + 1800) };
    const sizes = { scheduledActions: [] };
    expect(
      raise({ desiredCapacity: 2 }, { sizes, facts: { ...scalesIn, scheduledActions: [next] } }).action,
    ).toBe('RAISE');
  });

  it('knows that nothing ran while ScheduledActions was suspended', () => {
    const facts = { ...scalesIn, scheduledActions: [{ ...night, startsAt: later(1800) }] };
    const group = { desiredCapacity: 2, suspendedProcesses: ['ScheduledActions'] };
    const since = (appliedAt: string) => ({
      imposed: [{ setting: 'ScheduledActions', recordedAt: appliedAt, appliedAt }],
    });
    expect(raise(group, { facts, record: since(later(2)) }).action).toBe('RAISE');
    expect(raise(group, { facts, record: since(later(1200)) }).action).toBe('RAISE');
    // Suspended after the action ran, or nobody can tell since when.
    expect(raise(group, { facts, record: since(later(2400)) }).action).toBe('LEAVE');
    expect(raise(group, { facts }).action).toBe('LEAVE');
  });
});

describe('planRaise, word for word', () => {
  const fell = { autoScalingGroupName: 'web', highest: 4, from: 2, since: now };

  it('raises with one call, at once, and says why', () => {
    expect(raise({ desiredCapacity: 2 })).toEqual({
      action: 'RAISE',
      ...fell,
      to: 4,
      calls: [
        {
          service: 'AutoScaling',
          operation: 'SetDesiredCapacity',
          input: { AutoScalingGroupName: 'web', DesiredCapacity: 4, HonorCooldown: false },
          reason:
            'desired capacity fell from 4 to 2 since 2026-03-02 03:00 UTC, and giving back what kept its instances would end the difference at once',
        },
      ],
    });
  });

  it.each<[string, Parameters<typeof aGroup>[0], Parameters<typeof raise>[1], object]>([
    [
      'a minimum that was lowered',
      { minSize: 1 },
      { sizes: { minSize: 3 } },
      { because: 'MINIMUM_LOWERED', before: 3, now: 1 },
    ],
    [
      'a minimum that another resize than ours lowered',
      { minSize: 1 },
      { sizes: { minSize: 3 }, own: [2] },
      { because: 'MINIMUM_LOWERED', before: 3, now: 1 },
    ],
    [
      'a maximum that was lowered',
      {},
      { sizes: { maxSize: 12 } },
      { because: 'MAXIMUM_LOWERED', before: 12, now: 10 },
    ],
    [
      'no policy that lowers it',
      {},
      { facts: { policies: [], scheduledActions: [] } },
      { because: 'NO_POLICY_LOWERS_IT' },
    ],
    [
      'scheduled actions that ran, each once',
      {},
      {
        sizes: { scheduledActions: [{ name: 'night', startsAt: later(60), desiredCapacity: 2 }] },
        facts: {
          ...scalesIn,
          scheduledActions: [
            { name: 'night', startsAt: later(60), desiredCapacity: 2 },
            { name: 'late', startsAt: later(120), desiredCapacity: 2 },
            { name: 'tomorrow', startsAt: later(90_000), desiredCapacity: 2 },
          ],
        },
      },
      { because: 'SCHEDULED', actions: ['night', 'late'] },
    ],
  ])('leaves it for %s, with what would keep all', (_what, group, settings, because) => {
    expect(raise({ desiredCapacity: 2, ...group }, settings)).toEqual({
      action: 'LEAVE',
      ...fell,
      to: 4,
      ...because,
    });
  });

  it('leaves it where nobody knows how much is there, and names no size', () => {
    const group = { desiredCapacity: 2, countsUnits: 'vcpu' };
    expect(raise(group)).toEqual({ action: 'LEAVE', ...fell, because: 'UNITS_UNKNOWN', countsUnits: 'vcpu' });
  });

  it('counts what is on its way into service, and not what is on its way out', () => {
    const [first, ...others] = aGroup().instances;
    const inState = (lifecycleState: string) =>
      desiredOf(
        raise({
          desiredCapacity: 1,
          instances: [...others, { ...anInstance('i-1'), ...first, lifecycleState }],
        }),
      );
    expect(inState('Pending')).toBe(4);
    expect(inState('Pending:Wait')).toBe(4);
    expect(inState('Terminating')).toBe(3);
    expect(inState('Standby')).toBe(3);
  });

  it.each<[string, Parameters<typeof aGroup>[0], Partial<KeptSizes>]>([
    ['of no stack', { tags: { holdfast: 'true' } }, { minSize: 4 }],
    ['whose minimum was not what it desired', {}, { minSize: 3 }],
    ['whose maximum fell too', { maxSize: 9 }, { minSize: 4 }],
  ])('takes no group for one whose rolling update ended %s', (_what, group, sizes) => {
    const tags = { holdfast: 'true', 'aws:cloudformation:stack-name': 'web' };
    expect(raise({ desiredCapacity: 2, tags, ...group }, { sizes })).toMatchObject({
      action: 'LEAVE',
      because: 'MINIMUM_LOWERED',
    });
  });

  it.each<[string, Partial<ScheduledAction>, boolean]>([
    ['two minutes before it', { startsAt: later(-120) }, false],
    ['a second later than that', { startsAt: later(-119) }, true],
    ['right now', { startsAt: later(3600) }, true],
    ['a second from now', { startsAt: later(3601) }, false],
    ['that is listed without a time', {}, false],
    ['that recurs, at the moment at which it ends', { recurrence: '30 3 * * *', endsAt: later(1800) }, false],
    ['that recurs, a second before it ends', { recurrence: '30 3 * * *', endsAt: later(1801) }, true],
    ['that recurs, at its first time', { recurrence: '30 3 * * *', startsAt: later(1800) }, true],
    [
      'that recurs, whose first time was within, of another hour',
      { recurrence: '0 9 * * *', startsAt: later(60) },
      true,
    ],
    ['that recurs, and never again', { recurrence: '30 3 1 1 *' }, false],
  ])('of an action %s', (_what, over, ran) => {
    const facts = { ...scalesIn, scheduledActions: [{ name: 'night', desiredCapacity: 2, ...over }] };
    expect(raise({ desiredCapacity: 2 }, { facts }).action).toBe(ran ? 'LEAVE' : 'RAISE');
  });

  it('believes the start of a recurring action that was listed before the hold', () => {
    const listed = (startsAt: string) => ({
      ...scalesIn,
      scheduledActions: [{ name: 'night', desiredCapacity: 2, recurrence: '30 3 * * *', startsAt }],
    });
    const sizes = { scheduledActions: [] };
    // Listed now with a start that is over: it was the first.
    expect(raise({ desiredCapacity: 2 }, { sizes, facts: listed(later(1800)) }).action).toBe('LEAVE');
    expect(raise({ desiredCapacity: 2 }, { facts: listed(later(3600)) }).action).toBe('LEAVE');
    expect(raise({ desiredCapacity: 2 }, { facts: listed(later(3601)) }).action).toBe('LEAVE');
    expect(raise({ desiredCapacity: 2 }, { sizes, facts: listed(later(3601)) }).action).toBe('RAISE');
  });

  it.each([
    [119, 'LEAVE'],
    [120, 'RAISE'],
  ])('takes policies that were suspended %i s after the hold began as it says: %s', (seconds, action) => {
    const imposed = [{ setting: 'AlarmNotification', recordedAt: now, appliedAt: later(seconds) }];
    const group = { desiredCapacity: 2, suspendedProcesses: ['AlarmNotification'] };
    expect(raise(group, { record: { imposed } }).action).toBe(action);
    expect(raise({ ...group, suspendedProcesses: ['Launch'] }, { record: { imposed } }).action).toBe('RAISE');
  });

  it('remembers of a record of an earlier release the sizes before its first hold', () => {
    const baseline = {
      suspendedProcesses: [],
      protectedInstances: [],
      minSize: 1,
      maxSize: 9,
      desiredCapacity: 5,
    };
    const holds = [aHold({ heldAt: later(30) }), aHold({ heldAt: later(10) }), aHold({ heldAt: later(20) })];
    const sizes = { desiredHighest: 5, minSize: 1, maxSize: 9, desiredCapacity: 5 };
    expect(keptOf(aRecord({ baseline, holds }))).toEqual({ since: later(10), ...sizes });
    expect(keptOf(aRecord({ baseline }))).toEqual({ since: '', ...sizes });
    expect(keptOf(aRecord({ baseline, holds, kept }))).toBe(kept);
    expect(keptOf(aRecord())).toBeUndefined();
    expect(planRaise(aGroup({ desiredCapacity: 2 }), aRecord(), scalesIn, [], later(60))).toEqual({
      action: 'NOTHING',
    });
  });
});

const weighted = (
  weightedCapacity: number | undefined,
  count: number,
  over: Parameters<typeof aGroup>[0] = {},
) =>
  aGroup({
    countsUnits: weights,
    desiredCapacity: 16,
    instances: Array.from({ length: count }, (_, index) => ({
      instanceId: `i-${index}`,
      lifecycleState: 'InService',
      healthStatus: 'Healthy',
      protectedFromScaleIn: false,
      ...(weightedCapacity === undefined ? {} : { weightedCapacity }),
    })),
    ...over,
  });

describe('the units of a group', () => {
  it('are instances, or their weights, and unknown where AWS does not say', () => {
    expect(unitsOf(aGroup(), aGroup().instances)).toBe(4);
    expect(unitsOf(weighted(2, 8), weighted(2, 8).instances)).toBe(16);
    expect(unitsOf(weighted(undefined, 8), weighted(undefined, 8).instances)).toBeUndefined();
  });

  it.each([
    [weighted(2, 8), false],
    [weighted(2, 7), true],
    // Unknown: nothing may rest on it, and such a group is refused.
    [weighted(undefined, 1), false],
  ])('tell whether something is missing', (group, expected) => {
    expect(isShort(group)).toBe(expected);
    expect(isComplete(group)).toBe(!expected);
  });

  it('raise desired capacity in the group’s own measure', () => {
    const sizes = { since: now, desiredHighest: 16, minSize: 4, maxSize: 40, desiredCapacity: 16 };
    const group = weighted(2, 8, { desiredCapacity: 8, minSize: 4, maxSize: 40 });
    expect(planRaise(group, { ...aRecord(), kept: sizes }, scalesIn, [], later(3600))).toMatchObject({
      action: 'RAISE',
      calls: [{ input: { DesiredCapacity: 16 } }],
    });
  });

  it.each([
    [
      weighted(undefined, 2),
      /count weights of a mixed instances policy, and AWS does not say how much i-0 counts/,
    ],
    [weighted(undefined, 0, { countsUnits: 'vcpu' }), /count vcpu, and no instance tells how much it counts/],
  ])('refuse a group by name where they cannot be known', (group, because) => {
    const settings = {
      remediation: 'pause-scaling',
      effect: pauseScalingEffect('scale-in'),
      groupsMax: 9,
    } as const;
    const [plan] = planHold([group], [], settings).groups;
    expect(plan).toMatchObject({ action: 'REFUSE', because: 'UNITS_UNKNOWN', ...unknownUnits(group) });
    expect(plan?.action === 'REFUSE' ? tellGroupRefusal(plan) : '').toMatch(because);
  });

  it.each([weighted(2, 8), weighted(undefined, 0), aGroup()])('are known else', (group) => {
    expect(unknownUnits(group)).toBeUndefined();
  });
});
