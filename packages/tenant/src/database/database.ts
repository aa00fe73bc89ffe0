import { setTimeout as delay } from 'node:timers/promises';
import pLimit, { type LimitFunction } from 'p-limit';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { readJson } from '@tessera/contract';
import { asDatabaseError, DatabaseUnavailable, TimeLimitReached } from './errors.ts';
import { TimeLimit, timeLimit } from './timeLimit.ts';

/** Anything that runs a query: the database, or one connection inside a transaction. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<pg.QueryResult<Row>>;
}

/** Reads rows in chunks, and gives each to `take` until that answers false. */
export type ReadChunks<Row> = (take: (rows: Row[]) => Promise<boolean>) => Promise<void>;

/** How to reach PostgreSQL: a `DATABASE_URL`, or the embedded server's socket. */
export type Connection = { connectionString: string } | pg.ClientConfig;

/** No connection waits longer than this for another's lock; what it does is tried again without holding a connection. */
const LOCK_TIMEOUT = '100ms';
/**
 * Asked of each connection when it is made. A statement ends when its client is gone or, should nobody have cut it off, by
 * itself; and a lock that somebody else holds holds up no connection for long.
 */
const SETTINGS = [
  `set lock_timeout = '${LOCK_TIMEOUT}'`,
  "set statement_timeout = '12s'",
  "set idle_in_transaction_session_timeout = '20s'",
  "set client_connection_check_interval = '500ms'",
];
/**
 * Plans a statement once for each connection, whatever its values are. PostgreSQL by itself plans some of them for each batch of
 * values, which takes longer than running them does. A cluster of Citus needs the values to plan.
 */
const PLAN_ONCE = `select set_config('plan_cache_mode', 'force_generic_plan', false)
  where not exists (select from pg_extension where extname = 'citus')`;
/** Rows that are in memory at once: users can have 130 KB each. */
const CHUNK_ROWS = 20;
/** So long may a client that reads slowly keep others from searching. */
const SLOW_READER_MS = 3000;
/** How long a connection may take to be made, or to come free. */
const CONNECT_MS = 5000;

/** How values are read, by the type that PostgreSQL tells. Milliseconds and versions come as numbers: they stay below 2^53. */
const READERS = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, Number],
  [pg.types.builtins.JSON, storedJson],
  [pg.types.builtins.JSONB, storedJson],
]);

/** JSON.parse confuses escaped keys (nodejs/node#63785), and is faster where nothing is escaped. */
function storedJson(text: string): unknown {
  return text.includes('\\') ? readJson(text) : JSON.parse(text);
}

const typeParser = (oid: number, format: 'text' | 'binary' = 'text'): unknown =>
  (format === 'text' && READERS.get(oid)) || pg.types.getTypeParser(oid, format);

const TYPES: pg.CustomTypesConfig = { getTypeParser: typeParser as typeof pg.types.getTypeParser };

/**
 * The tenant's PostgreSQL: connections for short statements, and some for what may read many rows. Each query and transaction
 * ends with the time limit it runs under (`timeLimit.ts`); a connection that was cut off in the middle is closed and not used
 * again. What fails for the database's sake fails as `DatabaseUnavailable`.
 */
export class Database implements Queryable {
  /** For short statements, which are planned once, and for transactions. */
  readonly #short: pg.Pool;
  /** For what may read many rows, and is planned for its values. */
  readonly #searching: pg.Pool;
  /** Transactions may wait for locks and searches read long: neither may take all connections from short statements. */
  readonly transactions: LimitFunction;
  readonly searches: LimitFunction;

  constructor(pools: { short: pg.Pool; searching: pg.Pool }) {
    this.#short = pools.short;
    this.#searching = pools.searching;
    this.transactions = pLimit(Math.ceil(pools.short.options.max / 2));
    this.searches = pLimit(pools.searching.options.max);
  }

  query<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<pg.QueryResult<Row>> {
    return this.withConnection((connection) => connection.query<Row>(query));
  }

