import { describe, expect, it } from 'vitest';
import { seedsOf, withReplay } from '../seeds.ts';
import { minutes, rehearseSmall, smallGroup, smallIncident } from './small-incident.ts';

const incident = smallIncident({
  groups: Array.from({ length: 12 }, (_, index) => smallGroup(`web-${index}`, { desiredCapacity: 2 })),
  load: () => 60,
  durationSeconds: minutes(360),
});

describe('a hold in an account where calls go wrong', () => {
  it.each(seedsOf({ slice: 5, all: 20 }))(
    'leaves nothing behind although functions die in the middle of a call, seed %i',
    (seed) =>
      withReplay('test/rehearsal/faults.test.ts', seed, async () => {
        const { result, cloud } = await rehearseSmall(incident, {
          seed,
          quirks: { hangRate: 0.08, serverErrorRate: 0.05 },
        });
        expect(result.holdsLeft).toEqual([]);
        expect(await cloud.store.listOpenIncidents()).toEqual([]);
        expect(result.summary.groups.filter(({ stateEqualsBaseline }) => !stateEqualsBaseline)).toEqual([]);
        expect(
          result.violations.filter((violation) => !/^a function failed|^execution/.test(violation)),
        ).toEqual([]);
      }),
  );
});
