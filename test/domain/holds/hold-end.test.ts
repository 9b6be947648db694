import { describe, expect, it } from 'vitest';
import { describeHoldEnd } from '../../../functions/domain/holds/hold-end.ts';
import { anIncident } from './group-fixtures.ts';

describe('describeHoldEnd', () => {
  it('names the alarm and the latest time', () => {
    expect(describeHoldEnd(anIncident())).toBe(
      'Holdfast gives everything back once the alarm loss has been OK for 10 min, at the latest at 2026-03-02 15:00 UTC.',
    );
  });
  it('names the expiry of what a person started', () => {
    const { alarm: _alarm, ...byHand } = anIncident();
    expect(describeHoldEnd(byHand)).toBe('Holdfast gives everything back at 2026-03-02 05:00 UTC.');
  });
  it('names the launches that have to succeed', () => {
    const { alarm: _alarm, ...byHand } = anIncident({ untilLaunchesSucceed: true });
    expect(describeHoldEnd(byHand)).toBe(
      'Holdfast gives everything back once launches succeed again, at the latest at 2026-03-02 15:00 UTC.',
    );
  });
});
