import { CUSTOM_DATA_MAX_BYTES } from '@tessera/contract';
import type { Change } from '../rules/change.ts';
import { appAttribute } from '../rules/history.ts';
import type { User } from '../rules/user.ts';
import type { Queryable } from '../../database/database.ts';
import { USER_COLUMNS } from './userRow.ts';

/** A blind change (see `isBlind`) to one user. */
export interface BlindUpdate {
  /** The client whose token asks for it. */
  clientId: string;
  userId: string;
  change: Change;
}

/** What history keeps of a row before a change: the attributes that it touches, as `rules/history.ts` names them. */
const BEFORE = `
  (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(locked.profile) where key = any (touched))
  || case when custom_data_mode <> 'keep' and locked.custom_data is not null
      then jsonb_build_object('custom_data', case custom_data_mode when 'clear' then locked.custom_data else (
        select coalesce(jsonb_object_agg(key, locked.custom_data -> key), '{}')
        from jsonb_object_keys(new_custom_data) as key where locked.custom_data ? key) end) else '{}' end
  || case when new_status is not null then jsonb_build_object('status', locked.status) else '{}' end
  || case when locked.apps ? app_id then jsonb_build_object('app:' || app_id, (
      select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(locked.apps -> app_id)
      where key = any (app_touched))) else '{}' end`;

/**
 * `applyChange` as one statement, for changes that need not see their users first: one round trip, one commit.
 * History is written by the same statement.
 * jsonb's `||` and `-` replace, merge one level deep and clear, just as the rule does.
 *
 * A row that somebody else has locked is left out: a batch waits for nobody.
 * The merged custom data is measured as PostgreSQL writes it, which is never shorter than the compact JSON
 * that the limit counts, so nothing too large slips through; what it holds back goes the long way.
 */
const UPDATE = `
  with input as materialized (
    select * from jsonb_to_recordset($2::jsonb) as input (
      user_id text, at bigint, new_status text, set jsonb, clear text[],
      custom_data_mode text, new_custom_data jsonb, app_id text, app_set jsonb, app_clear text[], versions bigint[], client_id text, touched text[],
      app_touched text[], after jsonb)
  ), locked as materialized (
    select user_id, status, profile, custom_data, apps
    from users where tenant_id = $1 and user_id = any ($3::text[]) order by user_id for no key update skip locked
  ), updated as (
  update users set
    version = version + 1,
    updated_at = greatest(updated_at, at),
    status = coalesce(new_status, users.status),
    status_changed_at = case when new_status <> users.status then greatest(updated_at, at) else status_changed_at end,
    profile = (users.profile || set) - clear,
    custom_data = case custom_data_mode
      when 'merge' then coalesce(users.custom_data, '{}') || new_custom_data
      when 'clear' then null
      else users.custom_data end,
    apps = case when app_id is null then users.apps
      else users.apps || jsonb_build_object(app_id, (coalesce(users.apps -> app_id, '{}') || app_set) - app_clear) end
  from input join locked on locked.user_id = input.user_id
  where users.tenant_id = $1 and users.user_id = input.user_id
    and (custom_data_mode <> 'merge'
      or octet_length((coalesce(users.custom_data, '{}') || new_custom_data)::text) <= ${CUSTOM_DATA_MAX_BYTES})
    and (versions is null or version = any (versions))
  returning users.*
  ), recorded as (
    insert into user_history (tenant_id, user_id, version, changed_at, client_id, before, after)
    select $1, updated.user_id, updated.version, updated.updated_at, client_id,
      ${BEFORE}, input.after
    from updated join input on input.user_id = updated.user_id join locked on locked.user_id = updated.user_id
  )
  select ${USER_COLUMNS} from updated`;

/**
 * Makes blind changes to users of one tenant, all in one commit.
 * @param updates each of another user
 * @returns the users after the change; one is missing when there is none at a version asked for, it is locked, or its custom data might exceed the limit
 */
export async function updateBlind(database: Queryable, tenantId: string, updates: BlindUpdate[]): Promise<User[]> {
  const { rows } = await database.query<User>({
    name: 'update-blind',
    text: UPDATE,
    values: [tenantId, JSON.stringify(updates.map(inputRow)), updates.map(({ userId }) => userId)],
  });
  return rows;
}

function inputRow({ clientId, userId, change }: BlindUpdate): Record<string, unknown> {
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
    client_id: clientId,
    touched: [...Object.keys(set), ...clear],
    app_touched: app && [...Object.keys(app.set), ...app.clear],
    // What the attributes that are touched will be is known before: a blind change says it.
    after: {
      ...set,
      ...(customData && { custom_data: customData }),
      ...(status !== undefined && { status }),
      ...(app && { [appAttribute(app.id)]: app.set }),
    },
  };
}
