import { identifierKey, identifiersBeyond, identifiersOf, type Identifier } from '../rules/identifiers.ts';
import { applyChange, changeOf, isBlind, type Change } from '../rules/change.ts';
import { differenceOf } from '../rules/history.ts';
import type { Profile, User } from '../rules/user.ts';
import { addToApp } from '../rules/addresses.ts';
import { wantVersion } from '../rules/version.ts';
import { inTransaction, type Database, type Queryable } from '../../database/database.ts';
import { shared } from '../../database/shared.ts';
import { findDependents, linkActor } from './delegations.ts';
import { deleteIdentifiers, findOwners, insertIdentifiers } from './identifiers.ts';
import type { UpdateTogether } from './sharedCommits.ts';
import { insertDeletion, insertHistory } from './history.ts';
import type { Writer } from '../../database/writer.ts';
import { userValues, USER_COLUMNS } from './userRow.ts';

/** Finds a user by ID, together with others that are looked for at the same time. */
export async function findUser(database: Database, tenantId: string, userId: string): Promise<User | undefined> {
  return byId(database, { tenantId, userId });
}

const byId = shared<{ tenantId: string; userId: string }, User | undefined>({
  groupOf: ({ tenantId }) => tenantId,
  async work(database, wanted) {
    const { rows } = await database.query<User>({
      name: 'find-users',
      text: `select ${USER_COLUMNS} from users where tenant_id = $1 and user_id = any ($2::text[])`,
      values: [wanted[0]!.tenantId, wanted.map(({ userId }) => userId)],
    });
    const found = new Map(rows.map((user) => [user.user_id, user]));
    return wanted.map(({ userId }) => found.get(userId));
  },
});

/** Finds the user who has this identifier, primary or secondary, together with others that are looked for at the same time. */
export async function findByIdentifier(
  database: Database,
  tenantId: string,
  identifier: Identifier,
): Promise<User | undefined> {
  return byIdentifier(database, { ...identifier, tenantId });
}

const byIdentifier = shared<Identifier & { tenantId: string }, User | undefined>({
  groupOf: ({ tenantId }) => tenantId,
  async work(database, wanted) {
    const { rows } = await database.query<User & { kind: Identifier['kind']; value: string }>({
      name: 'find-users-by-identifier',
      text: `select identifiers.kind, identifiers.value, ${USER_COLUMNS.replaceAll(/\w+/g, 'users.$&')}
        from unnest($2::text[], $3::text[]) as wanted (kind, value)
        join identifiers on identifiers.tenant_id = $1 and identifiers.kind = wanted.kind and identifiers.value = wanted.value
        join users on users.tenant_id = $1 and users.user_id = identifiers.user_id`,
      values: [wanted[0]!.tenantId, wanted.map(({ kind }) => kind), wanted.map(({ value }) => value)],
    });
    const found = new Map(rows.map(({ kind, value, ...user }) => [identifierKey({ kind, value }), user]));
    return wanted.map((identifier) => found.get(identifierKey(identifier)));
  },
});

/** Finds the user who has signed in with this identifier of an identity provider; of several, the one who did so first. */
export async function findByIdentity(
  database: Queryable,
  tenantId: string,
  identifier: string,
): Promise<User | undefined> {
  const { rows } = await database.query<User>({
    name: 'find-user-by-identity',
    text: `select ${USER_COLUMNS} from users where tenant_id = $1 and identities @> $2::jsonb
      order by created_at, user_id limit 1`,
    values: [tenantId, JSON.stringify([{ identifier }])],
  });
  return rows[0];
}

/** Finds the user who has signed in with this identity of a provider. */
export async function findByProvider(
  database: Queryable,
  tenantId: string,
  providerName: string,
  identifier: string,
): Promise<User | undefined> {
  const { rows } = await database.query<User>({
    name: 'find-user-by-provider',
    text: `select ${USER_COLUMNS} from users where tenant_id = $1 and identities @> $2::jsonb
      order by created_at, user_id limit 1`,
    values: [tenantId, JSON.stringify([{ provider_name: providerName, auth_type: 'oauth2', identifier }])],
  });
  return rows[0];
}

/** Which of these users are there. */
export async function findExistingUserIds(database: Queryable, tenantId: string, userIds: string[]): Promise<string[]> {
  const { rows } = await database.query<{ user_id: string }>({
    name: 'find-existing-users',
    text: 'select user_id from users where tenant_id = $1 and user_id = any ($2::text[])',
    values: [tenantId, userIds],
  });
  return rows.map(({ user_id }) => user_id);
}

