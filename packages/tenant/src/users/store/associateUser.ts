import { addToApp } from '../rules/addresses.ts';
import { identifiersOf } from '../rules/identifiers.ts';
import { isProved, isSameUser } from '../rules/ownership.ts';
import type { Profile, User } from '../rules/user.ts';
import type { Database } from '../../database/database.ts';
import type { Writer } from '../../database/writer.ts';
import { changeUser } from './changeUser.ts';
import { findOwners } from './identifiers.ts';

/**
 * Associates a user who is there already with an application, as creating it again does.
 * @param profile the identifiers by which it is found
 * @returns the user; undefined when the identifiers belong to several users or do not identify one (`isSameUser`), when the user is
 * associated already, or has a password and no owner
 */
export async function associateUser(
  database: Database,
  writer: Writer,
  appId: string,
  profile: Profile,
): Promise<User | undefined> {
  const owners = await findOwners(database, writer.tenantId, identifiersOf(profile));
  const [userId, ...others] = new Set(owners.values());
  if (userId === undefined || others.length > 0) return undefined;
  const refused = new Error('Not a user to associate');
  try {
    return await changeUser(database, writer, userId, (user) => {
      // Decided here, where nobody changes the user in between.
      if (user.apps[appId] || !isSameUser(user, profile)) throw refused;
      // Whoever has set it may be another person than the one whom this application means.
      if (user.password && !isProved(user)) throw refused;
      return addToApp(user, appId, Date.now());
    });
  } catch (error) {
    if (error === refused) return undefined;
    throw error;
  }
}
