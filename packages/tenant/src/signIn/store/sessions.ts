import type { User } from '../../users/rules/user.ts';
import { USER_COLUMNS } from '../../users/store/userRow.ts';
import type { Database, Queryable } from '../../database/database.ts';
import type { RefreshToken, Session } from './signIn.ts';

const COLUMNS = 'session_id, user_id, client_id, app_id, methods, auth_at, expires_at, password_at';

/** A session and its user, as long as both are there. */
export interface LiveSession {
  session: Session;
  user: User;
}

/** Finds a session that is not over, with its user. @param now milliseconds since the epoch */
export async function findSession(
  database: Queryable,
  tenantId: string,
  sessionId: string,
  now: number,
): Promise<LiveSession | undefined> {
  const { rows } = await database.query<Session & User>({
    name: 'find-session',
    text: `select ${COLUMNS.split(', ')
      .map((column) => `sessions.${column}`)
      .join(', ')}, ${USER_COLUMNS.split(', ')
      .filter((column) => column !== 'user_id')
      .map((column) => `users.${column}`)
      .join(', ')}
      from sessions join users on users.tenant_id = sessions.tenant_id and users.user_id = sessions.user_id
      where sessions.tenant_id = $1 and session_id = $2 and expires_at > $3`,
    values: [tenantId, sessionId, now],
  });
  const [row] = rows;
  if (!row) return undefined;
  const { session_id, user_id, client_id, app_id, methods, auth_at, expires_at, password_at, ...user } = row;
  return {
    session: { session_id, user_id, client_id, app_id, methods, auth_at, expires_at, password_at },
    user: { ...user, user_id },
  };
}

/** Ends a session, with its refresh tokens. @returns whether there was one */
export async function endSession(
  database: Queryable,
  tenantId: string,
  sessionId: string,
  appId?: string,
): Promise<boolean> {
  const { rows } = await database.query({
    name: 'end-session',
    text: `with ended as (
        delete from sessions where tenant_id = $1 and session_id = $2 and ($3::text is null or app_id = $3)
        returning session_id
      ), tokens as (
        delete from refresh_tokens where tenant_id = $1 and session_id in (select session_id from ended)
      )
      select session_id from ended`,
    values: [tenantId, sessionId, appId],
  });
  return rows.length > 0;
}

/** A sign-in with a password goes on, though its user has just set another one. */
export async function renewSession(database: Queryable, tenantId: string, sessionId: string, passwordAt: number) {
  await database.query({
    name: 'renew-session',
    text: 'update sessions set password_at = $3 where tenant_id = $1 and session_id = $2',
    values: [tenantId, sessionId, passwordAt],
  });
}

/** Stores a new refresh token of a session. */
export async function insertRefreshToken(database: Queryable, tenantId: string, token: RefreshToken): Promise<void> {
  const { token_hash, session_id, client_id, audience, rotations, expires_at } = token;
  await database.query({
    name: 'insert-refresh-token',
    text: `insert into refresh_tokens (tenant_id, token_hash, session_id, client_id, audience, rotations, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7)`,
    values: [tenantId, token_hash, session_id, client_id, audience, rotations, expires_at],
  });
}

/**
 * Uses a refresh token up. Of several requests with one token, one gets it.
 * @returns the token; `used` when it was used before; undefined when there is none that is good
 */
export async function useRefreshToken(
  database: Queryable,
  tenantId: string,
  clientId: string,
  tokenHash: string,
  now: number,
): Promise<{ token: RefreshToken; used: boolean } | undefined> {
  const { rows } = await database.query<RefreshToken & { first: boolean }>({
    name: 'use-refresh-token',
    text: `with taken as (
        update refresh_tokens set used_at = $4
        where tenant_id = $1 and token_hash = $2 and client_id = $3 and used_at is null and expires_at > $4
        returning token_hash, session_id, client_id, audience, rotations, expires_at
      )
      select *, true as first from taken
      union all
      select token_hash, session_id, client_id, audience, rotations, expires_at, false as first from refresh_tokens
      where tenant_id = $1 and token_hash = $2 and client_id = $3 and expires_at > $4 and not exists (select from taken)`,
    values: [tenantId, tokenHash, clientId, now],
  });
  const [row] = rows;
  if (!row) return undefined;
  const { first, ...token } = row;
  return { token, used: !first };
}

/** Takes away what is over. @param now milliseconds since the epoch */
export async function purgeSessions(database: Database, now: number): Promise<void> {
  for (const table of ['sessions', 'refresh_tokens']) {
    await database.search({ text: `delete from ${table} where expires_at < $1`, values: [now] });
  }
  // A name that is locked stays so until its time is over.
  await database.search({
    text: 'delete from one_time_codes where expires_at < $1 and coalesce(locked_until, 0) < $1',
    values: [now],
  });
}
