import type { Tokens } from '../access/tokens.ts';
import type { Database } from '../database/database.ts';
import type { Sender } from '../delivery/sender.ts';
import type { Limiter } from '../limits/limits.ts';
import type { Outgoing } from '../outgoing/outgoing.ts';
import type { Passwords } from '../users/passwords.ts';

/** What signing in works with. */
export interface SignInParts {
  database: Database;
  tokens: Tokens;
  passwords: Passwords;
  limiter: Limiter;
  sender: Sender;
  outgoing: Outgoing;
  /** Where clients reach this tenant, without a slash at the end. */
  publicUrl: string;
}
