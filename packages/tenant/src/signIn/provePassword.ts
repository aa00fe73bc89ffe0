import type { Limiter } from '../limits/limits.ts';
import type { Passwords } from '../users/passwords.ts';
import type { Password } from '../users/rules/user.ts';
import { SignInLocked } from './errors.ts';

/**
 * Compares a password with a user's. Wrong ones are counted by the name, which they lock; of many that are tried at once, none
 * is taken after that.
 * @param stored the user's; null when there is none, or no such user: that takes as long to tell
 * @param wrong gives what is thrown for a wrong one
 * @throws HashingBusy, SignInLocked
 */
export async function provePassword(
  { passwords, limiter }: { passwords: Passwords; limiter: Limiter },
  { tenantId, name }: { tenantId: string; name: string },
  password: string,
  stored: Password | null | undefined,
  wrong: () => Error,
): Promise<void> {
  const before = await limiter.failures(tenantId, name);
  if (before.lockedFor > 0) throw new SignInLocked(before.lockedFor);
  if (!(await passwords.matches(password, stored)) || !stored) {
    const { count, lockedFor } = await limiter.fail(tenantId, name);
    // One that came while the others were looked at is told no more than they.
    if (lockedFor > 0 && count > before.count + 1) throw new SignInLocked(lockedFor);
    throw wrong();
  }
  const after = await limiter.failures(tenantId, name);
  if (after.lockedFor > 0) throw new SignInLocked(after.lockedFor);
  if (after.count > 0) await limiter.forgetFailures(tenantId, name);
}
