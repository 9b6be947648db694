import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../functions/policy.ts';
import { rebootLoop } from '../../rehearsal/incidents/reboot-loop.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { seedsOf, withReplay } from '../seeds.ts';

const run = (seed: number, withHoldfast: boolean, incident = rebootLoop) =>
  rehearse({ incident, seed, policy: loadPolicy(), withHoldfast, dryRun: false });
type Run = Awaited<ReturnType<typeof run>>;
const onlyCopies = ({ summary }: Run) =>
  Object.fromEntries(
    summary.groups.map(({ autoScalingGroupName, onlyCopies: copies }) => [autoScalingGroupName, copies]),
  );
const takenOut = ({ calls }: Run, name: string): Set<unknown> =>
  new Set(
    calls
      .filter(({ operation, input }) => operation === 'EnterStandby' && input.AutoScalingGroupName === name)
      .flatMap(({ input }) => input.InstanceIds),
  );

describe('reboot-loop', () => {
  it.each(seedsOf({ first: 1, slice: 2, all: 50 }))(
    'believes no instance that reboots again and again, and keeps only what was copied; seed %i',
    (seed) =>
      withReplay('test/rehearsal/reboot-loop.test.ts', seed, async () => {
        const alone = await run(seed, false);
        expect(onlyCopies(alone)).toEqual({
          icons: { ended: 2, inSnapshots: 0 },
          thumbnails: { ended: 2, inSnapshots: 0 },
        });
        const helped = await run(seed, true);
        expect(helped.violations).toEqual([]);
        expect(onlyCopies(helped)).toEqual({
          icons: { ended: 2, inSnapshots: 1 },
          thumbnails: { ended: 2, inSnapshots: 0 },
        });
        // The second instance of each group is never touched, and people are told by name of the first.
        for (const name of ['icons', 'thumbnails']) {
          expect(takenOut(helped, name).size).toBe(1);
          const [left] = [...takenOut(helped, name)];
          expect(helped.messages.some(({ text }) => text.includes(String(left)))).toBe(true);
          expect(helped.executions.find((each) => each.name === `${name}-larger`)).toMatchObject({
            status: 'FAILED',
            error: 'InstancesLeftForAPerson',
          });
        }
        // Events that come hours late start nothing, although their rule finds both groups.
        expect(helped.executions.map(({ machine }) => machine)).not.toContain(
          'holdfast-rehearsal-pause-scaling',
        );
      }),
  );

  it('is told as it was, as far as its account says', () => {
    const japan = (seconds: number): string =>
      new Date(Date.parse(rebootLoop.startsAt) + (seconds + 9 * 3600) * 1000).toISOString().slice(0, 16);
    expect(japan(0).slice(0, 7)).toBe('2021-07');
    const [loop] = rebootLoop.restartLoops ?? [];
    expect(japan(loop?.allAtSeconds ?? 0).slice(11)).toBe('03:30');
    const at = (text: string): number =>
      (rebootLoop.deeds ?? []).find((deed) => deed.text.includes(text))?.atSeconds ?? Number.NaN;
    // Noticed half an hour later, and no new instance can be made.
    expect(at('people notice') - (loop?.allAtSeconds ?? 0)).toBe(1800);
    expect(at('serial console')).toBeGreaterThan(at('people notice'));
    const [noInstance] = rebootLoop.launchFaults ?? [];
    expect(noInstance?.outcome.kind).toBe('refused');
    expect(noInstance?.untilSeconds).toBeGreaterThan(at('ends the first icon server'));
  });
});
