import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, errors, importJWK, jwtVerify, SignJWT, type CryptoKey, type JSONWebKeySet } from 'jose';
import { LRUCache } from 'lru-cache';
import {
  DEFAULT_AUDIENCE,
  MANAGEMENT_ROLE,
  TOKEN_LIFETIME_SECONDS,
  type AccessTokenClaims,
  type JsonWebKeySet,
} from '@tessera/contract';
import type { Application } from '../applications/store.ts';
import { AccessTokenInvalid } from './errors.ts';
import type { SigningKey } from './signingKeys.ts';

/** The access tokens of this service: issues, publishes the keys, verifies. */
export interface Tokens {
  issuer: string;
  publicKeys: JsonWebKeySet;
  /** What every token permits, as the `scope` of RFC 6749. */
  scope: string;
  /**
   * Signs an access token for an application.
   * @param audience the `resource` that was asked for
   */
  issue(application: Application, audience: string | undefined): Promise<string>;
  /**
   * Gives the claims of a valid, unexpired token of this service.
   * @throws AccessTokenInvalid when it is none
   */
  verify(token: string): Promise<AccessTokenClaims>;
}

const ALGORITHM = 'RS256';
const SCOPE = ['apps', 'users']
  .flatMap((what) => ['create', 'read', 'list', 'edit', 'delete'].map((verb) => `${what}:${verb}`))
  .join(' ');

/** @param keys every key of the database, the newest first; one tenant's tokens are signed with its newest */
export async function makeTokens(issuer: string, keys: SigningKey[]): Promise<Tokens> {
  const signing = new Map<string, { kid: string; key: CryptoKey }>();
  for (const { tenant_id, kid, private_jwk } of keys) {
    if (signing.has(tenant_id)) continue;
    signing.set(tenant_id, { kid, key: (await importJWK(private_jwk, ALGORITHM)) as CryptoKey });
  }
  const publicKeys = {
    keys: keys.map(({ kid, private_jwk: { n, e } }) => ({
      kty: 'RSA',
      kid,
      alg: ALGORITHM,
      use: 'sig',
      n: n ?? '',
      e: e ?? '',
    })),
  };
  const keySet = createLocalJWKSet(publicKeys satisfies JSONWebKeySet);
  const tenantOfKey = new Map(keys.map(({ kid, tenant_id }) => [kid, tenant_id]));
  // A signature costs as much to check as an update costs to make: each token is checked once and known until it expires.
  const verified = new LRUCache<string, AccessTokenClaims>({ max: 10_000 });

  return {
    issuer,
    publicKeys,
    scope: SCOPE,

    issue(application, audience) {
      const key = signing.get(application.tenant_id);
      if (!key) throw new Error(`Tenant ${application.tenant_id} has no signing key`);
      return new SignJWT({
        client_id: application.client_id,
        app_id: application.app_id,
        app_name: application.name,
        tid: application.tenant_id,
        scope: SCOPE,
        roles: application.management ? [MANAGEMENT_ROLE] : [],
      })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: key.kid })
        .setIssuer(issuer)
        .setSubject(application.client_id)
        .setAudience(audience ?? DEFAULT_AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(`${TOKEN_LIFETIME_SECONDS}s`)
        .setJti(randomUUID())
        .sign(key.key);
    },

    async verify(token) {
      const known = verified.get(token);
      if (known && known.exp * 1000 > Date.now()) return known;
      try {
        const { payload, protectedHeader } = await jwtVerify<AccessTokenClaims>(token, keySet, {
          // No issuer: the key says which database vouches for a token, and its tenants may answer under several URLs.
          audience: [DEFAULT_AUDIENCE, issuer],
          algorithms: [ALGORITHM],
          requiredClaims: ['exp', 'sub', 'tid', 'app_id', 'client_id'],
        });
        // With several tenants in one database, a tenant's token is signed by its own key or not at all.
        if (tenantOfKey.get(protectedHeader.kid ?? '') !== payload.tid)
          throw new AccessTokenInvalid('The access token is invalid');
        verified.set(token, payload);
        return payload;
      } catch (error) {
        if (error instanceof errors.JWTExpired)
          throw new AccessTokenInvalid('The access token has expired', { cause: error });
        if (error instanceof errors.JOSEError || error instanceof TypeError) {
          throw new AccessTokenInvalid('The access token is invalid', { cause: error });
        }
        throw error;
      }
    },
  };
}
