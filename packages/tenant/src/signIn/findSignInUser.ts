import type { SignInIdentifierType } from '@tessera/contract';
import type { Database } from '../database/database.ts';
import { canonicalIdentifier } from '../users/rules/identifiers.ts';
import type { User } from '../users/rules/user.ts';
import { findByIdentifier, findUser } from '../users/store/findUsers.ts';

/** The form in which a name is compared, whatever way it is written. */
export const canonicalName = (type: SignInIdentifierType, name: string): string =>
  type === 'user_id' ? name : canonicalIdentifier(type, name).value;

/** What a user's wrong passwords are counted by. */
export const userName = ({ user_id }: Pick<User, 'user_id'>): string => `user_id ${user_id}`;

/** The user whom a name names at a sign-in. */
export const findSignInUser = (
  database: Database,
  tenantId: string,
  type: SignInIdentifierType,
  name: string,
): Promise<User | undefined> =>
  isStorable(name)
    ? type === 'user_id'
      ? findUser(database, tenantId, name)
      : findByIdentifier(database, tenantId, canonicalIdentifier(type, name))
    : Promise.resolve(undefined);

// What nobody can be called is not asked for: the database takes no NUL and no half of a character.
const isStorable = (name: string): boolean => name.isWellFormed() && !name.includes('\u0000');
