import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { inOneTransaction, type Database, type Queryable } from '../database/database.ts';
import { StartError } from '../startError.ts';

/**
 * Everything that a database of a tenant holds, with secrets' hashes, keys and history, as lines of JSON: the way to another
 * PostgreSQL. Each line names a table and has a row of it, as PostgreSQL writes it as JSON.
 */

const ROWS_AT_ONCE = 200;
const LINE = /^\{"table":"([a-z_]+)","row":(\{.*\})\}$/s;

/** The tables of the tenant's own; which migrations were made is the new database's affair. */
async function tables(connection: Queryable): Promise<string[]> {
  const { rows } = await connection.query<{ name: string }>({
    text: `select tablename as name from pg_tables where schemaname = current_schema() and tablename not like 'kysely%'
      order by tablename`,
  });
  return rows.map(({ name }) => name);
}

/** Writes every row, all of one moment. @returns how many */
export function dump(database: Database, output: Writable): Promise<number> {
  return inOneTransaction(database, async (connection) => {
    await connection.query({ text: 'set transaction isolation level repeatable read, read only' });
    let count = 0;
    for (const table of await tables(connection)) {
      await connection.query({
        text: `declare rows_of_table cursor for select to_jsonb(${table})::text as row from ${table}`,
      });
      for (;;) {
        const { rows } = await connection.query<{ row: string }>({ text: `fetch ${ROWS_AT_ONCE} from rows_of_table` });
        if (rows.length === 0) break;
        const text = rows.map(({ row }) => `{"table":"${table}","row":${row}}\n`).join('');
        if (!output.write(text)) await Promise.race([once(output, 'drain'), once(output, 'close')]);
        count += rows.length;
      }
      await connection.query({ text: 'close rows_of_table' });
    }
    return count;
  });
}

/**
 * Stores every row of a dump, or none.
 * @param lines those of the dump
 * @returns how many
 * @throws StartError when a line is none of a dump, or the database has something already
 */
export function restore(database: Database, lines: AsyncIterable<Buffer>): Promise<number> {
  return inOneTransaction(database, async (connection) => {
    const known = new Set(await tables(connection));
    const { rows: tenants } = await connection.query({ text: 'select from tenants limit 1' });
    if (tenants.length > 0) throw new StartError('A dump is restored into a new database, and this one has a tenant.');
    let count = 0;
    let number = 0;
    let waiting: { table: string; rows: string[] } = { table: '', rows: [] };
    const store = async (): Promise<void> => {
      const { table, rows } = waiting;
      if (rows.length === 0) return;
      await connection.query({
        text: `insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
        values: [`[${rows.join(',')}]`],
      });
      count += rows.length;
      waiting = { table, rows: [] };
    };
    for await (const line of lines) {
      number += 1;
      const [, table = '', row = ''] = LINE.exec(line.toString()) ?? [];
      if (!known.has(table)) throw new StartError(`Line ${number} is none of a dump.`);
      if (table !== waiting.table || waiting.rows.length >= ROWS_AT_ONCE) {
        await store();
        waiting = { table, rows: [] };
      }
      waiting.rows.push(row);
    }
    await store();
    return count;
  });
}
