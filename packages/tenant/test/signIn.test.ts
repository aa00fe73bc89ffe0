import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { pino } from 'pino';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTenant } from './tenantProcess.ts';
import { startDeliveries, type Deliveries } from './deliveries.ts';
import { freshDatabase, type FreshDatabase } from './freshDatabase.ts';
import {
  freshEmail,
  freshPhone,
  makeClient,
  startTestTenant,
  type Answer,
  type Client,
  type TestTenant,
} from './testTenant.ts';

const REDIRECT = 'https://shop.example.com/welcome';
const PASSWORD = 'the analytical engine';

/** Everything that both instances log. */
const logged: string[] = [];
/** What must stand in no log and no history. */
const secrets = new Set([PASSWORD, 'a better engine', 'another engine']);

let database: FreshDatabase;
let deliveries: Deliveries;
let tenant: TestTenant;
/** Another instance on the same database: every other request goes there. */
let other: TestTenant;
/** An ordinary application that signs users in. */
let shop: Client & { clientId: string; clientSecret: string; appId: string };
beforeAll(async () => {
  database = await freshDatabase();
  deliveries = await startDeliveries();
  const options = { storage: { databaseUrl: database.url }, delivery: deliveries.options };
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  tenant = await startTestTenant(options, log);
  other = await startTestTenant({ ...options, publicUrl: tenant.url }, log);
  shop = await newApp({ allow_public_signup: true });
});
afterAll(async () => {
  await tenant.close();
  await other.close();
  await deliveries.close();
  await database.drop();
});

async function newApp(input: object = {}): Promise<typeof shop> {
  const { body } = await tenant.send('POST', '/cis/v1/applications', {
    app_name: freshEmail(),
    redirect_uris: [REDIRECT],
    ...input,
  });
  const { client_id: clientId, client_secret: clientSecret, app_id: appId } = body.result as Record<string, string>;
  const credentials = { clientId: clientId!, clientSecret: clientSecret! };
  const [here, there] = [await makeClient(tenant.url, credentials), await makeClient(other.address, credentials)];
  let turn = 0;
  return {
    ...here,
    ...credentials,
    appId: appId!,
    send: (...request) => ((turn += 1) % 2 ? here : there).send(...request),
  };
}

const auth = (path: string, body: object, client: Client = shop) => client.send('POST', `/cis/v1/auth/${path}`, body);
const signIn = (username: string, password = PASSWORD, more: object = {}) =>
  auth('password/authenticate', { username, password, ...more });
const withPassword = (more: object = {}) =>
  shop.create({ username: freshEmail(), credentials: { password: PASSWORD, force_replace: false }, ...more });
const as = (token: string) => ({ authorization: `Bearer ${token}` });
const expectTokens = (answer: Answer) => {
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  expect(answer.body).toEqual({
    access_token: expect.any(String),
    id_token: expect.any(String),
    refresh_token: expect.any(String),
    token_type: 'Bearer',
    expires_in: 3600,
    session_id: expect.any(String),
  });
  for (const name of ['access_token', 'id_token', 'refresh_token']) secrets.add(answer.body[name] as string);
  return answer.body as Record<'access_token' | 'id_token' | 'refresh_token' | 'session_id', string>;
};

