import type { TokenSet } from '@tessera/contract';
import type { ClientOfApplication } from '../applications/clientStore.ts';
import type { SignInParts } from './parts.ts';
import { hashCode, newCode } from './rules/secretCode.ts';
import { isOver } from './rules/session.ts';
import { endSession, findSession, insertRefreshToken, useRefreshToken, type LiveSession } from './store/sessions.ts';
import { refreshTokenEnd, userTokens, type Wishes } from './userTokens.ts';

type Parts = Pick<SignInParts, 'database' | 'tokens'>;

/**
 * Gives new tokens for a refresh token, which is good once: when it comes again, somebody else may have it, and its session
 * ends (RFC 9700, 4.14.2).
 * @returns undefined when it is not good
 */
export async function refresh(
  parts: Parts,
  client: ClientOfApplication,
  refreshToken: string,
  wishes: Wishes,
): Promise<TokenSet | undefined> {
  const { database } = parts;
  const { tenant_id: tenantId, client_id: clientId } = client;
  const found = await useRefreshToken(database, tenantId, clientId, hashCode(refreshToken), Date.now());
  if (!found) return undefined;
  const { token, used } = found;
  if (used) {
    await endSession(database, tenantId, token.session_id);
    return undefined;
  }
  const most = client.settings.token_expiration?.max_refresh_rotate;
  const live = await findSession(database, tenantId, token.session_id, Date.now());
  if (!live || isOver(live) || (most !== undefined && token.rotations >= most)) return undefined;
  const resource = wishes.resource ?? token.audience ?? undefined;
  return tokensOfSession(parts, client, live, { ...wishes, resource }, token.rotations + 1);
}

/** Gives new tokens for a session that goes on. @param rotations how often its refresh token was rotated */
export async function tokensOfSession(
  { database, tokens }: Parts,
  client: ClientOfApplication,
  live: LiveSession,
  wishes: Wishes,
  rotations = 0,
): Promise<TokenSet> {
  const refreshToken = newCode();
  await insertRefreshToken(database, client.tenant_id, {
    token_hash: hashCode(refreshToken),
    session_id: live.session.session_id,
    client_id: client.client_id,
    audience: wishes.resource ?? null,
    rotations,
    expires_at: refreshTokenEnd(client, live.session, Date.now()),
  });
  return userTokens(tokens, client, live, refreshToken, wishes);
}
