import type { SignInIdentifierType } from '@tessera/contract';
import type { Database } from '../database/database.ts';
import { canonicalIdentifier } from '../users/rules/identifiers.ts';
import { addressIdentifies, addressNames, type Address } from '../users/rules/ownership.ts';
import type { User } from '../users/rules/user.ts';
import { findByIdentifier, findUser } from '../users/store/findUsers.ts';

/** The form in which a name is compared, whatever way it is written. */
export const canonicalName = (type: SignInIdentifierType, name: string): string =>
  type === 'user_id' ? name : canonicalIdentifier(type, name).value;

/** What a user's wrong passwords are counted by. */
export const userName = ({ user_id }: Pick<User, 'user_id'>): string => `user_id ${user_id}`;

/** The address that a name is, in the form in which it is stored; undefined for names of other kinds. */
export const addressNamed = (type: SignInIdentifierType, name: string): Address | undefined =>
  type === 'email' || type === 'phone_number' ? { kind: type, value: canonicalName(type, name) } : undefined;

/** The user whom a name names at a sign-in. An unverified secondary address names nobody. */
export async function findSignInUser(
  database: Database,
  tenantId: string,
  type: SignInIdentifierType,
  name: string,
): Promise<User | undefined> {
  if (!isStorable(name)) return undefined;
  if (type === 'user_id') return findUser(database, tenantId, name);
  const user = await findByIdentifier(database, tenantId, canonicalIdentifier(type, name));
  const address = addressNamed(type, name);
  return user && address && !addressNames(user, address) ? undefined : user;
}

/** The user to whom proving an address leads. A user who is disabled keeps every address, and does not come back by signing up. */
export async function findOwner(database: Database, tenantId: string, address: Address): Promise<User | undefined> {
  const user = await findByIdentifier(database, tenantId, address);
  return user && (user.status === 'Disabled' || addressIdentifies(user, address)) ? user : undefined;
}

// What nobody can be called is not asked for: the database takes no NUL and no half of a character.
const isStorable = (name: string): boolean => name.isWellFormed() && !name.includes('\u0000');
