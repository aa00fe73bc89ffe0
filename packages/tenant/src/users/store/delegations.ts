import type { Queryable } from '../../database/database.ts';
import { RuleError } from '../rules/errors.ts';
import type { Profile } from '../rules/user.ts';

/** Who acts for whom (`delegated_access`), by the actor. */

const actorOf = (profile: Profile): string | undefined => profile.delegated_access?.actor_id;

/**
 * Records the actor of a user, when a change has brought another one.
 * @throws RuleError when the actor is the user, or no user of the tenant
 */
export async function linkActor(
  connection: Queryable,
  tenantId: string,
  userId: string,
  before: Profile,
  after: Profile,
): Promise<void> {
  const actorId = actorOf(after);
  if (actorId === actorOf(before)) return;
  if (actorId === undefined) {
    await connection.query({
      name: 'delete-delegation',
      text: 'delete from delegations where tenant_id = $1 and user_id = $2',
      values: [tenantId, userId],
    });
    return;
  }
  if (actorId === userId) throw new RuleError('delegated_access.actor_id must be another user than this one');
  const { rows } = await connection.query({
    name: 'lock-actor',
    // It cannot be deleted until this is recorded.
    text: 'select user_id from users where tenant_id = $1 and user_id = $2 for key share',
    values: [tenantId, actorId],
  });
  if (rows.length === 0) throw new RuleError('delegated_access.actor_id must be a user of the tenant');
  await linkActors(connection, tenantId, [{ user_id: userId, actor_id: actorId }]);
}

/** Records actors as they are told, for an import: the actor may come later. */
export async function linkActors(
  connection: Queryable,
  tenantId: string,
  links: { user_id: string; actor_id: string }[],
): Promise<void> {
  if (links.length === 0) return;
  await connection.query({
    name: 'insert-delegations',
    text: `insert into delegations (tenant_id, user_id, actor_id)
      select $1, user_id, actor_id from unnest($2::text[], $3::text[]) as links (user_id, actor_id)
      on conflict (tenant_id, user_id) do update set actor_id = excluded.actor_id`,
    values: [tenantId, links.map(({ user_id }) => user_id), links.map(({ actor_id }) => actor_id)],
  });
}

/** The IDs of the first of those for whom a user acts, in the one order that all take their locks in. */
export async function findDependents(
  connection: Queryable,
  tenantId: string,
  actorId: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await connection.query<{ user_id: string }>({
    name: 'find-dependents',
    text: 'select user_id from delegations where tenant_id = $1 and actor_id = $2 order by user_id limit $3',
    values: [tenantId, actorId, limit],
  });
  return rows.map(({ user_id }) => user_id);
}

/** Which of these users act for somebody. */
export async function findActors(connection: Queryable, tenantId: string, userIds: string[]): Promise<string[]> {
  const { rows } = await connection.query<{ actor_id: string }>({
    name: 'find-actors',
    text: 'select distinct actor_id from delegations where tenant_id = $1 and actor_id = any ($2::text[])',
    values: [tenantId, userIds],
  });
  return rows.map(({ actor_id }) => actor_id);
}
