import { importJWK, type CryptoKey } from 'jose';
import { LRUCache } from 'lru-cache';
import type { JsonWebKeySet } from '@tessera/contract';
import type { Database } from '../database/database.ts';
import { remembered } from '../database/remembered.ts';
import { listSigningKeys, type SigningKey } from './signingKeys.ts';

export const ALGORITHM = 'RS256';

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

/** @param database where the keys are; a key that is not known is asked for at once */
export function makeKeyring(database: Database): Keyring {
  const known = remembered(1000, async (tenantId) => {
    const keys = await listSigningKeys(database, tenantId);
    return new Map(keys.map((key) => [key.kid, key]));
  });
  const imported = new LRUCache<string, CryptoKey>({ max: 1000 });

  const importKey = async (part: 'public' | 'private', key: SigningKey): Promise<CryptoKey> => {
    const name = `${part} ${key.kid}`;
    const before = imported.get(name);
    if (before) return before;
    const jwk = part === 'public' ? publicPart(key) : key.private_jwk;
    const made = (await importJWK(jwk, ALGORITHM)) as CryptoKey;
    imported.set(name, made);
    return made;
  };

  return {
    async signer(tenantId) {
      const keys = await listSigningKeys(database, tenantId);
      const signing = keys.find(({ status }) => status === 'signing');
      if (!signing) throw new Error(`Tenant ${tenantId} has no signing key`);
      return { kid: signing.kid, key: await importKey('private', signing) };
    },

    async verifier(tenantId, kid) {
      let key = (await known.get(tenantId))?.get(kid);
      // Another instance may have made it a moment ago.
      key ??= (await known.refresh(tenantId))?.get(kid);
      if (!key || key.status === 'disabled') return undefined;
      return importKey('public', key);
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
