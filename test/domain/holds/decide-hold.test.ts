import { describe, expect, it } from 'vitest';
import {
  type AlarmReading,
  decideHold,
  type HoldRound,
} from '../../../functions/domain/holds/decide-hold.ts';
import { roundsMax } from '../../../functions/domain/limits.ts';
import { anIncident, later, now } from './group-fixtures.ts';

const inState = (value: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA', since = now): AlarmReading => ({
  kind: 'read',
  value,
  since,
});

describe('decideHold', () => {
  it('renews while the alarm is in ALARM', () => {
    expect(decideHold(anIncident(), { alarm: inState('ALARM'), mode: 'live', round: 1 }, later(60))).toEqual({
      action: 'KEEP',
      because: 'IN_ALARM',
      renewUntil: later(60 + 7200),
    });
  });

  it.each([
    [599, 'KEEP', 'COOLING_OFF'],
    [600, 'RELEASE', 'COOLED_OFF'],
  ])('after %i s of OK decides %s', (seconds, action, because) => {
    expect(
      decideHold(anIncident(), { alarm: inState('OK'), mode: 'live', round: 1 }, later(seconds)),
    ).toMatchObject({
      action,
      because,
    });
  });

  it('counts the cool-off anew from when data came again', () => {
    const incident = anIncident({ okWithoutDataAt: later(500) });
    expect(decideHold(incident, { alarm: inState('OK'), mode: 'live', round: 1 }, later(1099)).because).toBe(
      'COOLING_OFF',
    );
    expect(decideHold(incident, { alarm: inState('OK'), mode: 'live', round: 1 }, later(1100)).because).toBe(
      'COOLED_OFF',
    );
  });

  it.each([
    ['too little data', inState('INSUFFICIENT_DATA')],
    ['an alarm that cannot be read', { kind: 'unreadable', error: 'Throttling' } as const],
    ['an alarm that was deleted', { kind: 'deleted' } as const],
    ['no alarm at all', { kind: 'none' } as const],
  ])('keeps the hold on %s until it expires, and does not renew it', (_what, alarm) => {
    const before = decideHold(anIncident(), { alarm: alarm, mode: 'live', round: 1 }, later(7199));
    expect(before.action).toBe('KEEP');
    expect(before).not.toHaveProperty('renewUntil');
    expect(decideHold(anIncident(), { alarm: alarm, mode: 'live', round: 1 }, later(7200))).toMatchObject({
      action: 'RELEASE',
      because: 'EXPIRED',
    });
  });

  it.each(['off', 'dry-run'] as const)('gives back when the kill switch is set to %s', (mode) => {
    expect(
      decideHold(anIncident(), { alarm: inState('ALARM'), mode: mode, round: 1 }, later(60)),
    ).toMatchObject({
      action: 'RELEASE',
      because: 'KILL_SWITCH',
    });
  });

  it('neither renews nor gives back while the kill switch cannot be read', () => {
    const decision = decideHold(
      anIncident(),
      { alarm: inState('ALARM'), mode: undefined, round: 1 },
      later(60),
    );
    expect(decision).toMatchObject({ action: 'KEEP', because: 'KILL_SWITCH_UNREADABLE' });
    expect(decision).not.toHaveProperty('renewUntil');
  });

  it('ends at the longest a hold may last, in ALARM or not', () => {
    const atMost = anIncident().settings.holdAtMostSeconds;
    expect(
      decideHold(anIncident(), { alarm: inState('ALARM'), mode: 'live', round: 1 }, later(atMost - 1)).action,
    ).toBe('KEEP');
    expect(
      decideHold(anIncident(), { alarm: inState('ALARM'), mode: 'live', round: 1 }, later(atMost)).because,
    ).toBe('HELD_AT_MOST');
  });

  it('ends before the execution runs out of history', () => {
    expect(
      decideHold(anIncident(), { alarm: inState('ALARM'), mode: 'live', round: roundsMax - 1 }, later(60))
        .action,
    ).toBe('KEEP');
    expect(
      decideHold(anIncident(), { alarm: inState('ALARM'), mode: 'live', round: roundsMax }, later(60))
        .because,
    ).toBe('ROUNDS_MAX');
  });

  it('goes on giving back what is being given back', () => {
    const incident = anIncident({ status: 'RELEASING', releasingBecause: 'the sweep' });
    expect(decideHold(incident, { alarm: inState('ALARM'), mode: 'live', round: 1 }, later(60))).toEqual({
      action: 'RELEASE',
      because: 'RELEASING',
      reason: 'the sweep',
    });
  });

  describe('of an incident that lasts until launches succeed', () => {
    const incident = anIncident({ untilLaunchesSucceed: true });
    const none = { kind: 'none' } as const;
    const decide = (launches: HoldRound['launches'], alarm: AlarmReading = none) =>
      decideHold(incident, { alarm, mode: 'live', round: 1, launches }, later(600));
    const succeeding = { succeedAgain: true, waitingGroups: 0 };

    it('is over when they do', () => {
      expect(decide(succeeding)).toMatchObject({ action: 'RELEASE', because: 'LAUNCHES_SUCCEED' });
    });

    it('is renewed while a group waits, and expires when nothing is known or nothing happens', () => {
      expect(decide({ succeedAgain: false, waitingGroups: 1 })).toMatchObject({
        action: 'KEEP',
        renewUntil: later(600 + incident.settings.expiresAfterSeconds),
      });
      for (const launches of [undefined, { succeedAgain: false, waitingGroups: 0 }]) {
        const kept = decide(launches);
        expect(kept.action).toBe('KEEP');
        expect(kept).not.toHaveProperty('renewUntil');
      }
    });

    it.each([
      ['ALARM', 'KEEP'],
      ['OK', 'RELEASE'],
      ['INSUFFICIENT_DATA', 'RELEASE'],
    ] as const)('with its alarm in %s, when launches succeed: %s', (value, action) => {
      expect(decide(succeeding, { kind: 'read', value, since: later(590) }).action).toBe(action);
    });

    it('lasts to its expiry, not renewed, when its alarm is OK and no launch has shown that the next would work', () => {
      const ok = { kind: 'read', value: 'OK', since: later(-600) } as const;
      const unproven = { succeedAgain: false, waitingGroups: 0, unprovenGroups: 1 };
      const kept = decide(unproven, ok);
      expect(kept).toMatchObject({ action: 'KEEP', because: 'LAUNCHES_UNPROVEN', groups: 1 });
      expect(kept).not.toHaveProperty('renewUntil');
      expect(kept).toMatchObject({ lastsUntil: incident.expiresAt });
      // What cannot be read ends nothing.
      expect(decide(undefined, ok)).toMatchObject({ action: 'KEEP', because: 'LAUNCHES_UNREADABLE' });
      // Who merely scales out keeps nobody held.
      for (const waitingGroups of [0, 1]) {
        expect(decide({ succeedAgain: false, waitingGroups }, ok)).toMatchObject({
          action: 'RELEASE',
          because: 'COOLED_OFF',
        });
      }
    });

    it('is kept while its alarm cannot be read', () => {
      expect(decide(succeeding, { kind: 'unreadable', error: 'no' }).action).toBe('KEEP');
    });
  });
});
