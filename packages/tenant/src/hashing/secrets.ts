import { hash, verify, type Algorithm } from '@node-rs/argon2';

/** What an application authenticates itself with (RFC 6749, 2.3.1). */
export interface ClientCredentials {
  clientId: string;
  clientSecret: string;
}

/** OWASP's first recommendation for Argon2id: 19 MiB, two passes, one lane. */
const SETTINGS = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

/** Hashes a secret or password with Argon2id and a salt of its own; gives a PHC string. */
export function hashSecret(secret: string): Promise<string> {
  return hash(secret, SETTINGS);
}

let decoy: Promise<string> | undefined;

/**
 * Compares a secret with its hash in constant time.
 * @param hashed undefined when there is nothing to compare with: false, after as long as a real comparison takes
 */
export async function isSecret(secret: string, hashed: string | undefined): Promise<boolean> {
  if (hashed !== undefined) return verify(hashed, secret);
  await verify(await (decoy ??= hashSecret('decoy')), secret);
  return false;
}
