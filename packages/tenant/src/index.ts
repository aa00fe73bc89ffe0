export { makeLog } from './log.ts';
export { startTenant, type Tenant, type TenantOptions } from './tenant.ts';
export { StartError } from './startError.ts';
export type { ClientCredentials } from './applications/clientCredentials.ts';
