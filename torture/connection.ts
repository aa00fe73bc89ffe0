import { connect, type Socket } from 'node:net';

/** What became of a request. */
export type Outcome =
  | { kind: 'answer'; status: number; headers: Map<string, string>; body: Buffer }
  /** The connection was refused, or ended before the whole answer. */
  | { kind: 'cut'; why: string }
  | { kind: 'late' };

/** How long a request may wait for its answer. */
export const DEADLINE_MS = 10_000;
/** A server may close a connection that was idle for longer; a request that crosses with that is sent again. */
const FRESH_MS = 1000;

/**
 * One connection, which carries a request at a time and is opened again when it broke. The requests are bytes: no HTTP
 * client would send some of them.
 */
export class Connection {
  readonly #port: () => number;
  #socket: Socket | undefined;
  #usedAt = 0;

  /** @param port asked for at each opening, for the tenant gets another one when it starts again */
  constructor(port: () => number) {
    this.#port = port;
  }

  /** @param bodiless whether the answer has no body whatever its header says, as to HEAD */
  async exchange(request: Buffer, bodiless = false): Promise<Outcome> {
    const wasIdle = this.#socket !== undefined && Date.now() - this.#usedAt > FRESH_MS;
    const outcome = await this.#exchangeOnce(request, bodiless);
    return outcome.kind === 'cut' && wasIdle ? this.#exchangeOnce(request, bodiless) : outcome;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    if (this.#socket && !this.#socket.destroyed && this.#socket.writable) return this.#socket;
    const socket = connect({ port: this.#port(), host: '127.0.0.1', noDelay: true });
    // Told by 'close', with which every error ends.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    this.#socket = socket;
    return socket;
  }

  #exchangeOnce(request: Buffer, bodiless: boolean): Promise<Outcome> {
    const socket = this.#open();
    const reader = new AnswerReader(bodiless);
    return new Promise((resolve) => {
      const finish = (outcome: Outcome): void => {
        clearTimeout(timer);
        socket.off('data', onData).off('close', onClose).off('error', onError);
        this.#usedAt = Date.now();
        const reusable = outcome.kind === 'answer' && !/close/i.test(outcome.headers.get('connection') ?? '');
        if (!reusable) this.close();
        resolve(outcome);
      };
      let why = 'closed';
      const onError = (error: NodeJS.ErrnoException): void => void (why = error.code ?? error.message);
      const onClose = (): void => finish(reader.end() ?? { kind: 'cut', why });
      const onData = (chunk: Buffer): void => {
        const answer = reader.push(chunk);
        if (answer) finish(answer);
      };
      const timer = setTimeout(() => finish({ kind: 'late' }), DEADLINE_MS);
      socket.on('data', onData).on('close', onClose).on('error', onError);
      socket.write(request);
    });
  }
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** Reads one HTTP/1.1 answer. */
export class AnswerReader {
  readonly #bodiless: boolean;
  #bytes = Buffer.alloc(0);
  #head: { status: number; headers: Map<string, string> } | undefined;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(bodiless: boolean) {
    this.#bodiless = bodiless;
  }

  /** @returns the answer when it is whole */
  push(chunk: Buffer): Outcome | undefined {
    if (!this.#head) {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      const end = this.#bytes.indexOf(HEAD_END);
      if (end < 0) return undefined;
      const head = readHead(this.#bytes.toString('latin1', 0, end));
      if (!head) return { kind: 'cut', why: 'the answer is not HTTP' };
      const rest = this.#bytes.subarray(end + HEAD_END.length);
      this.#bytes = Buffer.alloc(0);
      // An interim answer, such as 100 Continue, comes before the real one.
      if (head.status < 200) return this.push(rest);
      this.#head = head;
      chunk = rest;
    }
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const { status, headers } = this.#head;
    if (this.#bodiless || status === 204 || status === 304) return this.#answer(Buffer.alloc(0));
    if (headers.get('transfer-encoding') === 'chunked') {
      if (!endsWith(this.#chunks, LAST_CHUNK)) return undefined;
      return this.#answer(joinChunks(Buffer.concat(this.#chunks)));
    }
    const length = headers.get('content-length');
    if (length === undefined || this.#length < Number(length)) return undefined;
    return this.#answer(Buffer.concat(this.#chunks).subarray(0, Number(length)));
  }

  /** The connection is over: @returns the answer when it had no length and so ends here. */
  end(): Outcome | undefined {
    const { headers } = this.#head ?? {};
    if (!headers || headers.has('content-length') || headers.has('transfer-encoding')) return undefined;
    return this.#answer(Buffer.concat(this.#chunks));
  }

  #answer(body: Buffer): Outcome {
    return { kind: 'answer', ...this.#head!, body };
  }
}

function readHead(text: string): { status: number; headers: Map<string, string> } | undefined {
  const [first = '', ...lines] = text.split('\r\n');
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(first) ?? [];
  if (!status) return undefined;
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(status), headers };
}

function endsWith(chunks: readonly Buffer[], end: Buffer): boolean {
  // The end may be spread over the last few chunks.
  return Buffer.concat(chunks.slice(-end.length)).subarray(-end.length).equals(end);
}

function joinChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(size > 0)) break;
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(parts);
}

/** The bytes of a request. */
export function requestBytes(
  method: string,
  target: string | Buffer,
  headers: readonly (readonly [name: string, value: string])[],
  body: Buffer,
): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([
    Buffer.from(`${method} `),
    Buffer.from(target),
    Buffer.from(` HTTP/1.1\r\nhost: localhost\r\n${lines}\r\n`, 'latin1'),
    body,
  ]);
}
