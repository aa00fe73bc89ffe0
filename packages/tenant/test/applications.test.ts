import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, type FreshDatabase } from './freshDatabase.ts';
import { freshEmail, getToken, makeClient, startTestTenant, type Client, type TestTenant } from './testTenant.ts';

let database: FreshDatabase;
let tenant: TestTenant;
/** Another instance on the same database. */
let other: TestTenant;
beforeAll(async () => {
  database = await freshDatabase();
  const options = { storage: { databaseUrl: database.url }, instances: 1 };
  tenant = await startTestTenant(options);
  other = await startTestTenant(options);
});
afterAll(async () => {
  await tenant.close();
  await other.close();
  await database.drop();
});

const APPS = '/cis/v1/applications';

interface MadeApp {
  app_id: string;
  client_id: string;
  client_secret: string;
}

async function createApp(input: object = {}): Promise<MadeApp> {
  const { status, body } = await tenant.send('POST', APPS, { app_name: freshEmail(), ...input });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.result as MadeApp;
}
const clientOf = ({ client_id: clientId, client_secret: clientSecret }: Omit<MadeApp, 'app_id'>) =>
  makeClient(tenant.url, { clientId, clientSecret });
const tokenOf = ({ client_id: clientId, client_secret: clientSecret }: Omit<MadeApp, 'app_id'>) =>
  getToken(tenant.url, { clientId, clientSecret });
const NOBODY = '/cis/v1/users/nobody';

/** Waits until a token is refused: until it is, the test goes on. */
async function untilRefused(client: Client, url: string): Promise<void> {
  const ask = async () => (await fetch(url + NOBODY, { headers: { authorization: `Bearer ${client.token}` } })).status;
  while ((await ask()) !== 401) await delay(100);
}

