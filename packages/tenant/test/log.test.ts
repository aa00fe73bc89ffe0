import { describe, expect, it } from 'vitest';
import { freshDatabase } from './freshDatabase.ts';
import { serveOn } from './tenantProcess.ts';
import { makeClient } from './testTenant.ts';

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
