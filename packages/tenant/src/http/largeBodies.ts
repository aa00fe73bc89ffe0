import type { FastifyReply, FastifyRequest } from 'fastify';
import { TimeLimitReached } from '../database/errors.ts';

/** Requests with large bodies that are read and worked on at once; each takes a few times its size of memory. */
const AT_ONCE = 2;
/** How long one waits for its turn; the time is taken off what its work may take. */
const WAIT_MS = 4000;

let underWay = 0;
const waiting: (() => void)[] = [];

/**
 * Waits for a place before a large body is read: until then the client's bytes stay where they are. The place is given back
 * when the request is over, however it ends.
 * @throws TimeLimitReached when no place comes free in time
 */
export async function awaitPlace(_request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (underWay >= AT_ONCE) await nextPlace();
  else underWay += 1;
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else underWay -= 1;
  };
  if (reply.raw.closed || reply.raw.destroyed) leave();
  else reply.raw.once('close', leave);
}

function nextPlace(): Promise<void> {
  return new Promise((resolve, reject) => {
    const take = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      waiting.splice(waiting.indexOf(take), 1);
      reject(new TimeLimitReached());
    }, WAIT_MS);
    waiting.push(take);
  });
}
