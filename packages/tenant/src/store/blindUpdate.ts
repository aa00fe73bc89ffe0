import { CUSTOM_DATA_MAX_BYTES } from '@tessera/contract';
import type { Change } from '../users/change.ts';
import type { User } from '../users/user.ts';
import type { Queryable } from './database.ts';
import { USER_COLUMNS } from './userRow.ts';

/** A blind change (see `isBlind`) to one user. */
export interface BlindUpdate {
  userId: string;
  change: Change;
}

/**
 * `applyChange` as one statement, for changes that need not see their users first: one round trip, one commit.
 * jsonb's `||` and `-` replace, merge one level deep and clear, just as the rule does.
 *
 * Rows are locked in the order of their IDs, so that two batches never wait for each other.
 * The merged custom data is measured as PostgreSQL writes it, which is never shorter than the compact JSON
 * that the limit counts, so nothing too large slips through; what it holds back goes the long way.
 */
const UPDATE = `
  with input as materialized (
    select * from jsonb_to_recordset($2::jsonb) as input (
      user_id text, at bigint, new_status text, set jsonb, clear text[],
      custom_data_mode text, new_custom_data jsonb, app_id text, app_set jsonb, app_clear text[], versions bigint[])
  ), locked as materialized (
    select user_id from users where tenant_id = $1 and user_id = any ($3::text[]) order by user_id for no key update
  )
  update users set
    version = version + 1,
    updated_at = greatest(updated_at, at),
    status = coalesce(new_status, status),
    status_changed_at = case when new_status <> status then greatest(updated_at, at) else status_changed_at end,
    profile = (profile || set) - clear,
    custom_data = case custom_data_mode
      when 'merge' then coalesce(custom_data, '{}') || new_custom_data
      when 'clear' then null
      else custom_data end,
    apps = case when app_id is null then apps
      else apps || jsonb_build_object(app_id, (coalesce(apps -> app_id, '{}') || app_set) - app_clear) end
  from input join locked on locked.user_id = input.user_id
  where users.tenant_id = $1 and users.user_id = input.user_id
    and (custom_data_mode <> 'merge'
      or octet_length((coalesce(custom_data, '{}') || new_custom_data)::text) <= ${CUSTOM_DATA_MAX_BYTES})
    and (versions is null or version = any (versions))
  returning ${USER_COLUMNS.replace('user_id', 'users.user_id')}`;

/**
 * Makes blind changes to users of one tenant, all in one commit.
 * @param updates each of another user
 * @returns the users after the change; one is missing when there is none at a version asked for, or its custom data might exceed the limit
 */
export async function updateBlind(database: Queryable, tenantId: string, updates: BlindUpdate[]): Promise<User[]> {
  const { rows } = await database.query<User>({
    name: 'update-blind',
    text: UPDATE,
    values: [tenantId, JSON.stringify(updates.map(inputRow)), updates.map(({ userId }) => userId)],
  });
  return rows;
}

function inputRow({ userId, change }: BlindUpdate): Record<string, unknown> {
  const { at, status, set, clear, customData, app, versions } = change;
  return {
    user_id: userId,
    at,
    new_status: status,
    set,
    clear,
    custom_data_mode: customData === undefined ? 'keep' : customData === null ? 'clear' : 'merge',
    new_custom_data: customData ?? undefined,
    app_id: app?.id,
    app_set: app?.set,
    app_clear: app?.clear,
    versions,
  };
}