/** Stores a new user. @throws IdentifierTaken when another user has one of its identifiers; nothing is stored then */
export function insertUser(database: Database, writer: Writer, user: User): Promise<void> {
  const { tenantId } = writer;
  return inTransaction(database, async (connection) => {
    await insertIdentifiers(connection, tenantId, user.user_id, identifiersBeyond(user.profile, {}));
    await linkActor(connection, tenantId, user.user_id, {}, user.profile);
    await connection.query({
      name: 'insert-user',
      text: `insert into users (tenant_id, ${USER_COLUMNS}, email, phone_number)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
      values: [tenantId, ...userValues(user)],
    });
    await record(connection, writer, undefined, user);
  });
}

/**
 * Associates a user who is there already with an application, as creating it again does.
 * @param profile the identifiers by which it is found
 * @returns the user; undefined when the identifiers are of several users, or of one who is associated already
 */
export async function associateUser(
  database: Database,
  writer: Writer,
  appId: string,
  profile: Profile,
): Promise<User | undefined> {
  const owners = await findOwners(database, writer.tenantId, identifiersOf(profile));
  const [userId] = owners;
  if (userId === undefined || owners.length > 1) return undefined;
  const already = new Error('The user is associated already');
  try {
    return await changeUser(database, writer, userId, (user) => {
      if (user.apps[appId]) throw already;
      return addToApp(user, appId, Date.now());
    });
  } catch (error) {
    if (error === already) return undefined;
    throw error;
  }
}

/**
 * Makes a change to a user: one statement when the change is blind, else a short transaction that locks the row.
 * @param updateTogether makes the blind ones
 * @returns the user after the change; undefined when there is none with this ID
 * @throws IdentifierTaken, or RuleError from the rule; nothing is changed then
 */
export async function updateUser(
  database: Database,
  updateTogether: UpdateTogether,
  writer: Writer,
  userId: string,
  change: Change,
): Promise<User | undefined> {
  if (isBlind(change)) {
    const user = await updateTogether(writer, { userId, change });
    // None is a user who is not there or is locked, or one whose custom data may grow too large: the rule tells.
    if (user) return user;
  }
  return changeUser(database, writer, userId, (before) => applyChange(before, change));
}

/**
 * Applies a rule to a user in a short transaction that locks the row.
 * @param rule gives the user after the change; what it throws changes nothing
 * @param versions those that the user may be at before; any when absent
 * @returns the user after the change; undefined when there is none with this ID
 * @throws IdentifierTaken when another user has an identifier that the change adds
 */
export async function changeUser(
  database: Database,
  writer: Writer,
  userId: string,
  rule: (user: User) => User,
  versions?: number[],
): Promise<User | undefined> {
  const { tenantId } = writer;
  return inTransaction(database, async (connection) => {
    const before = await lockUser(connection, tenantId, userId);
    if (!before) return undefined;
    wantVersion(before, versions);
    const after = rule(before);
    await deleteIdentifiers(connection, tenantId, userId, identifiersBeyond(before.profile, after.profile));
    await insertIdentifiers(connection, tenantId, userId, identifiersBeyond(after.profile, before.profile));
    await linkActor(connection, tenantId, userId, before.profile, after.profile);
    await replaceUser(connection, tenantId, after);
    await record(connection, writer, before, after);
    return after;
  });
}

function record(connection: Queryable, writer: Writer, before: User | undefined, after: User): Promise<void> {
  const { user_id, version, updated_at } = after;
  return insertHistory(connection, writer, [
    { user_id, version, changed_at: updated_at, ...differenceOf(before, after) },
  ]);
}

/**
 * Deletes a user with its history, and frees its identifiers.
 * @param versions those that the user may be at; any when absent
 * @returns whether there was one
 * @throws StaleVersion when it is at another version
 */
export async function deleteUser(
  database: Database,
  { tenantId, clientId }: Writer,
  userId: string,
  versions: number[] | undefined,
): Promise<boolean> {
  return inTransaction(database, async (connection) => {
    const user = await lockUser(connection, tenantId, userId);
    if (!user) return false;
    wantVersion(user, versions);
    await connection.query({
      name: 'delete-memberships',
      text: 'delete from group_members where tenant_id = $1 and group_id = any ($2::text[]) and user_id = $3',
      values: [tenantId, user.group_ids, userId],
    });
    await freeDependents(connection, { tenantId, clientId }, userId);
    for (const { name, text } of DELETIONS) await connection.query({ name, text, values: [tenantId, userId] });
    await insertDeletion(connection, { tenantId, clientId }, userId, Date.now());
    return true;
  });
}

/** Takes a user who is deleted off those for whom it may act. */
async function freeDependents(connection: Queryable, writer: Writer, actorId: string): Promise<void> {
  const { tenantId } = writer;
  for (const userId of await findDependents(connection, tenantId, actorId)) {
    const before = await lockUser(connection, tenantId, userId);
    if (!before || before.profile.delegated_access?.actor_id !== actorId) continue;
    const context = { at: Date.now(), appId: '' };
    const after = applyChange(before, changeOf({ delegated_access: null }, context));
    await linkActor(connection, tenantId, userId, before.profile, after.profile);
    await replaceUser(connection, tenantId, after);
    await record(connection, writer, before, after);
  }
}

const DELETIONS = ['user_history', 'identifiers', 'delegations', 'sessions', 'one_time_codes', 'users'].map(
  (table) => ({
    name: `delete-${table}-of-user`,
    text: `delete from ${table} where tenant_id = $1 and user_id = $2`,
  }),
);

async function lockUser(connection: Queryable, tenantId: string, userId: string): Promise<User | undefined> {
  const { rows } = await connection.query<User>({
    name: 'lock-user',
    text: `select ${USER_COLUMNS} from users where tenant_id = $1 and user_id = $2 for no key update nowait`,
    values: [tenantId, userId],
  });
  return rows[0];
}

async function replaceUser(connection: Queryable, tenantId: string, user: User): Promise<void> {
  await connection.query({
    name: 'replace-user',
    text: `update users set (version, status, status_changed_at, created_at, updated_at, last_auth,
        profile, custom_data, apps, password, identities, group_ids, email, phone_number)
        = ($3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11::jsonb, $12::jsonb, $13::jsonb, $14::text[], $15::text, $16::text)
      where tenant_id = $1 and user_id = $2`,
    values: [tenantId, ...userValues(user)],
  });
}
