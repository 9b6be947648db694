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
import { planRaise, type ScalingFacts } from '../../../functions/domain/holds/plan-raise.ts';
import { raiseTodo, tellRaise } from '../../../functions/domain/telling/hold-sentences.ts';
import { tellGroupRefusal } from '../../../functions/domain/telling/plan-sentences.ts';
import { inputOf } from '../../input-of.ts';
import { aGroup, aRecord, later, now } from './group-fixtures.ts';

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
