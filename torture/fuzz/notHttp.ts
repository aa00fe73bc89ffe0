import fc, { type Arbitrary } from 'fast-check';
import { connect } from 'node:net';
import { AnswerReader, DEADLINE_MS } from '../connection.ts';
import { isErrorBody } from '../document.ts';
import type { Tally } from '../tally.ts';
import type { Victim } from '../victim.ts';

const HEAD = 'POST /cis/v1/users HTTP/1.1\r\nhost: x\r\n';
const MALFORMED = [
  '\r\n\r\n',
  '\u0000'.repeat(100),
  'GET / HTTP/9.9\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'GET /\r\n',
  'GET  /cis/v1/users  HTTP/1.1\r\nhost: x\r\n\r\n',
  'GET /\u0000 HTTP/1.1\r\nhost: x\r\n\r\n',
  'GET http://x/cis/v1/users HTTP/1.1\r\nhost: x\r\n\r\n',
  'CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n',
  'FROBNICATE / HTTP/1.1\r\nhost: x\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  `${HEAD}content-length: -1\r\n\r\n{}`,
  `${HEAD}content-length: 99999999999999999999\r\n\r\n{}`,
  `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
  `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`,
  `${HEAD}content-length: 20\r\n\r\n{}`,
  `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n`,
  `${HEAD}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n{}`,
  `${HEAD}transfer-encoding: gzip\r\n\r\n{}`,
  `${HEAD} folded\r\nbad header\r\n\r\n`,
  `${HEAD}: nameless\r\n\r\n`,
  `${HEAD}${'a: b\r\n'.repeat(20_000)}\r\n`,
  `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
  'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(50),
  HEAD.replaceAll('\r\n', '\n'),
];

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** What no client would send: noise, and requests that are malformed or damaged. */
export const notHttp: Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(...MALFORMED).map(bytesOf),
  fc.tuple(fc.constantFrom(...MALFORMED), fc.nat(), fc.integer({ min: 0, max: 255 })).map(([text, at, odd]) => {
    const bytes = bytesOf(text);
    bytes[at % bytes.length] = odd;
    return bytes;
  }),
);

/** Sends bytes and nothing more. The tenant may answer, and closes the connection. */
export function throwAt(victim: Victim, bytes: Buffer, tally: Tally, example: string): Promise<void> {
  const label = 'bytes that are not HTTP';
  tally.requests += 1;
  return new Promise((resolve) => {
    const socket = connect({ port: victim.port, host: '127.0.0.1' });
    const reader = new AnswerReader(false);
    const timer = setTimeout(() => {
      if (victim.isRunning) tally.add('unanswered', `${label}: neither answered nor closed within 10 s`, 1, example);
      socket.destroy();
    }, DEADLINE_MS);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on('data', (chunk: Buffer) => {
      const answer = reader.push(chunk);
      if (answer?.kind === 'cut') tally.add('outside', `${label}: ${answer.why}`, 1, example);
      if (answer?.kind !== 'answer') return;
      // What comes after the first answer is not looked at.
      socket.removeAllListeners('data').resume();
      const { status, headers, body } = answer;
      if (status >= 500 && !(status === 503 && headers.has('retry-after'))) {
        tally.add('serverError', `${label}: ${status}`, 1, example);
      } else if (status >= 400 && !isErrorBody(body)) {
        tally.add('outside', `${label}: the body of ${status} is not {message, error_code}`, 1, example);
      }
    });
    socket.end(bytes);
  });
}
