import { setTimeout as delay } from 'node:timers/promises';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freshEmail, freshPhone, startTestTenant } from './testTenant.ts';
import {
  PASSWORD,
  auth,
  database,
  expectTokens,
  newApp,
  shop,
  signIn,
  tenant,
  useSignIns,
  withPassword,
} from './signInSetup.ts';

useSignIns();
afterEach(() => void vi.useRealTimers());

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
    // Another application learns how, and not where.
    const { send } = await newApp();
    const elsewhere = await send('GET', `/cis/v1/users/${user.user_id}/history`);
    expect(elsewhere.body.result[4].changes).toContainEqual({ attribute: 'sign_in', after: { auth_type: 'password' } });
    const found = await shop.send(
      'GET',
      `/cis/v1/users/identifier?identifier_name=idpIdentifier&identifier_value=${user.user_id}`,
    );
    expect(found.body.result.user_id).toBe(user.user_id);
    const since = new URLSearchParams({ search: `last_auth ge "${new Date(began).toISOString()}"` });
    expect((await shop.send('GET', `/cis/v1/users?${since.toString()}`)).body.result).toContainEqual(
      expect.objectContaining({ user_id: user.user_id }),
    );
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
    // From the last one on, and not from the first.
    const slow = await withPassword();
    for (let n = 0; n < 4; n += 1) await signIn(slow.username!, 'wrong');
    await database.query('update limits set expire = expire - 600000');
    expect((await signIn(slow.username!, 'wrong')).status).toBe(401);
    expect(Number((await signIn(slow.username!)).headers.get('retry-after'))).toBeGreaterThan(800);
    const another = await withPassword();
    for (let n = 0; n < 4; n += 1) await signIn(another.username!, 'wrong');
    expectTokens(await signIn(another.username!));
    for (let n = 0; n < 4; n += 1) expect((await signIn(another.username!, 'wrong')).status).toBe(401);
    expectTokens(await signIn(another.username!));
  });

  it('guesses that come at once, or by several names of the user, do no better', async () => {
    const email = freshEmail();
    const { username, user_id } = await withPassword({ email });
    const guesses = Array.from({ length: 30 }, (_, n) => signIn(username!, `wrong ${n}`));
    await new Promise<void>((resolve) => {
      let answered = 0;
      for (const guess of guesses) void guess.then(() => (answered += 1) === 5 && resolve());
    });
    // The others are under way.
    expect((await signIn(username!)).status).toBe(403);
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 403).length).toBeLessThanOrEqual(5);
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
    await database.query(`update one_time_codes set expires_at = expires_at - 900000 where user_id = '${user_id}'`);
    const late = { reset_token: refused.body.reset_token as string, new_password: 'another engine' };
    expect((await auth('password/reset', late)).status, 'a quarter of an hour later').toBe(400);
    const { reset_token } = (await signIn(username!)).body as { reset_token: string };
    for (const [new_password, error_code] of [
      ['short', 'auth_password_weak'],
      ['password123', 'auth_password_weak'],
      [PASSWORD, 'auth_password_recently_used'],
    ]) {
      const answer = await auth('password/reset', { reset_token, new_password });
      expect(answer).toMatchObject({ status: 400, body: { error_code } });
    }
    const reset = { reset_token, new_password: 'another engine' };
    expect((await auth('password/reset', reset, await newApp())).status, 'of another application').toBe(400);
    expect((await auth('password/reset', reset)).status).toBe(200);
    const again = await auth('password/reset', { reset_token, new_password: 'yet another engine' });
    expect(again).toMatchObject({ status: 400, body: { error_code: 'auth_invalid_credentials' } });
    expectTokens(await signIn(username!, 'another engine'));

    await database.query(`update users set password = password || '{"expires_at": 1}' where user_id = '${user_id}'`);
    const expired = await signIn(username!, 'another engine');
    expect(expired).toMatchObject({ status: 403, body: { error_code: 'auth_password_expired' } });
    expect((await shop.get(user_id)).password_information).toMatchObject({ expired: true });
  });

  it('with a temporary one whose time is over leads nowhere', async () => {
    const lifetimes = { passwordLifetimes: { days: 2, temporaryHours: 24 } };
    const another = await startTestTenant({ storage: { databaseUrl: database.url }, instances: 1, ...lifetimes });
    const hours = async (force_replace: boolean) => {
      const { username, user_id, password_information } = await another.create({
        username: freshEmail(),
        credentials: { password: PASSWORD, force_replace },
      });
      const { expires_in, updated_at } = password_information!;
      return { username: username!, user_id, hours: (Date.parse(expires_in!) - updated_at) / 3_600_000 };
    };
    expect((await hours(false)).hours).toBe(48);
    const { username, user_id, hours: temporary } = await hours(true);
    expect(temporary).toBe(24);
    expect((await signIn(username)).body.reset_token).toEqual(expect.any(String));
    await database.query(`update users set password = password || '{"expires_at": 1}' where user_id = '${user_id}'`);
    const refused = await signIn(username);
    expect(refused).toMatchObject({ status: 403, body: { error_code: 'auth_password_expired' } });
    expect(refused.body.reset_token).toBeUndefined();
    // What it led to before ends with it.
    const end = Date.now() + 60_000;
    await database.query(
      `update users set password = password || '{"expires_at": ${end}}' where user_id = '${user_id}'`,
    );
    const { reset_token } = (await signIn(username)).body as { reset_token: string };
    expect(reset_token).toEqual(expect.any(String));
    vi.useFakeTimers({ toFake: ['Date'], now: end + 1 });
    expect((await auth('password/reset', { reset_token, new_password: 'another engine' })).status).toBe(400);
    await another.close();
  });

  it('that was replaced proves nothing any more: what an administrator sets meanwhile stays', async () => {
    for (let round = 0; round < 6; round += 1) {
      const user = await shop.create({ username: freshEmail(), credentials: { password: PASSWORD } });
      const { reset_token } = (await signIn(user.username!)).body as { reset_token: string };
      const [reset, byAdmin] = await Promise.all([
        auth('password/reset', { reset_token, new_password: 'another engine' }),
        shop.send('PUT', `/cis/v1/users/${user.user_id}/password`, {
          password: 'a better engine',
          force_replace: false,
        }),
      ]);
      expect([200, 400]).toContain(reset.status);
      expect(byAdmin.status).toBe(200);
      expectTokens(await signIn(user.username!, 'a better engine'));
    }
  });

  it('leaves no session behind when the password is replaced meanwhile', async () => {
    for (let round = 0; round < 2; round += 1) {
      const { username, user_id } = await withPassword();
      const signIns = Array.from({ length: 12 }, async (_, n) => {
        await delay(n * 20);
        return signIn(username!);
      });
      const replaced = await shop.send('PUT', `/cis/v1/users/${user_id}/password`, {
        password: 'a better engine',
        force_replace: false,
      });
      expect(replaced.status).toBe(200);
      for (const { status, body } of await Promise.all(signIns)) {
        // As many as want one row at once may be sent away (503).
        expect([200, 401, 403, 503]).toContain(status);
        if (status !== 200) continue;
        const { refresh_token } = body as { refresh_token: string };
        expect((await auth('token/refresh', { refresh_token })).status).toBe(400);
      }
    }
  });

  it('signs no disabled user in', async () => {
    const user = await withPassword();
    await shop.update(user.user_id, { status: 'Disabled' });
    expect(await signIn(user.username!)).toMatchObject({ status: 403, body: { error_code: 'user_not_active' } });
  });

  it.each([
    ['no name', { password: 'x' }, /^username: just one of them is required/],
    ['two names', { username: 'a', identifier: 'b', identifier_type: 'email', password: 'x' }, /just one of them/],
    ['an organization', { username: 'a', password: 'x', org_id: 'o' }, /^org_id must be absent/],
    ['an unknown property', { username: 'a', password: 'x', colour: 'red' }, /^colour is not a known property/],
    [
      'claims of no token',
      { username: 'a', password: 'x', claims: { userinfo: {} } },
      /^claims.userinfo is not a known/,
    ],
    [
      'claims without end',
      { username: 'a', password: 'x', claims: { id_token: { x: 'x'.repeat(9000) } } },
      /^claims.id_token must be at most 8 KB/,
    ],
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
    // What another application keeps of the user is told to that alone.
    const another = await newApp();
    const username = freshEmail();
    const custom_app_data = { seat: 1 };
    await another.create({ username, credentials: { password: PASSWORD, force_replace: false }, custom_app_data });
    const ofApp = { claims: { id_token: { custom_app_data: null } } };
    const theirs = expectTokens(await signIn(username, PASSWORD, ofApp, another));
    expect(decodeJwt(theirs.id_token)).toMatchObject({ custom_app_data });
    const ours = expectTokens(await signIn(username, PASSWORD, ofApp));
    expect(decodeJwt(ours.id_token)).not.toHaveProperty('custom_app_data');
  });

  it('undoes nothing that is changed of the user meanwhile', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { username, user_id } = await withPassword();
      const [, updated] = await Promise.all([signIn(username!), shop.update(user_id, { language: 'fr' })]);
      expect(updated.status).toBe(200);
      expect(await shop.get(user_id)).toMatchObject({ language: 'fr', status: 'Active' });
      const [signedIn] = await Promise.all([signIn(username!), shop.update(user_id, { status: 'Disabled' })]);
      expect([200, 403]).toContain(signedIn.status);
      expect((await shop.get(user_id)).status).toBe('Disabled');
    }
  });
});

describe('passwords', () => {
  const put = (userId: string, password: string) =>
    shop.send('PUT', `/cis/v1/users/${userId}/password`, { password, force_replace: false });

  it('keep a name to sign in with: a username or an email', async () => {
    const { user_id, username } = await withPassword({ phone_number: freshPhone() });
    const refused = await shop.send('PUT', `/cis/v1/users/${user_id}`, { username: null });
    expect(refused).toMatchObject({ status: 400, body: { message: [expect.stringMatching(/^username or email is/)] } });
    expectTokens(await signIn(username!));
    await shop.update(user_id, { username: null, email: freshEmail() });
  });

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
