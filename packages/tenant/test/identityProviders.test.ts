import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import { Provider } from 'oidc-provider';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshEmail, makeClient, startTestTenant, type Client, type TestTenant } from './testTenant.ts';

/** Sign-ins with a real OpenID Connect provider, which runs here. */

const REDIRECT = 'https://shop.example.com/welcome';
let tenant: TestTenant;
let shop: Client & { clientId: string; clientSecret: string; appId: string };
let server: Server;
let issuer: string;
/** What the provider says of an account, by its name. */
const accounts = new Map<string, { email: string; email_verified?: boolean }>();

beforeAll(async () => {
  tenant = await startTestTenant();
  const settings = { app_name: 'Shop', redirect_uris: [REDIRECT], allow_public_signup: true };
  const made = (await tenant.send('POST', '/cis/v1/applications', settings)).body.result as Record<string, string>;
  const credentials = { clientId: made.client_id!, clientSecret: made.client_secret! };
  shop = { ...(await makeClient(tenant.url, credentials)), ...credentials, appId: made.app_id! };

  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'shop',
        client_secret: 'a secret of theirs',
        redirect_uris: [`${tenant.url}/cis/v1/auth/oidc-callback`],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) }),
  });
  const serve = provider.callback();
  server.on('request', (request, response) => void serve(request, response));
  const added = await shop.send('POST', `/cis/v1/applications/${shop.appId}/identity-providers`, {
    name: 'partner',
    issuer,
    client_id: 'shop',
    client_secret: 'a secret of theirs',
  });
  expect(added.status, JSON.stringify(added.body)).toBe(201);
  expect(added.body).toMatchObject({ callback_uri: `${tenant.url}/cis/v1/auth/oidc-callback` });
  expect(JSON.stringify(added.body)).not.toContain('a secret of theirs');
});
afterAll(async () => {
  await tenant.close();
  await new Promise((resolve) => server.close(resolve));
});

const start = (more: Record<string, string> = {}, name = 'partner'): string =>
  `${tenant.url}/cis/v1/auth/oidc/${name}?${new URLSearchParams({
    client_id: shop.clientId,
    redirect_uri: REDIRECT,
    state: 'of the shop',
    ...more,
  }).toString()}`;

/** Goes through a sign-in as a browser does, as an account of the provider. @returns where it ends at the application */
async function browse(url: string, account: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let next = url;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 20; step += 1) {
    if (next.startsWith(REDIRECT)) return new URL(next);
    const answer = await fetch(next, {
      redirect: 'manual',
      method: form ? 'POST' : 'GET',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { body: form }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      cookies.set(name!, value!);
    }
    const location = answer.headers.get('location');
    const page = await answer.text();
    if (location) {
      next = new URL(location, next).href;
      form = undefined;
      continue;
    }
    const [, prompt] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
    expect(prompt, `${answer.status} ${next} ${page.slice(0, 300)}`).toBeDefined();
    form = new URLSearchParams({ prompt: prompt!, login: account, password: 'anything' });
  }
  throw new Error('The sign-in does not end');
}

/** Asks for tokens for the code that came with the browser. */
const askTokens = (landed: URL) =>
  fetch(`${tenant.url}/oidc/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: landed.searchParams.get('code')!,
      client_id: shop.clientId,
      client_secret: shop.clientSecret,
      redirect_uri: REDIRECT,
    }),
  });

async function exchange(landed: URL) {
  expect(landed.searchParams.get('error'), landed.href).toBeNull();
  expect(landed.searchParams.get('state')).toBe('of the shop');
  const answer = await askTokens(landed);
  const tokens = (await answer.json()) as { id_token: string };
  return decodeJwt(tokens.id_token);
}

it('links the user who has the email that the provider vouches for, and finds them again', async () => {
  const email = freshEmail();
  const user = await shop.create({ email });
  accounts.set('ada', { email: email.toUpperCase(), email_verified: true });
  const claims = await exchange(await browse(start({ nonce: 'of the shop' }), 'ada'));
  expect(claims).toMatchObject({ sub: user.user_id, nonce: 'of the shop', amr: ['fed'] });
  const identifier = `${issuer}#ada`;
  const after = await shop.get(user.user_id);
  expect(after).toMatchObject({
    status: 'Active',
    email: { email_verified: true },
    identities: [{ provider_name: 'partner', provider_type: 'OAuth2', auth_type: 'oauth2', identifier }],
    identity_providers: [{ source: 'SSO OIDC', identifier, email: email.toUpperCase() }],
  });
  // By the identity from now on, whatever the provider says of the email.
  accounts.set('ada', { email: freshEmail(), email_verified: false });
  expect((await exchange(await browse(start(), 'ada'))).sub).toBe(user.user_id);
  expect((await shop.get(user.user_id)).identities).toHaveLength(1);
});

