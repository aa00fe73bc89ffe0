import type { ClientOfApplication } from '../applications/clientStore.ts';
import type { Database, Queryable } from '../database/database.ts';
import { PASSCODE_ATTEMPTS } from '@tessera/contract';
import { CodeExpired, InvalidCode, SignInLocked } from './errors.ts';
import { hashCode, newCode } from './rules/secretCode.ts';
import {
  attemptCode,
  findCode,
  lockSubject,
  putCode,
  takeCode,
  type OneTimeCode,
  type Purpose,
} from './store/codes.ts';

/** Codes that sign somebody in once: those that are typed, which are few digits, and those that nobody can guess. */

/** For how long a name is locked after too many wrong codes. */
const LOCK_MS = 15 * 60 * 1000;

/** What a code is kept with. */
export interface NewCode<Data> {
  purpose: Purpose;
  /** The name or address, of which a client has one code; absent for codes of which there may be many. */
  subject?: string;
  /** Absent when the sign-in is to create the user. */
  userId?: string;
  /** How long it is good, in milliseconds. */
  lifetime: number;
  data: Data;
}

/** What one client asks of a name is not in the way of another one's. */
const subjectOf = ({ client_id }: Pick<ClientOfApplication, 'client_id'>, subject: string): string =>
  `${client_id} ${subject}`;

/** Keeps a code that is typed, in place of the one before. @throws SignInLocked */
export async function keepPasscode<Data extends object>(
  database: Queryable,
  client: ClientOfApplication,
  passcode: string,
  { purpose, subject: name = '', userId, lifetime, data }: NewCode<Data>,
): Promise<void> {
  const subject = subjectOf(client, name);
  const now = Date.now();
  const lockedUntil = await putCode(
    database,
    {
      tenant_id: client.tenant_id,
      purpose,
      subject,
      code_hash: hashCode(passcode, `${client.tenant_id} ${subject}`),
      client_id: client.client_id,
      user_id: userId ?? null,
      data: data as Record<string, unknown>,
      expires_at: now + lifetime,
    },
    now,
  );
  if (lockedUntil !== undefined) throw new SignInLocked(lockedUntil - now);
}

/**
 * Checks a code that was typed, and uses it up.
 * @throws InvalidCode, CodeExpired, SignInLocked
 */
export async function redeemPasscode<Data>(
  database: Database,
  client: ClientOfApplication,
  purpose: Purpose,
  name: string,
  passcode: string,
  isMeant: (data: Data) => boolean = () => true,
): Promise<OneTimeCode<Data>> {
  const { tenant_id: tenantId } = client;
  const subject = subjectOf(client, name);
  const code = await attemptCode<Data>(database, tenantId, purpose, subject);
  const now = Date.now();
  if (!code) throw new InvalidCode();
  if (code.locked_until !== null && code.locked_until > now) throw new SignInLocked(code.locked_until - now);
  // Its lock is over, and with it the code.
  if (code.locked_until !== null) throw new InvalidCode();
  if (code.attempts > PASSCODE_ATTEMPTS) {
    await lockSubject(database, code, now + LOCK_MS);
    throw new SignInLocked(LOCK_MS);
  }
  const right = code.code_hash === hashCode(passcode, `${tenantId} ${subject}`) && isMeant(code.data);
  if (!right) {
    if (code.attempts === PASSCODE_ATTEMPTS) await lockSubject(database, code, now + LOCK_MS);
    throw new InvalidCode();
  }
  if (code.expires_at <= now) throw new CodeExpired();
  if (!(await takeCode(database, code))) throw new InvalidCode();
  return code;
}

/** Makes and keeps a code that nobody can guess. @returns the code */
export async function makeCode<Data extends object>(
  database: Queryable,
  client: Pick<ClientOfApplication, 'tenant_id' | 'client_id'>,
  kept: NewCode<Data>,
): Promise<string> {
  const code = newCode();
  await keepState(database, client, code, kept);
  return code;
}

/** Keeps something for a code that nobody can guess, and that was made before. */
export async function keepState<Data extends object>(
  database: Queryable,
  { tenant_id, client_id }: Pick<ClientOfApplication, 'tenant_id' | 'client_id'>,
  code: string,
  { purpose, subject, userId, lifetime, data }: NewCode<Data>,
): Promise<void> {
  const now = Date.now();
  await putCode(
    database,
    {
      tenant_id,
      purpose,
      subject: subject === undefined ? hashCode(code) : subjectOf({ client_id }, subject),
      code_hash: hashCode(code),
      client_id,
      user_id: userId ?? null,
      data: data as Record<string, unknown>,
      expires_at: now + lifetime,
    },
    now,
  );
}

/** Finds what was kept for a code of any client, and leaves it there: the code alone tells whose it is. */
export const findState = <Data>(
  database: Queryable,
  purpose: Purpose,
  code: string,
): Promise<OneTimeCode<Data> | undefined> => findCode<Data>(database, purpose, hashCode(code), Date.now());

/** Finds such a code of a client and uses it up. @returns undefined when it is not good */
export async function redeemCode<Data>(
  database: Database,
  { tenant_id, client_id }: Pick<ClientOfApplication, 'tenant_id' | 'client_id'>,
  purpose: Purpose,
  code: string,
  isMeant: (data: Data) => boolean = () => true,
): Promise<OneTimeCode<Data> | undefined> {
  const found = await findCode<Data>(database, purpose, hashCode(code), Date.now());
  if (!found || found.tenant_id !== tenant_id || found.client_id !== client_id || !isMeant(found.data))
    return undefined;
  return (await takeCode(database, found)) ? found : undefined;
}
