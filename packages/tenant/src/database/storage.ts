import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { DirectoryInUse, findRunning, startEmbeddedPostgres, type EmbeddedPostgres } from '../postgres/embedded.ts';
import { StartError } from '../startError.ts';
import { openDatabase, type Connection, type Database } from './database.ts';

/** Where data is kept: a directory for the embedded PostgreSQL, or the URL of another. */
export type StorageLocation = { directory: string } | { databaseUrl: string };

/** What a server calls itself that a command has started, for itself alone. */
const COMMAND = 'tessera command';
/** How long a command waits for others that work on the same directory. */
const BUSY_MS = 30_000;
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
  const starting = 'directory' in location ? server(location.directory, connections, join) : undefined;
  // PostgreSQL starts while this loads.
  const loading = import('./migrate.ts');
  const { embedded, connection } = (await starting) ?? {
    embedded: undefined,
    connection: { connectionString: (location as { databaseUrl: string }).databaseUrl },
  };
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

/**
 * The server of a data directory: one of our own or, for what joins, that of the tenant that serves from it.
 * @throws DirectoryInUse, StartError
 */
async function server(
  directory: string,
  connections: number,
  join: boolean,
): Promise<{ embedded: EmbeddedPostgres | undefined; connection: Connection }> {
  const deadline = Date.now() + BUSY_MS;
  for (;;) {
    const serving = join ? await findServing(directory, deadline) : undefined;
    if (serving) return { embedded: undefined, connection: serving };
    try {
      const embedded = await startEmbeddedPostgres(directory, connections, join ? COMMAND : '');
      return { embedded, connection: embedded.connection };
    } catch (error) {
      // Another command was faster; when it is done, this one has its turn.
      if (!(error instanceof DirectoryInUse) || !join || Date.now() > deadline) throw error;
    }
  }
}

/** The server of the tenant that serves from a directory, once it answers; a command's ends with that, and is no place to join. */
async function findServing(directory: string, deadline: number): Promise<Connection | undefined> {
  for (;;) {
    const connection = await findRunning(directory);
    if (!connection) return undefined;
    const name = await nameOf(connection);
    if (name !== undefined && name !== COMMAND) return connection;
    if (Date.now() > deadline) {
      throw new StartError(`The data directory ${directory} is in use by another command, which does not end.`);
    }
    await delay(100);
  }
}

/** What a server calls itself; undefined while it starts or stops. */
async function nameOf(connection: pg.ClientConfig): Promise<string | undefined> {
  const client = new pg.Client(connection);
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ cluster_name: string }>('show cluster_name');
    return rows[0]!.cluster_name;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
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
