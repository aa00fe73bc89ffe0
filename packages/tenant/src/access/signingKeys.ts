import type { JWK } from 'jose';
import type { Queryable } from '../database/database.ts';

/** A key that tokens are signed with. */
export interface SigningKey {
  tenant_id: string;
  kid: string;
  private_jwk: JWK;
}

/** All keys, of every tenant of this database, the newest first. */
export async function listSigningKeys(database: Queryable): Promise<SigningKey[]> {
  const { rows } = await database.query<SigningKey>({
    text: 'select tenant_id, kid, private_jwk from signing_keys order by created_at desc, kid',
  });
  return rows;
}

export async function insertSigningKey(database: Queryable, key: SigningKey, at: number): Promise<void> {
  await database.query({
    text: 'insert into signing_keys (tenant_id, kid, private_jwk, created_at) values ($1, $2, $3, $4)',
    values: [key.tenant_id, key.kid, JSON.stringify(key.private_jwk), at],
  });
}
