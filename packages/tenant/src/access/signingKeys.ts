import type { JWK } from 'jose';
import type { ApiSigningKey } from '@tessera/contract';
import { isUniqueViolation, type Database, type Queryable } from '../database/database.ts';
import { shared } from '../database/shared.ts';
import { KeyTaken } from './errors.ts';

/** A key that tokens are signed with, as it is stored. Times are milliseconds since the epoch. */
export interface SigningKey {
  tenant_id: string;
  kid: string;
  private_jwk: JWK;
  name: string;
  /** The application whose token made it; empty for the first one. */
  app_id: string;
  status: ApiSigningKey['status'];
  source: ApiSigningKey['source'];
  created_at: number;
  updated_at: number;
}

const COLUMNS = 'tenant_id, kid, private_jwk, name, app_id, status, source, created_at, updated_at';

/** The keys of a tenant, the newest first; read together with others that are asked for. */
export const listSigningKeys: (database: Database, tenantId: string) => Promise<SigningKey[]> = shared({
  async work(database, tenantIds) {
    const keys = await readSigningKeys(database, tenantIds);
    return tenantIds.map((tenantId) => keys.filter(({ tenant_id }) => tenant_id === tenantId));
  },
});

/** The keys of tenants, the newest first. */
export async function readSigningKeys(database: Queryable, tenantIds: string[]): Promise<SigningKey[]> {
  const { rows } = await database.query<SigningKey>({
    name: 'list-signing-keys',
    text: `select ${COLUMNS} from signing_keys where tenant_id = any ($1::text[]) order by created_at desc, kid`,
    values: [[...new Set(tenantIds)]],
  });
  return rows;
}

/** @throws KeyTaken when the tenant has it already */
export async function insertSigningKey(database: Queryable, key: SigningKey): Promise<void> {
  const { tenant_id, kid, private_jwk, name, app_id, status, source, created_at, updated_at } = key;
  try {
    await database.query({
      text: `insert into signing_keys (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      values: [tenant_id, kid, JSON.stringify(private_jwk), name, app_id, status, source, created_at, updated_at],
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new KeyTaken();
    throw error;
  }
}

/** The key that signs so far goes on validating. */
export async function stopSigning(database: Queryable, tenantId: string, at: number): Promise<void> {
  await database.query({
    text: `update signing_keys set status = 'validating', updated_at = $2 where tenant_id = $1 and status = 'signing'`,
    values: [tenantId, at],
  });
}

/** Changes a key that is there. @returns the key after the change */
export async function updateSigningKey(
  database: Queryable,
  tenantId: string,
  kid: string,
  { name, status }: Partial<Pick<SigningKey, 'name' | 'status'>>,
  at: number,
): Promise<SigningKey> {
  const { rows } = await database.query<SigningKey>({
    text: `update signing_keys set name = coalesce($3, name), status = coalesce($4, status), updated_at = $5
      where tenant_id = $1 and kid = $2 returning ${COLUMNS}`,
    values: [tenantId, kid, name, status, at],
  });
  return rows[0]!;
}

/** Deletes a key, if it is there. */
export async function deleteSigningKey(database: Queryable, tenantId: string, kid: string): Promise<void> {
  await database.query({
    text: 'delete from signing_keys where tenant_id = $1 and kid = $2',
    values: [tenantId, kid],
  });
}
