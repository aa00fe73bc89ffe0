import { inOneTransaction, inTransaction, type Database, type Queryable } from '../../database/database.ts';
import { shared } from '../../database/shared.ts';
import type { Writer } from '../../database/writer.ts';
import { applyChange, changeOf } from '../rules/change.ts';
import { wantVersion } from '../rules/version.ts';
import { lockUser, replaceUser } from './changeAlone.ts';
import { findActors, findDependents } from './delegations.ts';

interface Asked {
  writer: Writer;
  userId: string;
}

/**
 * Deletes a user with its history, and frees its identifiers, together with others that are deleted at the same time.
 * @param versions those that the user may be at; any when absent
 * @returns whether there was one
 * @throws StaleVersion when it is at another version
 */
export async function deleteUser(
  database: Database,
  writer: Writer,
  userId: string,
  versions: number[] | undefined,
): Promise<boolean> {
  // A version is compared under a lock.
  const deleted = versions ? 'alone' : await deleteTogether(database, { writer, userId });
  return deleted === 'alone' ? deleteAlone(database, writer, userId, versions) : deleted;
}

const deleteTogether = shared<Asked, boolean | 'alone'>({
  groupOf: ({ writer }) => writer.tenantId,
  keyOf: ({ writer, userId }) => `${writer.tenantId} ${userId}`,
  inTheWay: 'alone',
  async work(database, batch) {
    const actors = new Set<string>();
    for (;;) {
      const others = batch.filter(({ userId }) => !actors.has(userId));
      try {
        const deleted = others.length > 0 ? await deleteUnlessActors(database, others) : [];
        return batch.map(({ userId }) => (actors.has(userId) ? 'alone' : deleted.includes(userId)));
      } catch (error) {
        if (!(error instanceof ActorsFound)) throw error;
        for (const userId of error.userIds) actors.add(userId);
      }
    }
  },
});

/** There are some who act for others: nobody was deleted. */
class ActorsFound extends Error {
  readonly userIds: string[];

  constructor(userIds: string[]) {
    super();
    this.userIds = userIds;
  }
}

/** @returns the IDs of those who were there @throws ActorsFound */
const deleteUnlessActors = (database: Database, batch: Asked[]): Promise<string[]> =>
  inOneTransaction(database, async (connection) => {
    const { tenantId } = batch[0]!.writer;
    const deleted = await deleteUsers(connection, tenantId, batch);
    // Whoever has made one an actor has done so by now: from here on nobody can.
    const actors = await findActors(connection, tenantId, deleted);
    if (actors.length > 0) throw new ActorsFound(actors);
    return deleted;
  });

/** What belongs to a user, beside what its deletion leaves. */
const BELONGINGS = ['user_history', 'identifiers', 'delegations', 'sessions', 'one_time_codes'];

const DELETE = `
  with doomed as (
    delete from users where tenant_id = $1 and user_id = any ($2::text[]) returning user_id, group_ids
  ), memberships as (
    delete from group_members using (select user_id, unnest(group_ids) as group_id from doomed) as left_groups
    where group_members.tenant_id = $1 and group_members.user_id = left_groups.user_id
      and group_members.group_id = left_groups.group_id
  ), ${BELONGINGS.map(
    (table) => `of_${table} as (
    delete from ${table} using doomed
    where ${table}.tenant_id = $1 and ${table}.user_id = any ($2::text[]) and ${table}.user_id = doomed.user_id
  )`,
  ).join(', ')}, recorded as (
    insert into deleted_users (tenant_id, user_id, deleted_at, client_id)
    select $1, doomed.user_id, $3, client_id from unnest($2::text[], $4::text[]) as asked (user_id, client_id)
    join doomed on doomed.user_id = asked.user_id
    on conflict (tenant_id, user_id) do update set deleted_at = excluded.deleted_at, client_id = excluded.client_id
  )
  select user_id from doomed`;

/**
 * Deletes users with all that belongs to them, and records that they are deleted; a user who was made again by an import may
 * be deleted again.
 * @returns the IDs of those who were there
 */
async function deleteUsers(connection: Queryable, tenantId: string, batch: Asked[]): Promise<string[]> {
  // In the one order that all take their locks in.
  const ordered = [...batch].sort((one, other) => (one.userId < other.userId ? -1 : 1));
  const { rows } = await connection.query<{ user_id: string }>({
    name: 'delete-users',
    text: DELETE,
    values: [tenantId, ordered.map(({ userId }) => userId), Date.now(), ordered.map(({ writer }) => writer.clientId)],
  });
  return rows.map(({ user_id }) => user_id);
}

/** Deletes one under a lock, and takes it off those for whom it acts. */
function deleteAlone(
  database: Database,
  writer: Writer,
  userId: string,
  versions: number[] | undefined,
): Promise<boolean> {
  return inTransaction(database, async (connection) => {
    const user = await lockUser(connection, writer.tenantId, userId, 'update');
    if (!user) return false;
    wantVersion(user, versions);
    await freeDependents(connection, writer, userId);
    await deleteUsers(connection, writer.tenantId, [{ writer, userId }]);
    return true;
  });
}

async function freeDependents(connection: Queryable, writer: Writer, actorId: string): Promise<void> {
  const { tenantId } = writer;
  for (const userId of await findDependents(connection, tenantId, actorId)) {
    const before = await lockUser(connection, tenantId, userId);
    if (!before || before.profile.delegated_access?.actor_id !== actorId) continue;
    const context = { at: Date.now(), appId: '' };
    const after = applyChange(before, changeOf({ delegated_access: null }, context));
    await replaceUser(connection, writer, before, after);
  }
}
