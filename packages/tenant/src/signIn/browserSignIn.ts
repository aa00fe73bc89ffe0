import { v7 as uuid } from 'uuid';
import { operations, withParameters, type TokenSet } from '@tessera/contract';
import type { ClientOfApplication } from '../applications/clientStore.ts';
import type { Database, Queryable } from '../database/database.ts';
import { IdentifierTaken } from '../users/rules/errors.ts';
import { newUser } from '../users/rules/change.ts';
import type { User } from '../users/rules/user.ts';
import type { Address } from '../users/rules/ownership.ts';
import { findUser } from '../users/store/findUsers.ts';
import { insertUserWithProved } from '../users/store/insertUser.ts';
import { makeCode, redeemCode } from './codes.ts';
import { completeSignIn } from './completeSignIn.ts';
import { AddressUnverified, InvalidCode, InvalidCredentials, InvalidGrant } from './errors.ts';
import { findOwner } from './findSignInUser.ts';
import { linkedUser } from './linkedUser.ts';
import type { SignInParts } from './parts.ts';
import type { Method } from './rules/signIn.ts';
import type { Wishes } from './userTokens.ts';

/** A sign-in in the browser, which ends with a code at the application's redirect URI (RFC 6749, 4.1). */

/** How long a code is good: an application exchanges it at once. */
const CODE_MS = 5 * 60 * 1000;

/** What a user who is to be created has. */
export type NewProfile = { email: string } | { phone_number: string };

/** A sign-in that is done but for the exchange of its code. */
export interface BrowserSignIn {
  /** Absent when the user is to be created. */
  userId?: string;
  create?: NewProfile;
  redirectUri: string;
  method: Method;
  wishes: Wishes;
}

/** Makes the code of a sign-in. @param options `subject`: one live code for it; `lifetime` in milliseconds */
export const browserCode = (
  database: Queryable,
  client: ClientOfApplication,
  { userId, ...data }: BrowserSignIn,
  { subject, lifetime = CODE_MS }: { subject?: string; lifetime?: number } = {},
): Promise<string> => makeCode(database, client, { purpose: 'authorization', subject, userId, lifetime, data });

/** Where the browser goes: to the tenant first, which sends it on. */
export const redirectUrl = (publicUrl: string, code: string): string =>
  `${publicUrl}${operations.completeSignIn.path}?code=${code}`;

/** A redirect URI with a code, and with the state that came with the request. */
export const withCode = (redirectUri: string, code: string, state?: string): string =>
  withParameters(redirectUri, { code, state });

/**
 * Exchanges the code of a sign-in, and creates the user where it is to.
 * @param redirectUri the one that the application says the code came to; any when absent
 * @throws InvalidGrant, UserNotActive
 */
export async function exchangeCode(
  parts: Pick<SignInParts, 'database' | 'tokens'>,
  client: ClientOfApplication,
  code: string,
  redirectUri?: string,
): Promise<{ tokens: TokenSet; created: boolean }> {
  const { database } = parts;
  const isMeant = (data: Omit<BrowserSignIn, 'userId'>): boolean =>
    redirectUri === undefined || data.redirectUri === redirectUri;
  const found = await redeemCode(database, client, 'authorization', code, isMeant);
  if (!found) throw new InvalidGrant();
  const { create, method, wishes } = found.data;
  const find = async (): Promise<User | undefined> => {
    if (method.authType !== 'oauth2') {
      return found.user_id ? findUser(database, client.tenant_id, found.user_id) : undefined;
    }
    // Asked anew: meanwhile somebody may have made the user whose email it is.
    return linkedUser(database, client.tenant_id, method);
  };
  let user = await find();
  const created = !user && create ? await createUser(database, client, create) : undefined;
  user ??= created?.isNew === false && method.authType === 'oauth2' ? await find() : created?.user;
  // Deleted since.
  if (!user) throw new InvalidGrant();
  const newUser = created?.isNew ?? false;
  try {
    return { tokens: await completeSignIn(parts, client, user, method, { ...wishes, newUser }), created: newUser };
  } catch (error) {
    if (error instanceof AddressUnverified) throw new InvalidGrant(error.message);
    throw error instanceof InvalidCredentials || error instanceof InvalidCode ? new InvalidGrant() : error;
  }
}

/**
 * Creates the user of a sign-in that has proved an address, or finds the one whom another request has just created. A profile
 * that has the address without being identified by it loses it.
 */
async function createUser(
  database: Database,
  { tenant_id: tenantId, client_id: clientId, app_id: appId }: ClientOfApplication,
  profile: NewProfile,
): Promise<{ user: User; isNew: boolean }> {
  const user = newUser(uuid(), profile, { at: Date.now(), appId });
  const address = addressOf(profile);
  try {
    await insertUserWithProved(database, { tenantId, clientId }, user, address);
    return { user, isNew: true };
  } catch (error) {
    const there = error instanceof IdentifierTaken && (await findOwner(database, tenantId, address));
    if (!there) throw error;
    return { user: there, isNew: false };
  }
}

const addressOf = (profile: NewProfile): Address =>
  'email' in profile ? { kind: 'email', value: profile.email } : { kind: 'phone_number', value: profile.phone_number };
