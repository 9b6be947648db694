import { describe, expect, it } from 'vitest';
import { fromGroupItem, toGroupItem } from '../../functions/state/group-item.ts';
import { aRecord, later, now } from '../domain/group-fixtures.ts';

const imposed = [
  { setting: 'HealthCheck', recordedAt: now, appliedAt: now, givingBackAt: later(1), givenBackAt: later(2) },
  { setting: 'AZRebalance', recordedAt: now, appliedAt: now },
  { setting: 'Terminate', recordedAt: now, appliedAt: now },
  { setting: 'i-0', recordedAt: later(1) },
  { setting: 'i-1', recordedAt: now, givingBackAt: later(3) },
];

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
    expect(fromGroupItem(JSON.parse(JSON.stringify(item)))).toEqual(record);
  });

  it('keeps two thousand protected instances of one call in a fraction of what each would take', () => {
    const many = Array.from({ length: 2000 }, (_, index) => ({
      setting: `i-${String(index).padStart(17, '0')}`,
      recordedAt: now,
      appliedAt: now,
    }));
    expect(JSON.stringify(toGroupItem({ ...aRecord(), imposed: many })).length).toBeLessThan(50_000);
  });
});
