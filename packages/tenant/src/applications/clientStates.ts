import type { Database } from '../database/database.ts';
import { remembered } from '../database/remembered.ts';
import { findClient } from './clientStore.ts';

/** Tells whether the tokens of a client are good: whether it is there, in this tenant, and its application enabled. */
export interface ClientStates {
  isGood(tenantId: string, clientId: string): Promise<boolean>;
  /** To be called when a client or application was changed here, so that this instance knows it at once. */
  forget(): void;
}

/** A client that is deleted is refused by every instance within two seconds. */
export function makeClientStates(database: Database): ClientStates {
  const states = remembered(10_000, async (clientId) => {
    const client = await findClient(database, clientId);
    return { tenantId: client?.enabled ? client.tenant_id : '' };
  });
  return {
    async isGood(tenantId, clientId) {
      return (await states.get(clientId))?.tenantId === tenantId;
    },
    forget: () => states.clear(),
  };
}
