import type { Database } from '../database/database.ts';
import type { User } from '../users/rules/user.ts';
import { findByIdentifier, findByProvider } from '../users/store/findUsers.ts';
import type { Method } from './rules/signIn.ts';

/**
 * Whom a sign-in with a provider is linked to: the user who has signed in so before, or else the one with the email that the
 * provider vouches for.
 * @returns 'refused' when that one may be somebody else's making: whoever wrote an email on a profile that they cannot read,
 * and set a password, would own what its real owner does there
 */
export async function linkedUser(
  database: Database,
  tenantId: string,
  { providerName, identifier, proved }: Method,
): Promise<User | 'refused' | undefined> {
  const known = await findByProvider(database, tenantId, providerName, identifier);
  if (known) return known;
  if (!proved) return undefined;
  const user = await findByIdentifier(database, tenantId, proved);
  if (!user) return undefined;
  const entry = [user.profile.email, ...(user.profile.secondary_emails ?? [])].find(
    (one) => one?.value === proved.value,
  );
  const untouched = !user.password && user.identities.length === 0;
  return entry?.email_verified || untouched ? user : 'refused';
}
