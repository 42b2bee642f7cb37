import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // One process a test file: native libraries are loaded once in each and never torn down.
    pool: 'forks',
    maxWorkers: 2,
    include: ['src/**/*.test.ts'],
    testTimeout: 60_000,
  },
});
