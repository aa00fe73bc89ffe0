import { once } from 'node:events';
import type { FastifyReply } from 'fastify';
import { timeLimit } from '../database/timeLimit.ts';
import type { ApiError } from '../errors.ts';
import { logFault } from './errors.ts';
import { asApiError } from './requestErrors.ts';
import { ClientGone, extendTime } from './timeLimit.ts';

/** What a handler gives that has written its answer itself. */
export class Written {
  readonly written = true;
}
const WRITTEN = new Written();

/** Shorter answers go out whole. */
const PIECE_CHARACTERS = 64 * 1024;

/**
 * Writes a JSON answer piece by piece, no faster than the client reads, so that a large one is never whole in memory.
 * Nothing is sent before the first 64 KB: until then the handler may still fail as any other does.
 */
export class JsonStream {
  readonly #reply: FastifyReply;
  #waiting = '';
  #written = 0;

  constructor(reply: FastifyReply) {
    this.#reply = reply;
  }

  /** How many characters were written. */
  get length(): number {
    return this.#written;
  }

  async write(piece: string): Promise<void> {
    this.#waiting += piece;
    this.#written += piece.length;
    if (this.#waiting.length < PIECE_CHARACTERS) return;
    const { raw } = this.#reply;
    if (!this.#reply.sent) {
      this.#reply.hijack();
      raw.writeHead(this.#reply.statusCode, { ...this.#headers(), 'content-type': 'application/json; charset=utf-8' });
    }
    const ready = raw.write(this.#waiting);
    this.#waiting = '';
    if (!ready) await once(raw, 'drain', { signal: timeLimit()?.signal });
    extendTime(raw);
  }

  /** Writes the last piece. */
  end(piece: string): Written {
    if (this.#reply.sent) this.#reply.raw.end(this.#waiting + piece);
    else void this.#reply.type('application/json; charset=utf-8').send(this.#waiting + piece);
    return WRITTEN;
  }

  /**
   * Ends an answer that cannot be finished: the client sees that it is cut off, and the log tells why.
   * @throws the error, when nothing was sent
   */
  fail(error: unknown): Written {
    if (!this.#reply.sent) throw error;
    // Who has left is told of as such.
    if (!(error instanceof ClientGone)) this.#tell(asApiError(error as Error));
    this.#reply.raw.destroy();
    return WRITTEN;
  }

  #tell(cause: ApiError): void {
    const { request } = this.#reply;
    if (request.errorCode === undefined) logFault(request.log, cause);
    request.errorCode ??= cause.code;
  }

  #headers() {
    return this.#reply.getHeaders() as Record<string, string>;
  }
}
