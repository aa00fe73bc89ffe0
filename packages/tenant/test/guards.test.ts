import { exportJWK, generateKeyPair, SignJWT, decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { freshDatabase, type FreshDatabase } from './freshDatabase.ts';
import { CREDENTIALS, freshEmail, getToken, makeClient, startTestTenant, type TestTenant } from './testTenant.ts';

const ORDINARY = { clientId: 'ordinary', clientSecret: 'ordinary-secret-0123' };

let database: FreshDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await freshDatabase();
  const storage = { databaseUrl: database.url };
  // A second application of the same tenant: a start with other credentials makes it.
  const first = await startTestTenant({ storage });
  await first.close();
  const second = await startTestTenant({ storage, credentials: ORDINARY, authenticateAs: ORDINARY });
  await second.close();
  await database.query("update applications set management = false where default_client_id = 'ordinary'");
  tenant = await startTestTenant({ storage });
});
afterAll(async () => {
  await tenant.close();
  await database.drop();
});
afterEach(() => void vi.useRealTimers());

it('management routes want a management application', async () => {
  const { user_id } = await tenant.create({ email: freshEmail() });
  const ordinary = await makeClient(tenant.url, ORDINARY);
  for (const [method, path] of [
    ['DELETE', `/cis/v1/manage/users/${user_id}`],
    ['GET', '/cis/v1/manage/deleted-users'],
  ] as const) {
    const answer = await ordinary.send(method, path);
    expect(answer.status).toBe(403);
    expect(answer.headers.get('x-error-code')).toBe('management_token_required');
  }
  expect((await ordinary.get(user_id)).user_id).toBe(user_id);
});

it('an application sees and finds its own data of a user, and no other’s, in history and search too', async () => {
  const ordinary = await makeClient(tenant.url, ORDINARY);
  const { user_id } = await tenant.create({ email: freshEmail(), custom_app_data: { secret: 'plan-a' } });
  await ordinary.update(user_id, { custom_app_data: { own: 'plan-b' }, external_account_id: 'mine' });
  expect((await ordinary.get(user_id)).custom_app_data).toEqual({ own: 'plan-b' });
  const history = await ordinary.send('GET', `/cis/v1/users/${user_id}/history`);
  expect(JSON.stringify(history.body)).not.toContain('plan-a');
  expect(JSON.stringify(history.body)).toContain('plan-b');
  const find = (client: typeof ordinary, search: string) =>
    client.send('GET', `/cis/v1/users/count?${new URLSearchParams({ search }).toString()}`);
  expect((await find(ordinary, 'custom_app_data.secret eq "plan-a"')).body.result.user_count).toBe(0);
  expect((await find(tenant, 'custom_app_data.secret eq "plan-a"')).body.result.user_count).toBe(1);
  expect((await find(tenant, 'external_account_id eq "mine"')).body.result.user_count).toBe(0);
});

it('another tenant’s key signs nothing for this one', async () => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  await database.query('insert into tenants (tenant_id, name, created_at) values ($1, $1, 9999999999999)', ['other']);
  await database.query('insert into signing_keys (tenant_id, kid, private_jwk, created_at) values ($1, $2, $3, 1)', [
    'other',
    'other-key',
    JSON.stringify(await exportJWK(privateKey)),
  ]);
  const again = await startTestTenant({ storage: { databaseUrl: database.url } });
  const claims = decodeJwt(again.token);
  const sign = (tid: unknown) =>
    new SignJWT({ ...claims, tid }).setProtectedHeader({ alg: 'RS256', kid: 'other-key' }).sign(privateKey);
  const ask = async (token: string) =>
    (await fetch(`${again.url}/cis/v1/users/none`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await ask(await sign(claims.tid))).toBe(401);
  // The key is known, but the client is not of its tenant.
  expect(await ask(await sign('other'))).toBe(401);
  await again.close();
});

it('a profile holds at most 100 secondary emails', async () => {
  const emails = Array.from({ length: 101 }, freshEmail);
  const { user_id } = await tenant.create({ email: freshEmail(), secondary_emails: emails.slice(0, 50) });
  expect((await tenant.update(user_id, { secondary_emails: emails.slice(50, 100) })).status).toBe(200);
  const answer = await tenant.update(user_id, { secondary_emails: emails.slice(100) });
  expect(answer).toMatchObject({ status: 400, body: { message: [expect.stringContaining('100')] } });
});

