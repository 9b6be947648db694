import { defineConfig } from 'vitest/config';

// What the rules alone must be able to notice: their own tests, those of the tasks that carry them out, and properties of
// both, each with fewer runs. Rehearsals would notice more, and take a hundred times as long.
export default defineConfig({
  test: {
    env: { NO_COLOR: '1', HOLDFAST_RUNS: '60' },
    include: [
      'test/domain/**/*.test.ts',
      'test/tasks/**/*.test.ts',
      'test/state/**/*.test.ts',
      'test/rehearsal/nothing-stays.property.test.ts',
    ],
  },
});
