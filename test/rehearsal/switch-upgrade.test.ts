import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../functions/policy.ts';
import { switchUpgrade } from '../../rehearsal/incidents/switch-upgrade.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { seedsOf, withReplay } from '../seeds.ts';

const run = (seed: number, withHoldfast: boolean) =>
  rehearse({ incident: switchUpgrade, seed, policy: loadPolicy(), withHoldfast, dryRun: false });
const lost = ({ summary }: Awaited<ReturnType<typeof run>>): string[] =>
  summary.groups
    .filter(({ goodInstancesLost }) => goodInstancesLost > 0)
    .map((group) => group.autoScalingGroupName);

describe('switch-upgrade', () => {
  it.each(seedsOf({ first: 1, slice: 2, all: 50 }))(
    'keeps every half that was shot for people to start, where both halves are replaced without; seed %i',
    (seed) =>
      withReplay('test/rehearsal/switch-upgrade.test.ts', seed, async () => {
        const alone = await run(seed, false);
        expect(lost(alone)).toEqual(['fs1-a', 'fs1-b', 'fs2-a', 'fs2-b', 'fs3-b']);
        const helped = await run(seed, true);
        expect(helped.violations).toEqual([]);
        expect(lost(helped)).toEqual([]);
        // A half that does not come back well when people start it is replaced in the end, and people are told before.
        const replaced = helped.timeline.filter(({ text }) => /: 1 instance ended \(unhealthy\)/.test(text));
        for (const { text } of replaced) {
          const [name = ''] = text.split(':');
          expect(
            helped.timeline.some((line) =>
              line.text.startsWith(`${name}: 1 of 1 instance is marked unhealthy`),
            ),
          ).toBe(true);
        }
        // The freeze is over before any alarm: without the hold by hand nothing would have been held.
        expect(helped.timeline.filter(({ text }) => text.includes('racks is ALARM'))).toEqual([]);
        expect(helped.executions.map(({ name }) => name)).toEqual([
          'before-the-upgrade',
          expect.stringMatching(/^give-back-/),
        ]);
      }),
  );

  it('is told as it was, as far as its account says', () => {
    expect(switchUpgrade.startsAt).toBe('2012-12-22T18:30:00Z');
    const [freeze] = switchUpgrade.losses;
    expect((freeze?.untilSeconds ?? 0) - (freeze?.fromSeconds ?? 0)).toBe(90);
    const at = (text: string): string => {
      const deed = (switchUpgrade.deeds ?? []).find((each) => each.text.includes(text));
      return new Date(Date.parse(switchUpgrade.startsAt) + (deed?.atSeconds ?? 0) * 1000)
        .toISOString()
        .slice(11, 16);
    };
    // 12:15 PM and 8:23 PM, Pacific time; half an hour of watching before anything is started.
    expect(at('the vendor begins')).toBe('20:15');
    expect(at('the site is open again')).toBe('04:23');
    const startsAfter = (switchUpgrade.deeds ?? []).filter(({ text }) => text.startsWith('people start'));
    expect(startsAfter).toHaveLength(5);
    const [first, last] = [startsAfter.at(0)?.atSeconds ?? 0, startsAfter.at(-1)?.atSeconds ?? 0];
    expect(first).toBeGreaterThan((freeze?.untilSeconds ?? 0) + 1800);
    // Starting, checking and replicating all pairs took over five hours.
    expect(593 * 60 - first).toBeGreaterThan(5 * 3600);
    expect(last).toBeLessThan(593 * 60);
  });
});
