import type { ServerResponse } from 'node:http';
import { defineError } from '../errors.ts';
import { TimeLimitReached } from '../database/errors.ts';
import { unlessAborted, withTimeLimit } from '../database/timeLimit.ts';

/** Every request is answered within 10 s; a second of them is for what comes before and after the work. */
const LIMIT_MS = 9000;
const LEAST_MS = 3000;

/** Nobody waits for the answer any more: the log alone tells of it. */
class ClientGone extends defineError({
  code: 'client_gone',
  status: 499,
  meaning: 'The client left before the answer; its query was ended. Only the log has this status.',
  remedy: 'Wait longer on the side of the client, or ask for less at once.',
}) {
  constructor() {
    super('The client left before the answer');
  }
}

/**
 * Does the work of a request, and gives it up when it takes too long or the client is gone: its statements are cut off then.
 * @param spent milliseconds that the request has waited already
 * @throws TimeLimitReached, or what the work throws
 */
export async function withinTime<T>(response: ServerResponse, spent: number, work: () => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new TimeLimitReached()), Math.max(LEAST_MS, LIMIT_MS - spent));
  const gone = (): void => limit.abort(new ClientGone());
  response.on('close', gone);
  try {
    return await unlessAborted(limit.signal, withTimeLimit(limit.signal, work));
  } finally {
    clearTimeout(timer);
    response.off('close', gone);
  }
}
