import { CUSTOM_DATA_MAX_BYTES } from '@tessera/contract';
import type { Change } from '../users/change.ts';
import type { User } from '../users/user.ts';
import type { Queryable } from './database.ts';
import { USER_COLUMNS } from './userRow.ts';

/**
 * `applyChange` as one statement, for changes that need not see the user first: one round trip, one commit.
 * jsonb's `||` and `-` replace, merge one level deep and clear, just as the rule does.
 *
 * The merged custom data is measured as PostgreSQL writes it, which is never shorter than the compact JSON
 * that the limit counts, so nothing too large slips through; what it holds back goes the long way.
 */
const UPDATE = `
  update users set
    version = version + 1,
    updated_at = greatest(updated_at, $3),
    status = coalesce($4, status),
    status_changed_at = case when $4 <> status then greatest(updated_at, $3) else status_changed_at end,
    profile = (profile || $5::jsonb) - $6::text[],
    custom_data = case $7
      when 'merge' then coalesce(custom_data, '{}') || $8::jsonb
      when 'clear' then null
      else custom_data end,
    apps = case when $9::text is null then apps
      else apps || jsonb_build_object($9::text, (coalesce(apps -> $9::text, '{}') || $10::jsonb) - $11::text[]) end
  where tenant_id = $1 and user_id = $2
    and ($7 <> 'merge' or octet_length((coalesce(custom_data, '{}') || $8::jsonb)::text) <= ${CUSTOM_DATA_MAX_BYTES})
  returning ${USER_COLUMNS}`;

/**
 * Makes a blind change (see `isBlind`) to a user.
 * @returns the user after the change; undefined when there is none, or its custom data might exceed the limit
 */
export async function updateBlind(
  database: Queryable,
  tenantId: string,
  userId: string,
  change: Change,
): Promise<User | undefined> {
  const { at, status, set, clear, customData, app } = change;
  const { rows } = await database.query<User>({
    name: 'update-blind',
    text: UPDATE,
    values: [
      tenantId,
      userId,
      at,
      status ?? null,
      JSON.stringify(set),
      clear,
      customData === undefined ? 'keep' : customData === null ? 'clear' : 'merge',
      customData ? JSON.stringify(customData) : null,
      app?.id ?? null,
      app ? JSON.stringify(app.set) : null,
      app?.clear ?? null,
    ],
  });
  return rows[0];
}
