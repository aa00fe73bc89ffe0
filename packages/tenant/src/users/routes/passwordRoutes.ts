import type { FastifyInstance } from 'fastify';
import { operations } from '@tessera/contract';
import type { Passwords } from '../passwords.ts';
import type { Database } from '../../database/database.ts';
import { findUser } from '../store/findUsers.ts';
import { route } from '../../http/route.ts';
import { PasswordConfigured, REGISTERED, tellByPasswordCode } from './passwordErrors.ts';
import { setPassword } from './setPassword.ts';
import { UserNotFound } from '../rules/errors.ts';
import { versionsOf, wantVersion } from '../rules/version.ts';

/** Sets the first password of a user, or the next one. */
export function passwordRoutes(app: FastifyInstance, database: Database, passwords: Passwords): void {
  const parts = { database, passwords };
  tellByPasswordCode(app);

  route(app, operations.addPasswordCredential, async ({ params, headers, body, caller }) => {
    const { username, enforce_complexity = true, ...credentials } = body;
    const wanted = { credentials, username, property: 'password', anyStrength: !enforce_complexity };
    const user = { user_id: params.user_id, password: null };
    const versions = versionsOf(headers['if-match']);
    if (!(await setPassword(parts, caller, user, { ...wanted, versions }))) throw new UserNotFound();
    return REGISTERED;
  });

  route(app, operations.updatePasswordCredential, async ({ params, headers, body, caller }) => {
    const versions = versionsOf(headers['if-match']);
    const before = await findUser(database, caller.tid, params.user_id);
    if (!before) throw new UserNotFound();
    wantVersion(before, versions);
    if (!before.password) throw new PasswordConfigured('The user has no password yet');
    const wanted = { credentials: body, property: 'password', versions };
    if (!(await setPassword(parts, caller, before, wanted))) throw new UserNotFound();
    return REGISTERED;
  });
}
