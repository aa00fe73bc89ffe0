import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    // One n8n at a time is all that two cores want.
    fileParallelism: false,
    globalSetup: ['e2e/installN8n.ts', 'packages/tenant/test/sharedPostgres.ts'],
    // A machine that is slow and busy takes several times as long as an idle one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
