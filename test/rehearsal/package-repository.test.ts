import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../functions/policy.ts';
import { packageRepository } from '../../rehearsal/incidents/package-repository.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { seedsOf, withReplay } from '../seeds.ts';

describe('package-repository', () => {
  it.each(seedsOf({ first: 0, slice: 1, all: 20 }))(
    'survives the promotion with every good instance and with its resize; loses some without, seed %i',
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
        const isApi = ({ autoScalingGroupName }: { autoScalingGroupName: string }) =>
          autoScalingGroupName.startsWith('api-');
        const short = (result: typeof helped) =>
          result.summary.groups.filter(isApi).reduce((sum, group) => sum + group.minutesBelowNeeded, 0);
        // An instance that does not start well ends the resize, and then the promotion finds too little.
        const isUnlucky = helped.timeline.some(({ text }) => text.includes('no further instance is begun'));
        if (!isUnlucky) {
          // What EC2 itself ends is missing while nothing can be launched in its place.
          for (const group of helped.summary.groups.filter(isApi)) {
            if (group.endedByEc2 === 0) expect(group.minutesBelowNeeded).toBe(0);
          }
          const resize = helped.executions.find(({ machine }) => machine.endsWith('resize-in-place'));
          expect(resize?.status).toBe('SUCCEEDED');
          const resized = helped.timeline.filter(({ text }) =>
            text.includes('in service and healthy as m7i.xlarge'),
          );
          expect(resized.length).toBeGreaterThan(0);
        }
        const alone = await run(false);
        expect(lost(alone)).toBeGreaterThan(0);
        expect(short(alone)).toBeGreaterThan(short(helped));
      }),
  );
});
