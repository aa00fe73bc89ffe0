import type { IdentifierTaken } from '../rules/errors.ts';
import { identifierKey, identifiersBeyond, identifiersOf } from '../rules/identifiers.ts';
import type { User } from '../rules/user.ts';
import { inTransaction, type Database, type Queryable } from '../../database/database.ts';
import { shared } from '../../database/shared.ts';
import type { Writer } from '../../database/writer.ts';
import { linkActor } from './delegations.ts';
import { creationOf, insertHistory } from './history.ts';
import { insertIdentifiers, keysOf, refusalsOf, takenOf, type Claim } from './identifiers.ts';
import { INSERT_USERS, insertRows, userRecord } from './userRow.ts';

interface Asked {
  writer: Writer;
  user: User;
}

/**
 * Stores a new user, together with others that are stored at the same time.
 * @throws IdentifierTaken when another user has one of its identifiers, RuleError when its actor is none; nothing is stored
 * then
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
    const refused = await store(database, batch[0]!.writer.tenantId, batch);
    return batch.map(({ user }) => refused.get(user.user_id) ?? 'stored');
  },
});

/** A user some of whose identifiers are taken is left out, with all that belongs to it. */
const INSERT = `
  with ${takenOf(3)}, stored as (
    ${INSERT_USERS}
    where not exists (select from taken where taken.user_id = rows.user_id)
    returning user_id
  ), claimed as (
    insert into identifiers (tenant_id, kind, value, user_id)
    select $1, kind, value, stored.user_id
    from jsonb_to_recordset($3::jsonb) as claim (kind text, value text, user_id text)
    join stored on stored.user_id = claim.user_id
    order by kind collate "C", value collate "C"
  ), recorded as (
    insert into user_history (tenant_id, user_id, version, changed_at, client_id, before, after)
    select $1, stored.user_id, version, changed_at, client_id, before, after from jsonb_to_recordset($6::jsonb)
      as entry (user_id text, version bigint, changed_at bigint, client_id text, before jsonb, after jsonb)
    join stored on stored.user_id = entry.user_id
  )
  select user_id, kind, value from taken`;

/**
 * Stores users of whom no two want one identifier.
 * @returns by user ID, why one was not stored
 */
async function store(database: Queryable, tenantId: string, batch: Asked[]): Promise<Map<string, IdentifierTaken>> {
  const claims = batch.flatMap(({ user: { user_id, profile } }) =>
    identifiersOf(profile).map((identifier) => ({ ...identifier, user_id })),
  );
  const entries = batch.map(({ writer, user }) => ({ client_id: writer.clientId, ...creationOf(user) }));
  const { rows: taken } = await database.query<Claim>({
    name: 'insert-users-with-identifiers',
    text: INSERT,
    values: [
      tenantId,
      JSON.stringify(batch.map(({ user }) => userRecord(user))),
      JSON.stringify(claims),
      ...keysOf(claims),
      JSON.stringify(entries),
    ],
  });
  return refusalsOf(claims, taken);
}

/** Stores one in a transaction: one with an actor, or whose identifier somebody has just taken. */
function insertAlone(database: Database, writer: Writer, user: User): Promise<void> {
  const { tenantId } = writer;
  return inTransaction(database, async (connection) => {
    await insertIdentifiers(connection, tenantId, user.user_id, identifiersBeyond(user.profile, {}));
    await linkActor(connection, tenantId, user.user_id, {}, user.profile);
    await insertRows(connection, tenantId, [user]);
    await insertHistory(connection, writer, [creationOf(user)]);
  });
}
