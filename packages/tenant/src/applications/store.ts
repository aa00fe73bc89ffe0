import type { Queryable } from '../database/database.ts';

/** An application of a tenant, with its client credentials. */
export interface Application {
  tenant_id: string;
  app_id: string;
  name: string;
  client_id: string;
  secret_hash: string;
  /** Whether its tokens reach the tenant-level routes (`/v1/manage`). */
  management: boolean;
  created_at: number;
}

/** The application that a client ID belongs to. */
export async function findApplication(database: Queryable, clientId: string): Promise<Application | undefined> {
  const { rows } = await database.query<Application>({
    name: 'find-application',
    text: `select tenant_id, app_id, name, client_id, secret_hash, management, created_at
      from applications where client_id = $1`,
    values: [clientId],
  });
  return rows[0];
}

/** The oldest application of the oldest tenant. */
export async function findFirstApplication(database: Queryable): Promise<Application | undefined> {
  const { rows } = await database.query<Application>({
    text: `select tenant_id, app_id, name, client_id, secret_hash, management, created_at from applications
      where tenant_id = $1 order by created_at, app_id limit 1`,
    values: [await findFirstTenant(database)],
  });
  return rows[0];
}

/** The oldest tenant's ID; undefined before the first start. */
export async function findFirstTenant(database: Queryable): Promise<string | undefined> {
  const { rows } = await database.query<{ tenant_id: string }>({
    text: 'select tenant_id from tenants order by created_at, tenant_id limit 1',
  });
  return rows[0]?.tenant_id;
}

export async function insertTenant(database: Queryable, tenantId: string, name: string, at: number): Promise<void> {
  await database.query({
    text: 'insert into tenants (tenant_id, name, created_at) values ($1, $2, $3)',
    values: [tenantId, name, at],
  });
}

export async function insertApplication(database: Queryable, application: Application): Promise<void> {
  const { tenant_id, app_id, name, client_id, secret_hash, management, created_at } = application;
  await database.query({
    text: `insert into applications (tenant_id, app_id, name, client_id, secret_hash, management, created_at)
      values ($1, $2, $3, $4, $5, $6, $7)`,
    values: [tenant_id, app_id, name, client_id, secret_hash, management, created_at],
  });
}

export async function replaceSecret(database: Queryable, application: Application, secretHash: string): Promise<void> {
  await database.query({
    text: 'update applications set secret_hash = $3 where tenant_id = $1 and app_id = $2',
    values: [application.tenant_id, application.app_id, secretHash],
  });
}
