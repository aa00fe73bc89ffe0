import type { FastifyInstance } from 'fastify';
import { operations, type ApiSigningKey } from '@tessera/contract';
import { NameTaken } from '../applications/errors.ts';
import { lockTenant } from '../applications/store.ts';
import { inTransaction, type Database, type Queryable } from '../database/database.ts';
import { InvalidRequest } from '../http/requestErrors.ts';
import { route } from '../http/route.ts';
import { KeyNotFound, KeySigns } from './errors.ts';
import type { Keyring } from './keyring.ts';
import { generateKey, uploadedKey } from './newKey.ts';
import {
  deleteSigningKey,
  insertSigningKey,
  listSigningKeys,
  readSigningKeys,
  stopSigning,
  updateSigningKey,
  type SigningKey,
} from './signingKeys.ts';

/** The keys that a tenant's tokens are signed with: made, uploaded, rotated and taken away. */
export function signingKeyRoutes(app: FastifyInstance, database: Database, keyring: Keyring): void {
  /** The key signs from here on, and the one so far validates. */
  const startSigning = async (key: SigningKey): Promise<ApiSigningKey> => {
    await inTransaction(database, async (connection) => {
      await lockTenant(connection, key.tenant_id);
      await wantFreeName(connection, key);
      await stopSigning(connection, key.tenant_id, key.created_at);
      await insertSigningKey(connection, key);
    });
    keyring.forget();
    return shown(key);
  };

  route(app, operations.createClientTokenSigningKey, async ({ body, caller }) => {
    const { tid, app_id: appId } = caller;
    return startSigning(await generateKey(tid, { name: body.name, appId, source: 'mosaic' }, Date.now()));
  });

  route(app, operations.uploadClientTokenSigningKey, async ({ body, caller }) => {
    const { tid, app_id: appId } = caller;
    const key = await uploadedKey(tid, body.jwk, { name: body.name, appId }, Date.now());
    if ('fault' in key) throw new InvalidRequest(`jwk ${key.fault}`);
    return startSigning(key);
  });

  route(app, operations.getClientTokenSigningKeys, async ({ caller }) =>
    (await listSigningKeys(database, caller.tid)).map(shown),
  );

  route(app, operations.updateTokenSigningKey, async ({ params: { id }, body, caller }) => {
    const at = Date.now();
    const key = await inTransaction(database, async (connection) => {
      await lockTenant(connection, caller.tid);
      const before = await wantKey(connection, caller.tid, id);
      if (before.status === 'signing' && body.status !== undefined && body.status !== 'signing') throw new KeySigns();
      if (body.name !== undefined) await wantFreeName(connection, { ...before, name: body.name });
      if (before.status !== 'signing' && body.status === 'signing') await stopSigning(connection, caller.tid, at);
      return updateSigningKey(connection, caller.tid, id, body, at);
    });
    keyring.forget();
    return shown(key);
  });

  route(app, operations.deleteClientTokenSigningKey, async ({ params: { id }, caller }) => {
    await inTransaction(database, async (connection) => {
      await lockTenant(connection, caller.tid);
      const { status } = await wantKey(connection, caller.tid, id);
      if (status === 'signing') throw new KeySigns();
      await deleteSigningKey(connection, caller.tid, id);
    });
    keyring.forget();
    return undefined;
  });
}

/** @throws KeyNotFound */
async function wantKey(connection: Queryable, tenantId: string, kid: string): Promise<SigningKey> {
  const key = (await readSigningKeys(connection, [tenantId])).find((one) => one.kid === kid);
  if (!key) throw new KeyNotFound();
  return key;
}

/** @throws NameTaken */
async function wantFreeName(connection: Queryable, { tenant_id, kid, name }: SigningKey): Promise<void> {
  const keys = await readSigningKeys(connection, [tenant_id]);
  if (keys.some((other) => other.name === name && other.kid !== kid)) throw new NameTaken('name');
}

/** What the API shows of a key: nothing of its private part. */
const shown = ({
  tenant_id,
  kid,
  name,
  app_id,
  status,
  source,
  created_at,
  updated_at,
}: SigningKey): ApiSigningKey => ({
  id: kid,
  app_id,
  tenant_id,
  kid,
  name,
  status,
  source,
  created_at: new Date(created_at).toISOString(),
  updated_at: new Date(updated_at).toISOString(),
});
