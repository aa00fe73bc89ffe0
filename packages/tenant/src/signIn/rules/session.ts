import type { User } from '../../users/rules/user.ts';

/** What of a session and its user decides whether it goes on. */
interface Live {
  session: { methods: string[]; auth_at: number; password_at: number | null };
  user: Pick<User, 'status' | 'password'>;
}

/** The method of a password (RFC 8176). */
export const PASSWORD_METHOD = 'pwd';

/** Several methods in one session are multi-factor (RFC 8176). */
const MULTI_FACTOR = 'mfa';

/** The methods of a session that another sign-in joins: those of its own, and "mfa" when they are several. */
export function withMethod(methods: string[], method: string): string[] {
  const all = [...new Set([...methods.filter((one) => one !== MULTI_FACTOR), method])];
  return all.length > 1 ? [...all, MULTI_FACTOR] : all;
}

/** A session is over when its user is disabled, or when it began with a password that is no longer the user's. */
export function isOver({ session, user }: Live): boolean {
  if (user.status === 'Disabled') return true;
  if (!session.methods.includes(PASSWORD_METHOD)) return false;
  const setAt = user.password?.updated_at;
  // Those of earlier releases do not know which password it was.
  return session.password_at === null ? (setAt ?? Infinity) > session.auth_at : setAt !== session.password_at;
}
