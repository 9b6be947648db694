import { describe, expect, it } from 'vitest';
import { protectInstancesEffect } from '../../../functions/domain/holds/protect-instances.ts';
import { secondsToNextRound, soonRounds } from '../../../functions/domain/holds/seconds-to-next-round.ts';
import { secondsUntilClosable } from '../../../functions/domain/holds/seconds-until-closable.ts';
import {
  changeFunctionTimeoutSeconds,
  checkEverySecondsMax,
  soonSeconds,
} from '../../../functions/domain/limits.ts';
import { anIncident, defaultHoldSettings, later, now } from './group-fixtures.ts';

describe('secondsToNextRound', () => {
  const every = defaultHoldSettings.checkEverySeconds;
  const protecting = anIncident({ settings: { ...defaultHoldSettings, effect: protectInstancesEffect } });

  it.each([
    ['what is not settled soon, in the first rounds', anIncident(), 1, false, soonSeconds],
    ['and in the last of them', anIncident(), soonRounds, false, soonSeconds],
    ['and then at its own pace', anIncident(), soonRounds + 1, false, every],
    ['what is settled at its own pace', anIncident(), soonRounds, true, every],
    ['and then less often', anIncident(), soonRounds + 1, true, 3 * every],
    ['but not where instances come that have to be protected', protecting, soonRounds + 1, true, every],
  ])('looks at %s', (_what, incident, round, isSettled, seconds) => {
    expect(secondsToNextRound(incident, round, isSettled, now)).toBe(seconds);
  });

  it('looks no less often than a hold may, and soon means no later than its own pace', () => {
    const paced = (checkEverySeconds: number) =>
      anIncident({ settings: { ...defaultHoldSettings, checkEverySeconds } });
    expect(secondsToNextRound(paced(checkEverySecondsMax - 1), soonRounds + 1, true, now)).toBe(
      checkEverySecondsMax,
    );
    expect(secondsToNextRound(paced(soonSeconds - 5), 1, false, now)).toBe(soonSeconds - 5);
  });

  it('does not wait past the expiry, and a second at least', () => {
    const { expiresAt } = anIncident();
    expect(expiresAt).toBe(later(7200));
    expect(secondsToNextRound(anIncident(), 20, true, later(7190.5))).toBe(10);
    expect(secondsToNextRound(anIncident(), 20, true, later(7300))).toBe(1);
  });
});

describe('secondsUntilClosable', () => {
  it('is the whole time a function may take where nobody wrote down when giving back began', () => {
    expect(secondsUntilClosable(anIncident(), now)).toBe(changeFunctionTimeoutSeconds);
  });
});
