import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { expect, it } from 'vitest';
import { freshDatabase } from '../freshDatabase.ts';
import { runTenant, serveOn, type TenantProcess } from '../tenantProcess.ts';
import { freshEmail, getToken, makeClient, type Client } from '../testTenant.ts';

/** Runs a command that manages a tenant, and gives what it printed as JSON. */
async function manage<T>(databaseUrl: string, ...args: string[]): Promise<T> {
  const command = runTenant([...args, '--json'], { DATABASE_URL: databaseUrl });
  expect(await command.ended, command.stderr()).toBe(0);
  return JSON.parse(command.stdout()) as T;
}

interface Made {
  tenant_id: string;
  app_id: string;
  role: string;
  client_id: string;
  client_secret: string;
}
const credentialsOf = ({ client_id: clientId, client_secret: clientSecret }: Made) => ({ clientId, clientSecret });

it('the command makes, lists, rotates and deletes what the routes do, beside a tenant that serves', async () => {
  const { url: databaseUrl, drop } = await freshDatabase();
  const url = await serveOn(databaseUrl).ready;
  const app = await manage<Made>(
    databaseUrl,
    'applications',
    'create',
    'Shop',
    '--redirect-uri',
    'https://a.example.com',
  );
  expect(app.role).toBe('ordinary');
  expect(await getToken(url, credentialsOf(app))).toMatch(/^ey/);
  const listed = await manage<Made[]>(databaseUrl, 'applications', 'list');
  expect(listed.map(({ role }) => role)).toEqual(['management', 'ordinary', 'ordinary']);

  const open = ['--signup', '--redirect-uri', 'https://b.example.com'];
  const signup = await manage<Made>(databaseUrl, 'applications', 'create', 'Open', ...open);
  const reader = await makeClient(url, credentialsOf(app));
  const shown = async (path: string, of = reader): Promise<unknown> =>
    (await of.send('GET', `/cis/v1/applications/${path}`)).body;
  expect(await shown(app.app_id)).toMatchObject({ result: { allow_public_signup: false } });
  const opened = await shown(signup.app_id, await makeClient(url, credentialsOf(signup)));
  expect(opened).toMatchObject({ result: { allow_public_signup: true } });
  await manage(databaseUrl, 'applications', 'delete', signup.app_id);

  const till = ['Till', '--redirect-uri', 'https://till.example.com'];
  const client = await manage<Made>(databaseUrl, 'clients', 'create', app.app_id, ...till);
  expect(await shown(`${app.app_id}/clients/${client.client_id}`)).toMatchObject({
    redirect_uris: ['https://till.example.com'],
  });
  const rotated = await manage<Made>(databaseUrl, 'clients', 'rotate', client.client_id, '--keep', '60');
  expect(await getToken(url, credentialsOf(client))).toMatch(/^ey/);
  expect(await getToken(url, credentialsOf(rotated))).toMatch(/^ey/);
  const next = await manage<Made>(databaseUrl, 'clients', 'rotate', client.client_id);
  expect(await getToken(url, credentialsOf(rotated)), 'kept for no time unless told').toBeUndefined();
  expect(await getToken(url, credentialsOf(next))).toMatch(/^ey/);
  await manage(databaseUrl, 'clients', 'delete', client.client_id);
  expect(await getToken(url, credentialsOf(next))).toBeUndefined();
  expect(await manage<Made[]>(databaseUrl, 'clients', 'list')).toHaveLength(3);

  await manage(databaseUrl, 'applications', 'disable', app.app_id);
  expect(await getToken(url, credentialsOf(app))).toBeUndefined();
  await manage(databaseUrl, 'applications', 'enable', app.app_id);
  expect(await getToken(url, credentialsOf(app))).toMatch(/^ey/);
  await manage(databaseUrl, 'applications', 'delete', app.app_id);
  expect(await getToken(url, credentialsOf(app))).toBeUndefined();

  const table = runTenant(['applications', 'list'], { DATABASE_URL: databaseUrl });
  expect(await table.ended).toBe(0);
  expect(table.stdout()).toMatch(/^app_id .*app_name .*role .*\n.*Management application .*management/);
  const refusals = [
    [['clients', 'rotate'], /^Usage: tenant clients rotate CLIENT_ID/],
    [['clients', 'burn', 'x'], /^clients needs one of list, create, rotate, delete\./],
    [['clients', 'delete', 'nobody'], /^There is no such client\./],
    [['applications', 'delete', 'nobody'], /^There is no such application\./],
    [['applications', 'list', '--tenant', 'nobody'], /^There is no such tenant\./],
    [
      ['applications', 'list', '--redirect-uri', 'https://a.example.com'],
      /^--redirect-uri means nothing to "applications list"\./,
    ],
    [['export', '--keep', '5'], /^--keep means nothing to "export"\./],
    [['--json'], /^--json means nothing to a tenant that serves\./],
    [['--port='], /^--port needs a value\./],
  ] as const;
  await Promise.all(
    refusals.map(async ([args, reason]) => {
      const wrong = runTenant([...args], { DATABASE_URL: databaseUrl });
      expect(await wrong.ended).toBe(1);
      expect(wrong.stderr()).toMatch(reason);
    }),
  );
  await drop();
});

