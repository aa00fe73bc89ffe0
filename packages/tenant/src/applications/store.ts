import type { Queryable } from '../database/database.ts';
import type { Application } from './rules/application.ts';

/** Tenants and their applications. */

const COLUMNS =
  'tenant_id, app_id, name, management, enabled, settings, default_client_id, created_by, created_at, updated_at';

/** A tenant of this database. */
export interface TenantRow {
  tenant_id: string;
  name: string;
  created_at: number;
}

/** All tenants, the oldest first. */
export async function listTenants(database: Queryable): Promise<TenantRow[]> {
  const { rows } = await database.query<TenantRow>({
    text: 'select tenant_id, name, created_at from tenants order by created_at, tenant_id',
  });
  return rows;
}

/** The oldest tenant's ID; undefined before the first start. */
export async function findFirstTenant(database: Queryable): Promise<string | undefined> {
  const { rows } = await database.query<{ tenant_id: string }>({
    text: 'select tenant_id from tenants order by created_at, tenant_id limit 1',
  });
  return rows[0]?.tenant_id;
}

/** Stores a new tenant. @param at milliseconds since the epoch */
export async function insertTenant(database: Queryable, tenantId: string, name: string, at: number): Promise<void> {
  await database.query({
    text: 'insert into tenants (tenant_id, name, created_at) values ($1, $2, $3)',
    values: [tenantId, name, at],
  });
}

/**
 * Lets one writer at a time change the applications and the keys of a tenant: names are unique; a management application and a
 * key that signs stay.
 */
export async function lockTenant(connection: Queryable, tenantId: string): Promise<void> {
  await connection.query({ text: 'select from tenants where tenant_id = $1 for no key update', values: [tenantId] });
}

/** All applications of a tenant, the oldest first. */
export async function listApplications(database: Queryable, tenantId: string): Promise<Application[]> {
  const { rows } = await database.query<Application>({
    name: 'list-applications',
    text: `select ${COLUMNS} from applications where tenant_id = $1 order by created_at, app_id`,
    values: [tenantId],
  });
  return rows;
}

/** Finds an application of a tenant by its ID. */
export async function findApplication(
  database: Queryable,
  tenantId: string,
  appId: string,
): Promise<Application | undefined> {
  const { rows } = await database.query<Application>({
    name: 'find-application',
    text: `select ${COLUMNS} from applications where tenant_id = $1 and app_id = $2`,
    values: [tenantId, appId],
  });
  return rows[0];
}

/** Stores a new application. */
export async function insertApplication(database: Queryable, application: Application): Promise<void> {
  await database.query({
    text: `insert into applications (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: valuesOf(application),
  });
}

/** Stores an application as it is now. */
export async function replaceApplication(database: Queryable, application: Application): Promise<void> {
  await database.query({
    text: `update applications set (name, management, enabled, settings, default_client_id, created_by, created_at,
      updated_at) = ($3, $4, $5, $6::jsonb, $7, $8, $9, $10) where tenant_id = $1 and app_id = $2`,
    values: valuesOf(application),
  });
}

/** Deletes an application with its clients and identity providers. */
export async function deleteApplication(connection: Queryable, tenantId: string, appId: string): Promise<void> {
  for (const table of ['clients', 'identity_providers', 'applications']) {
    await connection.query({
      text: `delete from ${table} where tenant_id = $1 and app_id = $2`,
      values: [tenantId, appId],
    });
  }
}

function valuesOf(application: Application): unknown[] {
  const { tenant_id, app_id, name, management, enabled, settings } = application;
  const { default_client_id, created_by, created_at, updated_at } = application;
  return [
    tenant_id,
    app_id,
    name,
    management,
    enabled,
    JSON.stringify(settings),
    default_client_id,
    created_by,
    created_at,
    updated_at,
  ];
}
