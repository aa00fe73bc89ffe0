import { addToApp } from '../rules/addresses.ts';
import { identifiersOf } from '../rules/identifiers.ts';
import type { Profile, User } from '../rules/user.ts';
import type { Database } from '../../database/database.ts';
import type { Writer } from '../../database/writer.ts';
import { changeUser } from './changeUser.ts';
import { findOwners } from './identifiers.ts';

/**
 * Associates a user who is there already with an application, as creating it again does.
 * @param profile the identifiers by which it is found
 * @returns the user; undefined when the identifiers are of several users, or of one who is associated already
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
  const already = new Error('The user is associated already');
  try {
    return await changeUser(database, writer, userId, (user) => {
      if (user.apps[appId]) throw already;
      return addToApp(user, appId, Date.now());
    });
  } catch (error) {
    if (error === already) return undefined;
    throw error;
  }
}
