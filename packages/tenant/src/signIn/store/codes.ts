import type { Queryable } from '../../database/database.ts';

/** What a code is for. */
export type Purpose = 'passcode' | 'link' | 'authorization' | 'reset' | 'provider';

/** A code that signs somebody in once, as it is stored. Times are milliseconds since the epoch. */
export interface OneTimeCode<Data = Record<string, unknown>> {
  tenant_id: string;
  purpose: Purpose;
  subject: string;
  code_hash: string;
  client_id: string;
  user_id: string | null;
  attempts: number;
  data: Data;
  expires_at: number;
  locked_until: number | null;
}

const COLUMNS = 'tenant_id, purpose, subject, code_hash, client_id, user_id, attempts, data, expires_at, locked_until';

/**
 * Keeps a code, in place of the one before for the same purpose and subject. The attempts at that count on, until one is right
 * or the subject was locked for them.
 * @returns until when the subject is locked, when it is; nothing is kept then
 */
export async function putCode(
  database: Queryable,
  code: Omit<OneTimeCode, 'attempts' | 'locked_until'>,
  now: number,
): Promise<number | undefined> {
  const { tenant_id, purpose, subject, code_hash, client_id, user_id, data, expires_at } = code;
  const { rows } = await database.query({
    name: 'put-one-time-code',
    text: `insert into one_time_codes (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, 0, $7::jsonb, $8, null)
      on conflict (tenant_id, purpose, subject) do update set (code_hash, client_id, user_id, attempts, data, expires_at,
        locked_until) = ($4, $5, $6, case when one_time_codes.locked_until is null then one_time_codes.attempts else 0 end,
        $7::jsonb, $8, null)
      where coalesce(one_time_codes.locked_until, 0) <= $9
      returning subject`,
    values: [tenant_id, purpose, subject, code_hash, client_id, user_id, JSON.stringify(data), expires_at, now],
  });
  if (rows.length > 0) return undefined;
  const { rows: locked } = await database.query<{ locked_until: number }>({
    name: 'locked-until',
    text: 'select locked_until from one_time_codes where tenant_id = $1 and purpose = $2 and subject = $3',
    values: [tenant_id, purpose, subject],
  });
  return locked[0]?.locked_until ?? now;
}

/** Counts an attempt at the code of a subject. @returns the code, with the attempts so far; undefined when there is none */
export async function attemptCode<Data>(
  database: Queryable,
  tenantId: string,
  purpose: Purpose,
  subject: string,
): Promise<OneTimeCode<Data> | undefined> {
  const { rows } = await database.query<OneTimeCode<Data> & Record<string, unknown>>({
    name: 'attempt-one-time-code',
    text: `update one_time_codes set attempts = attempts + 1 where tenant_id = $1 and purpose = $2 and subject = $3
      returning ${COLUMNS}`,
    values: [tenantId, purpose, subject],
  });
  return rows[0];
}

/** Locks a subject, whose code is good no more. */
export async function lockSubject(
  database: Queryable,
  { tenant_id, purpose, subject }: OneTimeCode<unknown>,
  until: number,
) {
  await database.query({
    name: 'lock-subject',
    text: `update one_time_codes set locked_until = $4, code_hash = '' where tenant_id = $1 and purpose = $2 and subject = $3
      and locked_until is null`,
    values: [tenant_id, purpose, subject, until],
  });
}

/** Finds a code by itself, of whatever tenant, and leaves it there. */
export async function findCode<Data>(
  database: Queryable,
  purpose: Purpose,
  codeHash: string,
  now: number,
): Promise<OneTimeCode<Data> | undefined> {
  const { rows } = await database.query<OneTimeCode<Data> & Record<string, unknown>>({
    name: 'find-one-time-code',
    text: `select ${COLUMNS} from one_time_codes where purpose = $1 and code_hash = $2 and expires_at > $3`,
    values: [purpose, codeHash, now],
  });
  return rows[0];
}

/** Uses a code up. Of several requests with one code, one gets it. @returns whether this one did */
export async function takeCode(database: Queryable, code: OneTimeCode<unknown>): Promise<boolean> {
  const { rowCount } = await database.query({
    name: 'take-one-time-code',
    text: `delete from one_time_codes where tenant_id = $1 and purpose = $2 and subject = $3 and code_hash = $4`,
    values: [code.tenant_id, code.purpose, code.subject, code.code_hash],
  });
  return rowCount === 1;
}
