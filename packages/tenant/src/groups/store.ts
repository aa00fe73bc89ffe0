import type { ApiGroup, UpdateGroupInput } from '@tessera/contract';
import type { User } from '../users/rules/user.ts';
import {
  inTransaction,
  untilUnlocked,
  isUniqueViolation,
  type Database,
  type Queryable,
  type ReadChunks,
} from '../database/database.ts';
import type { Writer } from '../database/writer.ts';
import { GroupNameTaken, UnknownMembers } from './errors.ts';
import { findExistingUserIds } from '../users/store/findUsers.ts';
import { USER_COLUMNS } from '../users/store/userRow.ts';

const COLUMNS = 'group_id, name, description, custom_data, created_at, updated_at';

/** Stores a new group. @throws GroupNameTaken */
export async function insertGroup(database: Queryable, tenantId: string, group: ApiGroup): Promise<void> {
  await unlessNameTaken(
    database.query({
      text: `insert into groups (tenant_id, ${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7)`,
      values: [
        tenantId,
        group.group_id,
        group.name,
        group.description,
        group.custom_data && JSON.stringify(group.custom_data),
        group.created_at,
        group.updated_at,
      ],
    }),
  );
}

/** Finds a group of a tenant by its ID. */
export async function findGroup(database: Queryable, tenantId: string, groupId: string): Promise<ApiGroup | undefined> {
  const { rows } = await database.query<GroupRow>({
    name: 'find-group',
    text: `select ${COLUMNS} from groups where tenant_id = $1 and group_id = $2`,
    values: [tenantId, groupId],
  });
  return rows.map(groupOf)[0];
}

/** Reads a page of a tenant's groups, by name, in chunks. */
export const readGroups =
  (database: Database, tenantId: string, page: { offset: number; limit: number }): ReadChunks<GroupRow> =>
  (take) =>
    database.readChunks<GroupRow>(
      {
        text: `select ${COLUMNS} from groups where tenant_id = $1 order by name, group_id limit $2 offset $3`,
        values: [tenantId, page.limit, page.offset],
      },
      take,
    );

/** Reads the groups that a user is a member of, by name, in chunks; undefined when there is no such user. */
export async function readGroupsOfUser(
  database: Database,
  tenantId: string,
  userId: string,
): Promise<ReadChunks<GroupRow> | undefined> {
  const { rows } = await database.query<{ group_ids: string[] }>({
    text: 'select group_ids from users where tenant_id = $1 and user_id = $2',
    values: [tenantId, userId],
  });
  const [user] = rows;
  if (!user) return undefined;
  const text = `select ${COLUMNS} from groups where tenant_id = $1 and group_id = any ($2::text[]) order by name, group_id`;
  return (take) => database.readChunks<GroupRow>({ text, values: [tenantId, user.group_ids] }, take);
}

/** Changes what is sent of a group; null clears. @throws GroupNameTaken */
export async function updateGroup(
  database: Queryable,
  tenantId: string,
  groupId: string,
  { name, description, custom_data }: UpdateGroupInput,
  at: number,
): Promise<ApiGroup | undefined> {
  const update = () =>
    database.query<GroupRow>({
      text: `update groups set
          name = coalesce($3, name),
          description = case when $4 then $5 else description end,
          custom_data = case when $6 then $7::jsonb else custom_data end,
          updated_at = greatest(updated_at, $8)
        where tenant_id = $1 and group_id = $2 returning ${COLUMNS}`,
      values: [
        tenantId,
        groupId,
        name,
        description !== undefined,
        description,
        custom_data !== undefined,
        custom_data && JSON.stringify(custom_data),
        at,
      ],
    });
  // Whoever joins or leaves it meanwhile holds its row for a moment.
  const { rows } = await unlessNameTaken(untilUnlocked(update));
  return rows.map(groupOf)[0];
}

/** How many members leave in one transaction: others who want their rows wait for no longer. */
const LEAVING = 500;

/**
 * Deletes a group; its members are members no more. They leave in chunks, each a transaction of its own, and then the group
 * goes: one that is cut short leaves a group with fewer members, and the next one goes on from there.
 * @returns whether there was one
 */
export async function deleteGroup(database: Database, writer: Writer, groupId: string, at: number): Promise<boolean> {
  const { tenantId } = writer;
  for (;;) {
    const left = await inTransaction(database, async (connection) => {
      if (!(await lockGroup(connection, tenantId, groupId))) return undefined;
      const { rows } = await connection.query<{ user_id: string }>({
        text: `delete from group_members where tenant_id = $1 and group_id = $2 and user_id in
          (select user_id from group_members where tenant_id = $1 and group_id = $2 order by user_id limit $3)
          returning user_id`,
        values: [tenantId, groupId, LEAVING],
      });
      const userIds = rows.map(({ user_id }) => user_id);
      await setGroups(connection, writer, 'leave', groupId, userIds, at);
      if (userIds.length < LEAVING) {
        await connection.query({
          text: 'delete from groups where tenant_id = $1 and group_id = $2',
          values: [tenantId, groupId],
        });
      }
      return userIds.length;
    });
    if (left === undefined) return false;
    if (left < LEAVING) return true;
  }
}

