import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TokenSet } from '@tessera/contract';
import type { ClientOfApplication } from '../applications/clientStore.ts';
import type { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/errors.ts';
import { findUser } from '../users/store/findUsers.ts';
import type { User } from '../users/rules/user.ts';
import { AddressUnverified, InvalidCode, InvalidCredentials, SessionOver, UserNotActive } from './errors.ts';
import type { SignInParts } from './parts.ts';
import { admissionOf } from './rules/admission.ts';
import { hashCode, newCode } from './rules/secretCode.ts';
import { isOver, withMethod } from './rules/session.ts';
import { hasAddress, hasPassword, signedIn, signInDifference, type Method } from './rules/signIn.ts';
import { findSession, type LiveSession } from './store/sessions.ts';
import { recordSignIn, type Session } from './store/signIn.ts';
import { refreshTokenEnd, sessionEnd, userTokens, type Wishes } from './userTokens.ts';

/** How often it is tried when the user changes meanwhile. */
const ATTEMPTS = 20;
const PAUSE_MS = 5;

/**
 * Signs a user in who has proved who it is: records it, and gives tokens.
 * @param sessionId a session of the same user that this sign-in joins
 * @throws UserNotActive; InvalidCredentials or AddressUnverified when what was proved does not lead to the user (`admissionOf`);
 * SessionOver when there is no such session to join; DatabaseUnavailable when others change the user again and again
 */
export async function completeSignIn(
  { database, tokens }: Pick<SignInParts, 'database' | 'tokens'>,
  client: ClientOfApplication,
  found: User,
  method: Method,
  { sessionId, ...wishes }: Wishes & { sessionId?: string },
): Promise<TokenSet> {
  const { tenant_id: tenantId, client_id: clientId } = client;
  const app = { app_id: client.app_id, app_name: client.app_name };
  let user: User | undefined = found;
  for (let attempt = 1; user && attempt <= ATTEMPTS; attempt += 1) {
    if (user.status === 'Disabled') throw new UserNotActive();
    // Another password, or another address, since it was proved.
    if (!hasPassword(user, method)) throw new InvalidCredentials();
    if (!hasAddress(user, method)) throw new InvalidCode();
    const at = Date.now();
    const joined = await wantSessionToJoin(database, client, sessionId);
    if (joined && joined.session.user_id !== user.user_id) throw new SessionOver();
    const admission = admissionOf(user, method, joined !== undefined);
    if (!admission) throw method.authType === 'password' ? new InvalidCredentials() : new AddressUnverified();
    const session: Session = {
      session_id: joined?.session.session_id ?? randomUUID(),
      user_id: user.user_id,
      client_id: clientId,
      app_id: client.app_id,
      methods: withMethod(joined?.session.methods ?? [], method.amr),
      auth_at: at,
      expires_at: joined?.session.expires_at ?? sessionEnd(client, at),
      password_at: method.passwordAt ?? joined?.session.password_at ?? null,
    };
    const after = signedIn(user, method, admission, app, at);
    const refreshToken = newCode();
    const recorded = await recordSignIn(database, {
      tenantId,
      clientId,
      user: after,
      difference: signInDifference(user, after, method, app),
      session,
      joins: joined !== undefined,
      refreshToken: {
        token_hash: hashCode(refreshToken),
        session_id: session.session_id,
        client_id: clientId,
        audience: wishes.resource ?? null,
        rotations: 0,
        expires_at: refreshTokenEnd(client, session, at),
      },
    });
    if (recorded === 'over') throw new SessionOver();
    if (recorded === 'recorded') return userTokens(tokens, client, { user: after, session }, refreshToken, wishes);
    // Not in step with those who change it.
    await delay(Math.random() * attempt * PAUSE_MS);
    user = await findUser(database, tenantId, user.user_id);
  }
  // Deleted meanwhile, or changed again and again.
  throw user ? new DatabaseUnavailable(new Error('The user was changed by others each time')) : new UserNotActive();
}

/**
 * The session that a sign-in is to join, if any: looked for before what proves the user is used up, and again when that is known.
 * @throws SessionOver when this application has none with this ID
 */
export async function wantSessionToJoin(
  database: Database,
  { tenant_id: tenantId, app_id: appId }: ClientOfApplication,
  sessionId: string | undefined,
): Promise<LiveSession | undefined> {
  if (sessionId === undefined) return undefined;
  const found = await findSession(database, tenantId, sessionId, Date.now());
  if (!found || isOver(found) || found.session.app_id !== appId) throw new SessionOver();
  return found;
}
