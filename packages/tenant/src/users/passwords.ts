import { PASSWORD_MIN_LENGTH, type CreateUserInput } from '@tessera/contract';
import { hashSecret, isSecret } from '../hashing/hashing.ts';
import { COMMON_PASSWORDS, isCommonPassword } from './commonPasswords.ts';
import { PasswordRecentlyUsed, WeakPassword } from './rules/errors.ts';
import type { Password } from './rules/user.ts';

const HOUR_MS = 60 * 60 * 1000;

/** How long passwords last: for ever, where nothing is told. */
export interface PasswordLifetimes {
  /** After how many days one must be replaced. */
  days?: number;
  /** After how many hours a temporary one is good for nothing any more. */
  temporaryHours?: number;
}

/** What a new password is judged by, and comes after. */
export interface PasswordContext {
  /** When, in milliseconds since the epoch. */
  at: number;
  /** The password that it replaces; null when there is none. */
  before: Password | null;
  /** What the request calls it: "password", "credentials.password". */
  property: string;
  /** Whether it may be any text; not unless told. */
  anyStrength?: boolean;
}

/** Judges, keeps and compares passwords. */
export interface Passwords {
  /**
   * The record of a password that is set: temporary unless told otherwise.
   * @throws WeakPassword, PasswordRecentlyUsed, HashingBusy
   */
  recordOf(credentials: NonNullable<CreateUserInput['credentials']>, context: PasswordContext): Promise<Password>;
  /** Whether a password is a user's; as much work when the user has none. @throws HashingBusy */
  matches(password: string, stored: Password | null | undefined): Promise<boolean>;
}

export function makePasswords({ days = Infinity, temporaryHours = Infinity }: PasswordLifetimes = {}): Passwords {
  return {
    async recordOf({ password, force_replace: temporary = true }, { at, before, property, anyStrength = false }) {
      if (!anyStrength) await wantStrong(password, property);
      const used = before ? [before.hash, ...(before.previous ?? [])] : [];
      for (const hash of used) {
        if (await isSecret(password, hash)) throw new PasswordRecentlyUsed(property);
      }
      const hours = Math.min(days * 24, temporary ? temporaryHours : Infinity);
      return {
        hash: await hashSecret(password),
        temporary,
        updated_at: at,
        ...(hours !== Infinity && { expires_at: at + hours * HOUR_MS }),
      };
    },

    matches: (password, stored) => isSecret(password, stored?.hash),
  };
}

async function wantStrong(password: string, property: string): Promise<void> {
  if ([...password].length < PASSWORD_MIN_LENGTH) {
    throw new WeakPassword(`${property} must have at least ${PASSWORD_MIN_LENGTH} characters`);
  }
  if (await isCommonPassword(password)) {
    throw new WeakPassword(`${property} must not be one of the ${COMMON_PASSWORDS} commonest passwords`);
  }
}
