import { Kysely, Migrator, PostgresDialect, type Migration } from 'kysely';
import * as start from './migrations/001_start.ts';
import type { Database } from './database.ts';
import { StartError } from '../startError.ts';

const migrations: Record<string, Migration> = { '001_start': start };

/**
 * Brings the schema up to date. Two tenants that start at once on one database take turns:
 * the migrator holds an advisory lock, and the second finds the work done.
 * @throws StartError when a migration fails, or the database is of a newer version
 */
export async function migrate(database: Database): Promise<void> {
  // The dialect ends the pool it was given when it is destroyed, so it is never destroyed here.
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: database }) });
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: () => Promise.resolve(migrations) } });
  const { error, results } = await migrator.migrateToLatest();
  if (error) {
    const failed = results?.find(({ status }) => status === 'Error')?.migrationName;
    const reason = error instanceof Error ? error.message : JSON.stringify(error);
    throw new StartError(`The database could not be brought up to date${failed ? ` (${failed})` : ''}: ${reason}`);
  }
}
