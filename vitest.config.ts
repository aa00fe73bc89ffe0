import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    // On a cluster (`TESSERA_TEST_CITUS`) all but what reads one server's statistics, and what begins with an older schema.
    exclude: process.env.TESSERA_TEST_CITUS
      ? [...configDefaults.exclude, '**/scale.test.ts', '**/upgrade.test.ts']
      : configDefaults.exclude,
    globalSetup: 'packages/tenant/test/sharedPostgres.ts',
    maxWorkers: 2,
    // Files of one worker share what they import: loading the tenant and n8n's engine takes longer than many a test.
    isolate: false,
    // Only a hang takes this long, on the slowest machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
