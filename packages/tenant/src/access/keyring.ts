import { importJWK, type CryptoKey, type JWK } from 'jose';
import { LRUCache } from 'lru-cache';
import type { JsonWebKeySet } from '@tessera/contract';
import type { Database } from '../database/database.ts';
import { TimeLimitReached } from '../database/errors.ts';
import { withoutTimeLimit, withTimeLimit } from '../database/timeLimit.ts';
import { listSigningKeys, type SigningKey } from './signingKeys.ts';

export const ALGORITHM = 'RS256';

/** How long an instance goes by what it knows of a tenant's keys. One that it does not know it asks for at once. */
const KNOWN_MS = 2000;
/** How long the database may take to tell. */
const LOOKUP_MS = 3000;

/** A key to sign with. */
export interface Signer {
  kid: string;
  key: CryptoKey;
}

/** The keys of every tenant of this database. */
export interface Keyring {
  /** The key that a tenant's new tokens are signed with, as the database has it now. */
  signer(tenantId: string): Promise<Signer>;
  /** The public part of a key that a tenant's tokens may be signed with; undefined when it has none of this ID, or it is disabled. */
  verifier(tenantId: string, kid: string): Promise<CryptoKey | undefined>;
  /** What a tenant publishes: the key that signs, and those that validate. */
  published(tenantId: string): Promise<JsonWebKeySet>;
  /** To be called when a tenant's keys were changed here, so that this instance knows it at once. */
  forget(): void;
}

/** @param database where the keys are; each tenant's are asked for once in two seconds at most */
export function makeKeyring(database: Database): Keyring {
  const known = new LRUCache<string, Map<string, SigningKey>>({
    max: 1000,
    ttl: KNOWN_MS,
    allowStaleOnFetchRejection: true,
    noDeleteOnFetchRejection: true,
    fetchMethod: (tenantId) =>
      // Many requests wait for this one, so it must not end with the first of them.
      withoutTimeLimit(async () => {
        const limit = new AbortController();
        const timer = setTimeout(() => limit.abort(new TimeLimitReached()), LOOKUP_MS);
        try {
          const keys = await withTimeLimit(limit.signal, () => listSigningKeys(database, tenantId));
          return new Map(keys.map((key) => [key.kid, key]));
        } finally {
          clearTimeout(timer);
        }
      }),
  });
  const imported = new LRUCache<string, CryptoKey>({ max: 1000 });

  const importKey = async (jwk: JWK, kid: string): Promise<CryptoKey> => {
    const name = `${jwk.d === undefined ? 'public' : 'private'} ${kid}`;
    const key = imported.get(name) ?? ((await importJWK(jwk, ALGORITHM)) as CryptoKey);
    imported.set(name, key);
    return key;
  };

  return {
    async signer(tenantId) {
      const keys = await listSigningKeys(database, tenantId);
      const signing = keys.find(({ status }) => status === 'signing');
      if (!signing) throw new Error(`Tenant ${tenantId} has no signing key`);
      return { kid: signing.kid, key: await importKey(signing.private_jwk, signing.kid) };
    },

    async verifier(tenantId, kid) {
      let key = (await known.fetch(tenantId))?.get(kid);
      // Another instance may have made it a moment ago.
      key ??= (await known.fetch(tenantId, { forceRefresh: true }))?.get(kid);
      if (!key || key.status === 'disabled') return undefined;
      return importKey(publicPart(key), kid);
    },

    async published(tenantId) {
      const keys = await listSigningKeys(database, tenantId);
      return { keys: keys.filter(({ status }) => status !== 'disabled').map(publicPart) };
    },

    forget: () => known.clear(),
  };
}

const publicPart = ({ kid, private_jwk: { n = '', e = '' } }: SigningKey) => ({
  kty: 'RSA',
  kid,
  alg: ALGORITHM,
  use: 'sig',
  n,
  e,
});