describe('a sign-in with a password', () => {
  it('works by username, email, phone number and IDs, and leaves its traces', async () => {
    const email = freshEmail();
    const phone_number = freshPhone();
    const external_user_id = freshEmail();
    const user = await withPassword({ email, phone_number, external_user_id });
    expect(user).toMatchObject({ status: 'Pending', identities: [] });
    const began = Date.now();
    const tokens = expectTokens(await signIn(user.username!.toUpperCase()));
    for (const name of [
      { username: email, username_type: 'email' },
      { username: phone_number, username_type: 'phone_number' },
      { username: undefined, identifier: user.user_id, identifier_type: 'user_id' },
      { username: undefined, identifier: external_user_id, identifier_type: 'external_user_id' },
    ]) {
      expectTokens(await auth('password/authenticate', { password: PASSWORD, ...name }));
    }
    const after = await shop.get(user.user_id);
    expect(after).toMatchObject({
      status: 'Active',
      email: { email_verified: false },
      identities: [
        {
          provider_name: 'Password',
          provider_type: 'Native',
          auth_type: 'password',
          identifier: user.user_id,
          first_auth_date: expect.any(String),
          last_auth_date: after.last_auth,
        },
      ],
      identity_providers: [],
      password_information: { expired: false, temporary: false },
    });
    expect(Date.parse(after.last_auth!)).toBeGreaterThanOrEqual(began);
    expect(after.identities[0]!.first_auth_date < after.identities[0]!.last_auth_date).toBe(true);

    const { payload } = await jwtVerify(tokens.id_token, createRemoteJWKSet(new URL(`${tenant.url}/oidc/jwks`)), {
      issuer: tenant.url,
      audience: shop.clientId,
    });
    expect(payload).toMatchObject({ sub: user.user_id, amr: ['pwd'], sid: tokens.session_id });
    expect(decodeJwt(tokens.access_token)).toMatchObject({ sub: user.user_id, app_id: shop.appId, aud: 'userid-api' });

    const history = await shop.send('GET', `/cis/v1/users/${user.user_id}/history`);
    expect(history.body.result[4].changes).toContainEqual({
      attribute: 'sign_in',
      after: { auth_type: 'password', app_id: shop.appId, app_name: expect.any(String) },
    });
    expect(history.body.result[4]).toMatchObject({ client_id: shop.clientId });
    const found = await shop.send(
      'GET',
      `/cis/v1/users/identifier?identifier_name=idpIdentifier&identifier_value=${user.user_id}`,
    );
    expect(found.body.result.user_id).toBe(user.user_id);
    const since = new URLSearchParams({
      search: `last_auth ge "${new Date(began).toISOString()}" and username eq "x"`,
    });
    expect(
      (await shop.send('GET', `/cis/v1/users?${since.toString().replace('+and+username+eq+%22x%22', '')}`)).body.result,
    ).toContainEqual(expect.objectContaining({ user_id: user.user_id }));
  });

  it('says one and the same of whatever is wrong', async () => {
    const user = await withPassword({ email: freshEmail() });
    const bare = await shop.create({ username: freshEmail() });
    const answers = [
      await signIn(user.username!, 'wrong'),
      await signIn('nobody'),
      await signIn(bare.username!),
      await signIn(user.email!.value),
      await signIn('\u0000'),
      await signIn('nobody', 'wrong', { username_type: 'phone_number' }),
    ];
    for (const { status, headers, body } of answers) {
      expect({ status, body }).toEqual({
        status: 401,
        body: { error_code: 'auth_invalid_credentials', message: 'The name or the password is wrong' },
      });
      expect(headers.get('x-error-code')).toBe('auth_invalid_credentials');
    }
    expect((await shop.get(user.user_id)).identities).toEqual([]);
  });

  it('locks the name after five wrong ones, whether there is such a user or not, on every instance', async () => {
    const user = await withPassword();
    for (const name of [user.username!, freshEmail()]) {
      const statuses: number[] = [];
      for (let n = 0; n < 5; n += 1) statuses.push((await signIn(name, 'wrong')).status);
      expect(statuses).toEqual([401, 401, 401, 401, 401]);
      for (let n = 0; n < 2; n += 1) {
        const locked = await signIn(name);
        expect(locked).toMatchObject({ status: 403, body: { error_code: 'auth_locked' } });
        expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(800);
      }
    }
    const another = await withPassword();
    for (let n = 0; n < 4; n += 1) await signIn(another.username!, 'wrong');
    expectTokens(await signIn(another.username!));
    expect((await signIn(another.username!, 'wrong')).status, 'counted anew').toBe(401);
  });

  it('guesses that come at once, or by several names of the user, do no better', async () => {
    const email = freshEmail();
    const { username, user_id } = await withPassword({ email });
    const guesses = await Promise.all(
      Array.from({ length: 30 }, (_, n) => signIn(username!, n === 29 ? PASSWORD : `wrong ${n}`)),
    );
    expect(guesses.filter(({ status }) => status === 200)).toHaveLength(0);
    for (const name of [
      { username: email, username_type: 'email' },
      { username: undefined, identifier: user_id, identifier_type: 'user_id' },
    ]) {
      expect((await auth('password/authenticate', { password: PASSWORD, ...name })).status).toBe(403);
    }
  });

  it('with a temporary or expired one leads to a new one, once', async () => {
    const { username, user_id } = await shop.create({ username: freshEmail(), credentials: { password: PASSWORD } });
    const refused = await signIn(username!);
    expect(refused).toMatchObject({
      status: 403,
      body: { error_code: 'auth_password_temporary', reset_token: expect.any(String) },
    });
    expect((await signIn(username!, 'wrong')).body.reset_token).toBeUndefined();
    const { reset_token } = refused.body as { reset_token: string };
    for (const [new_password, error_code] of [
      ['short', 'auth_password_weak'],
      ['password123', 'auth_password_weak'],
      [PASSWORD, 'auth_password_recently_used'],
    ]) {
      const answer = await auth('password/reset', { reset_token, new_password });
      expect(answer).toMatchObject({ status: 400, body: { error_code } });
    }
    expect((await auth('password/reset', { reset_token, new_password: 'another engine' })).status).toBe(200);
    const again = await auth('password/reset', { reset_token, new_password: 'yet another engine' });
    expect(again).toMatchObject({ status: 400, body: { error_code: 'auth_invalid_credentials' } });
    expectTokens(await signIn(username!, 'another engine'));

    await database.query(`update users set password = password || '{"expires_at": 1}' where user_id = '${user_id}'`);
    const expired = await signIn(username!, 'another engine');
    expect(expired).toMatchObject({ status: 403, body: { error_code: 'auth_password_expired' } });
    expect((await shop.get(user_id)).password_information).toMatchObject({ expired: true });
  });

  it('signs no disabled user in, and none of another tenant’s application', async () => {
    const user = await withPassword();
    await shop.update(user.user_id, { status: 'Disabled' });
    expect(await signIn(user.username!)).toMatchObject({ status: 403, body: { error_code: 'user_not_active' } });
  });

  it.each([
    ['no name', { password: 'x' }, /^username: just one of them is required/],
    ['two names', { username: 'a', identifier: 'b', identifier_type: 'email', password: 'x' }, /just one of them/],
    ['an organization', { username: 'a', password: 'x', org_id: 'o' }, /^org_id must be absent/],
    ['an unknown property', { username: 'a', password: 'x', colour: 'red' }, /^colour is not a known property/],
  ])('is refused with %s', async (_what, body, reason) => {
    expect(await auth('password/authenticate', body)).toMatchObject({
      status: 400,
      body: { error_code: 'system_invalid_input', message: expect.stringMatching(reason) },
    });
  });

  it('puts the claims into the ID token that were asked for', async () => {
    const user = await withPassword({ email: freshEmail(), name: { first_name: 'Ada' }, language: 'en' });
    const claims = { id_token: { username: null, email: null, fname: null, nothing: null } };
    const { id_token } = expectTokens(await signIn(user.username!, PASSWORD, { claims }));
    expect(decodeJwt(id_token)).toMatchObject({ username: user.username, email: user.email!.value, fname: 'Ada' });
    expect(decodeJwt(id_token)).not.toHaveProperty('language');
  });
});

