import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import path from 'node:path';

/** Stands between the tenant and PostgreSQL, so that the one can lose the other without its address changing. */
export class Proxy {
  /** The directory of PostgreSQL's socket. */
  target: string;
  #server: Server | undefined;
  #sockets = new Set<Socket>();
  #port = 0;

  constructor(target: string) {
    this.target = target;
  }

  get port(): number {
    return this.#port;
  }

  async open(): Promise<void> {
    const server = createServer((outer) => {
      const inner = connect(path.join(this.target, '.s.PGSQL.5432'));
      for (const [from, to] of [
        [outer, inner],
        [inner, outer],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(to);
        from.on('error', () => {});
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts all connections, and refuses new ones until it is opened again. */
  async cut(): Promise<void> {
    const closed = this.#server && once(this.#server, 'close');
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