describe('an application', () => {
  it('is given back as it came, with its default client, whose secret is shown once', async () => {
    const input = {
      app_name: freshEmail(),
      app_description: 'Where people buy',
      redirect_uris: ['https://shop.example.com/back'],
      client_display_name: 'Web shop',
      client_type: 'native',
      login_uri: 'https://shop.example.com/login',
      logo: 'https://shop.example.com/logo.png',
      invite_member_email_expiration_minutes: 60,
      authenticator_preferences: { is_centralized: true, login_uri: 'x' },
    };
    const made = await tenant.send('POST', APPS, input);
    expect(made.body.result).toMatchObject({ ...input, role: 'ordinary', enabled: true });
    const { client_secret: secret, ...shown } = made.body.result as MadeApp;
    const again = await tenant.send('GET', `${APPS}/${shown.app_id}`);
    expect(again.body.result).toEqual(shown);
    // A logo may be large: a list has none.
    const { logo: _, ...listed } = again.body.result as MadeApp & { logo: string };
    expect((await tenant.send('GET', APPS)).body.result).toContainEqual(listed);
    const { rows } = { rows: await database.query<{ row: string }>('select to_jsonb(c)::text as row from clients c') };
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it('changes what is sent alone, its default client too', async () => {
    const app = await createApp({ app_description: 'before', redirect_uris: ['https://a.example.com'] });
    const update = { app_name: freshEmail(), redirect_uris: ['https://b.example.com'] };
    const { body } = await tenant.send('PUT', `${APPS}/${app.app_id}`, update);
    expect(body.result).toMatchObject({ ...update, app_description: 'before' });
    const client = await tenant.send('GET', `${APPS}/${app.app_id}/clients/${app.client_id}`);
    expect(client.body).toMatchObject({ redirect_uris: update.redirect_uris });
    const resources = await tenant.send('PUT', `${APPS}/${app.app_id}/resources`, { resource_ids: ['r'] });
    expect(resources.body.result.resources).toEqual(['r']);
  });

  it.each([
    ['oidc', { redirect_uris: ['https://a.example.com'] }],
    ['saml', { sp_entity_id: 'https://a.example.com/saml' }],
  ])('has a first client of the protocol that is told beside it (%s)', async (protocol, settings) => {
    const app = await createApp({
      client_display_name: 'Shown',
      first_client_authentication_protocol: protocol,
      first_client: { name: 'First', ...settings },
    });
    const client = await tenant.send('GET', `${APPS}/${app.app_id}/clients/${app.client_id}`);
    expect(client.body).toMatchObject({ name: 'First', authentication_protocol: protocol, ...settings });
  });

  it('takes what is said of its client beside the first client, where that says the same or nothing', async () => {
    const beside = {
      client_display_name: 'Shown',
      client_type: 'native',
      redirect_uris: ['https://a.example.com'],
      resources: ['r'],
    };
    const app = await createApp({ ...beside, first_client: { name: 'First', redirect_uris: beside.redirect_uris } });
    const { body } = await tenant.send('GET', `${APPS}/${app.app_id}/clients/${app.client_id}`);
    expect(body).toMatchObject({ name: 'First', client_type: 'native', resources: ['r'] });
  });

  it('shows its domain with the time of its change', async () => {
    const app = await createApp({ custom_domain: 'a.example.com' });
    const { body } = await tenant.send('PUT', `${APPS}/${app.app_id}`, { custom_domain: 'b.example.com' });
    expect(body.result.custom_domain).toEqual({ domain: 'b.example.com', updated_at: body.result.updated_at });
    expect((await tenant.send('PUT', `${APPS}/${app.app_id}`, { app_description: 'x' })).body.result).toMatchObject({
      custom_domain: { domain: 'b.example.com' },
    });
  });

  it('has a name of its own', async () => {
    const name = freshEmail();
    const { app_id } = await createApp({ app_name: name });
    const twin = await tenant.send('POST', APPS, { app_name: name });
    expect(twin).toMatchObject({ status: 409, body: { ts_error_code: 'name_is_taken' } });
    const another = await createApp();
    expect((await tenant.send('PUT', `${APPS}/${another.app_id}`, { app_name: name })).status).toBe(409);
    expect((await tenant.send('PUT', `${APPS}/${app_id}`, { app_name: name })).status).toBe(200);
  });

  it('of many at once with one name, one is made', async () => {
    const app_name = freshEmail();
    const answers = await Promise.all(Array.from({ length: 8 }, () => tenant.send('POST', APPS, { app_name })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
  });

  it.each([
    ['no name', {}, 'app_name is required'],
    [
      'a client twice',
      { app_name: 'x', client_type: 'web', first_client: { name: 'y', redirect_uris: [], client_type: 'native' } },
      'client_type and first_client.client_type must say the same',
    ],
    ['a client without redirect URIs', { app_name: 'x', first_client: { name: 'y' } }, /^first_client\.redirect_uris/],
    ['a redirect URI that is none', { app_name: 'x', redirect_uris: ['/back'] }, /^redirect_uris\[0\] must be/],
    ['another role', { app_name: 'x', role: 'king' }, /^role must be/],
  ])('is refused with %s', async (_what, input, reason) => {
    const { status, body } = await tenant.send('POST', APPS, input);
    expect({ status, message: body.message }).toEqual({
      status: 400,
      message: [typeof reason === 'string' ? reason : expect.stringMatching(reason)],
    });
  });

  it('that is deleted or disabled gets no tokens, and those it has end on every instance', async () => {
    for (const end of ['delete', 'disable']) {
      const app = await createApp();
      const client = await clientOf(app);
      for (const url of [tenant.url, other.url]) {
        const answer = await fetch(url + NOBODY, { headers: { authorization: `Bearer ${client.token}` } });
        expect(answer.status).toBe(404);
      }
      const path = `${APPS}/${app.app_id}`;
      if (end === 'delete') expect((await tenant.send('DELETE', path)).status).toBe(204);
      else expect((await tenant.send('PUT', path, { enabled: false })).body.result.enabled).toBe(false);
      expect((await client.send('GET', NOBODY)).status, 'at once where it was done').toBe(401);
      await untilRefused(client, other.url);
      expect(await tokenOf(app)).toBeUndefined();
      if (end === 'delete') expect((await tenant.send('GET', path)).status).toBe(404);
    }
  });

  it('that manages the tenant stays, as the last of its kind', async () => {
    const { body } = await tenant.send('GET', `${APPS}/list`);
    const managing = (body.result as { app_id: string; role: string }[]).filter(({ role }) => role === 'management');
    expect(managing).toHaveLength(1);
    const path = `${APPS}/${managing[0]!.app_id}`;
    const { client_id: lastClient } = (await tenant.send('GET', path)).body.result as MadeApp;
    const expectToStay = async () => {
      for (const answer of [
        await tenant.send('DELETE', path),
        await tenant.send('PUT', path, { enabled: false }),
        await tenant.send('DELETE', `${path}/clients`),
        await tenant.send('DELETE', `${path}/clients/${lastClient}`),
      ]) {
        expect(answer.status).toBe(400);
        expect(answer.headers.get('x-error-code')).toBe('last_management_application');
      }
    };
    await expectToStay();
    const second = await createApp({ role: 'management' });
    const manager = await clientOf(second);
    expect((await manager.send('GET', '/cis/v1/manage/deleted-users')).status).toBe(200);
    // One that is disabled, or has lost all its clients, manages nothing.
    expect((await tenant.send('PUT', `${APPS}/${second.app_id}`, { enabled: false })).status).toBe(200);
    await expectToStay();
    expect((await tenant.send('PUT', `${APPS}/${second.app_id}`, { enabled: true })).status).toBe(200);
    expect((await tenant.send('DELETE', `${APPS}/${second.app_id}/clients`)).status).toBe(204);
    await expectToStay();
    expect((await tenant.send('DELETE', `${APPS}/${second.app_id}`)).status).toBe(204);
  });
});

describe('an ordinary application', () => {
  it('sees and changes itself and the users, and is refused elsewhere', async () => {
    const [own, another] = [await createApp({ app_name: freshEmail() }), await createApp()];
    const client = await clientOf(own);
    const provider = { name: 'evil', issuer: 'https://evil.example.com', client_id: 'x', client_secret: 'y' };
    expect((await client.send('GET', APPS)).body.result).toMatchObject([{ app_id: own.app_id }]);
    expect((await client.send('GET', `${APPS}/list`)).body.result).toMatchObject([{ app_id: own.app_id }]);
    expect((await client.send('PUT', `${APPS}/${own.app_id}`, { app_description: 'mine' })).status).toBe(200);
    for (const appId of [another.app_id, 'nothing']) {
      for (const [method, path, body] of [
        ['GET', `${APPS}/${appId}`, undefined],
        ['PUT', `${APPS}/${appId}`, { app_description: 'theirs' }],
        ['GET', `${APPS}/${appId}/clients`, undefined],
        ['POST', `${APPS}/${appId}/clients`, { name: 'x', redirect_uris: [] }],
        ['POST', `${APPS}/${appId}/clients/${another.client_id}/secret`, {}],
        ['DELETE', `${APPS}/${appId}/clients`, undefined],
        ['GET', `${APPS}/${appId}/clients/${another.client_id}`, undefined],
        ['PUT', `${APPS}/${appId}/clients/${another.client_id}`, { redirect_uris: ['https://evil.example.com'] }],
        ['DELETE', `${APPS}/${appId}/clients/${another.client_id}`, undefined],
        ['PUT', `${APPS}/${appId}/resources`, { resource_ids: [] }],
        ['PUT', `${APPS}/${appId}/clients/${another.client_id}/resources`, { resource_ids: [] }],
        ['GET', `${APPS}/${appId}/identity-providers`, undefined],
        ['POST', `${APPS}/${appId}/identity-providers`, provider],
        ['DELETE', `${APPS}/${appId}/identity-providers/evil`, undefined],
      ] as const) {
        const answer = await client.send(method, path, body);
        expect(answer.status, `${method} ${path}`).toBe(403);
        expect(answer.headers.get('x-error-code')).toBe('other_application');
      }
    }
    for (const [method, path, body] of [
      ['POST', APPS, { app_name: freshEmail() }],
      ['DELETE', `${APPS}/${own.app_id}`, undefined],
      ['GET', `${APPS}/signing-keys`, undefined],
      ['GET', '/cis/v1/groups', undefined],
      ['POST', '/cis/v1/groups', { name: 'x' }],
    ] as const) {
      expect((await client.send(method, path, body)).status, `${method} ${path}`).toBe(403);
    }
    const { user_id } = await client.create({ email: freshEmail() });
    expect((await client.send('GET', `/cis/v1/users/${user_id}/groups`)).status).toBe(200);
  });

  it('reaches no client of another one by the path of its own', async () => {
    const [own, another] = [await createApp(), await createApp()];
    const client = await clientOf(own);
    const path = `${APPS}/${own.app_id}/clients/${another.client_id}`;
    for (const [method, more, body] of [
      ['GET', '', undefined],
      ['PUT', '', { redirect_uris: ['https://evil.example.com'] }],
      ['PUT', '/resources', { resource_ids: ['evil'] }],
      ['POST', '/secret', {}],
      ['DELETE', '', undefined],
    ] as const) {
      expect((await client.send(method, path + more, body)).status, `${method} ${more}`).toBe(404);
    }
    const theirs = await tenant.send('GET', `${APPS}/${another.app_id}/clients/${another.client_id}`);
    expect(theirs.body).toMatchObject({ redirect_uris: [], resources: [] });
    expect(await tokenOf(another)).toMatch(/^ey/);
  });

  it('that creates a user of another application associates it, and changes nothing else', async () => {
    const [one, two] = [await clientOf(await createApp()), await clientOf(await createApp())];
    const email = freshEmail();
    const created = await one.create({ email, username: freshEmail(), custom_app_data: { seat: 1 } });
    const associated = await two.send('POST', '/cis/v1/users', { email, language: 'fr', custom_app_data: { seat: 2 } });
    expect(associated.status).toBe(201);
    expect(associated.body.result).toMatchObject({ user_id: created.user_id, email: { value: email } });
    expect(associated.body.result.language).toBeUndefined();
    expect(associated.body.result.custom_app_data).toBeUndefined();
    expect((await one.get(created.user_id)).custom_app_data).toEqual({ seat: 1 });
    const again = await two.send('POST', '/cis/v1/users', { email });
    expect(again).toMatchObject({ status: 409, body: { ts_error_code: 'identifier_is_taken' } });
    // What is somebody else's email may be a username.
    const [mail, name] = [freshEmail(), freshEmail()];
    const mine = await one.create({ email: mail, username: name });
    await one.create({ email: name });
    const named = await two.send('POST', '/cis/v1/users', { email: mail, username: name });
    expect(named).toMatchObject({ status: 201, body: { result: { user_id: mine.user_id } } });
    // Not by identifiers of two users.
    const { username } = await one.create({ username: freshEmail() });
    const third = await clientOf(await createApp());
    expect((await third.send('POST', '/cis/v1/users', { email, username })).status).toBe(409);
    const bulk = await third.send('POST', '/cis/v1/users/bulk', {
      users: [{ email }, { email: freshEmail() }, { email }],
    });
    expect(bulk.body.result).toMatchObject({
      succeeded: 2,
      failed: 1,
      items: [{ user: { user_id: created.user_id } }, { user: {} }, { error: { error_code: 409 } }],
    });
  });
});

describe('a client', () => {
  it('is one of several, each with a secret of its own', async () => {
    const app = await createApp();
    const path = `${APPS}/${app.app_id}/clients`;
    const input = {
      name: 'Till',
      redirect_uris: ['https://till.example.com'],
      session_expiration: 60,
      enforce_par: true,
    };
    const made = await tenant.send('POST', path, input);
    expect(made).toMatchObject({
      status: 201,
      body: { ...input, app_id: app.app_id, authentication_protocol: 'oidc' },
    });
    const client = made.body as MadeApp;
    expect(await tokenOf(client)).toMatch(/^ey/);
    const listed = await tenant.send('GET', path);
    expect((listed.body as MadeApp[]).map(({ client_id }) => client_id)).toEqual([app.client_id, client.client_id]);
    expect(JSON.stringify(listed.body)).not.toContain('client_secret');
    expect((await tenant.send('POST', path, input)).status, 'the name again').toBe(409);
    const renamed = await tenant.send('PUT', `${path}/${client.client_id}`, {
      name: 'Till 2',
      description: 'At the door',
    });
    expect(renamed.body).toMatchObject({ name: 'Till 2', description: 'At the door', session_expiration: 60 });
  });

  it('is changed by what is shown of it', async () => {
    const { app_id, client_id } = await createApp();
    const path = `${APPS}/${app_id}/clients/${client_id}`;
    const { session_expiration, token_expiration, name } = (await tenant.send('GET', path)).body;
    expect(session_expiration).toBe(14 * 24 * 60 * 60);
    const answer = await tenant.send('PUT', path, { session_expiration, token_expiration, name });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  });

  it('of SAML is kept as it came', async () => {
    const { app_id } = await createApp();
    const path = `${APPS}/${app_id}/clients`;
    const input = { name: 'Old', authentication_protocol: 'saml', sp_entity_id: 'urn:old', sign_assertion: true };
    expect((await tenant.send('POST', path, input)).body).toMatchObject(input);
    // What has no redirect URIs but an entity ID is one.
    const told = { name: 'Untold', sp_entity_id: 'urn:untold' };
    const untold = (await tenant.send('POST', path, told)).body as MadeApp;
    expect(untold).toMatchObject({ ...told, authentication_protocol: 'saml' });
    await tenant.send('PUT', `${path}/${untold.client_id}`, { redirect_uris: ['https://a.example.com'] });
    const { body } = await tenant.send('GET', `${path}/${untold.client_id}`);
    expect(body.authentication_protocol).toBe('saml');
    const without = await tenant.send('POST', path, { name: 'Older', authentication_protocol: 'saml' });
    expect(without).toMatchObject({ status: 400, body: { message: ['sp_entity_id is required of a saml client'] } });
  });

  it('takes a new secret, beside which the one so far is good for as long as the caller says', async () => {
    const app = await createApp();
    const path = `${APPS}/${app.app_id}/clients/${app.client_id}/secret`;
    const graceful = await tenant.send('POST', path, { previous_valid_for: 3600 });
    expect(graceful.status).toBe(201);
    expect(Date.parse(graceful.body.previous_valid_until as string) - Date.now()).toBeGreaterThan(3_000_000);
    const next = { ...app, ...(graceful.body as MadeApp) };
    expect(await tokenOf(app)).toMatch(/^ey/);
    expect(await tokenOf(next)).toMatch(/^ey/);
    await database.query(`update clients set previous_valid_until = 1 where client_id = '${app.client_id}'`);
    expect(await tokenOf(app)).toBeUndefined();
    const sudden = await tenant.send('POST', path, {});
    expect(sudden.body.previous_valid_until).toBeUndefined();
    expect(await tokenOf(next)).toBeUndefined();
    expect(await tokenOf({ ...app, ...(sudden.body as MadeApp) })).toMatch(/^ey/);
  });

  it('that is deleted ends its tokens on every instance, and another one is the default', async () => {
    const app = await createApp();
    const path = `${APPS}/${app.app_id}/clients`;
    const second = (await tenant.send('POST', path, { name: 'second', redirect_uris: [] })).body as MadeApp;
    const client = await clientOf(app);
    expect((await fetch(other.url + NOBODY, { headers: { authorization: `Bearer ${client.token}` } })).status).toBe(
      404,
    );
    expect((await tenant.send('DELETE', `${path}/${app.client_id}`)).status).toBe(204);
    expect((await client.send('GET', NOBODY)).status).toBe(401);
    await untilRefused(client, other.url);
    expect((await tenant.send('GET', `${APPS}/${app.app_id}`)).body.result.client_id).toBe(second.client_id);
    expect((await tenant.send('DELETE', path)).status).toBe(204);
    expect((await tenant.send('GET', path)).body).toEqual([]);
    expect(await tokenOf(second)).toBeUndefined();
  });
});

describe('signing keys', () => {
  const jwks = async (url: string) =>
    ((await (await fetch(`${url}/oidc/jwks`)).json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  const KEYS = `${APPS}/signing-keys`;
  const createdKey = async () => (await tenant.send('POST', KEYS, { name: freshEmail() })).body as { kid: string };

  it('rotate: new tokens take the new key at once, old ones stay good, and both keys are published', async () => {
    const before = await tenant.send('GET', KEYS);
    const old = (before.body as { kid: string; status: string }[]).find(({ status }) => status === 'signing')!;
    const made = await tenant.send('POST', KEYS, { name: 'Spring' });
    expect(made).toMatchObject({ status: 201, body: { name: 'Spring', status: 'signing', source: 'mosaic' } });
    const { kid } = made.body as { kid: string };
    for (const url of [tenant.url, other.url]) {
      const token = await getToken(url);
      expect(decodeProtectedHeader(token).kid).toBe(kid);
      await jwtVerify(token, createRemoteJWKSet(new URL(`${url}/oidc/jwks`)));
      expect(await jwks(url)).toEqual(expect.arrayContaining([old.kid, kid]));
      for (const at of [tenant.url, other.url]) {
        const answer = await fetch(at + NOBODY, { headers: { authorization: `Bearer ${token}` } });
        expect(answer.status, 'good everywhere').toBe(404);
      }
    }
    expect((await tenant.send('GET', NOBODY)).status, 'a token of the old key').toBe(404);
    const back = await tenant.send('PUT', `${KEYS}/${old.kid}`, { status: 'signing', name: 'First' });
    expect(back.body).toMatchObject({ kid: old.kid, name: 'First', status: 'signing' });
    expect(decodeProtectedHeader(await getToken(other.url)).kid).toBe(old.kid);
  });

  it('leave one that signs, whatever is asked for at once on whatever instance', async () => {
    const path = KEYS;
    const there = makeClient(other.address);
    const ask = async (method: string, more: string, body?: object, elsewhere = false) =>
      (await (elsewhere ? (await there).send(method, path + more, body) : tenant.send(method, path + more, body)))
        .status;
    for (let round = 0; round < 4; round += 1) {
      const keys = await Promise.all([1, 2].map((n) => tenant.send('POST', path, { name: `k${round}-${n}` })));
      expect(keys.map(({ status }) => status)).toEqual([201, 201]);
      const all = (await tenant.send('GET', path)).body as unknown as { id: string; status: string }[];
      const [one, two] = all.filter(({ status }) => status !== 'signing');
      const statuses = await Promise.all([
        ask('PUT', `/${one!.id}`, { status: 'signing' }),
        ask('PUT', `/${two!.id}`, { status: 'signing' }, true),
        ask(round % 2 ? 'DELETE' : 'PUT', `/${one!.id}`, round % 2 ? undefined : { status: 'disabled' }, true),
      ]);
      for (const status of statuses) expect([200, 204, 400, 404]).toContain(status);
      const after = (await tenant.send('GET', path)).body as unknown as { status: string }[];
      expect(after.filter(({ status }) => status === 'signing')).toHaveLength(1);
    }
  });

  it('that are disabled or deleted end what they signed; the one that signs stays', async () => {
    for (const end of ['disable', 'delete']) {
      const { kid } = (await tenant.send('POST', KEYS, { name: end })).body as { kid: string };
      const client = await makeClient(tenant.url);
      expect((await client.send('GET', NOBODY)).status).toBe(404);
      for (const answer of [
        await tenant.send('DELETE', `${KEYS}/${kid}`),
        await tenant.send('PUT', `${KEYS}/${kid}`, { status: 'disabled' }),
      ]) {
        expect(answer).toMatchObject({
          status: 400,
          body: { message: ['This key signs: let another one sign first'] },
        });
      }
      await tenant.send('POST', KEYS, { name: `next, ${end}` });
      const done =
        end === 'delete'
          ? await tenant.send('DELETE', `${KEYS}/${kid}`)
          : await tenant.send('PUT', `${KEYS}/${kid}`, { status: 'disabled' });
      expect(done.status).toBe(end === 'delete' ? 204 : 200);
      expect((await client.send('GET', NOBODY)).status).toBe(401);
      await untilRefused(client, other.url);
      expect(await jwks(other.url)).not.toContain(kid);
      // A later rotation makes it no better.
      await createdKey();
      const keys = (await tenant.send('GET', KEYS)).body as { kid: string; status: string }[];
      expect(keys.find((key) => key.kid === kid)?.status).toBe(end === 'disable' ? 'disabled' : undefined);
      await untilRefused(client, other.url);
    }
  });

  it('can be brought along, and none of their private part is shown', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = privateKey.export({ format: 'jwk' });
    const { status, body } = await tenant.send('POST', `${KEYS}/upload`, {
      name: 'Ours',
      jwk: { ...jwk, kid: 'mine' },
    });
    expect({ status, source: body.source }).toEqual({ status: 201, source: 'uploaded' });
    expect(JSON.stringify([body, (await tenant.send('GET', KEYS)).body])).not.toContain(jwk.d);
    expect((await tenant.send('POST', `${KEYS}/upload`, { name: 'Twice', jwk })).status).toBe(409);
    for (const taken of [
      await tenant.send('POST', KEYS, { name: 'Ours' }),
      await tenant.send('PUT', `${KEYS}/${(await createdKey()).kid}`, { name: 'Ours' }),
    ]) {
      expect(taken).toMatchObject({ status: 409, body: { ts_error_code: 'name_is_taken' } });
    }
    expect((await tenant.send('PUT', `${KEYS}/${body.kid}`, { name: 'Ours', status: 'signing' })).status).toBe(200);
    expect(decodeProtectedHeader(await getToken(tenant.url)).kid).toBe(body.kid);
    const another = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' });
    for (const [wrong, reason] of [
      [small, /2048 bits/],
      [{ kty: 'RSA', n: jwk.n, e: jwk.e }, /private RSA key/],
      [{ kty: 'oct', k: 'c2VjcmV0' }, /private RSA key/],
      [{ ...jwk, n: another.n }, /^jwk must/],
    ] as const) {
      const answer = await tenant.send('POST', `${KEYS}/upload`, { name: 'x', jwk: wrong });
      expect(answer).toMatchObject({ status: 400, body: { message: [expect.stringMatching(reason)] } });
    }
  });
});

it('tokens say what their application reaches', async () => {
  const claims = decodeJwt(await tokenOf(await createApp()));
  expect(claims.roles).toEqual([]);
  expect(decodeJwt(tenant.token).roles).toEqual(['management']);
});
