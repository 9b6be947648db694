import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A rehearsal is a computation, not a wait; the limit only ends one that never ends.
    testTimeout: 60_000,
  },
});
