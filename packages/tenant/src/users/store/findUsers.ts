import type { Database, Queryable } from '../../database/database.ts';
import { shared } from '../../database/shared.ts';
import { hasIdentifier, identifierKey, type Identifier } from '../rules/identifiers.ts';
import type { User } from '../rules/user.ts';
import { findOwners } from './identifiers.ts';
import { USER_COLUMNS } from './userRow.ts';

/** Finds a user by ID, together with others that are looked for at the same time. */
export async function findUser(database: Database, tenantId: string, userId: string): Promise<User | undefined> {
  return byId(database, { tenantId, userId });
}

const byId = shared<{ tenantId: string; userId: string }, User | undefined>({
  groupOf: ({ tenantId }) => tenantId,
  async work(database, wanted) {
    const userIds = wanted.map(({ userId }) => userId);
    const found = await readUsersById(database, wanted[0]!.tenantId, userIds);
    return userIds.map((userId) => found.get(userId));
  },
});

/** Those of these users who are there, by ID. */
export async function readUsersById(
  database: Queryable,
  tenantId: string,
  userIds: string[],
): Promise<Map<string, User>> {
  const { rows } = await database.query<User>({
    name: 'find-users',
    text: `select ${USER_COLUMNS} from users where tenant_id = $1 and user_id = any ($2::text[])`,
    values: [tenantId, userIds],
  });
  return new Map(rows.map((user) => [user.user_id, user]));
}

/** Finds the user who has this identifier, primary or secondary, together with others that are looked for at the same time. */
export async function findByIdentifier(
  database: Database,
  tenantId: string,
  identifier: Identifier,
): Promise<User | undefined> {
  return byIdentifier(database, { ...identifier, tenantId });
}

/** How often an identifier that moves from user to user is looked for. */
const LOOKS = 5;

const byIdentifier = shared<Identifier & { tenantId: string }, User | undefined>({
  groupOf: ({ tenantId }) => tenantId,
  async work(database, wanted) {
    const { tenantId } = wanted[0]!;
    const found = new Map<string, User>();
    // In two statements, for the tables may lie apart: an identifier may move in between, and is looked for again then.
    for (let moved: Identifier[] = wanted, tried = 1; moved.length > 0 && tried <= LOOKS; tried += 1) {
      const owners = await findOwners(database, tenantId, moved);
      const users = await readUsersById(database, tenantId, [...new Set(owners.values())]);
      moved = moved.filter((identifier) => {
        const key = identifierKey(identifier);
        const owner = owners.get(key);
        const user = owner === undefined ? undefined : users.get(owner);
        const has = user && hasIdentifier(user.profile, identifier);
        if (has) found.set(key, user);
        return owner !== undefined && !has;
      });
    }
    return wanted.map((identifier) => found.get(identifierKey(identifier)));
  },
});

/** All of them first: in the order of creation, PostgreSQL would read users until it comes to one. */
const BY_IDENTITY = `
  with found as materialized (
    select ${USER_COLUMNS} from users where tenant_id = $1 and identities <> '[]' and identities @> $2::jsonb
  )
  select * from found order by created_at, user_id limit 1`;

/** Finds the user who has signed in with this identifier of an identity provider; of several, the one who did so first. */
export async function findByIdentity(
  database: Queryable,
  tenantId: string,
  identifier: string,
): Promise<User | undefined> {
  const { rows } = await database.query<User>({
    name: 'find-user-by-identity',
    text: BY_IDENTITY,
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
    text: BY_IDENTITY,
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
