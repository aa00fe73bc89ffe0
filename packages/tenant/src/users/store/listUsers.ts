import type { Condition } from '../search/parseSearch.ts';
import type { User } from '../rules/user.ts';
import type { Database, Queryable, ReadChunks } from '../../database/database.ts';
import { conditionSql, Parameters } from '../search/searchSql.ts';
import { USER_COLUMNS } from './userRow.ts';

/** Which users, of which tenant, as seen by which application. */
export interface UserQuery {
  tenantId: string;
  appId: string;
  condition?: Condition;
  /** What the primary email or phone number begins with; emails in lower case. */
  prefix?: string;
}

/** Which of them, in which order: each order is total, so that it stays put under paging. */
export interface Page {
  sort: 'created_at' | 'email' | 'phone_number' | 'last_auth';
  descending: boolean;
  offset: number;
  limit: number;
}

/** Counts the users that a query finds. */
export async function countUsers(database: Database, query: UserQuery): Promise<number> {
  const { from, where, values } = whereSql(query);
  const { rows } = await database.search<{ count: number }>({
    text: `select count(*) from ${from} where ${where}`,
    values,
  });
  return rows[0]?.count ?? 0;
}

/**
 * Where users come who have not what is sorted by: last, but who never signed in did so before all others. So the indexes have
 * them, but those of emails and phone numbers from the other end.
 */
const NULLS = {
  created_at: { asc: '', desc: '' },
  last_auth: { asc: 'nulls first', desc: 'nulls last' },
  email: { asc: 'nulls last', desc: 'nulls last' },
  phone_number: { asc: 'nulls last', desc: 'nulls last' },
} satisfies Record<Page['sort'], unknown>;

/** Reads a page of the users that a query finds, in chunks. */
export const readUsers =
  (database: Database, query: UserQuery, page: Page): ReadChunks<User> =>
  (take) => {
    const { from, where, values } = whereSql(query);
    const direction = page.descending ? 'desc' : 'asc';
    return database.readChunks<User>(
      {
        text: `select ${USER_COLUMNS} from ${from} where ${where}
          order by ${page.sort} ${direction} ${NULLS[page.sort][direction]}, user_id ${direction}
          limit $${values.length + 1} offset $${values.length + 2}`,
        values: [...values, page.limit, page.offset],
      },
      take,
    );
  };

/** The next users of a tenant, by ID. @param after the ID of the last one before; empty for the first ones */
export async function usersAfter(database: Queryable, tenantId: string, after: string, limit: number): Promise<User[]> {
  const { rows } = await database.query<User>({
    name: 'users-after',
    text: `select ${USER_COLUMNS} from users where tenant_id = $1 and user_id > $2 order by user_id limit $3`,
    values: [tenantId, after, limit],
  });
  return rows;
}

function whereSql({ tenantId, appId, condition, prefix }: UserQuery): {
  from: string;
  where: string;
  values: unknown[];
} {
  const parameters = new Parameters();
  const tenant = parameters.add(tenantId);
  const parts = [`tenant_id = ${tenant}`];
  const derived = new Map<string, string>();
  if (condition) {
    const app = parameters.add(appId);
    // The application is named even where no part of the condition asks for it, so that its place has a type.
    parts.push(`${app}::text is not null`, conditionSql(condition, { tenant, app, derived }, parameters));
  }
  if (prefix !== undefined) {
    const place = `${parameters.add(prefix)}::text`;
    parts.push(`(email ^@ ${place} or phone_number ^@ ${place})`);
  }
  const from = ['users', ...[...derived].map(([name, sql]) => `lateral ${sql} as ${name}`)].join(' cross join ');
  return { from, where: parts.join(' and '), values: parameters.values };
}
