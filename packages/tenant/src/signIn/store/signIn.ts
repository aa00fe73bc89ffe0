import type { Difference } from '../../users/rules/history.ts';
import type { User } from '../../users/rules/user.ts';
import type { Queryable } from '../../database/database.ts';

/** A session as it is stored. Times are milliseconds since the epoch. */
export interface Session {
  session_id: string;
  user_id: string;
  client_id: string;
  app_id: string;
  methods: string[];
  auth_at: number;
  expires_at: number;
}

/** A refresh token as it is stored. */
export interface RefreshToken {
  token_hash: string;
  session_id: string;
  client_id: string;
  audience: string | null;
  rotations: number;
  expires_at: number;
}

/** What a sign-in leaves behind. */
export interface SignInRecord {
  tenantId: string;
  clientId: string;
  /** The user after it, one version on. */
  user: User;
  difference: Difference;
  /** The session, new or joined. */
  session: Session;
  refreshToken: RefreshToken;
}

const RECORD = `
  with updated as (
    update users set version = version + 1, updated_at = $4, last_auth = $5, status = $6, status_changed_at = $7,
      profile = $8::jsonb, apps = $9::jsonb, identities = $10::jsonb
    where tenant_id = $1 and user_id = $2 and version = $3
    returning user_id, version
  ), recorded as (
    insert into user_history (tenant_id, user_id, version, changed_at, client_id, before, after)
    select $1, user_id, version, $4, $11, $12::jsonb, $13::jsonb from updated
  ), session as (
    insert into sessions (tenant_id, session_id, user_id, client_id, app_id, methods, auth_at, expires_at)
    select $1, $14, user_id, $11, $15, $16::text[], $5, $17::bigint from updated
    on conflict (tenant_id, session_id) do update set methods = excluded.methods, auth_at = excluded.auth_at
  ), token as (
    insert into refresh_tokens (tenant_id, token_hash, session_id, client_id, audience, rotations, expires_at)
    select $1, $18, $14, $11, $19, 0, $20::bigint from updated
  )
  select version from updated`;

/**
 * Records a sign-in: the user, its history, the session and the refresh token, all in one statement.
 * @returns whether the user was still at the version before; nothing is recorded otherwise
 */
export async function recordSignIn(database: Queryable, record: SignInRecord): Promise<boolean> {
  const { tenantId, clientId, user, difference, session, refreshToken } = record;
  const { rows } = await database.query({
    name: 'record-sign-in',
    text: RECORD,
    values: [
      tenantId,
      user.user_id,
      user.version - 1,
      user.updated_at,
      user.last_auth,
      user.status,
      user.status_changed_at,
      JSON.stringify(user.profile),
      JSON.stringify(user.apps),
      JSON.stringify(user.identities),
      clientId,
      JSON.stringify(difference.before),
      JSON.stringify(difference.after),
      session.session_id,
      session.app_id,
      session.methods,
      session.expires_at,
      refreshToken.token_hash,
      refreshToken.audience,
      refreshToken.expires_at,
    ],
  });
  return rows.length === 1;
}