it('time never goes back for a user, though the clock does', async () => {
  const { user_id, updated_at } = await tenant.create({ email: freshEmail() });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 60_000 });
  for (const update of [{ language: 'en' }, { username: 'back-in-time' }, { status: 'Active' }]) {
    const { body } = await tenant.update(user_id, update);
    expect(body.result.updated_at).toBeGreaterThanOrEqual(updated_at);
  }
  const email = freshEmail();
  await tenant.update(user_id, { secondary_emails: [email] });
  const group = await tenant.send('POST', '/cis/v1/groups', { name: freshEmail() });
  for (const [method, path, body] of [
    ['POST', `/cis/v1/users/${user_id}/emails/${email}/verify`, {}],
    ['DELETE', `/cis/v1/users/${user_id}/emails/${email}`],
    ['POST', `/cis/v1/groups/${group.body.result.group_id}/users`, { user_ids: [user_id] }],
    ['DELETE', `/cis/v1/users/${user_id}/apps`],
  ] as const) {
    expect((await tenant.send(method, path, body)).status).toBeLessThan(300);
    expect((await tenant.get(user_id)).updated_at, path).toBeGreaterThanOrEqual(updated_at);
  }
});

it('nothing personal of a deleted user stays in the database', async () => {
  const user = await tenant.create({ email: 'leaves.no.trace@example.com', phone_number: '+12125550777' });
  await tenant.update(user.user_id, { custom_data: { diary: 'no-trace-either' } });
  expect((await tenant.send('DELETE', `/cis/v1/manage/users/${user.user_id}`)).status).toBe(204);
  const tables = await database.query<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = 'public'",
  );
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`select to_jsonb(t)::text as row from ${name} t`);
    for (const { row } of rows) expect(row, name).not.toMatch(/trace|\+12125550777/);
  }
});

it('groups that take the same users in opposite orders do not block each other for good', async () => {
  const ids = (await Promise.all(Array.from({ length: 40 }, () => tenant.create({ email: freshEmail() })))).map(
    ({ user_id }) => user_id,
  );
  const groups = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const { body } = await tenant.send('POST', '/cis/v1/groups', { name: freshEmail() });
      return body.result.group_id as string;
    }),
  );
  const answers = await Promise.all(
    groups.map((group, n) =>
      tenant.send('POST', `/cis/v1/groups/${group}/users`, { user_ids: n % 2 ? ids : [...ids].reverse() }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(groups.map(() => 204));
  expect((await tenant.get(ids[0]!)).groupIds.sort()).toEqual([...groups].sort());
});

it('a group of more members than leave at once is deleted whole', async () => {
  const users = Array.from({ length: 501 }, () => ({ email: freshEmail() }));
  const made = await tenant.send('POST', '/cis/v1/users/bulk', { users });
  const user_ids = (made.body.result.items as { user: { user_id: string } }[]).map(({ user }) => user.user_id);
  const { body } = await tenant.send('POST', '/cis/v1/groups', { name: freshEmail() });
  const { group_id } = body.result as { group_id: string };
  expect((await tenant.send('POST', `/cis/v1/groups/${group_id}/users`, { user_ids })).status).toBe(204);
  expect((await tenant.get(user_ids[500]!)).groupIds).toEqual([group_id]);
  expect((await tenant.send('DELETE', `/cis/v1/groups/${group_id}`)).status).toBe(204);
  expect((await tenant.send('GET', `/cis/v1/groups/${group_id}`)).status).toBe(404);
  for (const id of user_ids) expect((await tenant.get(id)).groupIds).toEqual([]);
});

it('a flood of wrong secrets keeps out neither a right one nor anything else', async () => {
  await getToken(tenant.url);
  const wrong = Array.from({ length: 120 }, () =>
    fetch(`${tenant.url}/oidc/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: CREDENTIALS.clientId,
        client_secret: 'wrong-wrong-wrong',
      }),
    }),
  );
  let over = false;
  void Promise.all(wrong).then(() => (over = true));
  expect(await getToken(tenant.url)).toMatch(/^ey/);
  expect((await tenant.create({ email: freshEmail() })).user_id).toBeDefined();
  expect(over).toBe(false);
  const statuses = (await Promise.all(wrong)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
});

it('of more passwords at once than can be hashed in good time, those that do not fit are to come again, not all at once', async () => {
  const sent = Array.from({ length: 300 }, () =>
    tenant.send('POST', '/cis/v1/auth/password/authenticate', { username: freshEmail(), password: 'wrong-wrong' }),
  );
  const answers = await Promise.all(sent);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 503]));
  const putOff = answers.filter(({ status }) => status === 503);
  for (const { headers } of putOff) expect(headers.get('x-error-code')).toBe('hashing_busy');
  expect(new Set(putOff.map(({ headers }) => headers.get('retry-after'))).size).toBeGreaterThan(1);
});
