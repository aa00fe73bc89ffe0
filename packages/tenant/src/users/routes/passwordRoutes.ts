import type { FastifyInstance } from 'fastify';
import { operations, PASSWORD_MIN_LENGTH, type PasswordError } from '@tessera/contract';
import type { ApiError } from '../../errors.ts';
import { passwordOf } from '../passwords.ts';
import type { Database } from '../../database/database.ts';
import { changeUser } from '../store/users.ts';
import { applyChange, changeOf } from '../rules/change.ts';
import { writerOf } from '../../http/authentication.ts';
import { answerError, sendError } from '../../http/errors.ts';
import { asApiError } from '../../http/requestErrors.ts';
import { route } from '../../http/route.ts';
import { InvalidPasswordInput, PasswordConfigured, WeakPassword } from './passwordErrors.ts';
import { UserNotFound } from '../rules/errors.ts';
import { versionsOf } from '../rules/version.ts';

const REGISTERED = { result: { message: 'Password registered' } };

/** Sets the first password of a user, or the next one. */
export function passwordRoutes(app: FastifyInstance, database: Database): void {
  // These routes tell their own faults by codes; the others as every route does.
  app.setErrorHandler((thrown: Error, request, reply) => {
    const error = passwordError(thrown);
    if (!error) return sendError(thrown, request, reply);
    const body = { error_code: error.code, message: error.message } as PasswordError;
    return answerError(error, body, request, reply);
  });

  route(app, operations.addPasswordCredential, async ({ params, headers, body, caller }) => {
    const { username, enforce_complexity = true, ...credentials } = body;
    if (enforce_complexity) wantStrong(credentials.password);
    const at = Date.now();
    const versions = versionsOf(headers['if-match']);
    const context = { at, appId: caller.app_id, versions, password: await passwordOf(credentials, at) };
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
    wantStrong(body.password);
    const at = Date.now();
    const versions = versionsOf(headers['if-match']);
    const context = { at, appId: caller.app_id, versions, password: await passwordOf(body, at) };
    const user = await changeUser(database, writerOf(caller), params.user_id, (before) => {
      if (!before.password) {
        throw new PasswordConfigured('The user has no password yet');
      }
      return applyChange(before, changeOf({}, context));
    });
    if (!user) throw new UserNotFound();
    return REGISTERED;
  });
}

/** @throws WeakPassword when a password has too few characters */
function wantStrong(password: string): void {
  if ([...password].length >= PASSWORD_MIN_LENGTH) return;
  throw new WeakPassword(`password must have at least ${PASSWORD_MIN_LENGTH} characters`);
}

/** The error as the vendor's password routes tell it; undefined when they do not. */
function passwordError(thrown: Error): ApiError | undefined {
  const error = asApiError(thrown);
  if (error.facts.member === 'error_code' || error instanceof UserNotFound) return error;
  return error.status === 400 ? new InvalidPasswordInput(error.message, { cause: thrown }) : undefined;
}
