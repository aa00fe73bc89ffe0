import type { Difference } from '../rules/history.ts';
import type { Database, Queryable, ReadChunks } from '../../database/database.ts';
import type { Writer } from '../../database/writer.ts';

/** A change of a user, as it is stored. */
export interface HistoryEntry extends Difference {
  /** The version that the change made; 1 is the user's creation. */
  version: number;
  /** Milliseconds since the epoch. */
  changed_at: number;
  client_id: string;
}

/** A difference that is to be recorded. */
export interface NewEntry extends Difference {
  user_id: string;
  version: number;
  changed_at: number;
}

/** Records changes, in the transaction that makes them. */
export async function insertHistory(connection: Queryable, { tenantId, clientId }: Writer, entries: NewEntry[]) {
  await connection.query({
    name: 'insert-history',
    text: `insert into user_history (tenant_id, user_id, version, changed_at, client_id, before, after)
      select $1, user_id, version, changed_at, $2, before, after from jsonb_to_recordset($3::jsonb)
        as entries (user_id text, version bigint, changed_at bigint, before jsonb, after jsonb)`,
    values: [tenantId, clientId, JSON.stringify(entries)],
  });
}

/** Reads a page of a user's changes, the newest first, in chunks. */
export const readHistory =
  (
    database: Database,
    tenantId: string,
    userId: string,
    page: { offset: number; limit: number },
  ): ReadChunks<HistoryEntry> =>
  (take) =>
    database.readChunks<HistoryEntry>(
      {
        text: `select version, changed_at, client_id, before, after from user_history
          where tenant_id = $1 and user_id = $2 order by version desc limit $3 offset $4`,
        values: [tenantId, userId, page.limit, page.offset],
      },
      take,
    );
