import { defineConfig } from 'vitest/config';

/** The report in a browser of the system: `npm run test:browser`. */
export default defineConfig({
  test: { include: ['test/browser/**/*.browser.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
});
