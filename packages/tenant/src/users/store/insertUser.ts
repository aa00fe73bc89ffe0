import { withoutAddress } from '../rules/addresses.ts';
import { IdentifierTaken } from '../rules/errors.ts';
import { hasIdentifier, identifierKey, identifiersBeyond, identifiersOf } from '../rules/identifiers.ts';
import { addressIdentifies, type Address } from '../rules/ownership.ts';
import type { User } from '../rules/user.ts';
import { inTransaction, type Database, type Queryable } from '../../database/database.ts';
import { shared } from '../../database/shared.ts';
import type { Writer } from '../../database/writer.ts';
import { lockUser, replaceUser } from './changeAlone.ts';
import { linkActor } from './delegations.ts';
import { creationOf, insertHistory } from './history.ts';
import { findOwners, insertIdentifiers, keysOf, refusalsOf, takenOf, type Claim } from './identifiers.ts';
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

/**
 * Stores a new user who has proved an address. Another profile that has the address, but is not identified by it
 * (`addressIdentifies`), loses it.
 * @throws IdentifierTaken when the address identifies another user; nothing is stored then
 */
export async function insertUserWithProved(
  database: Database,
  writer: Writer,
  user: User,
  address: Address,
): Promise<void> {
  try {
    await insertUser(database, writer, user);
  } catch (error) {
    if (!(error instanceof IdentifierTaken)) throw error;
    await inTransaction(database, async (connection) => {
      await releaseAddress(connection, writer, address);
      await insertInto(connection, writer, user);
    });
  }
}

/**
 * Takes an address off the profile that has it without being identified by it.
 * @throws IdentifierTaken when the address identifies the user, or the user is disabled
 */
async function releaseAddress(connection: Queryable, writer: Writer, address: Address): Promise<void> {
  const { tenantId } = writer;
  const [holderId] = (await findOwners(connection, tenantId, [address])).values();
  if (holderId === undefined) return;
  const holder = await lockUser(connection, tenantId, holderId);
  if (!holder || !hasIdentifier(holder.profile, address)) return;
  if (holder.status === 'Disabled' || addressIdentifies(holder, address)) throw new IdentifierTaken(address.kind);
  await replaceUser(connection, writer, holder, withoutAddress(holder, address, Date.now()));
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
const insertAlone = (database: Database, writer: Writer, user: User): Promise<void> =>
  inTransaction(database, (connection) => insertInto(connection, writer, user));

async function insertInto(connection: Queryable, writer: Writer, user: User): Promise<void> {
  const { tenantId } = writer;
  await insertIdentifiers(connection, tenantId, user.user_id, identifiersBeyond(user.profile, {}));
  await linkActor(connection, tenantId, user.user_id, {}, user.profile);
  await insertRows(connection, tenantId, [user]);
  await insertHistory(connection, writer, [creationOf(user)]);
}
