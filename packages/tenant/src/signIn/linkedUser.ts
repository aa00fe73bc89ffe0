import type { Database } from '../database/database.ts';
import type { User } from '../users/rules/user.ts';
import { findByProvider } from '../users/store/findUsers.ts';
import { findOwner } from './findSignInUser.ts';
import type { Method } from './rules/signIn.ts';

/**
 * The user whom a sign-in with a provider belongs to: the one who has signed in with that identity before, or else the one to
 * whom the email leads that the provider has verified.
 */
export const linkedUser = async (
  database: Database,
  tenantId: string,
  { providerName, identifier, proved }: Method,
): Promise<User | undefined> =>
  (await findByProvider(database, tenantId, providerName, identifier)) ??
  (proved && (await findOwner(database, tenantId, proved)));
