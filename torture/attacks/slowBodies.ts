import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Attack } from '../attack.ts';
import { AnswerReader, requestBytes } from '../connection.ts';
import { Load } from '../load.ts';

const MOST_MS = 60_000;
/** What is announced; half of it is sent. */
const BODY_BYTES = 1000;

/** Opens so many connections that send half a body and then nothing. The tenant closes them, and serves others meanwhile. */
export const slowBodies: Attack = {
  name: 'slow-bodies',
  full: 200,
  small: 50,
  async run(stage) {
    const { tally } = stage;
    const victim = await stage.victim({ storage: { directory: await stage.directory() } });
    const load = await Load.prepare(() => victim, tally);
    const authorization = ['authorization', `Bearer ${await victim.token()}`] as const;
    const half = Buffer.from(`{"email":"${'a'.repeat(BODY_BYTES / 2 - 10)}`);
    let open = stage.count;
    for (let place = 0; place < stage.count; place += 1) {
      // Half of them say how long the body is, and the others send a chunk and never the last one.
      const chunked = place % 2 === 1;
      const framing = chunked ? ['transfer-encoding', 'chunked'] : ['content-length', String(BODY_BYTES)];
      const body = chunked
        ? Buffer.concat([Buffer.from(`${half.length.toString(16)}\r\n`), half, Buffer.from('\r\n')])
        : half;
      const headers = [authorization, ['content-type', 'application/json'], framing] as [string, string][];
      const socket = connect({ port: victim.port, host: '127.0.0.1' });
      const reader = new AnswerReader(false);
      socket.on('error', () => {});
      socket.on('close', () => (open -= 1));
      socket.on('data', (chunk: Buffer) => {
        const answer = reader.push(chunk);
        if (answer?.kind !== 'answer') return;
        const fault = victim.document.faultOf('POST', '/cis/v1/users', answer.status, answer.body);
        if (answer.status < 400) tally.add('other', `half a body was answered with ${answer.status}`);
        else if (fault) tally.add('outside', `half a body: ${fault}`);
      });
      socket.write(requestBytes('POST', '/cis/v1/users', headers, body));
      stage.after(() => socket.destroy());
    }
    load.start();
    for (const until = Date.now() + MOST_MS; open > 0 && Date.now() < until;) await delay(100);
    tally.add('other', 'a connection with half a body was open after 60 s', open);
    await load.stop();
    await load.check();
  },
};
