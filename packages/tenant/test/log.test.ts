import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { freshDatabase } from './freshDatabase.ts';
import { serveOn } from './tenantProcess.ts';
import { freshEmail, makeClient } from './testTenant.ts';

describe('the log', () => {
  it('has a line a request, with its ID, and no token, secret or profile', async () => {
    const tenant = serveOn((await freshDatabase()).url);
    const url = await tenant.ready;
    const client = await makeClient(url);
    const email = 'very.private@example.com';
    await client.send('POST', '/cis/v1/users', { email, credentials: { password: 'hunter2hunter2' } });
    await client.send('POST', '/cis/v1/users', { email, custom_data: { diary: 'dear diary' } });
    await client.send('POST', '/cis/v1/users', '{"email":"very.private@example.com",');
    const found = await client.send('GET', `/cis/v1/users/email/${email}`);
    tenant.child.kill('SIGTERM');
    await tenant.ended;

    const lines = tenant
      .stderr()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.filter(({ route }) => route === '/cis/v1/users').map(({ status }) => status)).toEqual([201, 409, 400]);
    expect(lines).toContainEqual(
      expect.objectContaining({
        method: 'GET',
        route: '/cis/v1/users/email/:email',
        status: 200,
        client_id: 'test-client',
        reqId: found.headers.get('x-request-id'),
      }),
    );
    expect(tenant.stderr()).not.toMatch(/private|hunter2|diary|test-secret|Bearer|eyJ/);
  });

  it('has a line for a request whose client left, and for an answer that was cut off', async () => {
    const database = await freshDatabase();
    const tenant = serveOn(database.url);
    const url = await tenant.ready;
    const client = await makeClient(url);
    const custom_data = { text: 'x'.repeat(60_000) };
    // More than the sockets between them hold.
    for (let round = 0; round < 4; round += 1) {
      const users = Array.from({ length: 100 }, () => ({ email: freshEmail(), custom_data }));
      expect((await client.send('POST', '/cis/v1/users/bulk', { users })).status).toBe(200);
    }
    const lines = () =>
      tenant
        .stderr()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const until = async (looked: object) => {
      while (!lines().some((line) => Object.entries(looked).every(([name, value]) => line[name] === value))) {
        await delay(20);
      }
    };
    const [leaves, stays] = [new AbortController(), new AbortController()];
    const headers = { authorization: `Bearer ${client.token}`, 'content-type': 'application/json' };
    const stored = async () => (await client.send('GET', '/cis/v1/users/count')).body.result.user_count as number;
    const before = await stored();
    // When some of it is done, and its answer has not begun: hashes take their time.
    const credentials = { password: 'correct horse battery' };
    const body = JSON.stringify({ users: Array.from({ length: 300 }, () => ({ email: freshEmail(), credentials })) });
    const left = fetch(`${url}/cis/v1/users/bulk`, { method: 'POST', headers, body, signal: leaves.signal });
    while ((await stored()) === before) await delay(2);
    leaves.abort();
    await expect(left).rejects.toThrow();
    await until({ method: 'POST', status: 499, error: 'client_gone' });
    // When its answer has begun.
    const cut = await fetch(`${url}/cis/v1/users?page_limit=5000`, { headers, signal: stays.signal });
    expect(cut.status).toBe(200);
    stays.abort();
    await until({ method: 'GET', route: '/cis/v1/users', error: 'client_gone' });
    expect(lines().filter(({ level }) => level === 50)).toEqual([]);
  });

  it('tells of a fault of the tenant’s own, and quotes nothing of what PostgreSQL said about the row', async () => {
    const database = await freshDatabase();
    const tenant = serveOn(database.url);
    const client = await makeClient(await tenant.ready);
    await database.query("alter table users add constraint broken check (profile::text not like '%private%')");
    const answer = await client.send('POST', '/cis/v1/users', { email: 'very.private@example.com' });
    expect(answer).toMatchObject({ status: 500, body: { message: 'The tenant could not answer this request' } });
    tenant.child.kill('SIGTERM');
    await tenant.ended;
    expect(tenant.stderr()).toContain('request failed');
    expect(tenant.stderr()).toContain('"code":"23514"');
    expect(tenant.stderr()).not.toMatch(/private|Failing row/);
  });
});
