import pg from 'pg';

/** Anything that runs a query: the pool, or one connection inside a transaction. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<pg.QueryResult<Row>>;
}

/** The tenant's PostgreSQL. */
export type Database = pg.Pool;

/** How to reach PostgreSQL: a `DATABASE_URL`, or the embedded server's socket. */
export type Connection = { connectionString: string } | { host: string; user: string; database: string };

/**
 * Opens a pool of connections; none is made before the first query.
 * @param size the most connections at once
 * @param onError told of a connection that broke while idle
 */
export function openDatabase(connection: Connection, size: number, onError: (error: Error) => void): Database {
  const database = new pg.Pool({
    ...connection,
    max: size,
    application_name: 'tessera',
    connectionTimeoutMillis: 10_000,
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  });
  database.on('error', onError);
  return database;
}

const INT8 = 20;

/** Milliseconds and versions come as numbers: they stay below 2^53. */
function typeParser(oid: number, format: 'text' | 'binary' = 'text'): unknown {
  if (oid === INT8 && format === 'text') return Number;
  return pg.types.getTypeParser(oid, format);
}

/** Whether a statement failed because a unique value is taken. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '23505';

/** Serialization failure and deadlock: the transaction did nothing, and may be tried again. */
const RETRYABLE = new Set(['40001', '40P01']);
const ATTEMPTS = 5;

/**
 * Runs work in one transaction (READ COMMITTED); tries again when PostgreSQL gave it up for another transaction's sake.
 * @throws what the work throws, after a rollback
 */
export async function inTransaction<T>(database: Database, work: (connection: Queryable) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const connection = await database.connect();
    let broken: Error | undefined;
    try {
      await connection.query('begin');
      const result = await work(connection);
      await connection.query('commit');
      return result;
    } catch (error) {
      await connection.query('rollback').catch((failure: Error) => (broken = failure));
      if (attempt >= ATTEMPTS || !RETRYABLE.has((error as pg.DatabaseError).code ?? '')) throw error;
    } finally {
      // A connection that could not even roll back is not given to anyone else.
      connection.release(broken);
    }
  }
}