it('the command works on a data directory too, whether a tenant serves from it or not', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-manage-'));
  const serving = runTenant(['--data', directory, '--port', '0']);
  const url = await serving.ready;
  const beside = runTenant(['applications', 'create', 'Beside', '--management', '--json', '--data', directory]);
  expect(await beside.ended, beside.stderr()).toBe(0);
  const made = JSON.parse(beside.stdout()) as Made;
  const client = await makeClient(url, credentialsOf(made));
  expect((await client.send('GET', '/cis/v1/groups')).status, 'a management application').toBe(200);
  serving.child.kill('SIGTERM');
  await serving.ended;
  // Several at once take turns.
  const names = ['one', 'two', 'three'];
  const together: TenantProcess[] = [];
  for (const name of names) {
    together.push(runTenant(['applications', 'create', name, '--data', directory]));
    // So that the next one comes while it works.
    await delay(300);
  }
  for (const command of together) expect(await command.ended, command.stderr()).toBe(0);
  // A backup of the wrong directory is none.
  for (const command of [['export'], ['dump', path.join(directory, 'out')]]) {
    const nothing = runTenant([...command, '--data', path.join(directory, 'mistyped')]);
    expect(await nothing.ended).toBe(1);
    expect(nothing.stderr()).toMatch(/mistyped holds no data: no tenant has served from it\.\n$/);
  }
  const alone = runTenant(['applications', 'list', '--data', directory]);
  expect(await alone.ended, alone.stderr()).toBe(0);
  for (const name of ['Beside', ...names]) expect(alone.stdout()).toContain(name);
  await rm(directory, { recursive: true, force: true });
});

it.each(['SIGINT', 'SIGTERM'] as const)('the command ends when it is told to (%s)', async (signal) => {
  const { url: databaseUrl, drop } = await freshDatabase();
  const holder = new pg.Client(databaseUrl);
  await holder.connect();
  // The migrator's own (kysely's PostgresAdapter).
  await holder.query('begin; select pg_advisory_xact_lock(3853314791062309107)');
  const waiting = runTenant(['tenants', 'list'], { DATABASE_URL: databaseUrl });
  await waiting.printed(/it waits for a lock/);
  waiting.child.kill(signal);
  expect(await waiting.ended).toBe(1);
  expect(waiting.stderr()).toMatch(/Stopped before the end\.\n$/);
  await holder.end();
  await drop();
});

