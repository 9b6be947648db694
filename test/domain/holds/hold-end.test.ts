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

  it('says of a hold that groups share when most of them are given back before the others', () => {
    const { alarm: _alarm, ...shared } = anIncident({ untilLaunchesSucceed: true, isShared: true });
    expect(describeHoldEnd(shared)).toBe(
      'Holdfast gives everything back once launches succeed again, at the latest at 2026-03-02 15:00 UTC. Once they succeed in most of its groups for 15 min, each of the others gets an execution of its own, and the rest is given back.',
    );
    expect(describeHoldEnd({ ...shared, groupsAsked: 1 })).toBe(
      'Holdfast gives everything back once launches succeed again, at the latest at 2026-03-02 15:00 UTC.',
    );
  });
});
