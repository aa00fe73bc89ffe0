import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    // One n8n at a time is all that two cores want.
    fileParallelism: false,
    globalSetup: ['e2e/installN8n.ts', 'packages/tenant/test/sharedPostgres.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
