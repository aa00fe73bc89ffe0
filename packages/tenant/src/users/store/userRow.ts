import type { Queryable } from '../../database/database.ts';
import type { User } from '../rules/user.ts';

/** The columns of a user's row that make a User: pg gives each in the form that the rules work on. */
export const USER_COLUMNS =
  'user_id, version, status, status_changed_at, created_at, updated_at, last_auth, ' +
  'profile, custom_data, apps, password, identities, group_ids';

/** A user's values in the order of USER_COLUMNS, then the columns that searches and sorting use: primary email and phone number. */
export function userValues(user: User): unknown[] {
  return [
    user.user_id,
    user.version,
    user.status,
    user.status_changed_at,
    user.created_at,
    user.updated_at,
    user.last_auth,
    JSON.stringify(user.profile),
    user.custom_data && JSON.stringify(user.custom_data),
    JSON.stringify(user.apps),
    user.password && JSON.stringify(user.password),
    JSON.stringify(user.identities),
    user.group_ids,
    user.profile.email?.value,
    user.profile.phone_number?.value,
  ];
}

const RECORD = [...USER_COLUMNS.split(', '), 'email', 'phone_number'];
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

/** Stores users of the tenant $1, which are in $2 as `userRecord` gives them. */
export const INSERT_USERS = `insert into users (tenant_id, ${RECORD.join(', ')})
  select $1, rows.* from jsonb_to_recordset($2::jsonb) as rows (
    ${RECORD.map((column) => `${column} ${TYPES[column] ?? 'text'}`).join(', ')})`;

/** Stores users whose identifiers are claimed. */
export async function insertRows(connection: Queryable, tenantId: string, users: User[]): Promise<void> {
  const values = [tenantId, JSON.stringify(users.map(userRecord))];
  await connection.query({ name: 'insert-users', text: INSERT_USERS, values });
}

/** A whole user as one of many that go to the database as JSON. */
export const userRecord = (user: User): Record<string, unknown> => ({
  ...user,
  email: user.profile.email?.value,
  phone_number: user.profile.phone_number?.value,
});
