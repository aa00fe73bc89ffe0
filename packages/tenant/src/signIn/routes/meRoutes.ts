import type { FastifyInstance } from 'fastify';
import { operations, type UserTokenClaims } from '@tessera/contract';
import { findClient } from '../../applications/clientStore.ts';
import { wantHashingRoom } from '../../hashing/hashing.ts';
import { route } from '../../http/route.ts';
import {
  InvalidPasswordInput,
  PasswordConfigured,
  REGISTERED,
  tellByPasswordCode,
} from '../../users/routes/passwordErrors.ts';
import { setPassword } from '../../users/routes/setPassword.ts';
import { userAnswer } from '../../users/routes/userAnswer.ts';
import type { User } from '../../users/rules/user.ts';
import { SessionEnded, WrongPassword } from '../errors.ts';
import { userName } from '../findSignInUser.ts';
import type { SignInParts } from '../parts.ts';
import { provePassword } from '../provePassword.ts';
import { claimsOf, USER_INFO_CLAIMS } from '../rules/claims.ts';
import { isOver } from '../rules/session.ts';
import { endSession, findSession, renewSession, type LiveSession } from '../store/sessions.ts';

/** The session of a user's token, as long as it goes on. @throws SessionEnded */
async function currentSession({ database }: SignInParts, { tid, sid, sub }: UserTokenClaims): Promise<LiveSession> {
  const live = await findSession(database, tid, sid, Date.now());
  if (!live || live.session.user_id !== sub || isOver(live)) throw new SessionEnded();
  return live;
}

/** What a user who has signed in sees and does. */
export function meRoutes(app: FastifyInstance, parts: SignInParts): void {
  const { database } = parts;

  for (const operation of [operations.getUserInfo, operations.getUserInfoOfUsersApi]) {
    route(app, operation, async ({ caller }) => {
      const { user } = await currentSession(parts, caller);
      const { settings } = (await findClient(database, caller.client_id)) ?? {};
      const names = [
        ...USER_INFO_CLAIMS,
        ...(settings?.default_user_info_claims ?? []),
        ...(settings?.sync_id_token_claims_to_userinfo ? (settings.default_custom_claims ?? []) : []),
      ];
      return { ...claimsOf(user, caller, names), sub: user.user_id };
    });
  }

  route(app, operations.getCurrentUser, async ({ caller, reply }) =>
    userAnswer((await currentSession(parts, caller)).user, caller, reply),
  );

  route(app, operations.getDeviceKeysForTenant, async ({ caller }) => {
    await currentSession(parts, caller);
    return { result: [] };
  });

  route(app, operations.logout, async ({ caller }) => {
    const { session } = await currentSession(parts, caller);
    const ended = await endSession(database, caller.tid, session.session_id);
    return { sessions_count: ended ? 1 : 0 };
  });
}

/** The signed-in user's password. */
export function ownPasswordRoutes(app: FastifyInstance, parts: SignInParts): void {
  const { database } = parts;
  tellByPasswordCode(app);

  /** The session may end, and the user be disabled, while the password is hashed. */
  const whileSignedIn = (caller: UserTokenClaims) => ({
    onGood: async () => void (await currentSession(parts, caller)),
    check: ({ status }: User) => {
      if (status === 'Disabled') throw new SessionEnded();
    },
  });

  route(app, operations.addPasswordCredentialsToCurrentUser, async ({ body, caller }) => {
    const { user } = await currentSession(parts, caller);
    if (user.password) throw new PasswordConfigured('The user has a password already');
    const credentials = { password: body.password, force_replace: false };
    const wanted = { credentials, property: 'password', username: body.username, ...whileSignedIn(caller) };
    if (!(await setPassword(parts, caller, user, wanted))) throw new SessionEnded();
    return REGISTERED;
  });

  route(app, operations.updateOwnPassword, async ({ body, caller }) => {
    wantHashingRoom();
    const { user, session } = await currentSession(parts, caller);
    if (!user.password) throw new PasswordConfigured('The user has no password yet');
    const of = { tenantId: caller.tid, name: userName(user) };
    await provePassword(parts, of, body.current_password, user.password, () => new WrongPassword());
    if (body.password === body.current_password) throw new InvalidPasswordInput('password must be another one');
    const credentials = { password: body.password, force_replace: false };
    const unlessReplaced = () => new WrongPassword();
    const wanted = { credentials, property: 'password', unlessReplaced, ...whileSignedIn(caller) };
    const changed = await setPassword(parts, caller, user, wanted);
    if (!changed) throw new SessionEnded();
    await renewSession(database, caller.tid, session.session_id, changed.password!.updated_at);
    return REGISTERED;
  });
}
