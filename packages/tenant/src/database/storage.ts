import type { Logger } from 'pino';
import { StartError } from '../startError.ts';
import { openDatabase, type Database } from './database.ts';
import { serverOf, type StorageLocation } from './server.ts';

/** Bringing a schema up to date takes no longer, unless something is in the way. */
const WAITING_MS = 3000;

/** A database that is there and up to date. */
export interface Storage {
  database: Database;
  /** Resolves when the embedded PostgreSQL has ended, asked or not; never for a DATABASE_URL. */
  ended: Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Opens the database, and brings its schema up to date.
 * @param connections the most at once
 * @param options `join`: works beside the tenant that runs on the directory, when one does
 * @throws StartError when it cannot be opened, in words for the operator
 */
export async function openStorage(
  location: StorageLocation,
  connections: number,
  log: Logger,
  { join = false } = {},
): Promise<Storage> {
  const starting = serverOf(location, connections, join);
  // PostgreSQL starts while this loads.
  const loading = import('./migrate.ts');
  const { embedded, connection } = await starting;
  let closing = false;
  const database = openDatabase(connection, connections, (error) => {
    // A connection that ends while PostgreSQL is being stopped is no news.
    if (!closing) log.warn({ err: { type: error.name } }, 'a database connection broke');
  });
  const close = async (): Promise<void> => {
    closing = true;
    await database.end();
    await embedded?.stop();
  };
  try {
    await database.query({ text: 'select 1' }).catch((error: Error) => {
      throw new StartError(`The database does not answer: ${((error.cause ?? error) as Error).message}`);
    });
    await wantConnections(database, connections);
    const { migrate } = await loading;
    // Another process may be at it, or somebody may hold a lock.
    const waiting = setTimeout(() => log.warn('the schema is not up to date yet: it waits for a lock'), WAITING_MS);
    await migrate(connection).finally(() => clearTimeout(waiting));
    return { database, ended: embedded?.ended ?? new Promise(() => {}), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws StartError when PostgreSQL would refuse some of the connections */
async function wantConnections(database: Database, connections: number): Promise<void> {
  const { rows } = await database.query<{ most: number }>({
    text: `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most`,
  });
  const most = rows[0]!.most;
  if (connections <= most) return;
  throw new StartError(`TESSERA_CONNECTIONS must be at most ${most}, which is what this PostgreSQL takes.`);
}
