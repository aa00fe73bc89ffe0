import { differenceOf } from '../rules/history.ts';
import { identifiersBeyond, identifiersOf } from '../rules/identifiers.ts';
import type { User } from '../rules/user.ts';
import { inTransaction, isLocked, isUniqueViolation, type Database, type Queryable } from '../../database/database.ts';
import { shared } from '../../database/shared.ts';
import type { Writer } from '../../database/writer.ts';
import { linkActor } from './delegations.ts';
import { insertHistory } from './history.ts';
import { claimable, insertIdentifiers } from './identifiers.ts';
import { userRecord, USER_RECORD_COLUMNS, USER_RECORD_TYPE } from './userRow.ts';

interface Asked {
  writer: Writer;
  user: User;
}

/**
 * Stores a new user, together with others that are stored at the same time.
 * @throws IdentifierTaken when another user has one of its identifiers; nothing is stored then
 */
export async function insertUser(database: Database, writer: Writer, user: User): Promise<void> {
  // An actor must be locked before, so that it stays.
  const alone = user.profile.delegated_access || (await insertTogether(database, { writer, user })) === 'alone';
  if (alone) await insertAlone(database, writer, user);
}

const insertTogether = shared<Asked, 'stored' | 'alone'>({
  groupOf: ({ writer }) => writer.tenantId,
  async work(database, batch) {
    const { tenantId } = batch[0]!.writer;
    const wanted = batch.map((asked) => ({ of: asked, identifiers: identifiersOf(asked.user.profile) }));
    const { refused, rivals } = await claimable(database, tenantId, wanted);
    const those = batch.filter((asked) => !refused.has(asked) && !rivals.includes(asked));
    const stored = await storeAll(database, tenantId, those);
    return batch.map((asked) => refused.get(asked) ?? (stored && those.includes(asked) ? 'stored' : 'alone'));
  },
});

/** @returns whether they are stored; not when there is one alone whose identifier has just been taken */
async function storeAll(database: Queryable, tenantId: string, batch: Asked[]): Promise<boolean> {
  if (batch.length === 0) return false;
  try {
    await store(database, tenantId, batch);
    return true;
  } catch (error) {
    if (!isLocked(error) && !isUniqueViolation(error)) throw error;
    if (batch.length === 1) return false;
    // Nobody knows whose it was, so each half is tried alone.
    throw new Error('One of the users cannot be stored now', { cause: error });
  }
}

const INSERT = `
  with stored as (
    insert into users (tenant_id, ${USER_RECORD_COLUMNS})
    select $1, rows.* from jsonb_to_recordset($2::jsonb) as rows (${USER_RECORD_TYPE})
  ), claimed as (
    insert into identifiers (tenant_id, kind, value, user_id)
    select $1, kind, value, user_id from jsonb_to_recordset($3::jsonb) as identifier (kind text, value text, user_id text)
    order by kind collate "C", value collate "C"
  ), recorded as (
    insert into user_history (tenant_id, user_id, version, changed_at, client_id, before, after)
    select $1, user_id, version, changed_at, client_id, before, after from jsonb_to_recordset($4::jsonb)
      as entries (user_id text, version bigint, changed_at bigint, client_id text, before jsonb, after jsonb)
  )
  select`;

async function store(database: Queryable, tenantId: string, batch: Asked[]): Promise<void> {
  const identifiers = batch.flatMap(({ user: { user_id, profile } }) =>
    identifiersOf(profile).map((identifier) => ({ ...identifier, user_id })),
  );
  const entries = batch.map(({ writer, user }) => ({ client_id: writer.clientId, ...entryOf(user) }));
  await database.query({
    name: 'insert-users-with-identifiers',
    text: INSERT,
    values: [
      tenantId,
      JSON.stringify(batch.map(({ user }) => userRecord(user))),
      JSON.stringify(identifiers),
      JSON.stringify(entries),
    ],
  });
}

const entryOf = (user: User) => ({
  user_id: user.user_id,
  version: user.version,
  changed_at: user.updated_at,
  ...differenceOf(undefined, user),
});

/** Stores one in a transaction: one with an actor, or whose identifier somebody has just taken. */
function insertAlone(database: Database, writer: Writer, user: User): Promise<void> {
  const { tenantId } = writer;
  return inTransaction(database, async (connection) => {
    await insertIdentifiers(connection, tenantId, user.user_id, identifiersBeyond(user.profile, {}));
    await linkActor(connection, tenantId, user.user_id, {}, user.profile);
    await connection.query({
      name: 'insert-user',
      text: `insert into users (tenant_id, ${USER_RECORD_COLUMNS})
        select $1, rows.* from jsonb_to_recordset($2::jsonb) as rows (${USER_RECORD_TYPE})`,
      values: [tenantId, JSON.stringify([userRecord(user)])],
    });
    await insertHistory(connection, writer, [entryOf(user)]);
  });
}
