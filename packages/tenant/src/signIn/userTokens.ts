import { randomUUID } from 'node:crypto';
import { DEFAULT_AUDIENCE, TOKEN_LIFETIME_SECONDS, type TokenSet } from '@tessera/contract';
import type { Tokens } from '../access/tokens.ts';
import type { ClientOfApplication } from '../applications/clientStore.ts';
import { SESSION_SECONDS } from '../applications/rules/client.ts';
import type { User } from '../users/rules/user.ts';
import { claimsOf } from './rules/claims.ts';
import type { Session } from './store/signIn.ts';

/** What an application asked of the tokens. */
export interface Wishes {
  /** The audience of the access token. */
  resource?: string;
  claims?: { id_token?: Record<string, unknown>; access_token?: Record<string, unknown> };
  nonce?: string;
  /** Whether the sign-in has created the user; not unless told. */
  newUser?: boolean;
  /** What the user has approved by the sign-in. */
  approvalData?: Record<string, unknown>;
}

/** When a session that begins now is over, and when a refresh token is. @param now milliseconds since the epoch */
export const sessionEnd = ({ settings }: ClientOfApplication, now: number): number =>
  now + (settings.session_expiration ?? SESSION_SECONDS) * 1000;
export const refreshTokenEnd = ({ settings }: ClientOfApplication, session: Session, now: number): number =>
  Math.min(session.expires_at, now + (settings.token_expiration?.refresh_token_ttl ?? SESSION_SECONDS) * 1000);

/** Signs the tokens of a user who has signed in. @param refreshToken the one that goes with them */
export async function userTokens(
  tokens: Tokens,
  client: ClientOfApplication,
  { user, session }: { user: User; session: Session },
  refreshToken: string,
  wishes: Wishes,
): Promise<TokenSet> {
  const lifetime = client.settings.token_expiration?.access_token_ttl ?? TOKEN_LIFETIME_SECONDS;
  const app = { app_id: client.app_id, app_name: client.app_name };
  const shared = {
    tid: client.tenant_id,
    sid: session.session_id,
    amr: session.methods,
    auth_time: Math.floor(session.auth_at / 1000),
  };
  const { id_token: inIdToken = {}, access_token: inAccessToken = {} } = wishes.claims ?? {};
  const claims = (names: string[]): object => ({
    ...claimsOf(user, app, names),
    ...(names.includes('new_user') && { new_user: wishes.newUser ?? false }),
  });
  const idClaims = [...(client.settings.default_custom_claims ?? []), ...Object.keys(inIdToken)];
  const [accessToken, idToken] = await tokens.sign(client.tenant_id, [
    {
      subject: user.user_id,
      audience: wishes.resource ?? DEFAULT_AUDIENCE,
      lifetime,
      claims: {
        ...claims(Object.keys(inAccessToken)),
        ...shared,
        ...app,
        client_id: client.client_id,
        scope: 'openid',
        roles: [],
        jti: randomUUID(),
      },
    },
    {
      subject: user.user_id,
      audience: client.client_id,
      lifetime,
      claims: {
        ...claims(idClaims),
        ...shared,
        ...(wishes.nonce !== undefined && { nonce: wishes.nonce }),
        ...(wishes.approvalData && { approval_data: wishes.approvalData }),
      },
    },
  ]);
  return {
    access_token: accessToken!,
    id_token: idToken!,
    refresh_token: refreshToken,
    token_type: 'Bearer',
    expires_in: lifetime,
    session_id: session.session_id,
  };
}