it('creates the user where the application and the request let it', async () => {
  accounts.set('grace', { email: freshEmail(), email_verified: true });
  const refused = await browse(start(), 'grace');
  expect(refused.searchParams.get('error')).toBe('access_denied');
  const { sub } = await exchange(await browse(start({ create_new_user: 'true' }), 'grace'));
  expect(await shop.get(sub!)).toMatchObject({ status: 'Active', email: { email_verified: true } });
});

it('links nobody by an email that is proved on one side alone', async () => {
  const email = freshEmail();
  const create = { create_new_user: 'true' };
  // The provider does not vouch for it.
  await shop.create({ email });
  accounts.set('mallory', { email, email_verified: false });
  expect((await browse(start(create), 'mallory')).searchParams.get('error')).toBe('access_denied');
  // Nor does one that says nothing of it.
  accounts.set('silent', { email });
  expect((await browse(start(create), 'silent')).searchParams.get('error')).toBe('access_denied');
  // Somebody has signed in by other means, and written it on the own profile.
  const written = freshEmail();
  const squatter = await shop.create({ email: written });
  const by = { identifier: squatter.user_id, identifier_type: 'user_id' };
  const { body } = await shop.send('POST', '/cis/v1/auth/otp/send', { channel: 'direct', ...by });
  const passcode = (body as { code: string }).code;
  expect((await shop.send('POST', '/cis/v1/auth/otp/authenticate', { ...by, passcode })).status).toBe(200);
  accounts.set('owner', { email: written, email_verified: true });
  expect((await browse(start(create), 'owner')).searchParams.get('error')).toBe('access_denied');
  // Somebody has made a user with it, and a password, without having proved to own it.
  const taken = freshEmail();
  await shop.create({ email: taken, credentials: { password: 'the analytical engine', force_replace: false } });
  accounts.set('victim', { email: taken, email_verified: true });
  expect((await browse(start(create), 'victim')).searchParams.get('error')).toBe('access_denied');
});

it('links nobody who was made between the provider’s answer and the exchange', async () => {
  const email = freshEmail();
  accounts.set('late', { email, email_verified: true });
  const landed = await browse(start({ create_new_user: 'true' }), 'late');
  const user = await shop.create({ email, credentials: { password: 'the analytical engine', force_replace: false } });
  expect((await askTokens(landed)).status).toBe(400);
  expect((await shop.get(user.user_id)).identities).toEqual([]);
});

it('trusts no email that becomes another one by its letters', async () => {
  const kelvin = String.fromCodePoint(0x212a);
  const name = `mi${Date.now()}`;
  const user = await shop.create({ email: `${name}k@example.com` });
  accounts.set('kelvin', { email: `${name}${kelvin}@example.com`, email_verified: true });
  expect((await browse(start(), 'kelvin')).searchParams.get('error')).toBe('access_denied');
  accounts.set('none', { email: 'no email at all', email_verified: true });
  expect((await browse(start({ create_new_user: 'true' }), 'none')).searchParams.get('error')).toBe('access_denied');
  expect((await shop.get(user.user_id)).identities).toEqual([]);
});

