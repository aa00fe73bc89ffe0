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
/** An application that lets no sign-in create users. */
let closed: { app_id: string; client_id: string; client_secret: string };
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

  const closing = { app_name: 'Closed', redirect_uris: [REDIRECT] };
  closed = (await tenant.send('POST', '/cis/v1/applications', closing)).body.result;

  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'shop',
        client_secret: 'a secret of theirs',
        redirect_uris: [callbackOf(shop.appId), callbackOf(closed.app_id)],
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
  expect(added.body).toMatchObject({ callback_uri: callbackOf(shop.appId), email_trusted: false });
  expect(JSON.stringify(added.body)).not.toContain('a secret of theirs');
});
afterAll(async () => {
  await tenant.close();
  await new Promise((resolve) => server.close(resolve));
});

/** The callback URI of a provider. */
const callbackOf = (appId: string, name = 'partner'): string =>
  `${tenant.url}/cis/v1/auth/oidc-callback/${appId}/${name}`;

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

it('links nobody by an email that nobody has proved', async () => {
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
  expect((await browse(start(), 'owner')).searchParams.get('error')).toBe('access_denied');
  // The owner gets a user of their own, and the other profile loses the email.
  const { sub } = await exchange(await browse(start(create), 'owner'));
  expect(sub).not.toBe(squatter.user_id);
  expect(await shop.get(sub!)).toMatchObject({ email: { value: written, email_verified: true } });
  expect((await shop.get(squatter.user_id)).email).toBeUndefined();
});

it('gives a user whom nobody has been yet to the owner of the email, without the password', async () => {
  const email = freshEmail();
  const password = 'the analytical engine';
  const user = await shop.create({ email, credentials: { password, force_replace: false } });
  accounts.set('victim', { email, email_verified: true });
  expect((await exchange(await browse(start(), 'victim'))).sub).toBe(user.user_id);
  expect((await shop.get(user.user_id)).password_information).toBeUndefined();
  const attempt = { username: email, username_type: 'email', password };
  expect((await shop.send('POST', '/cis/v1/auth/password/authenticate', attempt)).status).toBe(401);
  const { body } = await shop.send('GET', `/cis/v1/users/${user.user_id}/history`);
  const changes = body.result[0].changes as { attribute: string }[];
  const attributes = changes.map(({ attribute }) => attribute);
  expect(attributes).toEqual(expect.arrayContaining(['credentials', 'email', 'sign_in']));
});

