import type { FastifyInstance } from 'fastify';
import { operations, type SignInIdentifierType } from '@tessera/contract';
import { InvalidClient } from '../../access/errors.ts';
import { findClient, type ClientOfApplication } from '../../applications/clientStore.ts';
import { wantHashingRoom } from '../../hashing/hashing.ts';
import { InvalidRequest } from '../../http/requestErrors.ts';
import { route } from '../../http/route.ts';
import { setPassword } from '../../users/routes/setPassword.ts';
import type { User } from '../../users/rules/user.ts';
import { findUser } from '../../users/store/findUsers.ts';
import { browserCode, redirectUrl } from '../browserSignIn.ts';
import { makeCode } from '../codes.ts';
import { completeSignIn } from '../completeSignIn.ts';
import {
  InvalidCode,
  InvalidCredentials,
  PasswordExpired,
  PasswordTemporary,
  TemporaryPasswordExpired,
  UserNotActive,
} from '../errors.ts';
import { addressNamed, canonicalName, findSignInUser, userName } from '../findSignInUser.ts';
import { aliasOf } from '../methods.ts';
import type { SignInParts } from '../parts.ts';
import { hashCode } from '../rules/secretCode.ts';
import { PASSWORD_METHOD } from '../rules/session.ts';
import type { Method } from '../rules/signIn.ts';
import { provePassword } from '../provePassword.ts';
import { findCode, takeCode } from '../store/codes.ts';
import { tellByCode } from './authErrors.ts';
import { callingClient, countBrowser, countRequest, wantKnown, wantRedirectUri } from './caller.ts';

/** How long a refused sign-in lets a new password be set. */
const RESET_MS = 15 * 60 * 1000;

interface Name {
  type: SignInIdentifierType;
  value: string;
}

/** Signs users in by password. */
export function passwordSignInRoutes(app: FastifyInstance, parts: SignInParts): void {
  const { database, limiter, publicUrl } = parts;
  tellByCode(app);

  /**
   * The user whose name and password they are.
   * @throws InvalidCredentials, SignInLocked, UserNotActive, PasswordTemporary, PasswordExpired, TemporaryPasswordExpired
   */
  const prove = async (client: ClientOfApplication, { type, value }: Name, password: string): Promise<User> => {
    const { tenant_id: tenantId } = client;
    const user = await findSignInUser(database, tenantId, type, value);
    // A user is one, whatever name is tried.
    const name = user ? userName(user) : `${type} ${canonicalName(type, value)}`;
    await provePassword(parts, { tenantId, name }, password, user?.password, () => new InvalidCredentials());
    // Nothing that is not there is proved.
    if (!user?.password) throw new InvalidCredentials();
    if (user.status === 'Disabled') throw new UserNotActive();
    const expired = (user.password.expires_at ?? Infinity) <= Date.now();
    if (!user.password.temporary && !expired) return user;
    // Whoever has found it lying about sets no new one either.
    if (user.password.temporary && expired) throw new TemporaryPasswordExpired();
    const subject = user.user_id;
    const data = { passwordSetAt: user.password.updated_at };
    const { temporary, expires_at: end = Infinity } = user.password;
    // A temporary one is good for nothing after its time.
    const lifetime = Math.min(RESET_MS, temporary ? end - Date.now() : Infinity);
    const kept = { purpose: 'reset', subject, userId: subject, lifetime, data } as const;
    const token = await makeCode(database, client, kept);
    throw temporary ? new PasswordTemporary(token) : new PasswordExpired(token);
  };

  const methodOf = (user: User, { type, value }: Name): Method => ({
    authType: 'password',
    providerName: 'Password',
    providerType: 'Native',
    identifier: user.user_id,
    alias: aliasOf(type, canonicalName(type, value)),
    named: addressNamed(type, value),
    amr: PASSWORD_METHOD,
    passwordAt: user.password?.updated_at,
  });

  route(app, operations.authenticatePassword, async ({ body, caller, request, reply }) => {
    wantKnown(body);
    wantHashingRoom();
    const { username, username_type = 'username', identifier, identifier_type } = body;
    const name = oneName({
      [username_type]: username,
      ...(identifier !== undefined && { [identifier_type ?? 'username']: identifier }),
    });
    const client = await callingClient(database, caller);
    await countRequest(limiter, client, request, body.client_attributes);
    const user = await prove(client, name, body.password);
    void reply.header('cache-control', 'no-store');
    const { resource, claims, session_id: sessionId } = body;
    return completeSignIn(parts, client, user, methodOf(user, name), { resource, claims, sessionId });
  });

  route(app, operations.login, async ({ body }) => {
    wantKnown(body);
    wantHashingRoom();
    const { username, email, phone_number, redirect_uri: redirectUri, resource, claims } = body;
    const name = oneName({ username, email, phone_number });
    const client = await browserClient(body.client_id);
    wantRedirectUri(client, redirectUri);
    const user = await prove(client, name, body.password);
    const method = methodOf(user, name);
    const code = await browserCode(database, client, {
      userId: user.user_id,
      redirectUri,
      method,
      wishes: { resource, claims },
    });
    return { result: { url: redirectUrl(publicUrl, code) } };
  });

  /** The client of a browser, which has no token. */
  const browserClient = async (clientId: string): Promise<ClientOfApplication> => {
    const client = await findClient(database, clientId);
    await countBrowser(limiter, client);
    if (!client?.enabled) throw new InvalidClient('There is no such client');
    return client;
  };

  route(app, operations.resetPassword, async ({ body, caller }) => {
    const client = await callingClient(database, caller);
    const code = await findCode<{ passwordSetAt: number }>(database, 'reset', hashCode(body.reset_token), Date.now());
    if (!code?.user_id || code.tenant_id !== client.tenant_id || code.client_id !== client.client_id) {
      throw new InvalidCode();
    }
    const before = await findUser(database, client.tenant_id, code.user_id);
    // The one that was refused, and none that somebody has set since.
    if (before?.password?.updated_at !== code.data.passwordSetAt) throw new InvalidCode();
    const changed = await setPassword(parts, caller, before, {
      credentials: { password: body.new_password, force_replace: false },
      property: 'new_password',
      unlessReplaced: () => new InvalidCode(),
      async onGood() {
        if (!(await takeCode(database, code))) throw new InvalidCode();
      },
    });
    if (!changed) throw new InvalidCode();
    return { message: 'Password set' };
  });
}

/** @throws InvalidRequest unless there is just one */
function oneName(names: Partial<Record<SignInIdentifierType, string>>): Name {
  const given = Object.entries<string | undefined>(names).flatMap(([type, value]) =>
    value === undefined ? [] : [{ type: type as SignInIdentifierType, value }],
  );
  const [first] = given;
  if (!first || given.length > 1) {
    throw new InvalidRequest(`${Object.keys(names).join(', ')}: just one of them is required`);
  }
  return first;
}
