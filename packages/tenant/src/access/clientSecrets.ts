import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isSecret } from '../hashing/hashing.ts';
import type { Client } from '../applications/rules/client.ts';
import { TooManyAttempts } from './errors.ts';

/** What a client's secret is compared with. */
type Secrets = Pick<Client, 'secret_hash' | 'previous_secret_hash' | 'previous_valid_until'>;

/** How many comparisons for one client may wait at once. */
const MAX_WAITING = 8;

/**
 * Tells whether a secret is a client's. A right one is remembered, by a keyed hash that nothing outside this process can
 * make, so that a client who has proved itself does not wait behind those who guess. The secret before a rotation is good until its time is over.
 */
export function makeSecretCheck(): (clientId: string, secret: string, client: Secrets | undefined) => Promise<boolean> {
  const key = randomBytes(32);
  const proved = new LRUCache<string, true>({ max: 10_000 });
  const waiting = new Map<string, number>();

  const isSecretNow = async (clientId: string, secret: string, hashed: string | undefined): Promise<boolean> => {
    const proof = createHmac('sha256', key).update(`${hashed}\n${secret}`).digest('base64');
    if (hashed !== undefined && proved.has(proof)) return true;
    // Those who name no client of ours share one place, so that what is told does not depend on who is there.
    const client = hashed === undefined ? '' : clientId;
    const before = waiting.get(client) ?? 0;
    if (before >= MAX_WAITING) throw new TooManyAttempts();
    waiting.set(client, before + 1);
    try {
      const right = await isSecret(secret, hashed);
      if (right) proved.set(proof, true);
      return right;
    } finally {
      const left = waiting.get(client)! - 1;
      if (left > 0) waiting.set(client, left);
      else waiting.delete(client);
    }
  };

  return async (clientId, secret, client) => {
    if (await isSecretNow(clientId, secret, client?.secret_hash)) return true;
    const { previous_secret_hash: previous, previous_valid_until: until } = client ?? {};
    return Boolean(previous && until && until > Date.now()) && isSecretNow(clientId, secret, previous!);
  };
}
