import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: 'packages/tenant/test/sharedPostgres.ts',
    maxWorkers: 2,
    // Files of one worker share what they import: loading the tenant and n8n's engine takes longer than many a test.
    isolate: false,
    // Only a hang takes this long, on the slowest machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
