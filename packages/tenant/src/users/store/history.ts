import type { DeletedUser } from '@tessera/contract';
import { differenceOf, type Difference } from '../rules/history.ts';
import type { User } from '../rules/user.ts';
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

/** What is recorded of a user's creation. */
export const creationOf = (user: User): NewEntry => ({
  user_id: user.user_id,
  version: user.version,
  changed_at: user.updated_at,
  ...differenceOf(undefined, user),
});

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

/** How many changes of a user are kept. */
export async function countHistory(database: Queryable, tenantId: string, userId: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>({
    name: 'count-history',
    text: 'select count(*) from user_history where tenant_id = $1 and user_id = $2',
    values: [tenantId, userId],
  });
  return rows[0]?.count ?? 0;
}

/** Reads a page of the deletions of a tenant, the latest first, in chunks. */
export const readDeletions =
  (database: Database, tenantId: string, page: { offset: number; limit: number }): ReadChunks<DeletedUser> =>
  (take) =>
    database.readChunks<DeletedUser>(
      {
        text: `select user_id, deleted_at, client_id from deleted_users where tenant_id = $1
          order by deleted_at desc, user_id limit $2 offset $3`,
        values: [tenantId, page.limit, page.offset],
      },
      take,
    );

const PURGED_AT_ONCE = 1000;

/**
 * Takes away what was recorded before a time, a chunk at a time, of all tenants of this database.
 * @param before milliseconds since the epoch
 */
export async function purgeHistory(database: Database, before: number): Promise<void> {
  const purge = `delete from user_history where (tenant_id, user_id, version) in
    (select tenant_id, user_id, version from user_history where changed_at < $1 limit $2)`;
  for (;;) {
    const { rowCount } = await database.search({ text: purge, values: [before, PURGED_AT_ONCE] });
    if ((rowCount ?? 0) < PURGED_AT_ONCE) break;
  }
  await database.search({ text: 'delete from deleted_users where deleted_at < $1', values: [before] });
}
