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
});
