import { destination, pino, type Logger } from 'pino';

/**
 * The tenant's log: JSON lines on standard error. It takes request IDs, routes and statuses;
 * never a body, a URL with an identifier in it, or a header.
 */
export function makeLog(level: string): Logger {
  return pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, destination({ fd: 2, sync: true }));
}