describe('passwords', () => {
  const put = (userId: string, password: string) =>
    shop.send('PUT', `/cis/v1/users/${userId}/password`, { password, force_replace: false });

  it('are none of the last five', async () => {
    const { user_id } = await withPassword();
    const passwords = [PASSWORD, ...Array.from({ length: 5 }, (_, n) => `difference engine ${n}`)];
    for (const password of passwords.slice(1, 5)) expect((await put(user_id, password)).status).toBe(200);
    for (const password of passwords.slice(0, 5)) {
      expect(await put(user_id, password)).toMatchObject({
        status: 400,
        body: { error_code: 'auth_password_recently_used' },
      });
    }
    const credentials = { password: passwords[0], force_replace: false };
    expect((await shop.update(user_id, { credentials })).body.message).toEqual([
      'credentials.password must not be one of the five that the user had last',
    ]);
    expect((await put(user_id, passwords[5]!)).status).toBe(200);
    expect((await put(user_id, PASSWORD)).status, 'the sixth before').toBe(200);
  });

  it('are judged alike on every route that sets one', async () => {
    for (const [weak, words] of [
      ['short-7', /at least 8 characters/],
      ['🔑🔑🔑🔑🔑🔑🔑', /at least 8 characters/],
      ['Password1', /commonest/],
      ['11111111', /commonest/],
    ] as const) {
      const { user_id } = await withPassword();
      const { user_id: bare } = await shop.create({ username: freshEmail() });
      const credentials = { password: weak };
      const bulk = await shop.send('POST', '/cis/v1/users/bulk', { users: [{ username: freshEmail(), credentials }] });
      for (const message of [
        (await put(user_id, weak)).body.message,
        (await shop.send('POST', `/cis/v1/users/${bare}/password`, { password: weak })).body.message,
        (await shop.update(user_id, { credentials })).body.message[0],
        (await shop.send('POST', '/cis/v1/users', { username: freshEmail(), credentials })).body.message[0],
        bulk.body.result.items[0].error.message[0],
      ]) {
        expect(message, weak).toMatch(words);
      }
    }
  });

  it('of many that are set at once, the last one is good', async () => {
    const { user_id, username } = await withPassword();
    const passwords = Array.from({ length: 5 }, (_, n) => `racing engine ${n}`);
    const answers = await Promise.all(passwords.map((password) => put(user_id, password)));
    expect(answers.map(({ status }) => status)).toEqual(passwords.map(() => 200));
    const good: string[] = [];
    for (const password of passwords) if ((await signIn(username!, password)).status === 200) good.push(password);
    expect(good).toHaveLength(1);
  });
});

