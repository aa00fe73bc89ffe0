import { v7 as uuid } from 'uuid';
import { newClientSecret, type ClientCredentials } from '../applications/clientCredentials.ts';
import { findClients, insertClient, replaceClient } from '../applications/clientStore.ts';
import { newApplication } from '../applications/manage.ts';
import { findFirstTenant, insertApplication, insertTenant } from '../applications/store.ts';
import { inTransaction, type Database, type Queryable } from '../database/database.ts';
import { hashSecret, isSecret } from '../hashing/hashing.ts';
import { StartError } from '../startError.ts';
import { generateKey } from './newKey.ts';
import { insertSigningKey } from './signingKeys.ts';

/** Any number will do, as long as all tenants take the same. */
const FIRST_START_LOCK = 0x7e55e7a;

/** Credentials that were just made up, and what their application's tokens reach. */
export interface MadeCredentials extends ClientCredentials {
  role: 'management' | 'ordinary';
}

/**
 * Sees to it that there is a tenant, with a management application and an ordinary one to reach it with.
 * @param fixed the credentials that a management application must have, when the operator fixed them
 * @returns credentials that were just made up, to be shown once: only their hash is kept
 * @throws StartError when the fixed client ID belongs to another tenant of the database
 */
export function ensureAccess(database: Database, fixed?: ClientCredentials): Promise<MadeCredentials[]> {
  return inTransaction(database, async (connection) => {
    // Of two tenants that start at once on an empty database, one makes the tenant and the other finds it.
    await connection.query({ text: 'select pg_advisory_xact_lock($1)', values: [FIRST_START_LOCK] });
    const existing = await findFirstTenant(connection);
    if (!existing) return (await makeTenant(connection, 'Default tenant', fixed)).made;
    if (fixed) await ensureCredentials(connection, existing, fixed);
    return [];
  });
}

/**
 * Makes a tenant with its first key, a management application and an ordinary one.
 * @param fixed the credentials of the management application; made up unless given
 */
export async function makeTenant(
  connection: Queryable,
  name: string,
  fixed?: ClientCredentials,
): Promise<{ tenantId: string; made: MadeCredentials[] }> {
  const tenantId = uuid();
  const at = Date.now();
  await insertTenant(connection, tenantId, name, at);
  await insertSigningKey(
    connection,
    await generateKey(tenantId, { name: 'First key', appId: '', source: 'global' }, at),
  );
  const management = fixed ?? newCredentials();
  const ordinary = newCredentials();
  await addApplication(connection, tenantId, 'Management application', 'management', management);
  await addApplication(connection, tenantId, 'Default application', 'ordinary', ordinary);
  const made: MadeCredentials[] = [{ role: 'ordinary', ...ordinary }];
  return { tenantId, made: fixed ? made : [{ role: 'management', ...management }, ...made] };
}

const newCredentials = (): ClientCredentials => ({ clientId: uuid(), clientSecret: newClientSecret() });

async function ensureCredentials(database: Queryable, tenantId: string, fixed: ClientCredentials): Promise<void> {
  const [client] = await findClients(database, [fixed.clientId]);
  if (!client) {
    return addApplication(database, tenantId, `Management application ${fixed.clientId}`, 'management', fixed);
  }
  if (client.tenant_id !== tenantId) {
    throw new StartError('TESSERA_CLIENT_ID is the client ID of another tenant in this database.');
  }
  if (!(await isSecret(fixed.clientSecret, client.secret_hash))) {
    await replaceClient(database, {
      ...client,
      secret_hash: await hashSecret(fixed.clientSecret),
      previous_secret_hash: null,
      previous_valid_until: null,
      updated_at: Date.now(),
    });
  }
}

async function addApplication(
  database: Queryable,
  tenantId: string,
  name: string,
  role: MadeCredentials['role'],
  { clientId, clientSecret }: ClientCredentials,
): Promise<void> {
  const { application, client } = newApplication(
    tenantId,
    '',
    { app_name: name, role },
    { name, settings: { redirect_uris: [] }, secretHash: await hashSecret(clientSecret), clientId },
  );
  await insertApplication(database, application);
  await insertClient(database, client);
}
