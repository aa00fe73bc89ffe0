import type { FastifyInstance } from 'fastify';
import { canonicalEmail, operations, type AccessTokenClaims } from '@tessera/contract';
import type { Database } from '../../database/database.ts';
import { changeUser } from '../store/changeUser.ts';
import { removeSecondary, verifyAddress } from '../rules/addresses.ts';
import { UserNotFound } from '../rules/errors.ts';
import type { User } from '../rules/user.ts';
import { versionsOf } from '../rules/version.ts';
import { writerOf } from '../../http/authentication.ts';
import { route } from '../../http/route.ts';

/** Removes and verifies emails and phone numbers of a user. */
export function addressRoutes(app: FastifyInstance, database: Database): void {
  type Request = { caller: AccessTokenClaims; params: { user_id: string }; headers: { 'if-match'?: string } };
  const change = async ({ caller, params, headers }: Request, rule: (user: User, at: number) => User) => {
    const at = Date.now();
    const versions = versionsOf(headers['if-match']);
    const user = await changeUser(database, writerOf(caller), params.user_id, (before) => rule(before, at), versions);
    if (!user) throw new UserNotFound();
    return undefined;
  };

  route(app, operations.removeUserSecondaryEmail, (call) =>
    change(call, (user, at) => removeSecondary(user, 'email', canonicalEmail(call.params.email), at)),
  );

  route(app, operations.removeUserSecondaryPhoneNumber, (call) =>
    change(call, (user, at) => removeSecondary(user, 'phone_number', call.params.phone_number, at)),
  );

  route(app, operations.verifyUserEmail, (call) =>
    change(call, (user, at) =>
      verifyAddress(user, 'email', canonicalEmail(call.params.email), call.body.change_to_primary ?? false, at),
    ),
  );

  route(app, operations.verifyUserPhoneNumber, (call) =>
    change(call, (user, at) =>
      verifyAddress(user, 'phone_number', call.params.phone_number, call.body.change_to_primary ?? false, at),
    ),
  );
}
