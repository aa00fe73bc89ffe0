import type { FastifyInstance } from 'fastify';
import { operations, PASSWORD_MIN_LENGTH, type PasswordError } from '@tessera/contract';
import { passwordOf } from '../passwords.ts';
import type { Database } from '../../database/database.ts';
import { changeUser } from '../store/users.ts';
import { applyChange, changeOf } from '../rules/change.ts';
import { writerOf } from '../../http/authentication.ts';
import { errorBody, NotFound, sendError } from '../../http/errors.ts';
import { route } from '../../http/route.ts';
import { noSuchUser } from './userAnswer.ts';

/** A password that cannot be set, by the codes of the vendor's password routes. */
class PasswordRefused extends Error {
  override name = 'PasswordRefused';
  readonly code: PasswordError['error_code'];
  readonly status: number;
  constructor(status: number, code: PasswordError['error_code'], message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const REGISTERED = { result: { message: 'Password registered' } };

/** Sets the first password of a user, or the next one. */
export function passwordRoutes(database: Database) {
  return (app: FastifyInstance): Promise<void> => {
    // These routes tell their own faults by codes; the others as every route does.
    app.setErrorHandler((error: Error, request, reply) => {
      const refused = passwordRefused(error);
      if (!refused) return sendError(error, request, reply);
      const body: PasswordError = { error_code: refused.code, message: refused.message };
      return reply.status(refused.status).serializer(JSON.stringify).send(body);
    });

    route(app, operations.addPasswordCredential, async ({ params, body, caller }) => {
      const { username, enforce_complexity = true, ...credentials } = body;
      if (enforce_complexity && credentials.password.length < PASSWORD_MIN_LENGTH) {
        const message = `password must have at least ${PASSWORD_MIN_LENGTH} characters`;
        throw new PasswordRefused(400, 'auth_password_weak', message);
      }
      const at = Date.now();
      const context = { at, appId: caller.app_id, password: await passwordOf(credentials, at) };
      const user = await changeUser(database, writerOf(caller), params.user_id, (before) => {
        if (before.password) {
          throw new PasswordRefused(409, 'auth_password_already_configured', 'The user has a password already');
        }
        return applyChange(before, changeOf(username === undefined ? {} : { username }, context));
      });
      if (!user) throw noSuchUser();
      return REGISTERED;
    });

    route(app, operations.updatePasswordCredential, async ({ params, body, caller }) => {
      const at = Date.now();
      const context = { at, appId: caller.app_id, password: await passwordOf(body, at) };
      const user = await changeUser(database, writerOf(caller), params.user_id, (before) => {
        if (!before.password) {
          throw new PasswordRefused(409, 'auth_password_already_configured', 'The user has no password yet');
        }
        return applyChange(before, changeOf({}, context));
      });
      if (!user) throw noSuchUser();
      return REGISTERED;
    });
    return Promise.resolve();
  };
}

function passwordRefused(error: Error): PasswordRefused | undefined {
  if (error instanceof PasswordRefused) return error;
  if (error instanceof NotFound) return new PasswordRefused(404, 'user_not_found', error.message);
  const { error_code: status, message } = errorBody(error);
  if (status !== 400) return undefined;
  return new PasswordRefused(400, 'system_invalid_input', [message].flat().join('; '));
}
