import type { ServerResponse } from 'node:http';
import { defineError } from '../errors.ts';
import { TimeLimitReached } from '../database/errors.ts';
import { TimeLimit, withTimeLimit } from '../database/timeLimit.ts';

/** Every request is answered within 10 s; a second of them is for what comes before and after the work. */
const LIMIT_MS = 9000;
const LEAST_MS = 3000;
/** An answer that goes out in pieces may take longer in all, as long as the client gets another piece in time. */
const STREAM_MS = 60_000;

/** What gives an answer more time, by the response that it goes out in. */
const extensions = new WeakMap<ServerResponse, () => void>();

/** Tells that a piece of an answer has gone out: the next one has as much time again. */
export const extendTime = (response: ServerResponse): void => extensions.get(response)?.();

/** Nobody waits for the answer any more: the log alone tells of it. */
export class ClientGone extends defineError({
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
 * @throws TimeLimitReached, ClientGone, or what the work throws
 */
export async function withinTime<T>(response: ServerResponse, spent: number, work: () => Promise<T>): Promise<T> {
  // Before anybody listened for it.
  if (response.destroyed) throw new ClientGone();
  const limit = new TimeLimit();
  const timer = setTimeout(() => limit.end(new TimeLimitReached()), Math.max(LEAST_MS, LIMIT_MS - spent));
  const latest = Date.now() + STREAM_MS;
  extensions.set(response, () => {
    if (Date.now() < latest) timer.refresh();
  });
  const gone = (): void => limit.end(new ClientGone());
  response.on('close', gone);
  try {
    return await limit.until(withTimeLimit(limit, work));
  } finally {
    clearTimeout(timer);
    extensions.delete(response);
    response.off('close', gone);
  }
}