describe('a one-time passcode', () => {
  const send = (body: object) => auth('otp/send', body);
  const enter = (identifier: string, identifier_type: string, passcode: string, more: object = {}) =>
    auth('otp/authenticate', { identifier, identifier_type, passcode, ...more });

  it('by email verifies the email, and is good once', async () => {
    const email = freshEmail();
    const user = await shop.create({ email, language: 'de-DE,en' });
    const sent = await send({ channel: 'email', identifier: email, identifier_type: 'email' });
    expect(sent).toMatchObject({ status: 200, body: { message: 'OTP sent' } });
    const received = deliveries.emails.at(-1)!;
    expect(received).toMatchObject({ to: email, from: expect.stringContaining('hello@shop.example.com') });
    expect(received.subject).toMatch(/^Ihr Code für/);
    expect(received.html).toContain(deliveries.codeFor(email));
    const passcode = deliveries.codeFor(email);
    const { id_token } = expectTokens(await enter(email.toUpperCase(), 'email', passcode));
    expect(decodeJwt(id_token).amr).toEqual(['otp']);
    const after = await shop.get(user.user_id);
    expect(after).toMatchObject({
      email: { email_verified: true, verified_at: after.last_auth },
      identities: [{ provider_name: 'Email OTP', auth_type: 'email_otp', user_alias: { type: 'email', value: email } }],
    });
    expect(await enter(email, 'email', passcode)).toMatchObject({
      status: 400,
      body: { error_code: 'auth_invalid_credentials' },
    });
  });

  it('by SMS verifies the phone number, and by text of the application’s own', async () => {
    const phone_number = freshPhone();
    const user = await shop.create({ phone_number, username: freshEmail() });
    const custom_sms_input = { custom_message: '{app}: {otp}!', sender_id: 'Shop' };
    await send({ channel: 'sms', identifier: user.username, identifier_type: 'username', custom_sms_input });
    const received = deliveries.smses.at(-1)!;
    expect(received).toMatchObject({ to: phone_number, sender_id: 'Shop', authorization: 'Bearer gateway-token' });
    expect(received.text).toMatch(/: \d{6}!$/);
    expectTokens(await enter(user.username!, 'username', deliveries.codeFor(phone_number)));
    expect((await shop.get(user.user_id)).phone_number).toMatchObject({ phone_number_verified: true });
  });

  it('given directly proves nothing but itself', async () => {
    const user = await shop.create({ email: freshEmail() });
    const asked = {
      channel: 'direct',
      identifier: user.user_id,
      identifier_type: 'user_id',
      generate_request_id: true,
    };
    const approval_data = { amount: 5, to: 'Charles' };
    const { body } = await send({ ...asked, approval_data });
    expect(body).toMatchObject({
      code: expect.stringMatching(/^\d{6}$/),
      request_id: expect.any(String),
      approval_data,
    });
    expect((await enter(user.user_id, 'user_id', body.code as string)).status, 'without the request ID').toBe(400);
    const { request_id } = body as { request_id: string };
    const { id_token } = expectTokens(await enter(user.user_id, 'user_id', body.code as string, { request_id }));
    expect(decodeJwt(id_token).approval_data).toEqual(approval_data);
    expect(await shop.get(user.user_id)).toMatchObject({
      email: { email_verified: false },
      identities: [{ auth_type: 'direct_otp', user_alias: { type: 'unspecified' } }],
    });
  });

  it('takes the place of the one before', async () => {
    const user = await shop.create({ email: freshEmail() });
    const asked = { channel: 'direct', identifier: user.user_id, identifier_type: 'user_id' };
    const first = await send(asked);
    const second = await send(asked);
    if (first.body.code !== second.body.code) {
      expect((await enter(user.user_id, 'user_id', first.body.code as string)).status).toBe(400);
    }
    expectTokens(await enter(user.user_id, 'user_id', second.body.code as string));
  });

  it('of many that enter it at once, lets one in', async () => {
    const user = await shop.create({ email: freshEmail() });
    const { body } = await send({ channel: 'direct', identifier: user.user_id, identifier_type: 'user_id' });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => enter(user.user_id, 'user_id', body.code as string)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('may be tried five times; then the name is locked, for new codes too', async () => {
    const user = await shop.create({ email: freshEmail() });
    const asked = { channel: 'direct', identifier: user.user_id, identifier_type: 'user_id' };
    const { body } = await send(asked);
    const wrong = body.code === '000000' ? '000001' : '000000';
    const tries = await Promise.all(Array.from({ length: 20 }, () => enter(user.user_id, 'user_id', wrong)));
    expect(tries.filter(({ body }) => body.error_code === 'auth_invalid_credentials')).toHaveLength(5);
    const right = await enter(user.user_id, 'user_id', body.code as string);
    expect(right).toMatchObject({ status: 403, body: { error_code: 'auth_locked' } });
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(800);
    expect(await send(asked)).toMatchObject({ status: 403, body: { error_code: 'auth_locked' } });
  });

  it('expires, and belongs to the client that sent it', async () => {
    const user = await shop.create({ email: freshEmail() });
    const asked = { channel: 'direct', identifier: user.user_id, identifier_type: 'user_id' };
    const entered = { identifier: user.user_id, identifier_type: 'user_id' };
    const { body } = await send({ ...asked, expires_in: 1 });
    const stranger = await newApp();
    const stolen = await auth('otp/authenticate', { ...entered, passcode: body.code as string }, stranger);
    expect(stolen.status).toBe(400);
    await database.query(`update one_time_codes set expires_at = 1 where user_id = '${user.user_id}'`);
    expect(await enter(user.user_id, 'user_id', body.code as string)).toMatchObject({
      status: 400,
      body: { error_code: 'auth_otp_passcode_expired' },
    });
  });

  it('goes to nobody who is not there, has no such address or is disabled', async () => {
    const bare = await shop.create({ username: freshEmail() });
    const by = { identifier: bare.username, identifier_type: 'username' };
    for (const [body, status, error_code] of [
      [{ channel: 'email', identifier: freshEmail(), identifier_type: 'email' }, 404, 'user_not_found'],
      [{ channel: 'email', ...by }, 404, 'user_email_address_missing'],
      [{ channel: 'sms', ...by }, 404, 'user_phone_number_missing'],
    ] as const) {
      expect(await send(body)).toMatchObject({ status, body: { error_code } });
    }
    const custom_email = freshEmail();
    expect((await send({ channel: 'email', ...by, custom_email })).status).toBe(200);
    expectTokens(await enter(bare.username!, 'username', deliveries.codeFor(custom_email)));
    await shop.update(bare.user_id, { status: 'Disabled' });
    expect(await send({ channel: 'direct', ...by })).toMatchObject({
      status: 403,
      body: { error_code: 'user_not_active' },
    });
  });

  it('joins a session as a second factor, and no other user’s', async () => {
    const phone_number = freshPhone();
    const user = await withPassword({ phone_number });
    const { session_id } = expectTokens(await signIn(user.username!));
    await send({ channel: 'sms', identifier: phone_number, identifier_type: 'phone_number' });
    const both = expectTokens(
      await enter(phone_number, 'phone_number', deliveries.codeFor(phone_number), { session_id }),
    );
    expect(both.session_id).toBe(session_id);
    expect(decodeJwt(both.id_token).amr).toEqual(['pwd', 'sms', 'mfa']);
    const stranger = await withPassword();
    expect(await signIn(stranger.username!, PASSWORD, { session_id })).toMatchObject({
      status: 400,
      body: { error_code: 'session_not_found' },
    });
  });

  it('sends ten messages to one address in ten minutes, and no more', async () => {
    const email = freshEmail();
    await shop.create({ email });
    const asked = { channel: 'email', identifier: email, identifier_type: 'email' };
    for (let n = 0; n < 10; n += 1) expect((await send(asked)).status).toBe(200);
    const refused = await send(asked);
    expect(refused).toMatchObject({ status: 429, body: { error_code: 'too_many_requests' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(500);
    expect(deliveries.emails.filter(({ to }) => to === email)).toHaveLength(10);
  });
});

describe('an email link', () => {
  it('leads to the redirect URI with a code that signs the user in, once', async () => {
    const email = freshEmail();
    const user = await shop.create({ email, language: 'fr' });
    const content = { subject: 'Bienvenue', bodyText: 'Par <ici>', senderName: 'La boutique', primaryColor: '#123456' };
    const sent = await auth('link/email/send', { email, redirect_uri: REDIRECT, state: 'a&b', email_content: content });
    expect(sent).toMatchObject({ status: 200, body: { message: 'Email sent' } });
    const received = deliveries.emails.at(-1)!;
    expect(received).toMatchObject({ to: email, subject: 'Bienvenue', from: expect.stringContaining('La boutique') });
    expect(received.html).toContain('Par &lt;ici&gt;');
    const link = deliveries.linkFor(email);
    expect(link.href.startsWith(`${REDIRECT}?`)).toBe(true);
    expect(link.searchParams.get('state')).toBe('a&b');
    const code = link.searchParams.get('code')!;
    expectTokens(await auth('link/email/authenticate', { code }));
    expect(await shop.get(user.user_id)).toMatchObject({
      email: { email_verified: true },
      identities: [{ provider_name: 'Email Magic Link', auth_type: 'email_magic_link', identifier: email }],
    });
    expect((await auth('link/email/authenticate', { code })).status).toBe(400);
  });

  it('goes to no address that the client has not named', async () => {
    const email = freshEmail();
    await shop.create({ email });
    for (const redirect_uri of ['https://evil.example.com', `${REDIRECT}/`, `${REDIRECT}?x=1`]) {
      const answer = await auth('link/email/send', { email, redirect_uri });
      expect(answer).toMatchObject({
        status: 400,
        body: { message: expect.stringMatching(/^redirect_uri must be one/) },
      });
    }
  });
});

describe('a sign-in in the browser', () => {
  const exchange = async (code: string, more: Record<string, string> = {}) => {
    const answer = await fetch(`${tenant.url}/oidc/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        client_id: shop.clientId,
        client_secret: shop.clientSecret,
        redirect_uri: REDIRECT,
        ...more,
      }),
    });
    return { status: answer.status, body: (await answer.json()) as any };
  };
  /** Follows the result of a sign-in to the redirect URI. */
  const codeAt = async (result: string): Promise<string> => {
    const answer = await fetch(result, { redirect: 'manual' });
    expect(answer.status).toBe(302);
    const location = new URL(answer.headers.get('location')!);
    expect(location.href.startsWith(`${REDIRECT}?`)).toBe(true);
    return location.searchParams.get('code')!;
  };

  it.each(['email', 'sms'] as const)(
    'by a passcode by %s creates the user, where the application lets it',
    async (channel) => {
      const address = channel === 'email' ? freshEmail() : freshPhone();
      const named = channel === 'email' ? { email: address } : { phone_number: address };
      const asked = { ...named, redirect_uri: REDIRECT };
      expect((await auth(`otp/${channel}`, asked)).status, 'nobody there').toBe(404);
      expect((await auth(`otp/${channel}`, { ...asked, create_new_user: true })).status).toBe(200);
      const entered = { ...named, passcode: deliveries.codeFor(address), nonce: 'n-0S6' };
      const { status, body } = await auth(`otp/${channel}/validation`, entered);
      expect(status, JSON.stringify(body)).toBe(200);
      const code = await codeAt(body.result as string);
      const wrong = await exchange(code, { redirect_uri: 'https://evil.example.com' });
      expect(wrong).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      const { body: tokens } = await exchange(code);
      expect(decodeJwt(tokens.id_token as string)).toMatchObject({ nonce: 'n-0S6', aud: shop.clientId });
      expect(await shop.get(decodeJwt(tokens.access_token as string).sub!)).toMatchObject({
        status: 'Active',
        [channel === 'email' ? 'email' : 'phone_number']: { value: address },
      });
      expect(await exchange(code), 'a second time').toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    },
  );

  it('by a link, and the exchange tells whether the user is new', async () => {
    const email = freshEmail();
    const asked = { email, redirect_uri: REDIRECT, create_new_user: true };
    for (const is_user_created of [true, false]) {
      expect((await auth('links/email', asked)).status).toBe(200);
      const code = deliveries.linkFor(email).searchParams.get('code')!;
      const { clientId: client_id, clientSecret: client_secret } = shop;
      const answer = await shop.send('POST', '/cis/v1/token', { code, client_id, client_secret });
      expect(answer).toMatchObject({ status: 200, body: { is_user_created, id_token: expect.any(String) } });
    }
    const closed = await newApp();
    const refused = await auth('links/email', { ...asked, email: freshEmail() }, closed);
    expect(refused).toMatchObject({ status: 400, body: { message: [expect.stringMatching(/^create_new_user/)] } });
  });

  it('by password, without a token', async () => {
    const { username, user_id } = await withPassword();
    const login = async (body: object) => {
      const answer = await fetch(`${tenant.url}/cis/v1/auth/password/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ client_id: shop.clientId, redirect_uri: REDIRECT, password: PASSWORD, ...body }),
      });
      return { status: answer.status, body: (await answer.json()) as any };
    };
    const { body } = await login({ username });
    const { body: tokens } = await exchange(await codeAt(body.result.url as string));
    expect(decodeJwt(tokens.id_token as string).sub).toBe(user_id);
    expect(await login({ username, password: 'wrong' })).toMatchObject({ status: 401 });
    expect((await login({ username, client_id: 'nobody' })).status).toBe(401);
    expect((await login({ username, redirect_uri: 'https://evil.example.com' })).status).toBe(400);
  });
});

