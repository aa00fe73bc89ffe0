import { createHash } from 'node:crypto';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Database } from '../database/database.ts';
import { shared } from '../database/shared.ts';
import { TooManyRequests } from './errors.ts';

/** How many are let through in a while: `count` in `seconds`. */
export interface Limit {
  count: number;
  seconds: number;
}

/** What is limited. All instances on one database count together. */
export interface Limits {
  /** Sign-ins and messages that a client asks for. */
  client: Limit;
  /** Messages that go to one address. */
  address: Limit;
  /** Sign-ins and messages that are asked for from one source (an IP address). */
  source: Limit;
  /** Wrong passwords for one name: as many lock it for as long. */
  failures: Limit;
}

export const DEFAULT_LIMITS: Limits = {
  client: { count: 6000, seconds: 60 },
  address: { count: 10, seconds: 600 },
  source: { count: 1000, seconds: 60 },
  failures: { count: 5, seconds: 900 },
};

/** Failures of a name. */
export interface Failures {
  count: number;
  /** For how many milliseconds the name is locked; 0 when it is not. */
  lockedFor: number;
}

/** Counts what is asked for. */
export interface Limiter {
  /** Counts one. @throws TooManyRequests when it is one too many */
  take(kind: keyof Limits, tenantId: string, name: string): Promise<void>;
  /** Counts a failure; as many as the limit says lock the name for as long. */
  fail(tenantId: string, name: string): Promise<Failures>;
  /** The failures of a name so far. */
  failures(tenantId: string, name: string): Promise<Failures>;
  /** Counts from nothing again. */
  forgetFailures(tenantId: string, name: string): Promise<void>;
}

const WORDS: Record<keyof Limits, string> = {
  client: 'from this client',
  address: 'for this address',
  source: 'from this source',
  failures: 'for this name',
};

/** Counts in the database, for all instances together. */
export function makeLimiter(database: Database, limits: Limits): Limiter {
  const limiters = Object.fromEntries(
    Object.entries(limits).map(([kind, { count, seconds }]: [string, Limit]) => [
      kind,
      new RateLimiterPostgres({
        // All that it uses of a client is this.
        storeClient: { query: (query: Parameters<Database['query']>[0]) => database.query(query) },
        storeType: 'client',
        tableName: 'limits',
        tableCreated: true,
        clearExpiredByTimeout: false,
        keyPrefix: kind,
        points: count,
        duration: seconds,
      }),
    ]),
  ) as Record<keyof Limits, RateLimiterPostgres>;
  // No address stands in the table.
  const key = (tenantId: string, name: string): string =>
    createHash('sha256').update(`${tenantId}\n${name}`).digest('base64url');

  /** Many that come at once count in one statement: each alone would wait for the row of their client. */
  const takeTogether = shared<{ kind: keyof Limits; key: string }, void>({
    async work(_database, taken) {
      const places = new Map<string, number[]>();
      for (const [place, { kind, key }] of taken.entries()) {
        places.set(`${kind} ${key}`, [...(places.get(`${kind} ${key}`) ?? []), place]);
      }
      const answers: (void | Error)[] = [];
      await Promise.all(
        [...places.values()].map(async (those) => {
          const { kind, key } = taken[those[0]!]!;
          const state = await consume(limiters[kind], key, those.length);
          const before = state.consumedPoints - those.length;
          for (const [index, place] of those.entries()) {
            if (before + index >= limits[kind].count) {
              answers[place] = new TooManyRequests(WORDS[kind], state.msBeforeNext);
            }
          }
        }),
      );
      return taken.map((_, place) => answers[place]);
    },
  });

  const failuresOf = (state: RateLimiterRes | null): Failures => {
    const count = state?.consumedPoints ?? 0;
    return { count, lockedFor: state && count >= limits.failures.count ? state.msBeforeNext : 0 };
  };

  return {
    take: (kind, tenantId, name) => takeTogether(database, { kind, key: key(tenantId, name) }),
    async fail(tenantId, name) {
      const failures = failuresOf(await limiters.failures.penalty(key(tenantId, name)));
      // From the last one, and not from the first.
      if (failures.count === limits.failures.count) {
        await limiters.failures.block(key(tenantId, name), limits.failures.seconds);
      }
      return failures;
    },
    failures: async (tenantId, name) => failuresOf(await limiters.failures.get(key(tenantId, name))),
    async forgetFailures(tenantId, name) {
      await limiters.failures.delete(key(tenantId, name));
    },
  };
}

/** Counts so many, also where they are too many. */
async function consume(limiter: RateLimiterPostgres, key: string, points: number): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(key, points);
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return refused;
    throw refused;
  }
}

/** Takes away counts whose time is over. @param before milliseconds since the epoch */
export async function purgeLimits(database: Database, before: number): Promise<void> {
  await database.search({ text: 'delete from limits where expire < $1', values: [before] });
}