it('tenants of one service are wholly apart', async () => {
  const { url: databaseUrl, drop } = await freshDatabase();
  const url = await serveOn(databaseUrl).ready;
  const one = await makeClient(url);
  const made = await manage<Made[]>(databaseUrl, 'tenants', 'create', 'Second');
  expect(made.map(({ role }) => role)).toEqual(['management', 'ordinary']);
  const two = await makeClient(url, credentialsOf(made[0]!));

  // The same identifiers, on both sides.
  const profile = { email: freshEmail(), username: freshEmail(), external_user_id: 'x' };
  const [mine, theirs] = [await one.create(profile), await two.create(profile)];
  expect(theirs.user_id).not.toBe(mine.user_id);
  expect((await two.get(theirs.user_id)).email?.value).toBe(profile.email);
  // Also what is asked for at the same time.
  const many = await Promise.all(
    Array.from({ length: 40 }, (_, n) => (n % 2 ? one : two).create({ external_user_id: `at once ${n}` })),
  );
  const changed = await Promise.all(
    many.map(({ user_id }, n) => (n % 2 ? one : two).update(user_id, { language: 'en' })),
  );
  expect(changed.map(({ status }) => status)).toEqual(Array(40).fill(200));
  for (const [n, { user_id }] of many.entries()) {
    expect((await (n % 2 ? two : one).send('GET', `/cis/v1/users/${user_id}`)).status).toBe(404);
    expect((await (n % 2 ? two : one).send('DELETE', `/cis/v1/manage/users/${user_id}`)).status).toBe(404);
  }
  await Promise.all(
    many.map(({ user_id }, n) => (n % 2 ? one : two).send('DELETE', `/cis/v1/manage/users/${user_id}`)),
  );
  // A start with credentials of another tenant takes nothing over.
  const { client_id: theirId, client_secret: theirSecret } = made[0]!;
  const taking = runTenant(['--port', '0'], {
    DATABASE_URL: databaseUrl,
    TESSERA_CLIENT_ID: theirId,
    TESSERA_CLIENT_SECRET: 'another-secret-0123456789',
  });
  expect(await taking.ended).toBe(1);
  expect(taking.stderr()).toContain('TESSERA_CLIENT_ID is the client ID of another tenant in this database.');
  expect(await getToken(url, { clientId: theirId, clientSecret: theirSecret })).toMatch(/^ey/);
  const group = (await one.send('POST', '/cis/v1/groups', { name: 'Ours' })).body.result.group_id as string;
  const apps = (await one.send('GET', '/cis/v1/applications')).body.result as Made[];
  const [app] = apps;
  const key = ((await one.send('GET', '/cis/v1/applications/signing-keys')).body as { kid: string }[])[0]!.kid;

  for (const [method, path, body] of [
    ['GET', `/cis/v1/users/${mine.user_id}`],
    ['PUT', `/cis/v1/users/${mine.user_id}`, { language: 'en' }],
    ['GET', `/cis/v1/users/${mine.user_id}/history`],
    ['GET', `/cis/v1/users/${mine.user_id}/groups`],
    ['DELETE', `/cis/v1/manage/users/${mine.user_id}`],
    ['GET', `/cis/v1/groups/${group}`],
    ['POST', `/cis/v1/groups/${group}/users`, { user_ids: [theirs.user_id] }],
    ['GET', `/cis/v1/applications/${app!.app_id}`],
    ['DELETE', `/cis/v1/applications/${app!.app_id}`],
    ['GET', `/cis/v1/applications/${app!.app_id}/clients/${app!.client_id}`],
    ['DELETE', `/cis/v1/applications/signing-keys/${key}`],
  ] as const) {
    const there = await two.send(method, path, body);
    const nowhere = await two.send(method, path.replaceAll(/[0-9a-f-]{36}|[\w-]{43}/g, 'nothing'), body);
    expect([there.status, there.body], `${method} ${path}`).toEqual([404, nowhere.body]);
  }
  const password = 'the analytical engine';
  await one.send('POST', `/cis/v1/users/${mine.user_id}/password`, { password, force_replace: false });
  const signIn = { username: profile.username, password };
  expect((await one.send('POST', '/cis/v1/auth/password/authenticate', signIn)).status).toBe(200);
  expect((await two.send('POST', '/cis/v1/auth/password/authenticate', signIn)).status).toBe(401);
  const count = async (client: Client) =>
    (await client.send('GET', '/cis/v1/users/count')).body.result.user_count as number;
  expect([await count(one), await count(two)]).toEqual([1, 1]);
  expect((await two.send('GET', '/cis/v1/users')).body.result).toHaveLength(1);
  expect((await two.send('GET', `/cis/v1/users?search_prefix=${profile.email}`)).body.total_count).toBe(1);
  expect(JSON.stringify((await two.send('GET', '/cis/v1/applications')).body)).not.toContain(app!.app_id);
  expect((await two.send('GET', '/cis/v1/groups')).body.result).toEqual([]);

  // Each has an issuer and keys of its own, and a name that is taken in one is free in the other.
  const secondId = made[0]!.tenant_id;
  const read = async (at: string): Promise<any> => (await fetch(at)).json();
  const first = await read(`${url}/.well-known/openid-configuration`);
  const second = await read(`${url}/tenants/${secondId}/.well-known/openid-configuration`);
  expect(second.issuer).toBe(`${url}/tenants/${secondId}`);
  const kids = async (at: string) => ((await read(at)).keys as { kid: string }[]).map(({ kid }) => kid);
  expect(await kids(first.jwks_uri as string)).not.toEqual(
    expect.arrayContaining(await kids(second.jwks_uri as string)),
  );
  expect((await read(`${url}/tenants/nothing/oidc/jwks`)).keys).toEqual([]);
  expect((await two.send('POST', '/cis/v1/groups', { name: 'Ours' })).status).toBe(201);
  expect((await two.send('POST', '/cis/v1/applications', { app_name: 'Mine' })).status).toBe(201);

  // An export of one has nobody of the other.
  for (const [id, user, stranger] of [
    [secondId, theirs, mine],
    ['', mine, theirs],
  ] as const) {
    const args = id ? ['--tenant', id] : [];
    const exported = runTenant(['export', ...args], { DATABASE_URL: databaseUrl });
    expect(await exported.ended, exported.stderr()).toBe(0);
    expect(exported.stdout()).toContain(user.user_id);
    expect(exported.stdout()).not.toContain(stranger.user_id);
  }

  await manage(databaseUrl, 'tenants', 'delete', secondId);
  const { tenant_id: firstId } = (await manage<Made[]>(databaseUrl, 'tenants', 'list'))[0]!;
  const last = runTenant(['tenants', 'delete', firstId], { DATABASE_URL: databaseUrl });
  expect(await last.ended).toBe(1);
  expect(await getToken(url, credentialsOf(made[0]!))).toBeUndefined();
  expect((await one.get(mine.user_id)).user_id).toBe(mine.user_id);
  await drop();
});

