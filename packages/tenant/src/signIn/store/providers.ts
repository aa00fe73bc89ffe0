import { isUniqueViolation, type Queryable } from '../../database/database.ts';
import { ProviderTaken } from '../errors.ts';

/** An OpenID Connect provider of an application, as it is stored. */
export interface Provider {
  tenant_id: string;
  app_id: string;
  name: string;
  issuer: string;
  client_id: string;
  client_secret: string;
  scope: string;
  /** Whether its emails count as verified where it does not say whether they are. */
  email_trusted: boolean;
  /** Milliseconds since the epoch. */
  created_at: number;
}

const COLUMNS = 'tenant_id, app_id, name, issuer, client_id, client_secret, scope, email_trusted, created_at';

/** The providers of an application, by name. */
export async function listProviders(database: Queryable, tenantId: string, appId: string): Promise<Provider[]> {
  const { rows } = await database.query<Provider & Record<string, unknown>>({
    name: 'list-identity-providers',
    text: `select ${COLUMNS} from identity_providers where tenant_id = $1 and app_id = $2 order by name`,
    values: [tenantId, appId],
  });
  return rows;
}

/** @throws ProviderTaken */
export async function insertProvider(database: Queryable, provider: Provider): Promise<void> {
  const { tenant_id, app_id, name, issuer, client_id, client_secret, scope, email_trusted, created_at } = provider;
  try {
    await database.query({
      text: `insert into identity_providers (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      values: [tenant_id, app_id, name, issuer, client_id, client_secret, scope, email_trusted, created_at],
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new ProviderTaken();
    throw error;
  }
}

/** @returns whether there was one */
export async function deleteProvider(
  database: Queryable,
  tenantId: string,
  appId: string,
  name: string,
): Promise<boolean> {
  const { rowCount } = await database.query({
    text: 'delete from identity_providers where tenant_id = $1 and app_id = $2 and name = $3',
    values: [tenantId, appId, name],
  });
  return rowCount === 1;
}
