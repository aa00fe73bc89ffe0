import type { ClientCredentials } from '../applications/clientCredentials.ts';
import { findClient, type ClientOfApplication } from '../applications/clientStore.ts';
import type { Database } from '../database/database.ts';
import { makeSecretCheck } from './clientSecrets.ts';
import { InvalidClient } from './errors.ts';

/** Gives the client whose credentials they are. @throws InvalidClient, TooManyAttempts, HashingBusy */
export type AuthenticateClient = (credentials: ClientCredentials) => Promise<ClientOfApplication>;

/** Checks client credentials against the database. */
export function makeClientAuthentication(database: Database): AuthenticateClient {
  const isSecretOf = makeSecretCheck();
  return async ({ clientId, clientSecret }) => {
    const client = await findClient(database, clientId);
    // The secret first: whether a client is there takes as long to tell as whether the secret is right.
    if (!(await isSecretOf(clientId, clientSecret, client)) || !client?.enabled) {
      throw new InvalidClient('The client ID or the client secret is wrong');
    }
    return client;
  };
}