it('decides at the exchange whose the email is', async () => {
  const email = freshEmail();
  const password = 'the analytical engine';
  accounts.set('late', { email, email_verified: true });
  const landed = await browse(start({ create_new_user: 'true' }), 'late');
  // Meanwhile, somebody else makes a user with it and signs in to it.
  const { user_id } = await shop.create({ email, credentials: { password, force_replace: false } });
  const attempt = { username: email, username_type: 'email', password };
  expect((await shop.send('POST', '/cis/v1/auth/password/authenticate', attempt)).status).toBe(200);
  expect((await exchange(landed)).sub).not.toBe(user_id);
  expect(await shop.get(user_id)).toMatchObject({ identities: [{ auth_type: 'password' }] });
  expect((await shop.get(user_id)).email).toBeUndefined();
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

/** Begins a sign-in as a browser does. @returns the provider's URL, and the cookie that binds the sign-in to the browser */
async function begin(url = start()) {
  const answer = await fetch(url, { redirect: 'manual' });
  const [cookie = ''] = answer.headers.getSetCookie();
  return { away: new URL(answer.headers.get('location')!), cookie };
}
/** Comes back from the provider. */
async function comeBack(url: string, cookie = '', method = 'GET', accept = '*/*') {
  const answer = await fetch(url, {
    method,
    redirect: 'manual',
    headers: { cookie: cookie.split(';')[0]!, accept },
  });
  return { status: answer.status, location: answer.headers.get('location'), answer };
}

it('takes each response of the provider once, and none that it did not ask for', async () => {
  const callback = callbackOf(shop.appId);
  expect((await comeBack(`${callback}?state=nothing&code=x`)).status).toBe(400);
  expect((await comeBack(callback)).status).toBe(400);
  const { away, cookie } = await begin();
  expect(away.searchParams.get('code_challenge_method')).toBe('S256');
  const state = away.searchParams.get('state')!;
  const forged = `${callback}?state=${state}&code=forged&iss=${encodeURIComponent(issuer)}`;
  expect((await comeBack(forged, cookie, 'HEAD')).status, 'HEAD uses nothing up').toBeGreaterThanOrEqual(400);
  expect(new URL((await comeBack(forged, cookie)).location!).searchParams.get('error')).toBe('server_error');
  expect((await comeBack(forged, cookie)).status, 'a second time').toBe(400);
});

it('tells the application the error of the provider, and no error that is none', async () => {
  for (const [sent, told] of [
    ['access_denied', 'access_denied'],
    ['login_required', 'login_required'],
    ['<script>', 'server_error'],
  ] as const) {
    const { away, cookie } = await begin();
    const back = `${callbackOf(shop.appId)}?state=${away.searchParams.get('state')}&error=${encodeURIComponent(sent)}`;
    const { searchParams } = new URL((await comeBack(back, cookie)).location!);
    expect(searchParams.get('error')).toBe(told);
    expect(searchParams.get('state')).toBe('of the shop');
  }
});

it('finishes a sign-in in no other browser than the one that began it', async () => {
  const { away, cookie } = await begin();
  expect(cookie).toMatch(/^tessera-sign-in-[\w-]{16}=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
  const back = `${callbackOf(shop.appId)}?state=${away.searchParams.get('state')}&error=access_denied`;
  const { cookie: another } = await begin();
  for (const wrong of ['', another, `${cookie.split('=')[0]}=guessed`]) {
    const { status, answer } = await comeBack(back, wrong, 'GET', 'text/html');
    expect(status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(await answer.text()).toContain('Start the sign-in again');
  }
  expect((await comeBack(back, cookie)).status, 'the right one').toBe(302);
  const secure = await startTestTenant({ publicUrl: 'https://id.example.com' });
  const { result } = (
    await secure.send('POST', '/cis/v1/applications', { app_name: 'Shop', redirect_uris: [REDIRECT] })
  ).body as { result: { app_id: string; client_id: string } };
  const own = { name: 'partner', issuer, client_id: 'shop', client_secret: 'a secret of theirs' };
  await secure.send('POST', `/cis/v1/applications/${result.app_id}/identity-providers`, own);
  const query = new URLSearchParams({ client_id: result.client_id, redirect_uri: REDIRECT }).toString();
  const { cookie: prefixed } = await begin(`${secure.address}/cis/v1/auth/oidc/partner?${query}`);
  expect(prefixed).toMatch(/^__Host-tessera-sign-in-[\w-]{16}=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  await secure.close();
});

it('takes a response at the callback URI of its provider alone, so that no provider passes for another', async () => {
  const providers = `/cis/v1/applications/${shop.appId}/identity-providers`;
  const second = { name: 'second', issuer, client_id: 'shop', client_secret: 'a secret of theirs' };
  expect((await shop.send('POST', providers, second)).status).toBe(201);
  const { away, cookie } = await begin(start({}, 'second'));
  expect(away.searchParams.get('redirect_uri')).toBe(callbackOf(shop.appId, 'second'));
  const query = `?state=${away.searchParams.get('state')}&error=access_denied`;
  expect((await comeBack(callbackOf(shop.appId) + query, cookie)).status).toBe(400);
  expect((await comeBack(callbackOf(shop.appId, 'second') + query, cookie)).status).toBe(302);
  await shop.send('DELETE', `${providers}/second`);
});

it('is of its application alone, and creates users where that lets it', async () => {
  const { client_id, client_secret, app_id } = closed;
  const other = await makeClient(tenant.url, { clientId: client_id, clientSecret: client_secret });
  const providers = `/cis/v1/applications/${app_id}/identity-providers`;
  const ask = async (url: string) => (await fetch(url, { redirect: 'manual' })).status;
  expect((await other.send('GET', providers)).body.result).toEqual([]);
  expect((await other.send('DELETE', `${providers}/partner`)).status).toBe(404);
  expect(await ask(start({ client_id }))).toBe(404);
  const own = { name: 'partner', issuer, client_id: 'shop', client_secret: 'a secret of theirs' };
  expect((await other.send('POST', providers, own)).status).toBe(201);
  accounts.set('eve', { email: freshEmail(), email_verified: true });
  const refused = await browse(start({ client_id, create_new_user: 'true' }), 'eve');
  expect(refused.searchParams.get('error')).toBe('access_denied');
  // Nobody comes back to one that was disabled meanwhile.
  const { away, cookie } = await begin(start({ client_id }));
  await tenant.send('PUT', `/cis/v1/applications/${app_id}`, { enabled: false });
  const back = `state=${away.searchParams.get('state')}&error=access_denied`;
  expect((await comeBack(`${callbackOf(app_id)}?${back}`, cookie)).status).toBe(400);
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
  const { away } = await begin(start({}, 'gone'));
  expect(Object.fromEntries(away.searchParams), 'the provider does not respond').toMatchObject({
    error: 'server_error',
    state: 'of the shop',
  });
  expect((await shop.send('DELETE', `${providers}/gone`)).status).toBe(204);
  expect((await shop.send('GET', providers)).body.result).toMatchObject([{ name: 'partner', issuer }]);
});
