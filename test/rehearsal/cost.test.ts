import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../functions/policy.ts';
import { hourOfPacketLoss } from '../../rehearsal/incidents/hour-of-packet-loss.ts';
import { accepted, lossBeginsAt, rehearseSmall, smallGroup, smallIncident } from './small-incident.ts';

/** A fleet of so many groups, with room in the account's bucket unless a test takes it away. */
const fleet = (count: number, over: object = {}) =>
  smallIncident({
    groups: Array.from({ length: count }, (_, index) =>
      smallGroup(`web-${String(index).padStart(3, '0')}`, { desiredCapacity: 2 }),
    ),
    load: () => 80,
    autoScalingCallsPerSecond: 1000,
    autoScalingBurst: 1000,
    ...over,
  });

describe('the cost of a hold', () => {
  it.each([1, 100, 500])('of %i groups', async (count) => {
    // One rule alone: what the sweep looks at for others is not the cost of this hold.
    const policy = { rules: loadPolicy().rules.filter((rule) => rule.do === 'pause-scaling') };
    const { result, cloud } = await rehearseSmall(fleet(count), { policy });
    expect(result.violations).toEqual([]);

    const callsPerGroup = new Map<string, { pausing: number; givingBack: number }>();
    for (const { operation, input, mutating } of result.calls) {
      if (!mutating || /Tags$/.test(operation)) continue;
      const name = String(input.AutoScalingGroupName);
      const counts = callsPerGroup.get(name) ?? { pausing: 0, givingBack: 0 };
      callsPerGroup.set(name, counts);
      if (operation === 'SuspendProcesses') counts.pausing += 1;
      else counts.givingBack += 1;
    }
    expect(callsPerGroup.size).toBe(count);
    for (const { pausing, givingBack } of callsPerGroup.values()) {
      expect(pausing).toBe(1);
      expect(givingBack).toBeLessThanOrEqual(3);
    }

    // Its tag is put on once, and taken off once.
    const tagging = result.calls.filter(({ operation }) => /Tags$/.test(operation));
    expect(tagging.map(({ operation }) => operation).sort()).toEqual([
      ...Array.from({ length: count }, () => 'CreateOrUpdateTags'),
      ...Array.from({ length: count }, () => 'DeleteTags'),
    ]);

    // One look for the plan, then one per round of the hold and of its release.
    const transitions = result.executions[0]?.transitions ?? 0;
    const describes = result.calls.filter(
      ({ operation, functionName }) =>
        operation === 'DescribeAutoScalingGroups' && !['sweep', 'inspectGroups'].includes(functionName),
    ).length;
    const rounds = describes / Math.ceil(count / 100);
    expect(Number.isInteger(rounds)).toBe(true);
    // A round of the hold is four transitions, one of the release three.
    expect(rounds).toBeLessThanOrEqual(transitions / 3);

    // Once a round while in ALARM, whatever the number of groups; opening, releasing and closing make three more.
    const alarmRounds = Math.ceil((30 * 60) / 60);
    expect(cloud.store.writes.incidents).toBeLessThanOrEqual(alarmRounds + 3 + 3);
    // Two writes around each changing step of a group, one to forget it; none in a quiet round. Where a newcomer fails its
    // checks for a while one more, and one when it does not any more.
    expect(cloud.store.writes.groups).toBeGreaterThanOrEqual(count * 7);
    expect(cloud.store.writes.groups).toBeLessThanOrEqual(count * 7.1);
  });

  it('holds 500 groups within a minute of the alarm, under a bucket of ten calls a second', async () => {
    const { result } = await rehearseSmall(
      fleet(500, { autoScalingCallsPerSecond: 10, autoScalingBurst: 10 }),
    );
    expect(result.violations).toEqual([]);
    const alarm = result.timeline.find(({ text }) =>
      text.startsWith('alarm network-packet-loss-tgw is ALARM'),
    );
    const held = accepted(result, 'SuspendProcesses');
    expect(alarm?.seconds).toBeGreaterThanOrEqual(lossBeginsAt);
    expect(new Set(held.map(({ group }) => group)).size).toBe(500);
    expect((held.at(-1)?.seconds ?? Number.POSITIVE_INFINITY) - (alarm?.seconds ?? 0)).toBeLessThanOrEqual(
      60,
    );
  });

  it('over 500 groups, an hour long, stays under a cent of transitions, invocations and writes', async () => {
    const policy = { rules: loadPolicy().rules.filter((rule) => rule.do === 'pause-scaling') };
    const { result } = await rehearseSmall(hourOfPacketLoss(500), { policy, countsCost: true });
    expect(result.violations).toEqual([]);
    expect(new Set(accepted(result, 'SuspendProcesses').map(({ group }) => group)).size).toBe(500);
    expect(result.cost?.transitions).toBe(result.executions[0]?.transitions);
    expect(result.cost?.dollars).toBeLessThan(0.01);
  });

  it('gets there in the end when others empty the bucket', async () => {
    const { result } = await rehearseSmall(fleet(100, { autoScalingCallsPerSecond: 2, autoScalingBurst: 2 }));
    expect(result.summary.throttledCalls).toBeGreaterThan(0);
    expect(new Set(accepted(result, 'SuspendProcesses').map(({ group }) => group)).size).toBe(100);
    expect(result.holdsLeft).toEqual([]);
    // A sweep in such a minute says that it could not do everything, and the next one tries again.
    const throttled = /^a function failed: sweep: .*Rate exceeded/;
    expect(result.violations.filter((violation) => !throttled.test(violation))).toEqual([]);
  });
});
