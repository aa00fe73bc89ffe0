import { inTransaction, type Database, type Queryable } from '../../database/database.ts';
import type { Writer } from '../../database/writer.ts';
import { applyChange, changeOf } from '../rules/change.ts';
import { wantVersion } from '../rules/version.ts';
import { lockUser, replaceUser } from './changeAlone.ts';
import { findDependents } from './delegations.ts';
import { insertDeletion } from './history.ts';

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
    const user = await lockUser(connection, tenantId, userId, 'update');
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
    await replaceUser(connection, writer, before, after);
  }
}

const DELETIONS = ['user_history', 'identifiers', 'delegations', 'sessions', 'one_time_codes', 'users'].map(
  (table) => ({
    name: `delete-${table}-of-user`,
    text: `delete from ${table} where tenant_id = $1 and user_id = $2`,
  }),
);
