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
const seeds = seedsOf({ first: 1, slice: 3, all: 50 });

describe('the incident packet-loss', () => {
  it.each(seeds)('ends well with Holdfast, seed %i', (seed) =>
    withReplay(file, seed, async () => {
      const result = await run(seed);
      expect(result.violations).toEqual([]);
      expect(result.holdsLeft).toEqual([]);
      expect(result.summary.finalStateEqualsBaseline).toBe(true);
      expect(optedIn(result).map(({ minutesBelowNeeded }) => minutesBelowNeeded)).toEqual([0, 0]);
      expect(optedIn(result).map(({ goodInstancesLost }) => goodInstancesLost)).toEqual([0, 0]);
      // The broken ones come all the same, and people are told of them, by name, while it lasts.
      for (const { autoScalingGroupName: name } of optedIn(result)) {
        expect(result.messages.some(({ text }) => text.includes(name) && text.includes('do not work'))).toBe(
          true,
        );
      }
      // The alarm comes back when the probe is heard again; its second execution finds the first one at work.
      expect(result.executions.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    }),
  );

  it.each(seeds)('loses good instances without it, seed %i', async (seed) => {
    for (const scaleInWaitsForReplacements of [false, true]) {
      const result = await run(seed, { withHoldfast: false, quirks: { scaleInWaitsForReplacements } });
      expect(result.calls).toEqual([]);
      for (const group of optedIn(result)) expect(group.goodInstancesLost).toBeGreaterThan(5);
    }
  });

  describe('is told as it was, as far as its account says', () => {
    /** Pacific time, in seconds of the story. */
    const pacific = (hour: number, minute: number): number => ((hour - 6) * 60 + minute) * 60;
    const [loss] = packetLoss.losses;
    const lostAt = (seconds: number): number => loss?.fraction(seconds - (loss?.fromSeconds ?? 0)) ?? 0;
    const deedAt = (text: string): number =>
      (packetLoss.deeds ?? []).find((deed) => deed.text.includes(text))?.atSeconds ?? Number.NaN;

    it('by its times', () => {
      expect(new Date(packetLoss.startsAt).toISOString()).toBe('2021-01-04T14:00:00.000Z');
      expect(deedAt('99 % of messages')).toBe(pacific(6, 57));
      expect(deedAt('provisioning works again')).toBe(pacific(8, 15));
      expect(packetLoss.launchFaults?.map(({ untilSeconds }) => untilSeconds)).toEqual([pacific(8, 15)]);
      expect(deedAt('enough servers')).toBe(pacific(9, 15));
      expect(loss?.untilSeconds).toBe(pacific(10, 40));
      // Errors outside come before dashboards fail, and both before the day's changes are rolled back.
      expect(deedAt('outside monitor')).toBeLessThan(deedAt('rolled back'));
      // The network gets worse at the peak of seven, and is slowly better later.
      expect(lostAt(pacific(7, 3))).toBeGreaterThan(lostAt(pacific(6, 57)));
      expect(lostAt(pacific(8, 30))).toBeLessThan(lostAt(pacific(7, 30)));
      expect(lostAt(pacific(10, 0))).toBeLessThan(lostAt(pacific(9, 0)));
    });

    it.each(seeds)('by what happens without Holdfast, seed %i', async (seed) => {
      const { timeline, inService } = await run(seed, { withHoldfast: false });
      const moves = timeline.flatMap(({ seconds, text }) => {
        const [, group = '', from, to, why = ''] =
          /^(\S+): desired capacity (\d+) → (\d+) \((.+)\)/.exec(text) ?? [];
        return from === undefined ? [] : [{ seconds, group, by: Number(to) - Number(from), why }];
      });
      // CPU falls before seven, and scale-in follows.
      const before = moves.filter(({ seconds, why }) => seconds < pacific(7, 0) && why.includes('CPU'));
      expect(before.some(({ by }) => by < 0)).toBe(true);
      // Then workers are busy: about 1,200 servers within a quarter of an hour, one here for ten.
      const out = moves.filter(
        ({ by, why, group }) => by > 0 && why.includes('workers busy') && group !== 'web-legacy',
      );
      for (const { seconds } of out) {
        expect(seconds).toBeGreaterThanOrEqual(pacific(7, 0));
        expect(seconds).toBeLessThanOrEqual(pacific(7, 15));
      }
      const added = out.reduce((sum, { by }) => sum + by, 0);
      expect(added).toBeGreaterThanOrEqual(110);
      expect(added).toBeLessThanOrEqual(140);
      // The maximum is reached, and most of it serves nobody.
      const frontend = inService.find(({ autoScalingGroupName }) => autoScalingGroupName === 'web-frontend');
      const atEight = frontend?.points.find(({ seconds }) => seconds >= pacific(8, 0));
      expect(atEight?.inService).toBeGreaterThan(100);
      expect(atEight?.capacity).toBeLessThan(45);
    });
  });

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
