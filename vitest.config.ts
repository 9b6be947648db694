import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // What a terminal would colour is compared as text.
    env: { NO_COLOR: '1' },
    include: ['test/**/*.test.ts'],
    // A rehearsal is a computation, not a wait; the limit only ends one that never ends.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Computations, so every core; by default one is left idle, and on two cores that is half of them.
    maxWorkers: '100%',
  },
});
