import type { Grant } from '../access/routes.ts';
import { InvalidRequest } from '../http/requestErrors.ts';
import { exchangeCode } from './browserSignIn.ts';
import { InvalidGrant, UserNotActive } from './errors.ts';
import type { SignInParts } from './parts.ts';
import { refresh } from './refresh.ts';

/** What the token endpoint gives for a code, and for a refresh token (RFC 6749, 4.1.3 and 6). */
export function userGrants(parts: SignInParts): { authorization_code: Grant; refresh_token: Grant } {
  return {
    async authorization_code(client, { code, redirect_uri, code_verifier }) {
      if (!code) throw new InvalidRequest('code is required');
      // RFC 6749, 4.1.3: a code always came to a redirect URI that its request named.
      if (!redirect_uri) throw new InvalidRequest('redirect_uri is required: the one that the code came to');
      // RFC 9700, 2.1.1: no verifier without a challenge, and no code has one.
      if (code_verifier !== undefined)
        throw new InvalidGrant('code_verifier must be absent: the code has no challenge');
      try {
        return (await exchangeCode(parts, client, code, redirect_uri)).tokens;
      } catch (error) {
        throw error instanceof UserNotActive ? new InvalidGrant(error.message) : error;
      }
    },
    async refresh_token(client, { refresh_token, resource }) {
      if (!refresh_token) throw new InvalidRequest('refresh_token is required');
      const tokens = await refresh(parts, client, refresh_token, { resource });
      if (!tokens) throw new InvalidGrant();
      return tokens;
    },
  };
}
