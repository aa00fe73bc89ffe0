import { v7 as uuid } from 'uuid';
import type { CreateApplicationInput, CreateClientInput, UpdateApplicationInput } from '@tessera/contract';
import { inTransaction, type Database, type Queryable } from '../database/database.ts';
import type { Writer } from '../database/writer.ts';
import { hashSecret } from '../hashing/hashing.ts';
import { newClientSecret } from './clientCredentials.ts';
import { deleteClients, findClientOf, insertClient, listClients, replaceClient } from './clientStore.ts';
import { ApplicationNotFound, ClientNotFound, LastManagementApplication, NameTaken } from './errors.ts';
import { clientPartOf, settingsOf, type Application } from './rules/application.ts';
import { protocolOf, type Client, type ClientSettings } from './rules/client.ts';
import {
  deleteApplication,
  findApplication,
  insertApplication,
  listApplications,
  lockTenant,
  replaceApplication,
} from './store.ts';

/** What is done to applications and clients, whether a route or the command asks for it. */

/** An application with its default client. */
export interface WithClient {
  application: Application;
  client: Client | undefined;
}
/** What was made, with its secret: only a hash of that is kept. */
export type Made<T> = T & { secret: string };

/** @throws NameTaken */
export async function createApplication(
  database: Database,
  { tenantId, clientId: createdBy }: Writer,
  input: CreateApplicationInput,
  first: { name: string; settings: ClientSettings },
): Promise<Made<WithClient & { client: Client }>> {
  const secret = newClientSecret();
  const { application, client } = newApplication(tenantId, createdBy, input, {
    ...first,
    secretHash: await hashSecret(secret),
  });
  await inTransaction(database, async (connection) => {
    await lockTenant(connection, tenantId);
    await wantFreeName(connection, application);
    await insertApplication(connection, application);
    await insertClient(connection, client);
  });
  return { application, client, secret };
}

/** An application with its default client, as they are stored. */
export function newApplication(
  tenantId: string,
  createdBy: string,
  input: CreateApplicationInput,
  first: { name: string; settings: ClientSettings; secretHash: string; clientId?: string },
): { application: Application; client: Client } {
  const appId = uuid();
  const client = newClient(tenantId, appId, first);
  const application = {
    tenant_id: tenantId,
    app_id: appId,
    name: input.app_name,
    management: input.role === 'management',
    enabled: true,
    settings: settingsOf(input),
    default_client_id: client.client_id,
    created_by: createdBy,
    created_at: client.created_at,
    updated_at: client.created_at,
  };
  return { application, client };
}

function newClient(
  tenantId: string,
  appId: string,
  {
    name,
    settings,
    secretHash,
    clientId = uuid(),
  }: { name: string; settings: ClientSettings; secretHash: string; clientId?: string },
): Client {
  const at = Date.now();
  return {
    tenant_id: tenantId,
    client_id: clientId,
    app_id: appId,
    name,
    secret_hash: secretHash,
    previous_secret_hash: null,
    previous_valid_until: null,
    settings,
    created_at: at,
    updated_at: at,
  };
}

/** @throws ApplicationNotFound */
export async function getApplication(database: Queryable, tenantId: string, appId: string): Promise<WithClient> {
  const application = await findApplication(database, tenantId, appId);
  if (!application) throw new ApplicationNotFound();
  const { default_client_id: clientId } = application;
  return { application, client: clientId ? await findClientOf(database, tenantId, appId, clientId) : undefined };
}

/** Changes what is sent. @throws ApplicationNotFound, ClientNotFound, NameTaken, LastManagementApplication */
export function updateApplication(
  database: Database,
  { tenantId }: Writer,
  appId: string,
  update: UpdateApplicationInput,
): Promise<WithClient> {
  return inTransaction(database, async (connection) => {
    await lockTenant(connection, tenantId);
    const { application: before, client: defaultClient } = await getApplication(connection, tenantId, appId);
    const { app_name = before.name, enabled = before.enabled } = update;
    const settings = { ...before.settings, ...settingsOf(update) };
    const application = { ...before, name: app_name, enabled, settings, updated_at: Date.now() };
    if (app_name !== before.name) await wantFreeName(connection, application);
    if (!enabled) await wantAnotherManager(connection, before);
    await replaceApplication(connection, application);
    const part = clientPartOf(update);
    if (Object.keys(part).length === 0) return { application, client: defaultClient };
    if (!defaultClient) throw new ClientNotFound();
    const { name = defaultClient.name, ...clientSettings } = part;
    const client = await changeClient(connection, tenantId, appId, defaultClient.client_id, (current) => ({
      ...current,
      name,
      settings: { ...current.settings, ...clientSettings },
    }));
    return { application, client };
  });
}

