import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { startTestTenant, type TestTenant } from '../testTenant.ts';

/** Sends the beginning of a request and keeps the own side of the connection open, whatever comes back. */
async function beginRequest(tenant: TestTenant, head: string): Promise<Socket> {
  const socket = connect({ port: Number(new URL(tenant.address).port), host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.on('data', () => {});
  await once(socket, 'connect');
  socket.write(head);
  return socket;
}

it('clients that never finish a large request, and never leave, keep nobody else out', async () => {
  const tenant = await startTestTenant();
  const head = `POST /cis/v1/users/bulk HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tenant.token}\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{`;
  const sockets = await Promise.all([beginRequest(tenant, head), beginRequest(tenant, head)]);
  // The server gives them ten seconds, and closes their connections for good after that.
  await Promise.all(sockets.map((socket) => once(socket, 'end')));
  let status = 0;
  for (let tries = 0; tries < 5 && status !== 200; tries += 1) {
    ({ status } = await tenant.send('POST', '/cis/v1/users/bulk', { users: [{ username: 'after' }] }));
  }
  expect(status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await tenant.close();
}, 60_000);
