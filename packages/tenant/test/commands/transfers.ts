import type { FreshDatabase } from '../freshDatabase.ts';
import { runTenant } from '../tenantProcess.ts';
import { startTestTenant, type TestTenant } from '../testTenant.ts';

/** Starts a command on a database. */
export const start = (database: FreshDatabase, ...args: string[]) =>
  runTenant(args, { DATABASE_URL: database.url, TESSERA_LOG_LEVEL: 'warn' });

/** Runs a command on a database to its end. */
export async function run(database: FreshDatabase, ...args: string[]) {
  const { ended, stdout, stderr } = start(database, ...args);
  return { code: await ended, stdout: stdout(), stderr: stderr() };
}

/** Looks at a database through the API. */
export async function withTenant<T>(database: FreshDatabase, look: (tenant: TestTenant) => Promise<T>): Promise<T> {
  const tenant = await startTestTenant({ storage: { databaseUrl: database.url } });
  try {
    return await look(tenant);
  } finally {
    await tenant.close();
  }
}
