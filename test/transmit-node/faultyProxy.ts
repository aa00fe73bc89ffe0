import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the proxy does with a request in place of passing it on and its answer back. */
export type Fault =
  /** The connection is cut: before the tenant gets the request, or after it has carried it out. */
  | { kind: 'reset'; after?: boolean }
  /** An answer of the proxy's own: in place of the request, or after the tenant has carried it out. */
  | { kind: 'answer'; after?: boolean; status: number; headers?: Record<string, string>; body?: string }
  /** The answer of the tenant, cut off in the middle. */
  | { kind: 'half' }
  | { kind: 'slow'; ms: number };

/** Decides about each request; `place` counts them from 0, tokens and the document left aside. */
export type Faults = (line: string, place: number) => Fault | undefined;

/** Passes requests on to a tenant, keeps a line of each, and misbehaves when told to. */
export class FaultyProxy {
  readonly url: string;
  /** Method and path of each request. */
  requests: string[] = [];
  /** The most that were under way at once. */
  atOnce = 0;
  faults: Faults = () => undefined;
  #place = 0;
  #underWay = 0;
  #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async start(target: string): Promise<FaultyProxy> {
    const server = createServer((incoming, outgoing) => void proxy.#take(target, incoming, outgoing));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const proxy: FaultyProxy = new FaultyProxy(
      url,
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    return proxy;
  }

  reset(): void {
    this.requests = [];
    this.atOnce = 0;
    this.#place = 0;
    this.faults = () => undefined;
  }

  /** The requests to the Users API. */
  get apiRequests(): string[] {
    return this.requests.filter((line) => line.includes('/cis/'));
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #take(target: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const line = `${incoming.method} ${incoming.url}`;
    this.requests.push(line);
    const isApi = incoming.url!.includes('/cis/');
    const fault = isApi ? this.faults(line, this.#place++) : this.faults(line, -1);
    this.#underWay += 1;
    this.atOnce = Math.max(this.atOnce, this.#underWay);
    outgoing.on('close', () => (this.#underWay -= 1));
    const body = await bytesOf(incoming);
    if (fault?.kind === 'reset' && !fault.after) return void incoming.socket.destroy();
    if (fault?.kind === 'answer' && !fault.after) {
      return void outgoing.writeHead(fault.status, fault.headers).end(fault.body);
    }
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms));
    const { method, headers } = incoming;
    const passed = request(target + incoming.url!, { method, headers }, (answer) => {
      void bytesOf(answer).then((content) => {
        if (fault?.kind === 'reset') return void incoming.socket.destroy();
        if (fault?.kind === 'answer') return void outgoing.writeHead(fault.status, fault.headers).end(fault.body);
        const { 'transfer-encoding': _chunked, ...kept } = answer.headers;
        outgoing.writeHead(answer.statusCode!, { ...kept, 'content-length': content.length });
        if (fault?.kind !== 'half') return void outgoing.end(content);
        outgoing.write(content.subarray(0, content.length / 2), () => incoming.socket.destroy());
      });
    });
    passed.on('error', () => incoming.socket.destroy());
    passed.end(body);
  }
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