/** @throws ApplicationNotFound, LastManagementApplication */
export function removeApplication(database: Database, { tenantId }: Writer, appId: string): Promise<void> {
  return inTransaction(database, async (connection) => {
    await lockTenant(connection, tenantId);
    const { application } = await getApplication(connection, tenantId, appId);
    await wantAnotherManager(connection, application);
    await deleteApplication(connection, tenantId, appId);
  });
}

/** @throws ApplicationNotFound, NameTaken */
export async function createClient(
  database: Database,
  { tenantId }: Writer,
  appId: string,
  { name, ...settings }: CreateClientInput,
): Promise<Made<{ client: Client }>> {
  const secret = newClientSecret();
  const client = newClient(tenantId, appId, {
    name,
    settings: { ...settings, authentication_protocol: protocolOf(settings) },
    secretHash: await hashSecret(secret),
  });
  await inTransaction(database, async (connection) => {
    await lockTenant(connection, tenantId);
    const { application } = await getApplication(connection, tenantId, appId);
    await wantFreeClientName(connection, client);
    await insertClient(connection, client);
    // One that had lost all its clients has a default again.
    if (!application.default_client_id) {
      await replaceApplication(connection, { ...application, default_client_id: client.client_id });
    }
  });
  return { client, secret };
}

/** Applies a rule to a client. @throws ApplicationNotFound, ClientNotFound, NameTaken */
export function updateClient(
  database: Database,
  { tenantId }: Writer,
  appId: string,
  clientId: string,
  rule: (client: Client) => Client,
): Promise<Client> {
  return inTransaction(database, async (connection) => {
    await lockTenant(connection, tenantId);
    await getApplication(connection, tenantId, appId);
    return changeClient(connection, tenantId, appId, clientId, rule);
  });
}

async function changeClient(
  connection: Queryable,
  tenantId: string,
  appId: string,
  clientId: string,
  rule: (client: Client) => Client,
): Promise<Client> {
  const before = await findClientOf(connection, tenantId, appId, clientId);
  if (!before) throw new ClientNotFound();
  const client = { ...rule(before), updated_at: Date.now() };
  if (client.name !== before.name) await wantFreeClientName(connection, client);
  await replaceClient(connection, client);
  return client;
}

/**
 * Gives a client a new secret.
 * @param previousValidFor for how many seconds the one so far stays good
 * @throws ApplicationNotFound, ClientNotFound
 */
export async function rotateSecret(
  database: Database,
  writer: Writer,
  appId: string,
  clientId: string,
  previousValidFor: number,
): Promise<Made<{ client: Client }>> {
  const secret = newClientSecret();
  const secretHash = await hashSecret(secret);
  const client = await updateClient(database, writer, appId, clientId, (current) => ({
    ...current,
    secret_hash: secretHash,
    previous_secret_hash: previousValidFor > 0 ? current.secret_hash : null,
    previous_valid_until: previousValidFor > 0 ? Date.now() + previousValidFor * 1000 : null,
  }));
  return { client, secret };
}

/**
 * Deletes a client, or all of an application.
 * @throws ApplicationNotFound, ClientNotFound, LastManagementApplication
 */
export function removeClients(
  database: Database,
  { tenantId }: Writer,
  appId: string,
  clientId?: string,
): Promise<void> {
  return inTransaction(database, async (connection) => {
    await lockTenant(connection, tenantId);
    const { application } = await getApplication(connection, tenantId, appId);
    const gone = await deleteClients(connection, tenantId, appId, clientId);
    if (clientId !== undefined && gone.length === 0) throw new ClientNotFound();
    if (!gone.includes(application.default_client_id ?? '')) return;
    const [next] = await listClients(connection, tenantId, appId);
    // Without a client, an application manages nothing.
    if (!next) await wantAnotherManager(connection, application);
    await replaceApplication(connection, { ...application, default_client_id: next?.client_id ?? null });
  });
}

async function wantFreeName(connection: Queryable, { tenant_id, app_id, name }: Application): Promise<void> {
  const others = await listApplications(connection, tenant_id);
  if (others.some((other) => other.name === name && other.app_id !== app_id)) throw new NameTaken('app_name');
}

async function wantFreeClientName(connection: Queryable, client: Client): Promise<void> {
  const others = await listClients(connection, client.tenant_id, client.app_id);
  if (others.some(({ name, client_id }) => name === client.name && client_id !== client.client_id)) {
    throw new NameTaken('name');
  }
}

async function wantAnotherManager(
  connection: Queryable,
  { tenant_id, app_id, management }: Application,
): Promise<void> {
  if (!management) return;
  const others = (await listApplications(connection, tenant_id)).filter((other) => other.app_id !== app_id);
  if (others.some((other) => other.management && other.enabled && other.default_client_id !== null)) return;
  throw new LastManagementApplication();
}
