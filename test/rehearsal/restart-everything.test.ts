import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../functions/policy.ts';
import { restartEverything } from '../../rehearsal/incidents/restart-everything.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { seedsOf, withReplay } from '../seeds.ts';

describe('restart-everything', () => {
  it.each(seedsOf({ first: 1, slice: 2, all: 50 }))(
    'ends with one instance that comes back bad; all others serve as before; seed %i',
    (seed) =>
      withReplay('test/rehearsal/restart-everything.test.ts', seed, async () => {
        const result = await rehearse({
          incident: restartEverything,
          seed,
          policy: loadPolicy(),
          withHoldfast: true,
          dryRun: false,
        });
        expect(result.violations).toEqual([]);
        const stopped = result.calls
          .filter(
            ({ operation, outcome, input }) =>
              operation === 'StopInstances' && outcome === 'ok' && input.DryRun !== true,
          )
          .flatMap(({ input }) => input.InstanceIds as string[]);
        expect(new Set(stopped).size).toBe(1);
        const texts = result.timeline.map(({ text }) => text);
        const isTold = (part: string): boolean => texts.some((text) => text.includes(part));
        expect(isTold('Nothing to resize')).toBe(true);
        expect(isTold('a group of one is without any while it is resized')).toBe(true);
        expect(isTold('new-service: left alone: nothing is in service')).toBe(true);
        expect(isTold('Holdfast resizes no further instance')).toBe(true);
        const [routing] = result.summary.groups;
        expect(routing).toMatchObject({
          autoScalingGroupName: 'routing',
          goodInstancesLost: 0,
          minutesBelowNeeded: 0,
        });
      }),
  );

  it('is told as it was, as far as its account says', () => {
    const at = (part: string): number =>
      ((restartEverything.deeds ?? []).find(({ text }) => text.includes(part))?.atSeconds ?? 0) / 60;
    // 14:10 to 15:31 in London, which is 13:10 to 14:31 UTC.
    expect(restartEverything.startsAt).toBe('2017-10-27T13:00:00Z');
    expect([
      at('a deploy for'),
      at('rolled back'),
      at('declared'),
      at('looks unhealthy'),
      at('restart all'),
    ]).toEqual([10, 12, 16, 18, 26]);
    expect([at('a log line says why'), at('is deleted')]).toEqual([87, 91]);
  });
});
