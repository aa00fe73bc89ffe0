import type { FastifyInstance } from 'fastify';
import { v7 as uuid } from 'uuid';
import { operations, type AccessTokenClaims } from '@tessera/contract';
import type { Database } from '../../database/database.ts';
import { associateUser } from '../store/associateUser.ts';
import { changeUser, updateUser } from '../store/changeUser.ts';
import { deleteUser } from '../store/deleteUser.ts';
import { insertUser } from '../store/insertUser.ts';
import { removeFromApp } from '../rules/addresses.ts';
import { changeOf, newUser } from '../rules/change.ts';
import { IdentifierTaken, UserNotFound } from '../rules/errors.ts';
import type { User } from '../rules/user.ts';
import { versionsOf } from '../rules/version.ts';
import type { Passwords } from '../passwords.ts';
import { changeContext } from './changeContext.ts';
import { writerOf } from '../../http/authentication.ts';
import { route } from '../../http/route.ts';
import { userAnswer } from './userAnswer.ts';

/** Creates, updates, removes and deletes one user: each route is request, rule, store, response. */
export function userRoutes(app: FastifyInstance, database: Database, passwords: Passwords): void {
  const forPasswords = { database, passwords };
  route(app, operations.createUser, async ({ body, caller, reply }) => {
    const user = newUser(uuid(), body, await changeContext(forPasswords, body.credentials, caller));
    return userAnswer(await insertOrAssociate(database, caller, user), caller, reply);
  });

  route(app, operations.updateUser, async ({ params, headers, body, caller, reply }) => {
    const context = {
      ...(await changeContext(forPasswords, body.credentials, caller, params.user_id)),
      versions: versionsOf(headers['if-match']),
    };
    const user = await updateUser(database, writerOf(caller), params.user_id, changeOf(body, context));
    return userAnswer(user, caller, reply);
  });

  route(app, operations.removeUserFromApp, async ({ params, headers, caller }) => {
    const remove = (user: Parameters<typeof removeFromApp>[0]) => removeFromApp(user, caller.app_id, Date.now());
    const versions = versionsOf(headers['if-match']);
    if (!(await changeUser(database, writerOf(caller), params.user_id, remove, versions))) throw new UserNotFound();
    return undefined;
  });

  route(app, operations.deleteTenantUser, async ({ params, headers, caller }) => {
    const versions = versionsOf(headers['if-match']);
    if (!(await deleteUser(database, writerOf(caller), params.user_id, versions))) throw new UserNotFound();
    return undefined;
  });
}

/** @throws IdentifierTaken when another user has an identifier, and not one who is only to be associated */
async function insertOrAssociate(database: Database, caller: AccessTokenClaims, user: User): Promise<User> {
  try {
    await insertUser(database, writerOf(caller), user);
    return user;
  } catch (error) {
    const there =
      error instanceof IdentifierTaken &&
      // A password that is not set must not seem to be.
      !user.password &&
      (await associateUser(database, writerOf(caller), caller.app_id, user.profile));
    if (!there) throw error;
    return there;
  }
}
