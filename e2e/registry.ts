import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { generate } from 'selfsigned';

const HOST = 'registry.npmjs.org';

/**
 * A registry with one package, where npm's own is: n8n installs community nodes from there alone, unless it is licensed for
 * another. A proxy leads there, and to nowhere else.
 */
export interface Registry {
  /** The environment in which a program finds it. */
  env: Record<string, string>;
  /** Paths that were asked for. */
  requests: string[];
  close(): Promise<void>;
}

/**
 * @param tarball as `npm pack` made it
 * @param manifest the package's own
 * @param directory where the certificate is put that programs must trust
 */
export async function startRegistry(
  tarball: string,
  manifest: { name: string; version: string },
  directory: string,
): Promise<Registry> {
  const bytes = await readFile(tarball);
  const { name, version } = manifest;
  const file = `/${name}/-/${name}-${version}.tgz`;
  const release = {
    ...manifest,
    dist: {
      tarball: `https://${HOST}${file}`,
      integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
      shasum: createHash('sha1').update(bytes).digest('hex'),
    },
  };
  const { private: key, cert } = await generate([{ name: 'commonName', value: HOST }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: HOST }] }],
  });
  const certificate = path.join(directory, 'registry.pem');
  await writeFile(certificate, cert);

  const requests: string[] = [];
  const registry = createHttpsServer({ key, cert }, (request, answer) => {
    const asked = decodeURIComponent(request.url!.replace(/\?.*$/, ''));
    requests.push(asked);
    const json = (body: object): void =>
      void answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (asked === file) answer.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes);
    else if (asked === `/${name}`) json({ name, 'dist-tags': { latest: version }, versions: { [version]: release } });
    else if (asked === `/${name}/${version}` || asked === `/${name}/latest`) json(release);
    else answer.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Not found"}');
  });
  const proxy = createHttpServer((_request, answer) => void answer.writeHead(502).end());
  proxy.on('connect', (request, socket) => {
    socket.on('error', () => {});
    if (request.url !== `${HOST}:443`) return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const upstream = connect(portOf(registry), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
  });
  const servers = [registry, proxy];
  // Tunnels no longer belong to the server that made them, and would keep it from closing.
  const open = new Set<Socket>();
  for (const server of servers) {
    server.on('connection', (socket: Socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    });
  }
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxyUrl = `http://127.0.0.1:${portOf(proxy)}`;
  return {
    env: {
      HTTPS_PROXY: proxyUrl,
      https_proxy: proxyUrl,
      NO_PROXY: '127.0.0.1,localhost',
      no_proxy: '127.0.0.1,localhost',
      NODE_EXTRA_CA_CERTS: certificate,
    },
    requests,
    async close() {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of open) socket.destroy();
      await Promise.all(closed);
    },
  };
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
