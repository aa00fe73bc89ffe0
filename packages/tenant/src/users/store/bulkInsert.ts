import type { IdentifierTaken } from '../rules/errors.ts';
import { identifiersOf } from '../rules/identifiers.ts';
import type { User } from '../rules/user.ts';
import { inTransaction, type Database, type Queryable } from '../../database/database.ts';
import { insertIdentifiersIfFree, refusalsOf, sortRivals } from './identifiers.ts';
import { linkActors } from './delegations.ts';
import { creationOf, insertHistory } from './history.ts';
import type { Writer } from '../../database/writer.ts';
import { insertRows } from './userRow.ts';

/**
 * Stores new users, those of one tenant, each alone: one that cannot be stored does not keep the others. All that can be are
 * stored in one transaction.
 * @param users of those who want one identifier, the first gets it
 * @param beside what else that transaction does
 * @returns by user ID, why a user was not stored
 */
export function insertUsers(
  database: Database,
  writer: Writer,
  users: User[],
  beside: (connection: Queryable) => Promise<void> = () => Promise.resolve(),
): Promise<Map<string, IdentifierTaken>> {
  return inTransaction(database, async (connection) => {
    const refused = new Map<string, IdentifierTaken>();
    const { first, rivals } = sortRivals(users, ({ profile }) => identifiersOf(profile));
    await claim(connection, writer.tenantId, first, refused);
    // One after another: each sees what those before it have claimed.
    for (const user of rivals) await claim(connection, writer.tenantId, [user], refused);
    const rows = users.filter(({ user_id }) => !refused.has(user_id));
    if (rows.length > 0) {
      await insertRows(connection, writer.tenantId, rows);
      const entries = rows.map(creationOf);
      await insertHistory(connection, writer, entries);
      const links = rows.flatMap(({ user_id, profile: { delegated_access: access } }) =>
        access ? [{ user_id, actor_id: access.actor_id }] : [],
      );
      await linkActors(connection, writer.tenantId, links);
    }
    await beside(connection);
    return refused;
  });
}

/** Claims the identifiers of users who are no rivals; one who cannot have all of them gets none, and is refused. */
async function claim(
  connection: Queryable,
  tenantId: string,
  users: User[],
  refused: Map<string, IdentifierTaken>,
): Promise<void> {
  const wanted = users.flatMap(({ user_id, profile }) =>
    identifiersOf(profile).map((identifier) => ({ ...identifier, user_id })),
  );
  const taken = await insertIdentifiersIfFree(connection, tenantId, wanted);
  if (taken.length === 0) return;
  for (const [userId, refusal] of refusalsOf(wanted, taken)) refused.set(userId, refusal);
  await connection.query({
    name: 'free-identifiers',
    text: 'delete from identifiers where tenant_id = $1 and user_id = any ($2::text[])',
    values: [tenantId, [...new Set(taken.map(({ user_id }) => user_id))]],
  });
}
