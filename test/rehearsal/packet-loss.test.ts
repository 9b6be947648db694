import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../functions/policy.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import type { RehearsalOptions } from '../../rehearsal/rehearse.ts';
import { type RehearsalResult, rehearse } from '../../rehearsal/rehearse.ts';
import { seedsOf, withReplay } from '../seeds.ts';

const run = (seed: number, over: Partial<RehearsalOptions> = {}) =>
  rehearse({ incident: packetLoss, seed, policy: loadPolicy(), withHoldfast: true, dryRun: false, ...over });
const optedIn = (result: RehearsalResult) =>
  result.summary.groups.filter(({ autoScalingGroupName }) => autoScalingGroupName !== 'web-legacy');
const file = 'test/rehearsal/packet-loss.test.ts';
const seeds = seedsOf({ slice: 3, all: 10 });

describe('the incident packet-loss', () => {
  it.each(seeds)('ends well with Holdfast, seed %i', (seed) =>
    withReplay(file, seed, async () => {
      const result = await run(seed);
      expect(result.violations).toEqual([]);
      expect(result.holdsLeft).toEqual([]);
      expect(result.summary.finalStateEqualsBaseline).toBe(true);
      expect(optedIn(result).map(({ minutesBelowNeeded }) => minutesBelowNeeded)).toEqual([0, 0]);
      // The alarm comes back when the probe is heard again; its second execution finds the first one at work.
      expect(result.executions.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    }),
  );

  it.each(seeds)('is an outage without it, seed %i', async (seed) => {
    const result = await run(seed, {
      withHoldfast: false,
      quirks: { scaleInWaitsForReplacements: false },
    });
    expect(result.calls).toEqual([]);
    // Of two groups one at least: by chance the metrics of the other never look idle for long enough.
    expect(Math.max(...optedIn(result).map((group) => group.minutesBelowNeeded))).toBeGreaterThan(10);
  });

  it.each(seeds)(
    'loses good instances without it, also where scale-in waits for replacements, seed %i',
    async (seed) => {
      const result = await run(seed, { withHoldfast: false, quirks: { scaleInWaitsForReplacements: true } });
      for (const group of optedIn(result)) expect(group.goodInstancesLost).toBeGreaterThan(5);
    },
  );

  it('leaves alone the group that did not opt in', async () => {
    const { calls } = await run(1);
    expect(
      calls.filter(({ mutating, input }) => mutating && input.AutoScalingGroupName === 'web-legacy'),
    ).toEqual([]);
  });

  it('is the same to the byte from the same seed', async () => {
    const text = async (seed: number) => JSON.stringify({ ...(await run(seed)), wallMilliseconds: 0 });
    const first = await text(7);
    expect(await text(7)).toBe(first);
    expect(await text(8)).not.toBe(first);
  });

  it('changes nothing in a dry run, and plans exactly what a live run calls to hold', async () => {
    const dry = await run(3, { dryRun: true });
    const live = await run(3);
    expect(dry.violations).toEqual([]);
    expect(dry.calls.filter(({ mutating }) => mutating)).toEqual([]);
    expect(dry.holdsLeft).toEqual([]);
    const ofKind = (calls: { service: string; operation: string; input: object }[], kind: string) =>
      calls
        .filter(({ operation }) => operation === kind)
        .map(({ service, operation, input }) => ({ service, operation, input }));
    expect(ofKind(dry.plan, 'SuspendProcesses')).toHaveLength(2);
    expect(ofKind(dry.plan, 'SuspendProcesses')).toEqual(ofKind(live.calls, 'SuspendProcesses'));
    // The alarm comes back: that is the same incident to a live run, and a further plan to a dry one.
    const made = ofKind(live.calls, 'CreateOrUpdateTags');
    expect(made).toHaveLength(2);
    expect(ofKind(dry.plan, 'CreateOrUpdateTags').slice(0, 2)).toEqual(made);
  });
});
