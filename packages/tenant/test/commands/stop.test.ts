import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { freshDatabase } from '../freshDatabase.ts';
import { serveOn } from '../tenantProcess.ts';
import { freshEmail, getToken, makeClient } from '../testTenant.ts';

const BODY = JSON.stringify({ credentials: { password: 'correct horse battery' } });

/** An update that the tenant has begun to read: it has answered the head with 100, and waits for the body. */
async function begunUpdate(url: string, token: string, userId: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `PUT /cis/v1/users/${userId} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${BODY.length}\r\nExpect: 100-continue\r\n\r\n`,
  );
  const [first] = (await once(socket, 'data')) as [Buffer];
  expect(first.toString()).toMatch(/^HTTP\/1\.1 100 /);
  return socket;
}

async function statusOf(socket: Socket): Promise<string | undefined> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
}

it('a tenant that is asked to stop finishes what is in flight', async () => {
  const tenant = serveOn((await freshDatabase()).url);
  const url = await tenant.ready;
  const client = await makeClient(url);
  const token = await getToken(url);
  // A user each: the password that one of them sets could not be set again.
  const users = await Promise.all(Array.from({ length: 6 }, () => client.create({ email: freshEmail() })));
  const inFlight = await Promise.all(users.map(({ user_id }) => begunUpdate(url, token, user_id)));
  tenant.child.kill('SIGTERM');
  // npm passes a Ctrl-C on to a process that got it from the terminal already.
  tenant.child.kill('SIGTERM');
  await tenant.printed(/"msg":"stopping"/);
  for (const socket of inFlight) socket.write(BODY);
  expect(await Promise.all(inFlight.map(statusOf))).toEqual(inFlight.map(() => '200'));
  expect(await tenant.ended).toBe(0);
});

it('a tenant that is asked to stop does not wait for a client that never finishes its request', async () => {
  const tenant = serveOn((await freshDatabase()).url);
  const url = await tenant.ready;
  const { user_id } = await (await makeClient(url)).create({ email: freshEmail() });
  const socket = await begunUpdate(url, await getToken(url), user_id);
  socket.write(BODY.slice(0, 10));
  tenant.child.kill('SIGTERM');
  expect(await tenant.ended).toBe(0);
});
