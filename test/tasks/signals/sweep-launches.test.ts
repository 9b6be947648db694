import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parsePolicy } from '../../../functions/events/policy.ts';
import { patiently } from '../../../functions/tasks/incidents/patiently.ts';
import {
  type SweepLaunchesDependencies,
  sweepLaunches,
} from '../../../functions/tasks/signals/sweep-launches.ts';
import { createMemoryStore } from '../../../rehearsal/memory-store.ts';
import { now } from '../../domain/holds/group-fixtures.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('asks AWS anew when it tries again what was throttled', async () => {
  let asked = 0;
  const clock = { now: () => now };
  const dependencies = {
    autoScaling: () => ({
      describeAutoScalingGroupsByTags: async () => {
        asked += 1;
        if (asked === 1) throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling' });
        return [];
      },
    }),
    store: createMemoryStore(() => {}, false, clock),
    clock,
    policy: parsePolicy(
      {
        rules: [
          {
            name: 'stuck',
            when: { stuckInstances: 1 },
            do: 'drain-pending-wait',
            targets: { tags: { tier: 'api' } },
          },
        ],
      },
      'test',
    ),
  } as unknown as SweepLaunchesDependencies;
  const failures: unknown[] = [];
  const attempt = (work: () => Promise<void>) =>
    patiently(work, () => true).catch((error: unknown) => {
      failures.push(error);
    });
  const sweeping = sweepLaunches(dependencies, 'live', () => true, attempt);
  await vi.runAllTimersAsync();
  expect(await sweeping).toEqual([]);
  expect(failures).toEqual([]);
  expect(asked).toBe(2);
});
