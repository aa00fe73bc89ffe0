import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { destination, pino, type DestinationStream, type Logger } from 'pino';

/** What may wait for a reader of the log that does not read; lines beyond that are dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * The tenant's log: JSON lines on standard error. It takes request IDs, routes and statuses;
 * never a body, a URL with an identifier in it, or a header.
 */
export function makeLog(level: string): Logger {
  return pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, standardError());
}

/** A reader that stalls must hold up nothing: a pipe is written without waiting, a file or terminal takes each line at once. */
function standardError(): DestinationStream {
  const kind = fstatSync(2);
  if (!kind.isFIFO() && !kind.isSocket()) return destination({ fd: 2, sync: true });
  const pipe = new Socket({ fd: 2, readable: false, writable: true });
  // A reader that is gone wants no log.
  pipe.on('error', () => {});
  pipe.unref();
  let dropped = 0;
  return {
    write(line) {
      if (pipe.writableLength > MAX_WAITING_BYTES) {
        dropped += 1;
        return;
      }
      if (dropped > 0) pipe.write(`{"level":40,"msg":"the log was not read in time","lines_dropped":${dropped}}\n`);
      dropped = 0;
      pipe.write(line);
    },
  };
}