describe('a session', () => {
  const refresh = (refresh_token: string, client: Client = shop) => auth('token/refresh', { refresh_token }, client);
  const userinfo = async (token: string) => fetch(`${other.address}/oidc/userinfo`, { headers: as(token) });

  it('goes on with a new refresh token each time; one that comes again ends it', async () => {
    const { username } = await withPassword();
    const first = expectTokens(await signIn(username!));
    const second = expectTokens(await refresh(first.refresh_token));
    expect(second.session_id).toBe(first.session_id);
    const third = expectTokens(await refresh(second.refresh_token));
    expect((await userinfo(third.access_token)).status).toBe(200);
    const reused = await refresh(first.refresh_token);
    expect(reused).toMatchObject({ status: 400, body: { error_code: 'refresh_token_invalid' } });
    expect((await refresh(third.refresh_token)).status, 'the session is over').toBe(400);
    expect((await userinfo(third.access_token)).status).toBe(401);
  });

  it('gives tokens to its own application alone', async () => {
    const { username } = await withPassword();
    const { session_id, refresh_token } = expectTokens(await signIn(username!));
    const stranger = await newApp();
    expect((await refresh(refresh_token, stranger)).status).toBe(400);
    expect((await auth('session/authenticate', { session_id }, stranger)).status).toBe(400);
    expect((await auth('session/logout', { session_id }, stranger)).status).toBe(404);
    const again = expectTokens(await auth('session/authenticate', { session_id }));
    expect(again.session_id).toBe(session_id);
    expectTokens(await refresh(refresh_token));
    expect((await auth('session/logout', { session_id })).status).toBe(204);
    expect((await auth('session/authenticate', { session_id })).status).toBe(400);
    expect((await refresh(again.refresh_token)).status).toBe(400);
  });

  it('ends with a logout of the user, a new password, and when the user is disabled or deleted', async () => {
    for (const [end, act] of [
      [
        'logout',
        ({ access_token }: any) =>
          tenant.send('POST', '/cis/v1/auth/logout', undefined, {
            ...as(access_token as string),
            // As clients send it with every request.
            'content-type': 'application/json',
          }),
      ],
      [
        'password',
        (_: any, id: string) => shop.send('PUT', `/cis/v1/users/${id}/password`, { password: 'a new engine' }),
      ],
      ['disabled', (_: any, id: string) => shop.update(id, { status: 'Disabled' })],
      ['deleted', (_: any, id: string) => tenant.send('DELETE', `/cis/v1/manage/users/${id}`)],
    ] as const) {
      const { username, user_id } = await withPassword();
      const tokens = expectTokens(await signIn(username!));
      const answer = await act(tokens, user_id);
      expect(answer.status, end).toBeLessThan(300);
      if (end === 'logout') expect(answer.body).toEqual({ sessions_count: 1 });
      expect((await userinfo(tokens.access_token)).status, end).toBe(401);
      expect((await refresh(tokens.refresh_token)).status, end).toBe(400);
      expect((await auth('session/authenticate', { session_id: tokens.session_id })).status, end).toBe(400);
    }
  });

  it('lives as long as its client says', async () => {
    const app = await newApp();
    const client = `/cis/v1/applications/${app.appId}/clients/${app.clientId}`;
    const token_expiration = { access_token_ttl: 60, max_refresh_rotate: 1 };
    await tenant.send('PUT', client, { token_expiration, default_custom_claims: ['username'] });
    const { username } = await withPassword();
    const body = { username, password: PASSWORD };
    const tokens = (await auth('password/authenticate', body, app)).body as Record<string, any>;
    expect(tokens.expires_in).toBe(60);
    expect(decodeJwt(tokens.id_token as string).username).toBe(username);
    const next = await auth('token/refresh', { refresh_token: tokens.refresh_token }, app);
    expect(next.status).toBe(200);
    expect((await auth('token/refresh', { refresh_token: next.body.refresh_token }, app)).status).toBe(400);
  });
});

