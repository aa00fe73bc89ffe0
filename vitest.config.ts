import { configDefaults, defineConfig } from 'vitest/config';

/**
 * What operators do with the command `tenant`, each in processes of its own; databases that go away; a hundred thousand users; and
 * the model of who owns a profile, which needs many runs.
 */
const SLOW = [
  'packages/tenant/test/commands/*.test.ts',
  'packages/tenant/test/database.test.ts',
  'packages/tenant/test/ownership.test.ts',
  'packages/tenant/test/scale.test.ts',
];
const cluster = process.env.TESSERA_TEST_CITUS;
// All but what reads one server's statistics, and what begins with an older schema.
const NOT_ON_A_CLUSTER = cluster ? ['**/scale.test.ts', '**/upgrade.test.ts'] : [];

export default defineConfig({
  test: {
    // Many a test waits, and leaves the processor to others. A cluster of Citus makes a connection to each node for each of its own.
    maxWorkers: cluster ? 2 : 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SLOW, ...NOT_ON_A_CLUSTER],
        },
      },
      {
        extends: true,
        test: {
          name: 'slow',
          include: SLOW,
          exclude: [...configDefaults.exclude, ...NOT_ON_A_CLUSTER],
        },
      },
    ],
    // What is told without a zone is in UTC, wherever the tenant runs.
    env: { TZ: 'America/St_Johns' },
    globalSetup: 'packages/tenant/test/sharedPostgres.ts',
    // Files of one worker share what they import: loading the tenant and n8n's engine takes longer than many a test.
    isolate: false,
    // Only a hang takes this long, on the slowest machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