  /** Runs a query that may read many rows, or whose plan depends on its values. */
  search<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<pg.QueryResult<Row>> {
    return this.searches(() => this.#withConnection(this.#searching, (connection) => connection.query<Row>(query)));
  }

  /** Does work on one connection. @throws DatabaseUnavailable, or what the work throws */
  withConnection<T>(work: (connection: Queryable) => Promise<T>): Promise<T> {
    return this.#withConnection(this.#short, work);
  }

  /** @param work gets the connection, and the client below it, whose promises `guard` must see */
  async #withConnection<T>(
    pool: pg.Pool,
    work: (connection: Queryable, client: pg.PoolClient, guard: Guard) => Promise<T>,
  ): Promise<T> {
    const limit = timeLimit();
    limit?.throwIfOver();
    let broken = false;
    const guard: Guard = async (promise) => {
      try {
        return await promise;
      } catch (error) {
        broken ||= isConnectionLost(error);
        throw limit?.reason ?? asDatabaseError(error);
      }
    };
    const client = await guard(pool.connect());
    // With a query under way, this closes the socket at once.
    let cutOff = false as boolean;
    const cut = (): void => {
      cutOff = true;
      client.end().catch(() => {});
    };
    try {
      limit?.throwIfOver();
      limit?.onEnd(cut);
      return await work({ query: (query) => guard(ask(client, query)) }, client, guard);
    } finally {
      limit?.offEnd(cut);
      client.release(cutOff || broken);
    }
  }

  /**
   * Runs a query that may give much, and hands its rows over in chunks. While others wait for its place, they are to be taken in
   * good time.
   * @param take answers whether it wants more
   * @throws DatabaseUnavailable also when the rows were taken too slowly
   */
  readChunks<Row extends pg.QueryResultRow>(
    { text, values }: pg.QueryConfig,
    take: (rows: Row[]) => Promise<boolean>,
  ): Promise<void> {
    return this.searches(() =>
      this.#withConnection(this.#searching, async (_connection, client, guard) => {
        const cursor = client.query(new Cursor<Row>(text, values, { types: TYPES }));
        // What a cursor is asked, it may never answer on a connection that ends.
        const end = new TimeLimit();
        const lost = (): void => end.end(new Error('The connection has ended'));
        client.once('end', lost);
        let takingMs = 0;
        let since = 0;
        const looks = setInterval(() => {
          const slow = takingMs + (since && Date.now() - since) > SLOW_READER_MS;
          if (slow && this.searches.pendingCount > 0) end.end(new DatabaseUnavailable(new TimeLimitReached()));
        }, 250);
        try {
          for (;;) {
            const rows = await guard(end.until(cursor.read(CHUNK_ROWS)));
            since = Date.now();
            if (rows.length === 0 || !(await end.until(take(rows))) || rows.length < CHUNK_ROWS) return;
            takingMs += Date.now() - since;
            since = 0;
          }
        } finally {
          clearInterval(looks);
          // One that cannot be asked to is closed with its connection.
          await guard(end.until(cursor.close())).finally(() => client.off('end', lost));
        }
      }),
    );
  }

  async end(): Promise<void> {
    await Promise.all([this.#short.end(), this.#searching.end()]);
  }
}

/**
 * Asks a query of a client. What pg promises by itself it sets on a query that is made already, and V8 then keeps the rows of all
 * queries until it collects everything: collections of young objects took 3 ms instead of 0.5.
 */
const ask = <Row extends pg.QueryResultRow>(
  client: pg.PoolClient,
  query: pg.QueryConfig,
): Promise<pg.QueryResult<Row>> =>
  new Promise((resolve, reject) => {
    client.query<Row>(query, (error: Error | undefined, result) => (error ? reject(error) : resolve(result)));
  });

/** Waits for what a client does; what fails for the database's sake fails as an error that says so. */
type Guard = <T>(promise: Promise<T>) => Promise<T>;

/** After an answer of PostgreSQL's the connection is still good, unless the answer was that it ends. */
const isConnectionLost = (error: unknown): boolean =>
  !(error instanceof pg.DatabaseError && !/^(?:08|57P)/.test(error.code ?? ''));

/**
 * Opens a database; no connection is made before the first query.
 * @param size the most connections at once: two at least
 * @param onError told of a connection that broke
 */
export function openDatabase(connection: Connection, size: number, onError: (error: Error) => void): Database {
  const searching = Math.max(1, Math.floor(size / 2) - 2);
  return new Database({
    short: openPool(connection, size - searching, [...SETTINGS, PLAN_ONCE], onError),
    searching: openPool(connection, searching, SETTINGS, onError),
  });
}

/** @param settings what each connection is asked when it is made */
function openPool(connection: Connection, max: number, settings: string[], onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    ...connection,
    max,
    application_name: 'tessera',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types: TYPES,
    // pg-pool waits for it, though the types do not say so.
    onConnect: (client) => prepare(client, settings) as unknown as undefined,
  });
  // The pool listens to connections that are idle. One that breaks while in use fails its query, and must not end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', onError);
  return pool;
}

