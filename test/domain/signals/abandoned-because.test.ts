import { describe, expect, it } from 'vitest';
import { sweepGraceSeconds } from '../../../functions/domain/limits.ts';
import { abandonedBecause } from '../../../functions/domain/signals/abandoned-because.ts';
import { anIncident, later } from '../holds/group-fixtures.ts';

// It expires two hours after the moment of every test.
const graceEndsAt = later(7200 + sweepGraceSeconds);
const graceIsOver = later(7200 + sweepGraceSeconds + 1);

describe('abandonedBecause', () => {
  it.each(['HELD', 'RELEASING'] as const)('is that nothing runs, of an incident that is %s', (status) => {
    expect(abandonedBecause(anIncident({ status }), false, later(0))).toBe('its execution no longer runs');
  });

  it('is nothing while its execution runs, and may still give it back', () => {
    expect(abandonedBecause(anIncident(), true, later(0))).toBeUndefined();
    expect(abandonedBecause(anIncident(), true, graceEndsAt)).toBeUndefined();
  });

  it('is that it expired, once the execution had time to give it back and did not', () => {
    expect(abandonedBecause(anIncident(), true, graceIsOver)).toBe(
      'it expired at 2026-03-02 05:00 UTC and its execution did not give it back',
    );
  });

  it('is nothing while its execution gives it back, however late', () => {
    expect(abandonedBecause(anIncident({ status: 'RELEASING' }), true, graceIsOver)).toBeUndefined();
  });
});
