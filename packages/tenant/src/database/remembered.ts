import { LRUCache } from 'lru-cache';
import { TimeLimitReached } from './errors.ts';
import { withoutTimeLimit, withTimeLimit } from './timeLimit.ts';

/** How long an instance goes by what it has read. */
const KNOWN_MS = 2000;
/** How long the database may take to tell. */
const LOOKUP_MS = 3000;

/**
 * What requests ask for again and again, read once in two seconds at most; what is known stays good while the database does
 * not answer.
 * @param most the most that is remembered
 * @param read gives what belongs to a key; many requests may wait for it, so it does not end with the first of them
 */
export function remembered<Value extends object>(
  most: number,
  read: (key: string) => Promise<Value>,
): LRUCache<string, Value> {
  return new LRUCache<string, Value>({
    max: most,
    ttl: KNOWN_MS,
    fetchMethod: (key, known) =>
      withoutTimeLimit(async () => {
        const limit = new AbortController();
        const timer = setTimeout(() => limit.abort(new TimeLimitReached()), LOOKUP_MS);
        try {
          return await withTimeLimit(limit.signal, () => read(key));
        } catch (error) {
          if (known === undefined) throw error;
          return known;
        } finally {
          clearTimeout(timer);
        }
      }),
  });
}
