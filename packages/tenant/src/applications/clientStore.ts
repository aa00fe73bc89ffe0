import type { Database, Queryable } from '../database/database.ts';
import { shared } from '../database/shared.ts';
import type { Application } from './rules/application.ts';
import type { Client } from './rules/client.ts';

/** The clients of applications. */

const COLUMNS =
  'tenant_id, client_id, app_id, name, secret_hash, previous_secret_hash, previous_valid_until, settings, created_at, updated_at';
const OF_CLIENT = COLUMNS.split(', ')
  .map((column) => `clients.${column}`)
  .join(', ');

/** A client with what of its application counts when it authenticates itself. */
export interface ClientOfApplication extends Client {
  app_name: string;
  management: boolean;
  enabled: boolean;
  app_settings: Application['settings'];
}

/** The client that a client ID belongs to, of whatever tenant; read together with others that are asked for. */
export const findClient: (database: Database, clientId: string) => Promise<ClientOfApplication | undefined> = shared({
  async work(database, clientIds) {
    const clients = await findClients(database, clientIds);
    return clientIds.map((clientId) => clients.find(({ client_id }) => client_id === clientId));
  },
});

/** The clients of these IDs. */
export async function findClients(database: Queryable, clientIds: string[]): Promise<ClientOfApplication[]> {
  const { rows } = await database.query<ClientOfApplication>({
    name: 'find-clients',
    text: `select ${OF_CLIENT}, applications.name as app_name, management, enabled, applications.settings as app_settings
      from clients join applications on applications.tenant_id = clients.tenant_id and applications.app_id = clients.app_id
      where client_id = any ($1::text[])`,
    values: [[...new Set(clientIds)]],
  });
  return rows;
}

/** A client of an application by its ID. */
export async function findClientOf(
  database: Queryable,
  tenantId: string,
  appId: string,
  clientId: string,
): Promise<Client | undefined> {
  const { rows } = await database.query<Client>({
    name: 'find-client-of-application',
    text: `select ${COLUMNS} from clients where tenant_id = $1 and app_id = $2 and client_id = $3`,
    values: [tenantId, appId, clientId],
  });
  return rows[0];
}

/** All clients of an application, or of a whole tenant, the oldest first. */
export async function listClients(database: Queryable, tenantId: string, appId?: string): Promise<Client[]> {
  const { rows } = await database.query<Client>({
    name: 'list-clients',
    text: `select ${COLUMNS} from clients where tenant_id = $1 and ($2::text is null or app_id = $2)
      order by created_at, client_id`,
    values: [tenantId, appId],
  });
  return rows;
}

/** Stores a new client. */
export async function insertClient(database: Queryable, client: Client): Promise<void> {
  await database.query({
    text: `insert into clients (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: valuesOf(client),
  });
}

/** Stores a client as it is now. */
export async function replaceClient(database: Queryable, client: Client): Promise<void> {
  await database.query({
    text: `update clients set (app_id, name, secret_hash, previous_secret_hash, previous_valid_until, settings, created_at,
      updated_at) = ($3, $4, $5, $6, $7, $8::jsonb, $9, $10) where tenant_id = $1 and client_id = $2`,
    values: valuesOf(client),
  });
}

/** Deletes clients of an application. @returns the IDs of those that were there */
export async function deleteClients(
  database: Queryable,
  tenantId: string,
  appId: string,
  clientId?: string,
): Promise<string[]> {
  const { rows } = await database.query<{ client_id: string }>({
    text: `delete from clients where tenant_id = $1 and app_id = $2 and ($3::text is null or client_id = $3)
      returning client_id`,
    values: [tenantId, appId, clientId],
  });
  return rows.map(({ client_id }) => client_id);
}

function valuesOf(client: Client): unknown[] {
  const { tenant_id, client_id, app_id, name, secret_hash, previous_secret_hash } = client;
  const { previous_valid_until, settings, created_at, updated_at } = client;
  return [
    tenant_id,
    client_id,
    app_id,
    name,
    secret_hash,
    previous_secret_hash,
    previous_valid_until,
    JSON.stringify(settings),
    created_at,
    updated_at,
  ];
}
