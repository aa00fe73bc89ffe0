import { IdentifierTaken } from '../rules/errors.ts';
import { identifierKey, identifiersOf } from '../rules/identifiers.ts';
import { differenceOf } from '../rules/history.ts';
import type { User } from '../rules/user.ts';
import { inTransaction, type Database } from '../../database/database.ts';
import { insertIdentifiersIfFree } from './identifiers.ts';
import { insertHistory } from './history.ts';
import type { Writer } from '../../database/writer.ts';
import { USER_COLUMNS, userValues } from './userRow.ts';
import { insertUser } from './users.ts';

/**
 * Stores new users, those of one tenant, each alone: one that cannot be stored does not keep the others.
 * @param users of those who want one identifier, the first gets it
 * @returns by user ID, why a user was not stored
 */
export async function insertUsers(
  database: Database,
  writer: Writer,
  users: User[],
): Promise<Map<string, IdentifierTaken>> {
  const { tenantId } = writer;
  const refused = new Map<string, IdentifierTaken>();
  const { first, later } = withoutRivals(users);
  if (first.length > 0) {
    const unstored = await inTransaction(database, async (connection) => {
      const wanted = first.flatMap(({ user_id, profile }) =>
        identifiersOf(profile).map((identifier) => ({ ...identifier, user_id })),
      );
      const taken = await insertIdentifiersIfFree(connection, tenantId, wanted);
      const blocked = new Set(taken.map(({ user_id }) => user_id));
      if (blocked.size > 0) {
        await connection.query({
          text: 'delete from identifiers where tenant_id = $1 and user_id = any ($2::text[])',
          values: [tenantId, [...blocked]],
        });
      }
      const rows = first.filter(({ user_id }) => !blocked.has(user_id));
      await connection.query({ name: 'insert-users', text: INSERT, values: [tenantId, JSON.stringify(rows.map(row))] });
      const entries = rows.map((user) => ({ ...differenceOf(undefined, user), ...entryOf(user) }));
      await insertHistory(connection, writer, entries);
      return first.filter(({ user_id }) => blocked.has(user_id));
    });
    later.unshift(...unstored);
  }
  // One after another, so that each is told which identifier is taken, and by whom does not matter.
  for (const user of later) {
    await insertUser(database, writer, user).catch((error: unknown) => {
      if (!(error instanceof IdentifierTaken)) throw error;
      refused.set(user.user_id, error);
    });
  }
  return refused;
}

const entryOf = ({ user_id, version, updated_at }: User) => ({ user_id, version, changed_at: updated_at });

/** Those who want no identifier that one before them wants, and the others. */
function withoutRivals(users: User[]): { first: User[]; later: User[] } {
  const wanted = new Set<string>();
  const first: User[] = [];
  const later: User[] = [];
  for (const user of users) {
    const keys = identifiersOf(user.profile).map(identifierKey);
    (keys.some((key) => wanted.has(key)) ? later : first).push(user);
    for (const key of keys) wanted.add(key);
  }
  return { first, later };
}

const COLUMNS = [...USER_COLUMNS.split(', '), 'email', 'phone_number'];
const TYPES: Record<string, string> = {
  version: 'bigint',
  status_changed_at: 'bigint',
  created_at: 'bigint',
  updated_at: 'bigint',
  last_auth: 'bigint',
  profile: 'jsonb',
  custom_data: 'jsonb',
  apps: 'jsonb',
  password: 'jsonb',
  identities: 'jsonb',
  group_ids: 'text[]',
};
const INSERT = `insert into users (tenant_id, ${COLUMNS.join(', ')})
  select $1, rows.* from jsonb_to_recordset($2::jsonb) as rows (
    ${COLUMNS.map((column) => `${column} ${TYPES[column] ?? 'text'}`).join(', ')})`;

function row(user: User): Record<string, unknown> {
  const values = userValues(user);
  return Object.fromEntries(
    COLUMNS.map((column, index) => {
      const value = values[index];
      return [column, TYPES[column] === 'jsonb' && typeof value === 'string' ? (JSON.parse(value) as unknown) : value];
    }),
  );
}
