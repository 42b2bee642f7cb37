import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

// Each package's tests run in its own folder; what the user gave is relative to where npm was called.
const { RESIZER_DATA: data, INIT_CWD: called = import.meta.dirname } = process.env;
// Nx asks for colours; with NO_COLOR, too, Node would warn on the standard error of what tests start.
delete process.env.FORCE_COLOR;
if (data) process.env.RESIZER_DATA = resolve(called, data);

export default defineConfig({
  test: {
    // One process a test file: native libraries are loaded once in each and never torn down.
    pool: 'forks',
    maxWorkers: 2,
    include: ['src/**/*.test.ts'],
    testTimeout: 60_000,
  },
});
