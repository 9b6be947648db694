import { defineConfig } from 'vitest/config';

// What the rules alone must be able to notice: their own tests, and those of the tasks that carry them out.
export default defineConfig({
  test: {
    env: { NO_COLOR: '1' },
    include: ['test/domain/**/*.test.ts', 'test/tasks/**/*.test.ts'],
    exclude: ['**/*.property.test.ts'],
  },
});
