import { differenceOf } from '../rules/history.ts';
import { identifierKey, identifiersBeyond, identifiersOf } from '../rules/identifiers.ts';
import type { User } from '../rules/user.ts';
import { inTransaction, type Database, type Queryable } from '../../database/database.ts';
import { shared } from '../../database/shared.ts';
import type { Writer } from '../../database/writer.ts';
import { linkActor } from './delegations.ts';
import { insertHistory } from './history.ts';
import { claimable, insertIdentifiers } from './identifiers.ts';
import { INSERT_USERS, insertRows, userRecord } from './userRow.ts';

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
  // Of two who want one identifier, the first gets it.
  keysOf: ({ writer, user }) =>
    identifiersOf(user.profile).map((identifier) => `${writer.tenantId} ${identifierKey(identifier)}`),
  inTheWay: 'alone',
  overlaps: true,
  async work(database, batch) {
    const { tenantId } = batch[0]!.writer;
    const wanted = batch.map((asked) => ({ of: asked, identifiers: identifiersOf(asked.user.profile) }));
    // No two of a batch want one.
    const { refused } = await claimable(database, tenantId, wanted);
    const free = batch.filter((asked) => !refused.has(asked));
    if (free.length > 0) await store(database, tenantId, free);
    return batch.map((asked) => refused.get(asked) ?? 'stored');
  },
});

const INSERT = `
  with stored as (
    ${INSERT_USERS}
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
    await insertRows(connection, tenantId, [user]);
    await insertHistory(connection, writer, [entryOf(user)]);
  });
}
