import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { migrate } from '../src/database/migrate.ts';

/**
 * With `TESSERA_TEST_CITUS` set to URLs of PostgreSQL servers with Citus, a coordinator and then its workers, separated by
 * blanks, the database of each test is on that cluster, distributed as `docs/scale.md` has it.
 */
const nodes = (process.env.TESSERA_TEST_CITUS ?? '').split(' ').filter(Boolean);
const SCALE = path.resolve(import.meta.dirname, '../../../docs/scale.md');

/** The coordinator; undefined when the tests run on one PostgreSQL. */
export const coordinator = nodes[0];

const at = (node: string, database: string): string => Object.assign(new URL(node), { pathname: `/${database}` }).href;

async function run(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Makes a database on each node, with the schema, distributed. @returns its URL on the coordinator */
export async function createDistributed(database: string): Promise<string> {
  for (const node of nodes) {
    await run(node, `create database ${database}`);
    await run(at(node, database), 'create extension citus');
  }
  const url = at(nodes[0]!, database);
  const [here, ...workers] = nodes.map((node) => `'${new URL(node).hostname}', ${new URL(node).port}`);
  await run(
    url,
    `select citus_set_coordinator_host(${here})`,
    ...workers.map((worker) => `select citus_add_node(${worker})`),
  );
  await migrate({ connectionString: url });
  const [, layout] = /```sql\n(.*?)```/s.exec(await readFile(SCALE, 'utf8'))!;
  await run(url, ...layout!.split(';').filter((statement) => statement.trim() !== ''));
  for (const node of nodes) await run(node, `alter database ${database} set lock_timeout = '100ms'`);
  return url;
}

/** Drops it on each node. */
export async function dropDistributed(database: string): Promise<void> {
  for (const node of nodes) await run(node, `drop database ${database} with (force)`);
}
