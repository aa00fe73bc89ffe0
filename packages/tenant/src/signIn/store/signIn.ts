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
  /** When the password that it began with was set; null when it began without one. */
  password_at: number | null;
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
  joins: boolean;
  refreshToken: RefreshToken;
}

const RECORD = `
  with updated as (
    update users set version = version + 1, updated_at = $4, last_auth = $5, status = $6, status_changed_at = $7,
      profile = $8::jsonb, apps = $9::jsonb, identities = $10::jsonb, password = $23::jsonb
    where tenant_id = $1 and user_id = $2 and version = $3
      and (not $22::boolean or exists (select from sessions where sessions.tenant_id = $1 and session_id = $14))
    returning user_id, version
  ), recorded as (
    insert into user_history (tenant_id, user_id, version, changed_at, client_id, before, after)
    select $1, user_id, version, $4, $11, $12::jsonb, $13::jsonb from updated
  ), session as (
    insert into sessions (tenant_id, session_id, user_id, client_id, app_id, methods, auth_at, expires_at, password_at)
    select $1, $14, user_id, $11, $15, $16::text[], $5, $17::bigint, $21::bigint from updated where not $22::boolean
  ), joined as (
    update sessions set methods = $16::text[], auth_at = $5, password_at = $21::bigint from updated
    where $22::boolean and sessions.tenant_id = $1 and sessions.session_id = $14
    returning sessions.session_id
  ), token as (
    insert into refresh_tokens (tenant_id, token_hash, session_id, client_id, audience, rotations, expires_at)
    select $1, $18, $14, $11, $19, 0, $20::bigint from updated
  )
  select not $22::boolean or exists (select from joined) as has_session from updated`;

/**
 * Records a sign-in: the user, its history, the session and the refresh token, all in one statement.
 * @returns `recorded`; `changed` when the user was not at the version before any more, or the session that it was to join has
 * ended, and nothing is recorded; `over` when that ended in the very moment
 */
export async function recordSignIn(
  database: Queryable,
  record: SignInRecord,
): Promise<'recorded' | 'changed' | 'over'> {
  const { tenantId, clientId, user, difference, session, refreshToken } = record;
  const { rows } = await database.query<{ has_session: boolean }>({
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
      session.password_at,
      record.joins,
      user.password && JSON.stringify(user.password),
    ],
  });
  const [row] = rows;
  if (!row) return 'changed';
  return row.has_session ? 'recorded' : 'over';
}
