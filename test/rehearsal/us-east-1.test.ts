import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../functions/policy.ts';
import { usEast1 } from '../../rehearsal/incidents/us-east-1.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { seedsOf, withReplay } from '../seeds.ts';

const run = (seed: number, withHoldfast: boolean) =>
  rehearse({ incident: usEast1, seed, policy: loadPolicy(), withHoldfast, dryRun: false });
type Run = Awaited<ReturnType<typeof run>>;
const groupOf = ({ summary }: Run, name: string) => {
  const found = summary.groups.find(({ autoScalingGroupName }) => autoScalingGroupName === name);
  if (found === undefined) throw new Error(`No group ${name}`);
  return found;
};
/** Pacific time, as the account tells it, in seconds of the story. */
const pacific = (clock: string): number => {
  const [hour = 0, minute = 0] = clock.split(':').map(Number);
  const night = Date.parse('2025-10-20T07:00:00Z');
  const at = night + (hour * 60 + minute) * 60_000 - (hour >= 23 ? 86_400_000 : 0);
  return (at - Date.parse(usEast1.startsAt)) / 1000;
};

describe('us-east-1', () => {
  it.each(seedsOf({ first: 1, slice: 2, all: 50 }))(
    'keeps what is there once the table answers, and nothing before; seed %i',
    (seed) =>
      withReplay('test/rehearsal/us-east-1.test.ts', seed, async () => {
        const alone = await run(seed, false);
        const helped = await run(seed, true);
        expect(helped.violations).toEqual([]);
        for (const name of ['api-checkout', 'api-search']) {
          expect(groupOf(alone, name).minutesBelowNeeded).toBeGreaterThan(60);
          expect(groupOf(alone, name).goodInstancesLost).toBeGreaterThan(0);
          // What EC2 itself ends cannot be replaced for eight hours, with Holdfast as without.
          const { endedByEc2, minutesBelowNeeded } = groupOf(helped, name);
          if (endedByEc2 === 0) expect(minutesBelowNeeded).toBe(0);
          else expect(minutesBelowNeeded).toBeLessThan(groupOf(alone, name).minutesBelowNeeded);
          // What the night took before the table answered is lost in both runs.
          expect(groupOf(helped, name).goodInstancesLost).toBeLessThan(
            groupOf(alone, name).goodInstancesLost,
          );
        }
        // Left alone it fares as badly with Holdfast as without.
        expect(groupOf(helped, 'api-legacy').minutesBelowNeeded).toBeGreaterThan(60);
        // While the table is silent nothing is changed, and what somebody begins fails.
        const answers = pacific('2:40');
        const changes = helped.calls.filter(({ mutating, outcome }) => mutating && outcome === 'ok');
        const first = changes.map(({ at }) => (Date.parse(at) - Date.parse(usEast1.startsAt)) / 1000).at(0);
        expect(first).toBeGreaterThan(answers);
        expect(first).toBeLessThan(answers + 600);
        expect(helped.executions.find(({ name }) => name === 'too-early')?.status).toBe('FAILED');
        // Both runs lose the same until then: no tool in the Region could have kept it.
        const inServiceAt = (of: Run, name: string, seconds: number) =>
          of.inService
            .find(({ autoScalingGroupName }) => autoScalingGroupName === name)
            ?.points.find((point) => point.seconds >= seconds)?.inService;
        for (const name of ['api-checkout', 'api-search']) {
          expect(inServiceAt(helped, name, answers)).toBe(inServiceAt(alone, name, answers));
        }
      }),
  );

  it('says that the sweep fails while the table is silent', async () => {
    const { timeline } = await run(1, true);
    const failed = timeline.filter(({ text }) => text.startsWith('the function sweep failed'));
    expect(failed.length).toBeGreaterThan(0);
    for (const { seconds } of failed) {
      expect(seconds).toBeGreaterThan(pacific('23:48'));
      expect(seconds).toBeLessThan(pacific('2:45'));
    }
  });

  it('has the times of its account', () => {
    const { serviceOutages, launchFaults, healthCheckFaults } = usEast1;
    expect(serviceOutages).toEqual([
      { service: 'DynamoDB', fromSeconds: pacific('23:48'), untilSeconds: pacific('2:40') },
    ]);
    expect(launchFaults?.map(({ fromSeconds, untilSeconds }) => [fromSeconds, untilSeconds])).toEqual([
      [pacific('2:25'), pacific('10:36')],
    ]);
    expect(launchFaults?.[0]?.outcome).toMatchObject({
      kind: 'refused',
      statusMessage: expect.stringContaining('InsufficientInstanceCapacity'),
    });
    // Healthy capacity came back when automatic DNS failover was disabled.
    expect(healthCheckFaults?.map(({ fromSeconds, untilSeconds }) => [fromSeconds, untilSeconds])).toEqual([
      [pacific('5:30'), pacific('9:36')],
    ]);
    expect(usEast1.durationSeconds).toBeGreaterThan(pacific('14:20'));
  });
});