it('takes each answer of the provider once, and none that it did not ask for', async () => {
  const callback = `${tenant.url}/cis/v1/auth/oidc-callback`;
  const ask = async (url: string) => (await fetch(url, { redirect: 'manual' })).status;
  expect(await ask(`${callback}?state=nothing&code=x`)).toBe(400);
  expect(await ask(callback)).toBe(400);
  const away = await fetch(start(), { redirect: 'manual' });
  const { searchParams } = new URL(away.headers.get('location')!);
  expect(searchParams.get('code_challenge_method')).toBe('S256');
  const state = searchParams.get('state')!;
  const forged = await fetch(`${callback}?state=${state}&code=forged&iss=${encodeURIComponent(issuer)}`, {
    redirect: 'manual',
  });
  expect(new URL(forged.headers.get('location')!).searchParams.get('error')).toBe('server_error');
  expect(await ask(`${callback}?state=${state}&code=forged`), 'a second time').toBe(400);
  const denied = new URL((await fetch(start(), { redirect: 'manual' })).headers.get('location')!);
  const back = `${callback}?state=${denied.searchParams.get('state')}&error=access_denied`;
  const told = await fetch(back, { redirect: 'manual' });
  expect(new URL(told.headers.get('location')!).searchParams.get('error')).toBe('access_denied');
});

it('is of its application alone, and creates users where that lets it', async () => {
  const settings = { app_name: 'Closed', redirect_uris: [REDIRECT] };
  const made = (await tenant.send('POST', '/cis/v1/applications', settings)).body.result as Record<string, string>;
  const { client_id, client_secret, app_id } = made as { client_id: string; client_secret: string; app_id: string };
  const closed = await makeClient(tenant.url, { clientId: client_id, clientSecret: client_secret });
  const providers = `/cis/v1/applications/${app_id}/identity-providers`;
  const ask = async (url: string) => (await fetch(url, { redirect: 'manual' })).status;
  expect((await closed.send('GET', providers)).body.result).toEqual([]);
  expect((await closed.send('DELETE', `${providers}/partner`)).status).toBe(404);
  expect(await ask(start({ client_id }))).toBe(404);
  const own = { name: 'partner', issuer, client_id: 'shop', client_secret: 'a secret of theirs' };
  expect((await closed.send('POST', providers, own)).status).toBe(201);
  accounts.set('eve', { email: freshEmail(), email_verified: true });
  const refused = await browse(start({ client_id, create_new_user: 'true' }), 'eve');
  expect(refused.searchParams.get('error')).toBe('access_denied');
  // Nobody comes back to one that was disabled meanwhile.
  const away = new URL((await fetch(start({ client_id }), { redirect: 'manual' })).headers.get('location')!);
  await tenant.send('PUT', `/cis/v1/applications/${app_id}`, { enabled: false });
  const back = `state=${away.searchParams.get('state')}&error=access_denied`;
  expect(await ask(`${tenant.url}/cis/v1/auth/oidc-callback?${back}`)).toBe(400);
  expect(await ask(start({ client_id }))).toBe(404);
});

it('sends nobody to a redirect URI, provider or client that is none', async () => {
  const ask = async (url: string) => (await fetch(url, { redirect: 'manual' })).status;
  expect(await ask(start({ redirect_uri: 'https://evil.example.com' }))).toBe(400);
  expect(await ask(start({}, 'nobody'))).toBe(404);
  expect(await ask(start({ client_id: 'nobody' }))).toBe(404);
  const providers = `/cis/v1/applications/${shop.appId}/identity-providers`;
  const gone = { name: 'gone', issuer: 'http://127.0.0.1:1', client_id: 'x', client_secret: 'y' };
  expect((await shop.send('POST', providers, gone)).status).toBe(201);
  expect((await shop.send('POST', providers, gone)).status).toBe(409);
  expect(await ask(start({}, 'gone')), 'the provider does not answer').toBe(400);
  expect((await shop.send('DELETE', `${providers}/gone`)).status).toBe(204);
  expect((await shop.send('GET', providers)).body.result).toMatchObject([{ name: 'partner', issuer }]);
});