describe('a user who has signed in', () => {
  it('sees itself, and sets its own password', async () => {
    const email = freshEmail();
    const user = await shop.create({ email, name: { first_name: 'Ada', last_name: 'Lovelace' } });
    const asked = { identifier: email, identifier_type: 'email' };
    const { body } = await auth('otp/send', { channel: 'direct', ...asked });
    const tokens = expectTokens(await auth('otp/authenticate', { passcode: body.code, ...asked }));
    const me = (method: string, path: string, sent?: object) => shop.send(method, path, sent, as(tokens.access_token));
    expect((await me('GET', '/cis/v1/users/me')).body.result).toEqual(await shop.get(user.user_id));
    expect((await me('GET', '/oidc/userinfo')).body).toMatchObject({
      sub: user.user_id,
      email,
      email_verified: false,
      name: 'Ada Lovelace',
      given_name: 'Ada',
    });
    expect((await me('GET', '/cis/v1/users/me/device-keys')).body).toEqual({ result: [] });
    expect((await me('PUT', '/cis/v1/users/me/password', { current_password: 'x', password: PASSWORD })).status).toBe(
      409,
    );
    const username = freshEmail();
    const first = await me('POST', '/cis/v1/users/me/password-credentials', { password: PASSWORD, username });
    expect(first, JSON.stringify(first.body)).toMatchObject({ status: 200 });
    expect((await me('POST', '/cis/v1/users/me/password-credentials', { password: PASSWORD })).status).toBe(409);
    const { access_token } = expectTokens(await signIn(username));
    const change = (current_password: string, password: string) =>
      shop.send('PUT', '/cis/v1/users/me/password', { current_password, password }, as(access_token));
    expect(await change('wrong', 'a better engine')).toMatchObject({
      status: 403,
      body: { error_code: 'auth_wrong_password' },
    });
    expect((await change(PASSWORD, 'a better engine')).status).toBe(200);
    expect((await shop.send('GET', '/oidc/userinfo', undefined, as(access_token))).status, 'this session goes on').toBe(
      200,
    );
    expectTokens(await signIn(username, 'a better engine'));
  });
});

