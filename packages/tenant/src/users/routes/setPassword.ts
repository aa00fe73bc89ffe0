import type { AccessTokenClaims, CreateUserInput } from '@tessera/contract';
import { writerOf } from '../../http/authentication.ts';
import { applyChange, changeOf } from '../rules/change.ts';
import type { User } from '../rules/user.ts';
import { changeUser } from '../store/changeUser.ts';
import type { ForPasswords } from './changeContext.ts';
import { PasswordConfigured } from './passwordErrors.ts';

/** A password that is to be set. */
export interface NewPassword {
  credentials: NonNullable<CreateUserInput['credentials']>;
  /** What the request calls it: "password", "new_password". */
  property: string;
  /** Whether it may be any text; not unless told. */
  anyStrength?: boolean;
  /** A username that is set with it. */
  username?: string;
  /** The versions that the user may be at before; any when absent. */
  versions?: number[];
  /** Throws when the user, as it is when the password is stored, may not set one. */
  check?(user: User): void;
  /** Gives what is thrown when the password is another one by then than it was read; not asked when absent. */
  unlessReplaced?(): Error;
  /** Done when the password is known to be good, and before it is stored: what it throws sets none. */
  onGood?(): Promise<void>;
}

/**
 * Sets a user's password.
 * @param user as it was read: one without a password gets its first, and only as long as it has none
 * @returns the user; undefined when there is none with this ID
 * @throws WeakPassword, PasswordRecentlyUsed, HashingBusy; PasswordConfigured when a first one is not the first any more; what
 * `changeUser`, `unlessReplaced` and `onGood` throw
 */
export async function setPassword(
  { database, passwords }: ForPasswords,
  caller: AccessTokenClaims,
  { user_id: userId, password: before }: Pick<User, 'user_id' | 'password'>,
  { credentials, property, anyStrength, username, versions, check, unlessReplaced, onGood }: NewPassword,
): Promise<User | undefined> {
  const at = Date.now();
  const password = await passwords.recordOf(credentials, { at, before, property, anyStrength });
  await onGood?.();
  const change = changeOf(username === undefined ? {} : { username }, { at, appId: caller.app_id, password, versions });
  return changeUser(database, writerOf(caller), userId, (user) => {
    check?.(user);
    if (!before && user.password) throw new PasswordConfigured('The user has a password already');
    if (unlessReplaced && user.password?.hash !== before?.hash) throw unlessReplaced();
    return applyChange(user, change);
  });
}
