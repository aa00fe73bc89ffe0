import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Kysely, Migrator, PostgresDialect, sql, type Migration } from 'kysely';
import { StartError } from '../startError.ts';
import type { Connection } from './database.ts';
import pg from 'pg';

const SOURCES = path.resolve(import.meta.dirname, '..');

/**
 * Brings the schema up to date: runs the statements of every `SUBJECT/migrations/NUMBER_NAME.sql` that this database has
 * not seen, by number. Two tenants that start at once on one database take turns: the migrator holds an advisory lock, and
 * the second finds the work done.
 * @throws StartError when a migration fails, or the database is of a newer version
 */
export async function migrate(connection: Connection): Promise<void> {
  // A pool of its own, whose statements have no time limit.
  const pool = new pg.Pool({ ...connection, max: 1, application_name: 'tessera-migrations' });
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', () => {});
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: readMigrations } });
  const { error, results } = await migrator.migrateToLatest();
  // This ends the pool, too.
  await kysely.destroy();
  if (error) {
    const failed = results?.find(({ status }) => status === 'Error')?.migrationName;
    const reason = error instanceof Error ? error.message : JSON.stringify(error);
    throw new StartError(`The database could not be brought up to date${failed ? ` (${failed})` : ''}: ${reason}`);
  }
}

/** The names of all migrations, in their order: of what version a schema is. */
export const migrationNames = async (): Promise<string[]> => Object.keys(await readTexts()).sort();

/** The tables that the migrations make: others in the schema are somebody else's. */
export async function ownTables(): Promise<string[]> {
  const texts = Object.values(await readTexts()).join('\n');
  const made = texts.matchAll(/^create (?:unlogged )?table (?:if not exists )?(\w+)/gim);
  return [...new Set([...made].map(([, name]) => name!))].sort();
}

async function readMigrations(): Promise<Record<string, Migration>> {
  // Without parameters, PostgreSQL takes several statements at once.
  const run = (text: string): Migration => ({ up: async (db) => void (await sql.raw(text).execute(db)) });
  return Object.fromEntries(Object.entries(await readTexts()).map(([name, text]) => [name, run(text)]));
}

async function readTexts(): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for await (const file of glob('*/migrations/*.sql', { cwd: SOURCES })) {
    texts[path.basename(file, '.sql')] = await readFile(path.join(SOURCES, file), 'utf8');
  }
  return texts;
}
