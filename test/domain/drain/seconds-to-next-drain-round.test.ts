import { describe, expect, it } from 'vitest';
import { secondsToNextDrainRound } from '../../../functions/domain/drain/seconds-to-next-drain-round.ts';
import type { Breaker } from '../../../functions/domain/launches/launch-record.ts';
import { anIncident, later, now } from '../holds/group-fixtures.ts';
import { aLaunchRecord } from '../launches/launch-fixtures.ts';

const withBreaker = (state: Breaker['state'], probeInSeconds: number) =>
  aLaunchRecord({
    breaker: {
      state,
      openedAt: now,
      stateAt: now,
      delaySeconds: 600,
      probeAt: later(probeInSeconds),
      probes: 0,
      isTold: true,
    },
  });
const incident = anIncident({ settings: { ...anIncident().settings, checkEverySeconds: 60 } });
const seconds = (records: ReturnType<typeof aLaunchRecord>[], isBusy = false) =>
  secondsToNextDrainRound(records, isBusy, incident, now);

describe('secondsToNextDrainRound', () => {
  it.each([
    ['nothing has a breaker', [aLaunchRecord()], false, 60],
    ['something is drained', [withBreaker('OPEN', 250)], true, 60],
    ['one probes', [withBreaker('OPEN', 250), withBreaker('PROBING', 250)], false, 60],
    ['all that there are are open', [withBreaker('OPEN', 250), aLaunchRecord()], false, 250],
    [
      'one of the open ones is to be probed first',
      [withBreaker('OPEN', 280), withBreaker('OPEN', 120)],
      false,
      120,
    ],
    ['one is to be probed at once', [withBreaker('OPEN', 5)], false, 60],
    ['the next probe is far away', [withBreaker('OPEN', 3000)], false, 300],
  ])('where %s', (_what, records, isBusy, expected) => {
    expect(seconds(records, isBusy)).toBe(expected);
  });
});
