import type { FastifyInstance } from 'fastify';
import { operations, type PasswordError } from '@tessera/contract';
import type { Passwords } from '../passwords.ts';
import type { Database } from '../../database/database.ts';
import { changeUser, updateUser } from '../store/changeUser.ts';
import { findUser } from '../store/findUsers.ts';
import { applyChange, changeOf } from '../rules/change.ts';
import { writerOf } from '../../http/authentication.ts';
import { answerError, sendError } from '../../http/errors.ts';
import { route } from '../../http/route.ts';
import { PasswordConfigured, passwordError } from './passwordErrors.ts';
import { UserNotFound } from '../rules/errors.ts';
import { versionsOf, wantVersion } from '../rules/version.ts';

const REGISTERED = { result: { message: 'Password registered' } };

/** Sets the first password of a user, or the next one. */
export function passwordRoutes(app: FastifyInstance, database: Database, passwords: Passwords): void {
  // These routes tell their own faults by codes; the others as every route does.
  app.setErrorHandler((thrown: Error, request, reply) => {
    const error = passwordError(thrown);
    if (!error) return sendError(thrown, request, reply);
    const body = { error_code: error.code, message: error.message } as PasswordError;
    return answerError(error, body, request, reply);
  });

  route(app, operations.addPasswordCredential, async ({ params, headers, body, caller }) => {
    const { username, enforce_complexity = true, ...credentials } = body;
    const at = Date.now();
    const versions = versionsOf(headers['if-match']);
    const judged = { at, before: null, property: 'password', anyStrength: !enforce_complexity };
    const password = await passwords.recordOf(credentials, judged);
    const context = { at, appId: caller.app_id, versions, password };
    const user = await changeUser(database, writerOf(caller), params.user_id, (before) => {
      if (before.password) {
        throw new PasswordConfigured('The user has a password already');
      }
      return applyChange(before, changeOf(username === undefined ? {} : { username }, context));
    });
    if (!user) throw new UserNotFound();
    return REGISTERED;
  });

  route(app, operations.updatePasswordCredential, async ({ params, headers, body, caller }) => {
    const at = Date.now();
    const versions = versionsOf(headers['if-match']);
    const before = await findUser(database, caller.tid, params.user_id);
    if (!before) throw new UserNotFound();
    wantVersion(before, versions);
    if (!before.password) throw new PasswordConfigured('The user has no password yet');
    const password = await passwords.recordOf(body, { at, before: before.password, property: 'password' });
    const context = { at, appId: caller.app_id, versions, password };
    const user = await updateUser(database, writerOf(caller), params.user_id, changeOf({}, context));
    if (!user) throw new UserNotFound();
    return REGISTERED;
  });
}