async function prepare(client: pg.ClientBase, settings: string[]): Promise<void> {
  for (const setting of settings) {
    // Not every platform can see that a client is gone.
    await client.query(setting).catch((error: unknown) => {
      if (!(error instanceof pg.DatabaseError)) throw error;
    });
  }
}

/** Whether a statement failed because a unique value is taken. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '23505';

/**
 * Whether PostgreSQL does not tell what a statement failed of. Citus tells no code when rows that it copies to a shard fail, and a
 * lock or a taken value may be behind that.
 */
export const isUntold = (error: unknown): boolean => error instanceof pg.DatabaseError && error.code === 'XX000';

/** Whether a statement failed because somebody else holds a row, or was given up for another's sake. It did nothing then. */
export function isLocked(error: unknown): boolean {
  const cause = error instanceof DatabaseUnavailable ? error.cause : error;
  const code = cause instanceof pg.DatabaseError ? (cause.code ?? '') : '';
  return code === LOCKED || GIVEN_UP.has(code);
}

/** Serialization failure and deadlock: the transaction did nothing, and may be tried again at once. */
const GIVEN_UP = new Set(['40001', '40P01']);
const ATTEMPTS = 5;
/** A lock that was not to be had in time: somebody else works on the row. */
const LOCKED = '55P03';
/** How long to try for a lock in all, when no time limit ends it before. */
const LOCK_MS = 7000;

/**
 * Runs a statement or a transaction, which is tried again when PostgreSQL gave it up for another transaction's sake, and when a
 * row is locked; between the tries it holds no connection, so that a locked row stops nobody else.
 * @param work makes nothing when it fails so
 */
export async function untilUnlocked<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + LOCK_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const cause = error instanceof DatabaseUnavailable ? error.cause : error;
      const code = cause instanceof pg.DatabaseError ? cause.code : undefined;
      if (code === LOCKED && Date.now() < deadline) {
        await delay(10 + Math.random() * 40);
        timeLimit()?.throwIfOver();
      } else if (!GIVEN_UP.has(code ?? '') || attempt >= ATTEMPTS) throw error;
    }
  }
}

/**
 * Runs work in one transaction (READ COMMITTED), until no lock is in its way.
 * @throws what the work throws, after a rollback
 */
export const inTransaction = <T>(database: Database, work: (connection: Queryable) => Promise<T>): Promise<T> =>
  untilUnlocked(() =>
    database.transactions(() => database.withConnection((connection) => transaction(connection, work))),
  );

/** The same, tried once: for work that reads or writes a stream, or that is tried again by whoever asks for it. */
export const inOneTransaction = <T>(database: Database, work: (connection: Queryable) => Promise<T>): Promise<T> =>
  database.withConnection((connection) => transaction(connection, work));

async function transaction<T>(connection: Queryable, work: (connection: Queryable) => Promise<T>): Promise<T> {
  await connection.query({ text: 'begin' });
  try {
    const result = await work(connection);
    await connection.query({ text: 'commit' });
    return result;
  } catch (error) {
    await connection.query({ text: 'rollback' });
    throw error;
  }
}