describe('who acts for a user', () => {
  it('is another user of the tenant, until that one is deleted', async () => {
    const [actor, dependent] = [await shop.create({ email: freshEmail() }), await shop.create({ email: freshEmail() })];
    const link = (actor_id: string) =>
      shop.update(dependent.user_id, { delegated_access: { actor_id, permissions: ['read'] } });
    for (const [actor_id, reason] of [
      ['nobody', /^delegated_access\.actor_id must be a user of the tenant/],
      [dependent.user_id, /^delegated_access\.actor_id must be another user/],
    ] as const) {
      expect(await link(actor_id)).toMatchObject({ status: 400, body: { message: [expect.stringMatching(reason)] } });
    }
    expect((await link(actor.user_id)).body.result.delegated_access.actor_id).toBe(actor.user_id);
    const created = await shop.send('POST', '/cis/v1/users/bulk', {
      users: ['nobody', actor.user_id].map((actor_id) => ({
        email: freshEmail(),
        delegated_access: { actor_id, permissions: [] },
      })),
    });
    expect(created.body.result).toMatchObject({ succeeded: 1, failed: 1 });
    const second = created.body.result.items[1].user.user_id as string;
    expect((await tenant.send('DELETE', `/cis/v1/manage/users/${actor.user_id}`)).status).toBe(204);
    for (const id of [dependent.user_id, second]) expect((await shop.get(id)).delegated_access).toBeUndefined();
    const history = await shop.send('GET', `/cis/v1/users/${dependent.user_id}/history`);
    expect(history.body.result[0].changes).toEqual([
      { attribute: 'delegated_access', before: { actor_id: actor.user_id, permissions: ['read'] } },
    ]);
  });
});

