import type { AccessTokenClaims, CreateUserInput } from '@tessera/contract';
import type { Database } from '../../database/database.ts';
import type { Passwords } from '../passwords.ts';
import { findUser } from '../store/findUsers.ts';
import type { ChangeContext } from '../rules/change.ts';

/** What setting passwords takes. */
export interface ForPasswords {
  database: Database;
  passwords: Passwords;
}

/**
 * What a rule needs to know beyond the request's body: now, the calling application, and the new password's record.
 * @param userId whose password it is; undefined for a new user
 * @throws WeakPassword, PasswordRecentlyUsed, HashingBusy
 */
export async function changeContext(
  { database, passwords }: ForPasswords,
  credentials: CreateUserInput['credentials'],
  { tid, app_id: appId }: AccessTokenClaims,
  userId?: string,
): Promise<ChangeContext> {
  const at = Date.now();
  if (!credentials) return { at, appId };
  const before = userId === undefined ? null : ((await findUser(database, tid, userId))?.password ?? null);
  const password = await passwords.recordOf(credentials, { at, before, property: 'credentials.password' });
  return { at, appId, password };
}
