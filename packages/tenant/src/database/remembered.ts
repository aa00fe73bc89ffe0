import { LRUCache } from 'lru-cache';
import { TimeLimitReached } from './errors.ts';
import { withinMs, withoutTimeLimit } from './timeLimit.ts';

/** How long an instance goes by what it has read. */
const KNOWN_MS = 2000;
/** How often it looks at the clock for that. */
const LOOKS_MS = 100;
/** How long the database may take to tell. */
const LOOKUP_MS = 3000;

/** What is remembered, by key. */
export interface Remembered<Value> {
  /** @returns at once what is known well enough; otherwise once it is read */
  get(key: string): Value | Promise<Value | undefined>;
  /** Reads it again. */
  refresh(key: string): Promise<Value | undefined>;
  clear(): void;
}

/**
 * What requests ask for again and again, read once in two seconds at most; what is known stays good while the database does
 * not answer.
 * @param most the most that is remembered
 * @param read gives what belongs to a key; many requests may wait for it, so it does not end with the first of them
 */
export function remembered<Value extends object>(
  most: number,
  read: (key: string) => Promise<Value>,
): Remembered<Value> {
  const known = new LRUCache<string, Value>({
    max: most,
    ttl: KNOWN_MS - LOOKS_MS,
    ttlResolution: LOOKS_MS,
    // One that is too old stands in for one that cannot be read.
    noDeleteOnStaleGet: true,
    // Who waits when all is forgotten gets what is being read, and it is not kept.
    ignoreFetchAbort: true,
    fetchMethod: (key, stale) =>
      withoutTimeLimit(async () => {
        try {
          return await withinMs(
            LOOKUP_MS,
            () => new TimeLimitReached(),
            () => read(key),
          );
        } catch (error) {
          if (stale === undefined) throw error;
          return stale;
        }
      }),
  });
  return {
    get: (key) => known.get(key) ?? known.fetch(key),
    refresh: (key) => known.fetch(key, { forceRefresh: true }),
    clear: () => known.clear(),
  };
}
