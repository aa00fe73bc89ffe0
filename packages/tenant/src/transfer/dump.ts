import type { Writable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { inOneTransaction, type Database } from '../database/database.ts';
import { migrationNames, ownTables } from '../database/migrate.ts';
import { StartError } from '../startError.ts';
import { writeTo } from './writeTo.ts';

/**
 * Everything that a database of a tenant holds, with secrets' hashes, keys and history, as lines of JSON: the way to another
 * PostgreSQL. The first line tells of what version it is, and the last one how many rows there are; each line between names a
 * table and has a row of it, as PostgreSQL writes it as JSON.
 */

const ROWS_AT_ONCE = 200;
const LINE = /^\{"table":"([a-z_]+)","row":(\{.*\})\}$/s;

/** What is read or written at the other end may take its time, such as a pipe to another machine. */
const AS_SLOW_AS_THE_FILE = { text: 'set local idle_in_transaction_session_timeout = 0' };

/** What the first line says. */
interface Header {
  tenant_dump: 1;
  migrations: string[];
}

/** Writes every row, all of one moment. @returns how many @throws the reason of the signal when it is stopped */
export async function dump(database: Database, output: Writable, signal: AbortSignal): Promise<number> {
  const header: Header = { tenant_dump: 1, migrations: await migrationNames() };
  const tables = await ownTables();
  return inOneTransaction(database, async (connection) => {
    await connection.query({ text: 'set transaction isolation level repeatable read, read only' });
    await connection.query(AS_SLOW_AS_THE_FILE);
    await writeTo(output, `${JSON.stringify(header)}\n`, signal);
    let count = 0;
    for (const table of tables) {
      await connection.query({
        text: `declare rows_of_table cursor for select to_jsonb(${table})::text as row from ${table}`,
      });
      for (;;) {
        const { rows } = await connection.query<{ row: string }>({ text: `fetch ${ROWS_AT_ONCE} from rows_of_table` });
        if (rows.length === 0) break;
        const text = rows.map(({ row }) => `{"table":"${table}","row":${row}}\n`).join('');
        if (!(await writeTo(output, text, signal))) return count;
        count += rows.length;
      }
      await connection.query({ text: 'close rows_of_table' });
    }
    await writeTo(output, `{"rows":${count}}\n`, signal);
    return count;
  });
}

/**
 * Stores every row of a dump, or none.
 * @param lines those of the dump
 * @returns how many
 * @throws StartError when a line is none of a dump, or there are too few; when it is of another version; when the database has
 * something already; the reason of the signal when it is stopped
 */
export async function restore(database: Database, lines: AsyncIterable<Buffer>, signal: AbortSignal): Promise<number> {
  const known = new Set(await ownTables());
  return inOneTransaction(database, async (connection) => {
    await connection.query(AS_SLOW_AS_THE_FILE);
    const { rows: tenants } = await connection.query({ text: 'select from tenants limit 1' });
    if (tenants.length > 0) throw new StartError('A dump is restored into a new database, and this one has a tenant.');
    let count = 0;
    let number = 0;
    let told: number | undefined;
    let waiting: { table: string; rows: string[] } = { table: '', rows: [] };
    const store = async (): Promise<void> => {
      const { table, rows } = waiting;
      if (rows.length === 0) return;
      await connection
        .query({
          text: `insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
          values: [`[${rows.join(',')}]`],
        })
        .catch((error: Error & { code?: string; column?: string }) => {
          // What PostgreSQL says of it quotes the row.
          if (!/^2/.test(error.code ?? '')) throw error;
          const where = error.column ? `, in ${error.column}` : '';
          throw new StartError(
            `Before line ${number + 1} is a row that ${table} does not take (${error.code}${where}).`,
          );
        });
      count += rows.length;
      waiting = { table, rows: [] };
    };
    for await (const line of lines) {
      signal.throwIfAborted();
      number += 1;
      const text = line.toString();
      if (number === 1) {
        await wantThisVersion(text);
        continue;
      }
      const [, end] = /^\{"rows":(\d+)\}$/.exec(text) ?? [];
      const [, table = '', row = ''] = LINE.exec(text) ?? [];
      if (told !== undefined || (end === undefined && !known.has(table))) {
        throw new StartError(`Line ${number} is none of a dump.`);
      }
      if (end !== undefined) {
        told = Number(end);
        continue;
      }
      if (table !== waiting.table || waiting.rows.length >= ROWS_AT_ONCE) {
        await store();
        waiting = { table, rows: [] };
      }
      waiting.rows.push(row);
    }
    await store();
    if (told !== count)
      throw new StartError('The dump is not whole: its last line does not tell how many rows it has.');
    return count;
  });
}

/** @throws StartError for a dump of another version: its rows are others */
async function wantThisVersion(line: string): Promise<void> {
  let header: Partial<Header> = {};
  try {
    header = JSON.parse(line) as Partial<Header>;
  } catch {
    // No header either.
  }
  if (header.tenant_dump !== 1 || !Array.isArray(header.migrations)) {
    throw new StartError('Line 1 is none of a dump: it must tell of what version it is.');
  }
  const [theirs, ours] = [header.migrations, await migrationNames()];
  if (isDeepStrictEqual(theirs, ours)) return;
  throw new StartError(
    `The dump is of another version of the tenant (${String(theirs.at(-1)).slice(0, 100)}, and this one is ${ours.at(-1)}): ` +
      'restore it with that one, and start this one on the data.',
  );
}