it('tenants that have users of the same IDs are apart', async () => {
  const { url: databaseUrl, drop } = await freshDatabase();
  const url = await serveOn(databaseUrl).ready;
  const made = await manage<Made[]>(databaseUrl, 'tenants', 'create', 'Second');
  const [one, two] = [await makeClient(url), await makeClient(url, credentialsOf(made[0]!))];
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-manage-'));
  const file = path.join(directory, 'users.ndjson');
  const lines = ['ada', 'bob'].map((id) => JSON.stringify({ user_id: id, username: id, email: `${id}@example.com` }));
  await writeFile(file, lines.join('\n'));
  for (const tenant of [[], ['--tenant', made[0]!.tenant_id]]) {
    const imported = runTenant(['import', file, ...tenant], { DATABASE_URL: databaseUrl });
    expect(await imported.ended, imported.stderr()).toBe(0);
  }
  await rm(directory, { recursive: true });
  const password = 'the analytical engine';
  for (const client of [one, two]) {
    const group = (await client.send('POST', '/cis/v1/groups', { name: 'Crew' })).body.result.group_id as string;
    await client.send('POST', `/cis/v1/groups/${group}/users`, { user_ids: ['ada', 'bob'] });
    await client.update('bob', { delegated_access: { actor_id: 'ada', permissions: [] } });
    await client.send('POST', '/cis/v1/users/ada/password', { password, force_replace: false });
  }
  const signIn = { username: 'ada', password };
  const { refresh_token } = (await two.send('POST', '/cis/v1/auth/password/authenticate', signIn)).body as {
    refresh_token: string;
  };
  const [group] = (await two.send('GET', '/cis/v1/groups')).body.result as { group_id: string }[];
  const all = () =>
    Promise.all(
      [
        '/cis/v1/users',
        '/cis/v1/users/ada/history',
        '/cis/v1/users/bob/history',
        '/cis/v1/users/email/ada@example.com',
        `/cis/v1/groups/${group!.group_id}/users`,
        '/cis/v1/manage/deleted-users',
      ].map(async (route) => (await two.send('GET', route)).body as unknown),
    );
  const stranger = await one.create({ email: freshEmail() });
  const acted = { delegated_access: { actor_id: stranger.user_id, permissions: [] } };
  expect((await two.update('bob', acted)).status).toBe(400);
  const before = await all();
  await one.update('ada', { language: 'en' });
  await one.update('ada', { email: 'countess@example.com' });
  await one.update('ada', { status: 'Disabled' });
  await one.send('DELETE', '/cis/v1/users/bob/apps');
  const [theirs] = (await one.send('GET', '/cis/v1/groups')).body.result as { group_id: string }[];
  await one.send('DELETE', `/cis/v1/groups/${theirs!.group_id}/users/bob`);
  await one.send('DELETE', `/cis/v1/groups/${theirs!.group_id}`);
  for (const id of ['ada', 'bob']) expect((await one.send('DELETE', `/cis/v1/manage/users/${id}`)).status).toBe(204);
  expect(await all()).toEqual(before);
  expect((await two.send('POST', '/cis/v1/auth/token/refresh', { refresh_token })).status).toBe(200);
  await drop();
});
