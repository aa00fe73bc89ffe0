import { randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { v7 as uuid } from 'uuid';
import {
  findApplication,
  findFirstTenant,
  insertApplication,
  insertTenant,
  replaceSecret,
} from '../applications/store.ts';
import { inTransaction, type Database, type Queryable } from '../database/database.ts';
import { insertSigningKey } from './signingKeys.ts';
import { StartError } from '../startError.ts';
import type { ClientCredentials } from '../applications/clientCredentials.ts';
import { hashSecret, isSecret } from '../hashing/hashing.ts';

/** Any number will do, as long as all tenants take the same. */
const FIRST_START_LOCK = 0x7e55e7a;

/**
 * Sees to it that there is a tenant and an application to reach it with.
 * @param fixed the credentials that an application must have, when the operator fixed them
 * @returns credentials that were just made up, to be shown once: only their hash is kept; undefined otherwise
 * @throws StartError when the fixed client ID belongs to another tenant of the database
 */
export function ensureAccess(database: Database, fixed?: ClientCredentials): Promise<ClientCredentials | undefined> {
  return inTransaction(database, async (connection) => {
    // Of two tenants that start at once on an empty database, one makes the tenant and the other finds it.
    await connection.query({ text: 'select pg_advisory_xact_lock($1)', values: [FIRST_START_LOCK] });
    const existing = await findFirstTenant(connection);
    const tenantId = existing ?? (await makeTenant(connection));
    if (fixed) await ensureCredentials(connection, tenantId, fixed, 'Default application');
    if (existing || fixed) return undefined;
    const made = { clientId: uuid(), clientSecret: randomBytes(32).toString('base64url') };
    await addApplication(connection, tenantId, made, 'Default application');
    return made;
  });
}

async function makeTenant(database: Queryable): Promise<string> {
  const tenantId = uuid();
  const at = Date.now();
  await insertTenant(database, tenantId, 'Default tenant', at);
  const { privateKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  await insertSigningKey(database, { tenant_id: tenantId, kid, private_jwk: jwk }, at);
  return tenantId;
}

async function ensureCredentials(
  database: Queryable,
  tenantId: string,
  { clientId, clientSecret }: ClientCredentials,
  name: string,
): Promise<void> {
  const application = await findApplication(database, clientId);
  if (!application) return addApplication(database, tenantId, { clientId, clientSecret }, name);
  if (application.tenant_id !== tenantId) {
    throw new StartError('TESSERA_CLIENT_ID is the client ID of another tenant in this database.');
  }
  if (!(await isSecret(clientSecret, application.secret_hash))) {
    await replaceSecret(database, application, await hashSecret(clientSecret));
  }
}

async function addApplication(
  database: Queryable,
  tenantId: string,
  { clientId, clientSecret }: ClientCredentials,
  name: string,
): Promise<void> {
  await insertApplication(database, {
    tenant_id: tenantId,
    app_id: uuid(),
    name,
    client_id: clientId,
    secret_hash: await hashSecret(clientSecret),
    management: true,
    created_at: Date.now(),
  });
}