/**
 * Makes users members of a group; those who are already stay so.
 * @returns whether there is such a group
 * @throws UnknownMembers when a user is not there; nobody is added then
 */
export function addMembers(
  database: Database,
  writer: Writer,
  groupId: string,
  userIds: string[],
  at: number,
): Promise<boolean> {
  const { tenantId } = writer;
  return inTransaction(database, async (connection) => {
    if (!(await lockGroup(connection, tenantId, groupId))) return false;
    wantAll(userIds, await findExistingUserIds(connection, tenantId, userIds));
    const { rows } = await connection.query<{ user_id: string }>({
      text: `insert into group_members (tenant_id, group_id, user_id)
        select $1, $2, user_id from unnest($3::text[]) as new (user_id) on conflict do nothing returning user_id`,
      values: [tenantId, groupId, userIds],
    });
    const joining = rows.map(({ user_id }) => user_id);
    // One who has been deleted meanwhile is not there to join.
    wantAll(joining, await setGroups(connection, writer, 'join', groupId, joining, at));
    return true;
  });
}

/** Ends a membership. @returns whether there was one */
export function removeMember(
  database: Database,
  writer: Writer,
  groupId: string,
  userId: string,
  at: number,
): Promise<boolean> {
  const { tenantId } = writer;
  return inTransaction(database, async (connection) => {
    if (!(await lockGroup(connection, tenantId, groupId))) return false;
    const { rowCount } = await connection.query({
      text: 'delete from group_members where tenant_id = $1 and group_id = $2 and user_id = $3',
      values: [tenantId, groupId, userId],
    });
    await setGroups(connection, writer, 'leave', groupId, rowCount ? [userId] : [], at);
    return rowCount === 1;
  });
}

/** Reads a page of a group's members, by user ID, in chunks; undefined when there is no such group. */
export async function readMembers(
  database: Database,
  tenantId: string,
  groupId: string,
  page: { offset: number; limit: number },
): Promise<ReadChunks<User> | undefined> {
  if (!(await findGroup(database, tenantId, groupId))) return undefined;
  const columns = USER_COLUMNS.replace('user_id', 'users.user_id');
  const text = `select ${columns} from group_members join users using (tenant_id, user_id)
    where group_members.tenant_id = $1 and group_id = $2 order by user_id limit $3 offset $4`;
  return (take) => database.readChunks<User>({ text, values: [tenantId, groupId, page.limit, page.offset] }, take);
}

/** How many members a group has. */
export async function countMembers(database: Database, tenantId: string, groupId: string): Promise<number> {
  const { rows } = await database.search<{ count: number }>({
    text: 'select count(*) from group_members where tenant_id = $1 and group_id = $2',
    values: [tenantId, groupId],
  });
  return rows[0]?.count ?? 0;
}

/** @throws UnknownMembers when some of them are not there */
function wantAll(userIds: string[], there: string[]): void {
  const known = new Set(there);
  const unknown = userIds.filter((userId) => !known.has(userId));
  if (unknown.length > 0) throw new UnknownMembers(unknown);
}

/**
 * Changes the groups of users, and records it: the one group, and not again those that stay.
 * @returns the IDs of those who are there
 */
async function setGroups(
  connection: Queryable,
  { tenantId, clientId }: Writer,
  change: 'join' | 'leave',
  groupId: string,
  userIds: string[],
  at: number,
): Promise<string[]> {
  const [groupIds, before, after] =
    change === 'join'
      ? ['array_append(group_ids, $2)', 'array[]::text[]', 'array[$2]']
      : ['array_remove(group_ids, $2)', 'array[$2]', 'array[]::text[]'];
  const { rows } = await connection.query<{ user_id: string }>({
    text: `with changed as (
        update users set version = version + 1, updated_at = greatest(updated_at, $4), group_ids = ${groupIds}
        where tenant_id = $1 and user_id = any ($3::text[])
        returning user_id, version, updated_at
      ), recorded as (
        insert into user_history (tenant_id, user_id, version, changed_at, client_id, before, after)
        select $1, user_id, version, updated_at, $5,
          jsonb_build_object('groupIds', ${before}), jsonb_build_object('groupIds', ${after}) from changed
      )
      select user_id from changed`,
    values: [tenantId, groupId, [...userIds].sort(), at, clientId],
  });
  return rows.map(({ user_id }) => user_id);
}

/** Keeps the group, and so its members, from changing under another request. */
async function lockGroup(connection: Queryable, tenantId: string, groupId: string): Promise<boolean> {
  const { rowCount } = await connection.query({
    text: 'select from groups where tenant_id = $1 and group_id = $2 for update nowait',
    values: [tenantId, groupId],
  });
  return rowCount === 1;
}

export type GroupRow = { [Name in keyof ApiGroup]-?: ApiGroup[Name] | null };

/** What is not set is null in a row, and absent in the API. */
export function groupOf(row: GroupRow): ApiGroup {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as ApiGroup;
}

async function unlessNameTaken<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    if (isUniqueViolation(error)) {
      throw new GroupNameTaken();
    }
    throw error;
  }
}
