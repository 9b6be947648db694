import { describe, expect, it } from 'vitest';
import type { GroupRecord } from '../../functions/domain/holds/group-record.ts';
import { fromGroupItem, type GroupItem, toGroupItem } from '../../functions/state/group-item.ts';
import { itemBytes } from '../../rehearsal/dynamodb-rules.ts';
import { aHoldOnTerminate, aRecord, later, now } from '../domain/holds/group-fixtures.ts';

const imposed = [
  { setting: 'HealthCheck', recordedAt: now, appliedAt: now, givingBackAt: later(1), givenBackAt: later(2) },
  { setting: 'AZRebalance', recordedAt: now, appliedAt: now },
  { setting: 'Terminate', recordedAt: now, appliedAt: now },
  { setting: 'i-0', recordedAt: later(1) },
  { setting: 'i-1', recordedAt: now, givingBackAt: later(3) },
];
const baseline = {
  seenAt: now,
  suspendedProcesses: [],
  protectedInstances: [],
  minSize: 1,
  maxSize: 9,
  desiredCapacity: 4,
};
const kept = { since: now, desiredHighest: 6, minSize: 1, maxSize: 9, desiredCapacity: 4 };
const arn = 'arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:u-u-i-d:autoScalingGroupName/web';
const idsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `i-${String(index).padStart(17, '0')}`);

const roundTrip = (record: GroupRecord): GroupRecord =>
  fromGroupItem(JSON.parse(JSON.stringify(toGroupItem(record))) as GroupItem);

describe('toGroupItem', () => {
  it('writes once what many settings share, and loses nothing', () => {
    const record = { ...aRecord(), imposed };
    const item = toGroupItem(record);
    expect(item.imposed.map(({ settings }) => settings)).toEqual([
      ['HealthCheck'],
      ['AZRebalance', 'Terminate'],
      ['i-0'],
      ['i-1'],
    ]);
    expect(roundTrip(record)).toEqual(record);
  });

  it.each<[string, Partial<GroupRecord>]>([
    ['sizes that are those of the baseline', { baseline, kept }],
    ['sizes seen later', { baseline, kept: { ...kept, since: later(5) } }],
    ['sizes with scheduled actions', { baseline, kept: { ...kept, scheduledActions: [{ name: 'a' }] } }],
    ['an ARN seen with the baseline', { baseline, autoScalingGroupArn: arn, arnSeenAt: now }],
    ['an ARN seen later', { baseline, autoScalingGroupArn: arn, arnSeenAt: later(5) }],
    ['an ARN of another form', { baseline, autoScalingGroupArn: `${arn}-2`, arnSeenAt: later(5) }],
    ['who came into service', { presentAtFirst: ['i-1'], launched: [{ instanceId: 'i-2', seenAt: now }] }],
  ])('loses nothing of %s', (_what, over) => {
    const record = aRecord({ ...aHoldOnTerminate('a'), ...over });
    expect(roundTrip(record)).toEqual(record);
  });

  it('reads who came into service from where the release before kept it', () => {
    const { holds } = aHoldOnTerminate('a');
    const older = { presentAtFirst: ['i-1'], launched: [{ instanceId: 'i-2', seenAt: now }] };
    const item = { ...toGroupItem(aRecord()), holds: holds.map((hold) => ({ ...hold, ...older })) };
    expect(fromGroupItem(item)).toMatchObject({ ...older, holds });
  });

  it('keeps two thousand protected instances under ten holds below 200 KB', () => {
    const ids = idsOf(2000);
    const [hold] = aHoldOnTerminate('a').holds;
    if (hold === undefined) throw new Error('no hold');
    const record = aRecord({
      autoScalingGroupArn: arn,
      arnSeenAt: now,
      baseline: { ...baseline, protectedInstances: ids.slice(0, 200) },
      kept,
      holds: idsOf(10).map((id) => ({
        ...hold,
        incidentId: `arn:aws:states:us-east-1:123456789012:execution:holdfast-prod-protect-instances:${id}-${'n'.repeat(60)}`,
        reason: 'r'.repeat(500),
        protectsInstances: true,
      })),
      // Protected in forty calls, and each of these at its own time.
      imposed: ids.map((setting, index) => ({
        setting,
        recordedAt: later(Math.floor(index / 50)),
        appliedAt: later(Math.floor(index / 50)),
      })),
      presentAtFirst: ids,
      launched: idsOf(50).map((instanceId) => ({ instanceId, seenAt: now })),
    });
    const bytes = itemBytes({ pk: 'group#web', sk: 'record', record: toGroupItem(record) });
    expect(bytes).toBeLessThan(200 * 1024);
    expect(roundTrip(record)).toEqual(record);
  });
});
