import {
  calculateJwkThumbprint,
  CompactSign,
  compactVerify,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose';
import { ALGORITHM } from './keyring.ts';
import type { SigningKey } from './signingKeys.ts';

const BITS = 2048;

/** A new RSA key that signs for a tenant. @param at milliseconds since the epoch */
export async function generateKey(
  tenantId: string,
  { name, appId, source }: { name: string; appId: string; source: SigningKey['source'] },
  at: number,
): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { modulusLength: BITS, extractable: true });
  return keyOf(tenantId, await exportJWK(privateKey), { name, appId, source }, at);
}

/**
 * A key that somebody else made.
 * @returns why it cannot be used, as what follows its name, when it cannot
 */
export async function uploadedKey(
  tenantId: string,
  jwk: JWK,
  { name, appId }: { name: string; appId: string },
  at: number,
): Promise<SigningKey | { fault: string }> {
  if (jwk.kty !== 'RSA' || jwk.d === undefined) return { fault: 'must be a private RSA key' };
  if (jwk.alg !== undefined && jwk.alg !== ALGORITHM) return { fault: `must be a key for ${ALGORITHM}` };
  try {
    const key = (await importJWK(jwk, ALGORITHM, { extractable: true })) as CryptoKey;
    const { modulusLength } = key.algorithm as { modulusLength?: number };
    if ((modulusLength ?? 0) < BITS) return { fault: `must have ${BITS} bits or more` };
    // Nothing else tells whether its private part goes with the public one.
    const proof = await new CompactSign(new Uint8Array()).setProtectedHeader({ alg: ALGORITHM }).sign(key);
    await compactVerify(proof, await importJWK({ kty: 'RSA', n: jwk.n, e: jwk.e }, ALGORITHM));
    // As the platform writes it: nothing that came beside the key is kept.
    return await keyOf(tenantId, await exportJWK(key), { name, appId, source: 'uploaded' }, at);
  } catch {
    return { fault: 'must be a private RSA key' };
  }
}

async function keyOf(
  tenantId: string,
  jwk: JWK,
  { name, appId, source }: { name: string; appId: string; source: SigningKey['source'] },
  at: number,
): Promise<SigningKey> {
  const kid = await calculateJwkThumbprint(jwk);
  const times = { created_at: at, updated_at: at };
  return { tenant_id: tenantId, kid, private_jwk: jwk, name, app_id: appId, status: 'signing', source, ...times };
}
