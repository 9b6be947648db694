import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../functions/policy.ts';
import { repositoryDown } from '../../rehearsal/incidents/repository-down.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';

describe('repository-down', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'loses no good instance with Holdfast, and at least one without, seed %i',
    async (seed) => {
      const run = (withHoldfast: boolean) =>
        rehearse({ incident: repositoryDown, seed, policy: loadPolicy(), withHoldfast, dryRun: false });
      const helped = await run(true);
      expect(helped.violations).toEqual([]);
      const lost = (result: typeof helped) =>
        result.summary.groups.reduce((sum, { goodInstancesLost }) => sum + goodInstancesLost, 0);
      expect(lost(helped)).toBe(0);
      expect(helped.summary.finalStateEqualsBaseline).toBe(true);
      expect(lost(await run(false))).toBeGreaterThan(0);
    },
  );
});
