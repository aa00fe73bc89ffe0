import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands between n8n and the tenant. */
export interface Server {
  url: string;
  close(): Promise<void>;
}

/** What becomes of a request: `undefined` passes it on, and its answer back. */
type Fate = 'refuse' | 'cut' | 'cut after' | 'busy' | 'busy after' | undefined;

/** A proxy that takes so many requests a second, and tells the others to come again (RFC 6585, 4). */
export function limitedTo(target: string, perSecond: number): Promise<Server> {
  let second = 0;
  let taken = 0;
  return startProxy(target, () => {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) {
      second = now;
      taken = 0;
    }
    taken += 1;
    return taken > perSecond ? 'refuse' : undefined;
  });
}

/** A proxy that cuts 1% of the connections and answers 1% with 503, half of each after the request was carried out. */
export function unreliable(target: string): Promise<Server> {
  let count = 0;
  const fates: Fate[] = ['cut', 'busy', 'cut after', 'busy after'];
  return startProxy(target, () => {
    count += 1;
    return count % 50 === 0 ? fates[(count / 50) % 4] : undefined;
  });
}

async function startProxy(target: string, decide: () => Fate): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    void bytesOf(incoming).then((body) => {
      const isApi = incoming.url!.startsWith('/cis/');
      const fate = isApi ? decide() : undefined;
      if (fate === 'cut') return void incoming.socket.destroy();
      if (fate === 'refuse') return void outgoing.writeHead(429, { 'retry-after': '1' }).end('{}');
      if (fate === 'busy') return void outgoing.writeHead(503, { 'retry-after': '1' }).end('{}');
      const passed = request(
        target + incoming.url!,
        { method: incoming.method, headers: incoming.headers },
        (answer) => {
          if (fate === 'cut after') return void answer.resume().on('end', () => incoming.socket.destroy());
          if (fate === 'busy after') {
            return void answer.resume().on('end', () => outgoing.writeHead(503, { 'retry-after': '1' }).end('{}'));
          }
          outgoing.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(outgoing);
        },
      );
      passed.on('error', () => incoming.socket.destroy());
      passed.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
