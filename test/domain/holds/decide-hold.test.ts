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

  it.each<[what: string, alarm: AlarmReading, facts: object]>([
    ['too little data', inState('INSUFFICIENT_DATA'), { because: 'INSUFFICIENT_DATA' }],
    [
      'an OK for want of data',
      { kind: 'read', value: 'OK', since: now, lacksData: true },
      { because: 'OK_WITHOUT_DATA' },
    ],
    [
      'an alarm that cannot be read',
      { kind: 'unreadable', error: 'Throttling' },
      { because: 'ALARM_UNREADABLE', error: 'Throttling' },
    ],
    ['an alarm that was deleted', { kind: 'deleted' }, { because: 'ALARM_DELETED' }],
    ['no alarm at all', { kind: 'none' }, { because: 'BY_HAND' }],
  ])('keeps the hold on %s until it expires, and does not renew it', (_what, alarm, facts) => {
    const { expiresAt } = anIncident();
    expect(decideHold(anIncident(), { alarm, mode: 'live', round: 1 }, later(7199))).toEqual({
      action: 'KEEP',
      ...facts,
      lastsUntil: expiresAt,
    });
    expect(decideHold(anIncident(), { alarm, mode: 'live', round: 1 }, later(7200))).toEqual({
      action: 'RELEASE',
      because: 'EXPIRED',
      expiresAt,
      otherwise: facts,
    });
  });

  it('says no reason of the end that nobody gave', () => {
    const incident = anIncident({ status: 'RELEASING' });
    expect(decideHold(incident, { alarm: inState('ALARM'), mode: 'live', round: 1 }, later(60))).toEqual({
      action: 'RELEASE',
      because: 'RELEASING',
    });
  });

  it('does not ask how launches stand for a hold that is not about them', () => {
    const launches = { succeedAgain: true, waitingGroups: 0 };
    const round = { mode: 'live' as const, round: 1, launches };
    expect(decideHold(anIncident(), { ...round, alarm: { kind: 'none' } }, later(60)).because).toBe(
      'BY_HAND',
    );
    expect(decideHold(anIncident(), { ...round, alarm: inState('OK') }, later(60)).because).toBe(
      'COOLING_OFF',
    );
  });

  describe('of an incident that many groups share', () => {
    const round = (stillFailing?: string[]): HoldRound => ({
      alarm: { kind: 'none' },
      mode: 'live',
      round: 1,
      launches: {
        succeedAgain: false,
        waitingGroups: 2,
        ...(stillFailing === undefined ? {} : { stillFailing }),
      },
    });
    const shared = anIncident({ untilLaunchesSucceed: true, isShared: true, mostSucceedSince: now });

    it('ends a quarter of an hour after launches succeed in most of them', () => {
      expect(decideHold(shared, round(['a']), later(899)).because).toBe('LAUNCHES_FAIL');
      expect(decideHold(shared, round(['a']), later(900))).toEqual({
        action: 'RELEASE',
        because: 'LAUNCHES_SUCCEED_IN_MOST_GROUPS',
        stillFailing: ['a'],
      });
    });

    it('goes on where they do not any more, have not for long, or it is not shared', () => {
      expect(decideHold(shared, round(), later(900)).because).toBe('LAUNCHES_FAIL');
      const { mostSucceedSince: _since, ...young } = shared;
      expect(decideHold(young, round(['a']), later(900)).because).toBe('LAUNCHES_FAIL');
      const { isShared: _isShared, ...own } = shared;
      expect(decideHold(own, round(['a']), later(900)).because).toBe('LAUNCHES_FAIL');
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