describe('a standard client library, given the discovery document alone', () => {
  it('gets tokens for a code, checks them, refreshes them and reads the user info', async () => {
    const { clientId, clientSecret } = shop;
    const config = await openid.discovery(new URL(tenant.url), clientId, clientSecret, undefined, {
      execute: [openid.allowInsecureRequests],
    });
    const email = freshEmail();
    const asked = { email, redirect_uri: REDIRECT, create_new_user: true };
    expect((await auth('otp/email', asked)).status).toBe(200);
    const entered = { email, passcode: deliveries.codeFor(email), nonce: 'a-nonce' };
    const { body } = await auth('otp/email/validation', entered);
    const redirect = await fetch(body.result as string, { redirect: 'manual' });
    const landed = new URL(redirect.headers.get('location')!);
    const tokens = await openid.authorizationCodeGrant(config, landed, {
      expectedNonce: 'a-nonce',
      idTokenExpected: true,
    });
    const { sub } = tokens.claims()!;
    expect(await openid.fetchUserInfo(config, tokens.access_token, sub)).toMatchObject({
      sub,
      email,
      email_verified: true,
    });
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token!);
    expect(refreshed.claims()!.sub).toBe(sub);
    const ofClient = await openid.clientCredentialsGrant(config);
    expect(ofClient.access_token).toMatch(/^ey/);
  });
});

it('no secret, code, token or password of all this is in a log or in the history', async () => {
  secrets.add(shop.clientSecret);
  for (const { text, to } of [...deliveries.emails, ...deliveries.smses]) {
    secrets.add(deliveries.linkOf(text)?.searchParams.get('code') ?? deliveries.codeOf(text)!);
    secrets.add(to);
  }
  const entries = await database.query<{ entry: string }>('select (before || after)::text as entry from user_history');
  expect(entries.length).toBeGreaterThan(50);
  expect(logged.length).toBeGreaterThan(100);
  const told = logged.join('');
  // A code of six digits may be a part of a time or an ID: it is looked for as a value of its own.
  for (const secret of secrets)
    expect(told.includes(/^\d{6}$/.test(secret) ? `"${secret}"` : secret), secret).toBe(false);
  const kept = entries.map(({ entry }) => entry).join('');
  for (const secret of secrets) {
    if (!secret.includes('@') && !secret.startsWith('+')) expect(kept.includes(`"${secret}"`), secret).toBe(false);
  }
});

describe('limits', () => {
  it.each(['client', 'source'] as const)('of a %s are counted by all instances together', async (kind) => {
    const own = await freshDatabase();
    const options = { storage: { databaseUrl: own.url }, limits: { [kind]: { count: 4, seconds: 60 } } };
    const [one, two] = [await startTestTenant(options), await startTestTenant(options)];
    const ask = (at: TestTenant, ip_address: string) =>
      at.send('POST', '/cis/v1/auth/password/authenticate', {
        username: freshEmail(),
        password: 'wrong',
        client_attributes: { ip_address },
      });
    for (const at of [one, two, one, two]) expect((await ask(at, '192.0.2.1')).status).toBe(401);
    for (const at of [one, two]) {
      const refused = await ask(at, '192.0.2.1');
      expect(refused).toMatchObject({ status: 429, body: { error_code: 'too_many_requests' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(30);
    }
    expect((await ask(one, '192.0.2.2')).status, 'another source').toBe(kind === 'source' ? 401 : 429);
    // What is no sign-in goes on.
    expect((await one.send('GET', '/cis/v1/users')).status).toBe(200);
    await one.close();
    await two.close();
    await own.drop();
  });

  it('and servers that are set up wrongly are refused at the start, by their names', async () => {
    for (const [name, value] of [
      ['TESSERA_LIMIT_CLIENT', '0/60'],
      ['TESSERA_LIMIT_FAILURES', 'five'],
      ['TESSERA_SMTP_URL', 'mail.example.com'],
      ['TESSERA_SMS_URL', 'ftp://sms.example.com'],
      ['TESSERA_PASSWORD_DAYS', '0'],
    ] as const) {
      const started = runTenant(['--port', '0'], { [name]: value });
      expect(await started.ended).toBe(1);
      expect(started.stderr()).toContain(`${name} must be`);
    }
  });
});
