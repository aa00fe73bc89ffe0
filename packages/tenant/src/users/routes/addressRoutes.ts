import type { FastifyInstance } from 'fastify';
import { operations, type AccessTokenClaims } from '@tessera/contract';
import type { Database } from '../../database/database.ts';
import { changeUser } from '../store/users.ts';
import { removeSecondary, verifyAddress } from '../rules/addresses.ts';
import { UserNotFound } from '../rules/errors.ts';
import type { User } from '../rules/user.ts';
import { writerOf } from '../../http/authentication.ts';
import { route } from '../../http/route.ts';

/** Removes and verifies emails and phone numbers of a user. */
export function addressRoutes(app: FastifyInstance, database: Database): void {
  const change = async (caller: AccessTokenClaims, userId: string, rule: (user: User, at: number) => User) => {
    const at = Date.now();
    if (!(await changeUser(database, writerOf(caller), userId, (user) => rule(user, at)))) throw new UserNotFound();
    return undefined;
  };

  route(app, operations.removeUserSecondaryEmail, ({ params: { user_id, email }, caller }) =>
    change(caller, user_id, (user, at) => removeSecondary(user, 'email', email.toLowerCase(), at)),
  );

  route(app, operations.removeUserSecondaryPhoneNumber, ({ params: { user_id, phone_number }, caller }) =>
    change(caller, user_id, (user, at) => removeSecondary(user, 'phone_number', phone_number, at)),
  );

  route(app, operations.verifyUserEmail, ({ params: { user_id, email }, body, caller }) =>
    change(caller, user_id, (user, at) =>
      verifyAddress(user, 'email', email.toLowerCase(), body.change_to_primary ?? false, at),
    ),
  );

  route(app, operations.verifyUserPhoneNumber, ({ params: { user_id, phone_number }, body, caller }) =>
    change(caller, user_id, (user, at) =>
      verifyAddress(user, 'phone_number', phone_number, body.change_to_primary ?? false, at),
    ),
  );
}
