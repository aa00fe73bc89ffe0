import { inOneTransaction, inTransaction, type Database, type Queryable } from '../../database/database.ts';
import { shared } from '../../database/shared.ts';
import type { Writer } from '../../database/writer.ts';
import { applyChange, changeOf } from '../rules/change.ts';
import type { User } from '../rules/user.ts';
import { wantVersion } from '../rules/version.ts';
import { lockUser, replaceUser } from './changeAlone.ts';
import { findActors, findDependents } from './delegations.ts';
import { findUser } from './findUsers.ts';

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
  keysOf: ({ writer, userId }) => [`${writer.tenantId} ${userId}`],
  inTheWay: 'alone',
  scatters: true,
  overlaps: true,
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
const BELONGINGS = ['user_history', 'identifiers', 'delegations', 'one_time_codes'];

const DELETE_BELONGINGS = `
  with memberships as (
    delete from group_members where tenant_id = $1 and group_id = any ($5::text[]) and user_id = any ($2::text[])
  ), ${BELONGINGS.map(
    (table) => `of_${table} as (
    delete from ${table} where tenant_id = $1 and user_id = any ($2::text[])
  )`,
  ).join(', ')}, of_sessions as (
    delete from sessions where tenant_id = $1 and user_id = any ($2::text[]) returning session_id
  ), of_refresh_tokens as (
    delete from refresh_tokens where tenant_id = $1 and session_id in (select session_id from of_sessions)
  )
  insert into deleted_users (tenant_id, user_id, deleted_at, client_id)
  select $1, user_id, $3, client_id from unnest($2::text[], $4::text[]) as deleted (user_id, client_id)
  on conflict (tenant_id, user_id) do update set deleted_at = excluded.deleted_at, client_id = excluded.client_id`;

/**
 * Deletes users with all that belongs to them, and records that they are deleted; a user who was made again by an import may
 * be deleted again.
 * @returns the IDs of those who were there
 */
async function deleteUsers(connection: Queryable, tenantId: string, batch: Asked[]): Promise<string[]> {
  const { rows } = await connection.query<Pick<User, 'user_id' | 'group_ids'>>({
    name: 'delete-users',
    text: 'delete from users where tenant_id = $1 and user_id = any ($2::text[]) returning user_id, group_ids',
    // In the one order that all take their locks in.
    values: [tenantId, batch.map(({ userId }) => userId).sort()],
  });
  if (rows.length === 0) return [];
  const deleted = rows.map(({ user_id }) => user_id);
  const clients = new Map(batch.map(({ writer, userId }) => [userId, writer.clientId]));
  // In a statement of its own, which sees what those have done for whom the first had to wait.
  await connection.query({
    name: 'delete-belongings',
    text: DELETE_BELONGINGS,
    values: [
      tenantId,
      deleted,
      Date.now(),
      deleted.map((userId) => clients.get(userId)),
      [...new Set(rows.flatMap(({ group_ids }) => group_ids))],
    ],
  });
  return deleted;
}

/** From how many users an actor is taken off in one transaction: others who want their rows wait for no longer. */
const FREED_AT_ONCE = 100;

/**
 * Deletes one under a lock, and takes it off those for whom it acts: in chunks first, when they are many. A deletion that is
 * cut short leaves fewer of them, and the next one goes on from there.
 */
async function deleteAlone(
  database: Database,
  writer: Writer,
  userId: string,
  versions: number[] | undefined,
): Promise<boolean> {
  const areMany = async (): Promise<boolean> =>
    (await findDependents(database, writer.tenantId, userId, FREED_AT_ONCE + 1)).length > FREED_AT_ONCE;
  if (await areMany()) {
    const actor = await findUser(database, writer.tenantId, userId);
    if (!actor) return false;
    wantVersion(actor, versions);
    do await inTransaction(database, (connection) => freeDependents(connection, writer, userId));
    while (await areMany());
  }
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
  for (const userId of await findDependents(connection, tenantId, actorId, FREED_AT_ONCE)) {
    const before = await lockUser(connection, tenantId, userId);
    if (!before || before.profile.delegated_access?.actor_id !== actorId) continue;
    const context = { at: Date.now(), appId: '' };
    const after = applyChange(before, changeOf({ delegated_access: null }, context));
    await replaceUser(connection, writer, before, after);
  }
}
