import pg from 'pg';
import { ApiError, defineError } from '../errors.ts';

/** PostgreSQL is not there, is stopping or starting, or is out of connections, disk or memory. */
export class DatabaseUnavailable extends defineError({
  code: 'database_unavailable',
  status: 503,
  meaning: 'The database does not answer, or cannot do this now. Whether a change was made is unknown.',
  remedy: 'Send the request again after the seconds that Retry-After names.',
}) {
  override readonly headers = { 'retry-after': '1' };
  constructor(cause: unknown) {
    super('The database does not answer: send the request again', { cause });
  }
}

/** A request has taken all the time that one may take. */
export class TimeLimitReached extends defineError({
  code: 'time_limit_reached',
  status: 503,
  meaning:
    'The request took longer than the tenant lets one take, and was given up. Whether a change was made is unknown.',
  remedy: 'Send it again after the seconds that Retry-After names, or ask for less at once.',
}) {
  override readonly headers = { 'retry-after': '2' };
  constructor() {
    super('The request took too long: send it again, or ask for less at once');
  }
}

/** Text that PostgreSQL cannot hold, and that no schema caught. */
export class UnstorableText extends defineError({
  code: 'unstorable_text',
  status: 400,
  meaning: 'A value has a NUL character or broken Unicode, which cannot be stored or searched for.',
  remedy: 'Take such characters out.',
}) {
  constructor(cause: unknown) {
    super('The request must not contain NUL characters or broken Unicode', { cause });
  }
}

/** NUL in text; what JSON can say and jsonb cannot hold. */
const UNSTORABLE = new Set(['22021', '22P05', '22P02']);
/**
 * Classes of errors that say nothing about the request (PostgreSQL, appendix A): connection exception, no access, insufficient
 * resources, operator intervention, system error; a lock that was not to be had; a server that only reads for now.
 */
const UNAVAILABLE = /^(?:08|28|53|57|58)|^3D000$|^55P03$|^25006$|^40001$|^40P01$/;

const CONNECTION = /^E[A-Z]{3,}|connect|terminated|timeout|not queryable|socket/i;

/** What a statement failed with, as an error that the caller may see where it is one. */
export function asDatabaseError(error: unknown): unknown {
  if (error instanceof ApiError) return error;
  if (error instanceof pg.DatabaseError) {
    const { code = '' } = error;
    if (UNSTORABLE.has(code)) return new UnstorableText(error);
    return UNAVAILABLE.test(code) ? new DatabaseUnavailable(error) : error;
  }
  // Of the client's own errors, those about the connection; any other is a fault of this code.
  const { code = '', message } = error as NodeJS.ErrnoException;
  return CONNECTION.test(`${code} ${message}`) ? new DatabaseUnavailable(error) : error;
}
