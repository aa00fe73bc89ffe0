import { LRUCache } from 'lru-cache';
import type { Database } from '../database/database.ts';
import { TimeLimitReached } from '../database/errors.ts';
import { withoutTimeLimit, withTimeLimit } from '../database/timeLimit.ts';
import { findClient } from './clientStore.ts';

/** How long an instance goes by what it knows of a client: a client that is deleted is refused everywhere after that. */
const KNOWN_MS = 2000;
/** How long the database may take to tell. */
const LOOKUP_MS = 3000;

/** Tells whether the tokens of a client are good: whether it is there, in this tenant, and its application enabled. */
export interface ClientStates {
  isGood(tenantId: string, clientId: string): Promise<boolean>;
  /** To be called when a client or application was changed here, so that this instance knows it at once. */
  forget(): void;
}

/** Asks the database for each client once in two seconds at most; what is known stays good while that does not answer. */
export function makeClientStates(database: Database): ClientStates {
  const states = new LRUCache<string, { tenantId: string }>({
    max: 10_000,
    ttl: KNOWN_MS,
    allowStaleOnFetchRejection: true,
    noDeleteOnFetchRejection: true,
    fetchMethod: (clientId) =>
      // Many requests wait for this one, so it must not end with the first of them.
      withoutTimeLimit(async () => {
        const limit = new AbortController();
        const timer = setTimeout(() => limit.abort(new TimeLimitReached()), LOOKUP_MS);
        try {
          const client = await withTimeLimit(limit.signal, () => findClient(database, clientId));
          return { tenantId: client?.enabled ? client.tenant_id : '' };
        } finally {
          clearTimeout(timer);
        }
      }),
  });
  return {
    async isGood(tenantId, clientId) {
      return (await states.fetch(clientId))?.tenantId === tenantId;
    },
    forget: () => states.clear(),
  };
}
