import pg from 'pg';
import { inject } from 'vitest';
import { coordinator, createDistributed, dropDistributed } from './citus.ts';

/** A database of a test's own, in the PostgreSQL of this run. */
export interface FreshDatabase {
  /** What a tenant takes as `DATABASE_URL`. */
  url: string;
  /** Runs a statement in it, beside the tenant. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

let serial = 0;

/** Makes an empty database; on a cluster of Citus, when the run has one, the schema is there and distributed. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const name = `test_${process.pid}_${(serial += 1)}`;
  const url = coordinator ? await createDistributed(name) : await createHere(name);
  return {
    url,
    query: (text, values) => run(url, text, values),
    drop: async () => {
      if (coordinator) await dropDistributed(name);
      else await run(urlHere(inject('postgres').database), `drop database ${name} with (force)`);
    },
  };
}

async function createHere(name: string): Promise<string> {
  await run(urlHere(inject('postgres').database), `create database ${name}`);
  return urlHere(name);
}

function urlHere(database: string): string {
  const { host, user } = inject('postgres');
  return `postgres:///${database}?host=${encodeURIComponent(host)}&user=${user}`;
}

async function run<Row extends pg.QueryResultRow>(url: string, text: string, values?: unknown[]): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
