import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../functions/policy.ts';
import { packageRepository } from '../../rehearsal/incidents/package-repository.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { seedsOf, withReplay } from '../seeds.ts';

describe('package-repository', () => {
  it.each(seedsOf({ first: 0, slice: 1, all: 50 }))(
    'keeps what somebody stopped, and is larger before the promotion; loses two without, seed %i',
    (seed) =>
      withReplay('test/rehearsal/package-repository.test.ts', seed, async () => {
        const run = (withHoldfast: boolean) =>
          rehearse({ incident: packageRepository, seed, policy: loadPolicy(), withHoldfast, dryRun: false });
        const helped = await run(true);
        expect(helped.violations).toEqual([]);
        const lost = (result: typeof helped) =>
          result.summary.groups.reduce((sum, { goodInstancesLost }) => sum + goodInstancesLost, 0);
        expect(lost(helped)).toBe(0);
        expect(helped.summary.finalStateEqualsBaseline).toBe(true);
        const groupOf = ({ summary }: typeof helped, name: string) => {
          const found = summary.groups.find(({ autoScalingGroupName }) => autoScalingGroupName === name);
          if (found === undefined) throw new Error(`No group ${name}`);
          return found;
        };
        const alone = await run(false);
        // A group ends what is stopped in service: two of four, and the promotion finds too little.
        expect(groupOf(alone, 'api-orders').goodInstancesLost).toBe(2);
        for (const name of ['api-orders', 'api-catalog', 'api-accounts']) {
          expect(groupOf(alone, name).minutesBelowNeeded).toBeGreaterThan(60);
          // An instance that does not start well ends the resize of its group, and then the promotion finds too little.
          const isUnlucky = helped.journals.some(({ entries }) =>
            entries.some(
              ({ event, autoScalingGroupName }) =>
                event === 'resizes-no-further' && autoScalingGroupName === name,
            ),
          );
          if (isUnlucky) continue;
          expect(groupOf(helped, name).minutesBelowNeeded).toBeLessThan(
            groupOf(alone, name).minutesBelowNeeded,
          );
        }
        const resizes = helped.executions.filter(({ machine }) => machine.endsWith('resize-in-place'));
        expect(resizes.length).toBeGreaterThanOrEqual(6);
        const resized = helped.timeline.filter(({ text }) =>
          text.includes('in service and healthy as m7i.xlarge'),
        );
        expect(resized.length).toBeGreaterThan(0);
      }),
  );

  it('is told as it was, as far as its account says', () => {
    const at = (text: string): string => {
      const deed = (packageRepository.deeds ?? []).find((each) => each.text.includes(text));
      return new Date(
        Date.parse(packageRepository.startsAt) + (deed?.atSeconds ?? Number.NaN) * 1000,
      ).toISOString();
    };
    expect(at('TLS packet')).toBe('2023-09-12T11:47:14.000Z');
    const [fault] = packageRepository.launchFaults ?? [];
    expect(fault?.outcome).toMatchObject({
      kind: 'stuck',
      consoleOutput: expect.stringContaining(
        'gnutls_handshake() failed: A TLS packet with unexpected length was received',
      ),
    });
    // Three APIs were hit; one had four left and lost two; then the promotion had begun, or was about to.
    expect(fault?.groups).toHaveLength(3);
    const orders = packageRepository.groups.find(({ name }) => name === 'api-orders');
    expect(orders?.desiredCapacity).toBe(4);
    expect(at('protect what runs') < at('stops two of its instances')).toBe(true);
    expect(at('agreed with the product manager') < at('stops two of its instances')).toBe(true);
    expect(at('last two is stopped') < at('the second one is stopped')).toBe(true);
  });
});
