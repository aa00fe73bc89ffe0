import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { DirectoryInUse, findRunning, startEmbeddedPostgres, type EmbeddedPostgres } from '../postgres/embedded.ts';
import { StartError } from '../startError.ts';
import type { Connection } from './database.ts';

/** Where data is kept: a directory for the embedded PostgreSQL, or the URL of another. */
export type StorageLocation = { directory: string } | { databaseUrl: string };

/** What a server calls itself that a command has started, for itself alone. */
const COMMAND = 'tessera command';
/** How long a command waits for others that work on the same directory. */
const BUSY_MS = 30_000;

/** A PostgreSQL to work on. */
interface Server {
  connection: Connection;
  /** The one that was started for this process; none when another's is used. */
  embedded?: EmbeddedPostgres;
}

/**
 * The server of a location: that of the URL or, of a data directory, one of our own or, for what joins, that of the tenant that
 * serves from it.
 * @throws DirectoryInUse, StartError
 */
export async function serverOf(location: StorageLocation, connections: number, join: boolean): Promise<Server> {
  if ('databaseUrl' in location) return { connection: { connectionString: location.databaseUrl } };
  const { directory } = location;
  const deadline = Date.now() + BUSY_MS;
  for (;;) {
    const serving = join ? await findServing(directory, deadline) : undefined;
    if (serving) return { connection: serving };
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
