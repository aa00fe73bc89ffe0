import pg from 'pg';
import { inject } from 'vitest';

/** A database of a test's own, in the PostgreSQL of this run. */
export interface FreshDatabase {
  /** What a tenant takes as `DATABASE_URL`. */
  url: string;
  /** Runs a statement in it, beside the tenant. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

let serial = 0;

/** Makes an empty database. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const name = `test_${process.pid}_${(serial += 1)}`;
  const connection = inject('postgres');
  const run = async <Row extends pg.QueryResultRow>(database: string, text: string, values?: unknown[]) => {
    const client = new pg.Client({ ...connection, database });
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  };
  await run(connection.database, `create database ${name}`);
  return {
    url: `postgres:///${name}?host=${encodeURIComponent(connection.host)}&user=${connection.user}`,
    query: (text, values) => run(name, text, values),
    drop: async () => {
      await run(connection.database, `drop database ${name} with (force)`);
    },
  };
}
