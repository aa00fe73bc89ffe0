import { inTransaction, type Database, type Queryable } from '../../database/database.ts';
import type { Writer } from '../../database/writer.ts';
import { differenceOf } from '../rules/history.ts';
import { identifiersBeyond } from '../rules/identifiers.ts';
import type { User } from '../rules/user.ts';
import { wantVersion } from '../rules/version.ts';
import { linkActor } from './delegations.ts';
import { insertHistory } from './history.ts';
import { deleteIdentifiers, insertIdentifiers } from './identifiers.ts';
import { userValues, USER_COLUMNS } from './userRow.ts';

/** A change that is asked for. */
export interface AskedChange {
  writer: Writer;
  userId: string;
  /** Gives the user after the change; what it throws changes nothing. It may be asked more than once. */
  rule(user: User): User;
  /** Those that the user may be at before; any when absent. */
  versions?: number[];
}

/** Makes a change in a short transaction that locks the row: what `changeUser` does for one that cannot go with others. */
export function changeAlone(
  database: Database,
  { writer, userId, rule, versions }: AskedChange,
): Promise<User | undefined> {
  const { tenantId } = writer;
  return inTransaction(database, async (connection) => {
    const before = await lockUser(connection, tenantId, userId);
    if (!before) return undefined;
    wantVersion(before, versions);
    const after = rule(before);
    await replaceUser(connection, writer, before, after);
    return after;
  });
}

/**
 * A user whose row nobody else changes until the transaction ends. It does not wait for a lock.
 * @param strength `update` for one who is to be deleted: nobody may be making it an actor (`for key share`) either
 */
export async function lockUser(
  connection: Queryable,
  tenantId: string,
  userId: string,
  strength: 'no key update' | 'update' = 'no key update',
): Promise<User | undefined> {
  const { rows } = await connection.query<User>({
    name: `lock-user for ${strength}`,
    text: `select ${USER_COLUMNS} from users where tenant_id = $1 and user_id = $2 for ${strength} nowait`,
    values: [tenantId, userId],
  });
  return rows[0];
}

/** Whether a change ends all sessions of a user: for good, so that they do not go on when the user may sign in again. */
export const isDisabling = (before: User, after: User): boolean =>
  after.status === 'Disabled' && before.status !== 'Disabled';

async function endSessions(connection: Queryable, tenantId: string, userId: string): Promise<void> {
  await connection.query({
    name: 'end-sessions-of-user',
    text: `with ended as (delete from sessions where tenant_id = $1 and user_id = $2 returning session_id)
      delete from refresh_tokens where tenant_id = $1 and session_id in (select session_id from ended)`,
    values: [tenantId, userId],
  });
}

/** Stores a user who is locked after a change: its row, identifiers, actor, sessions and history. @throws IdentifierTaken, RuleError */
export async function replaceUser(connection: Queryable, writer: Writer, before: User, after: User): Promise<void> {
  const { tenantId } = writer;
  const { user_id: userId, version, updated_at } = after;
  await deleteIdentifiers(connection, tenantId, userId, identifiersBeyond(before.profile, after.profile));
  await insertIdentifiers(connection, tenantId, userId, identifiersBeyond(after.profile, before.profile));
  await linkActor(connection, tenantId, userId, before.profile, after.profile);
  if (isDisabling(before, after)) await endSessions(connection, tenantId, userId);
  await connection.query({
    name: 'replace-user',
    text: `update users set (version, status, status_changed_at, created_at, updated_at, last_auth,
        profile, custom_data, apps, password, identities, group_ids, email, phone_number)
        = ($3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11::jsonb, $12::jsonb, $13::jsonb, $14::text[], $15::text, $16::text)
      where tenant_id = $1 and user_id = $2`,
    values: [tenantId, ...userValues(after)],
  });
  await insertHistory(connection, writer, [
    { user_id: userId, version, changed_at: updated_at, ...differenceOf(before, after) },
  ]);
}
