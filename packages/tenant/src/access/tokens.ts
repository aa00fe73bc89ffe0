import { randomUUID } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import {
  DEFAULT_AUDIENCE,
  MANAGEMENT_ROLE,
  TOKEN_LIFETIME_SECONDS,
  type AccessTokenClaims,
  type UserTokenClaims,
} from '@tessera/contract';
import type { ClientStates } from '../applications/clientStates.ts';
import type { ClientOfApplication } from '../applications/clientStore.ts';
import { AccessTokenInvalid } from './errors.ts';
import { ALGORITHM, type Keyring } from './keyring.ts';

/** What a token says, apart from when and by whom it was issued. */
export interface TokenContent {
  subject: string;
  audience: string;
  /** How long it lives, in seconds. */
  lifetime: number;
  claims: JWTPayload;
}

/** The tokens of this service: issues and verifies. */
export interface Tokens {
  /** Who issues a tenant's tokens: what their `iss` says, and where its discovery document is. */
  issuerOf(tenantId: string): string;
  /** What every client's token permits, as the `scope` of RFC 6749. */
  scope: string;
  /**
   * Signs an access token for a client.
   * @param audience the `resource` that was asked for
   */
  issue(client: ClientOfApplication, audience: string | undefined): Promise<string>;
  /** Signs tokens of a tenant, all with one key. */
  sign(tenantId: string, contents: TokenContent[]): Promise<string[]>;
  /**
   * Gives the claims of a client's valid, unexpired token of this service.
   * @throws AccessTokenInvalid when it is none, or the client is gone or its application disabled
   */
  verify(token: string): Promise<AccessTokenClaims>;
  /** The same of a user's token. Whether the session goes on is not asked here. @throws AccessTokenInvalid */
  verifyUser(token: string): Promise<UserTokenClaims>;
}

const SCOPE = ['apps', 'users']
  .flatMap((what) => ['create', 'read', 'list', 'edit', 'delete'].map((verb) => `${what}:${verb}`))
  .join(' ');

/**
 * @param publicUrl where clients reach this service
 * @param firstTenantId the tenant that is served at that address itself; others have a path of their own
 */
export function makeTokens(publicUrl: string, firstTenantId: string, keyring: Keyring, states: ClientStates): Tokens {
  // A signature costs as much to check as an update costs to make: each token is checked once and known until it expires.
  const verified = new LRUCache<string, { kid: string; claims: AccessTokenClaims }>({ max: 10_000 });
  const issuerOf = (tenantId: string): string =>
    tenantId === firstTenantId ? publicUrl : `${publicUrl}/tenants/${encodeURIComponent(tenantId)}`;

  const sign: Tokens['sign'] = async (tenantId, contents) => {
    const { kid, key } = await keyring.signer(tenantId);
    return Promise.all(
      contents.map(({ subject, audience, lifetime, claims }) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid })
          .setIssuer(issuerOf(tenantId))
          .setSubject(subject)
          .setAudience(audience)
          .setIssuedAt()
          .setExpirationTime(`${lifetime}s`)
          .sign(key),
      ),
    );
  };

  /** The claims of any access token of this service. */
  const check = async (token: string): Promise<AccessTokenClaims> => {
    const known = verified.get(token);
    const { kid, tid } = known ? { kid: known.kid, tid: known.claims.tid } : namedIn(token);
    // The key first: one that was disabled or deleted ends what it signed. It must be the tenant's own.
    const key = await keyring.verifier(tid, kid);
    if (!key) throw new AccessTokenInvalid('The access token is invalid');
    const unexpired = known && known.claims.exp * 1000 > Date.now();
    const claims = unexpired ? known.claims : await verifySignature(token, key, issuerOf(tid));
    if (!unexpired) verified.set(token, { kid, claims });
    if (!(await states.isGood(tid, claims.client_id))) {
      throw new AccessTokenInvalid('The access token is of a client that is gone or disabled');
    }
    return claims;
  };

  const verifySignature = async (token: string, key: CryptoKey, issuer: string): Promise<AccessTokenClaims> => {
    try {
      const { payload } = await jwtVerify<AccessTokenClaims>(token, key, {
        // No issuer: the key says which tenant vouches for a token, and a tenant may answer under several URLs.
        audience: [DEFAULT_AUDIENCE, publicUrl, issuer],
        algorithms: [ALGORITHM],
        // An ID token has no `jti`, and so is no access token.
        requiredClaims: ['exp', 'sub', 'tid', 'app_id', 'client_id', 'jti'],
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        throw new AccessTokenInvalid('The access token has expired', { cause: error });
      if (error instanceof errors.JOSEError || error instanceof TypeError) {
        throw new AccessTokenInvalid('The access token is invalid', { cause: error });
      }
      throw error;
    }
  };

  return {
    issuerOf,
    scope: SCOPE,
    sign,

    async issue(client, audience) {
      const claims = {
        client_id: client.client_id,
        app_id: client.app_id,
        app_name: client.app_name,
        tid: client.tenant_id,
        scope: SCOPE,
        roles: client.management ? [MANAGEMENT_ROLE] : [],
        jti: randomUUID(),
      };
      const content = { subject: client.client_id, lifetime: TOKEN_LIFETIME_SECONDS, claims };
      const [token] = await sign(client.tenant_id, [{ ...content, audience: audience ?? DEFAULT_AUDIENCE }]);
      return token!;
    },

    async verify(token) {
      const claims = await check(token);
      if (isOfUser(claims)) throw new AccessTokenInvalid("The access token is a user's, and this wants a client's");
      return claims;
    },

    async verifyUser(token) {
      const claims = await check(token);
      if (!isOfUser(claims)) throw new AccessTokenInvalid("The access token is a client's, and this wants a user's");
      return claims;
    },
  };
}

const isOfUser = (claims: AccessTokenClaims): claims is UserTokenClaims =>
  (claims as Partial<UserTokenClaims>).sid !== undefined;

/** The key and the tenant that a token names, which is not checked yet. */
function namedIn(token: string): { kid: string; tid: string } {
  try {
    const { kid } = decodeProtectedHeader(token);
    const { tid } = decodeJwt(token);
    if (typeof kid === 'string' && typeof tid === 'string' && isPlain(kid) && isPlain(tid)) return { kid, tid };
  } catch {
    // Nothing that could be read: it is refused below.
  }
  throw new AccessTokenInvalid('The access token is invalid');
}

// PostgreSQL is asked for them, and takes no other text.
const isPlain = (name: string): boolean => /^[\x21-\x7e]{1,255}$/.test(name);
