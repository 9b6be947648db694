import { expect, it } from 'vitest';
import { measureResize } from '../../cli/bench-resize.ts';

it('resizes a hundred instances in waves of ten in at most 1.15 times what AWS itself takes, and the time the canary is watched', async () => {
  const { resized, waves, timesCriticalPath, historyEvents } = await measureResize();
  expect([resized, waves]).toEqual([100, 11]);
  expect(timesCriticalPath).toBeGreaterThan(1);
  expect(timesCriticalPath).toBeLessThanOrEqual(1.15);
  expect(historyEvents).toBeLessThan(25_000);
});
