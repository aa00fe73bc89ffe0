import { setTimeout as delay } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freshEmail, type Client } from './testTenant.ts';
import {
  PASSWORD,
  REDIRECT,
  as,
  auth,
  database,
  expectTokens,
  newApp,
  other,
  shop,
  signIn,
  tenant,
  useSignIns,
  withPassword,
} from './signInSetup.ts';

useSignIns();
afterEach(() => void vi.useRealTimers());

describe('a session', () => {
  const refresh = (refresh_token: string, client: Client = shop) => auth('token/refresh', { refresh_token }, client);
  const userinfo = async (token: string) => fetch(`${other.address}/oidc/me`, { headers: as(token) });

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

  it('leaves no trace of a user who is deleted', async () => {
    const actor = await shop.create({ email: freshEmail() });
    const delegated_access = { actor_id: actor.user_id, permissions: [] };
    const user = await withPassword({ email: freshEmail(), delegated_access });
    expectTokens(await signIn(user.username!));
    const asked = { channel: 'direct', identifier: user.user_id, identifier_type: 'user_id' };
    expect((await auth('otp/send', asked)).status).toBe(200);
    expect((await auth('link/email/send', { ...asked, redirect_uri: REDIRECT })).status).toBe(200);
    const { user_id } = user;
    expect((await tenant.send('DELETE', `/cis/v1/manage/users/${user_id}`)).status).toBe(204);
    for (const { name } of await database.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public'",
    )) {
      const rows = await database.query(`select from ${name} t where to_jsonb(t)::text like '%${user_id}%'`);
      expect(rows, name).toHaveLength(name === 'deleted_users' ? 1 : 0);
    }
    const tokens = await database.query(
      'select from refresh_tokens where session_id not in (select session_id from sessions)',
    );
    expect(tokens).toEqual([]);
  });

  it('has refresh tokens for as long as its client says', async () => {
    const { clientId, appId } = shop;
    const path = `/cis/v1/applications/${appId}/clients/${clientId}`;
    const { username } = await withPassword();
    expect((await tenant.send('PUT', path, { token_expiration: { refresh_token_ttl: 1 } })).status).toBe(200);
    const short = expectTokens(await signIn(username!));
    expect((await tenant.send('PUT', path, { token_expiration: {} })).status).toBe(200);
    await delay(1100);
    expect((await refresh(short.refresh_token)).status).toBe(400);
  });

  it('gives tokens to its own application alone', async () => {
    const { username } = await withPassword();
    const { session_id, refresh_token } = expectTokens(await signIn(username!));
    const stranger = await newApp();
    expect((await refresh(refresh_token, stranger)).status).toBe(400);
    expect((await auth('session/authenticate', { session_id }, stranger)).status).toBe(400);
    expect((await auth('session/logout', { session_id }, stranger)).status).toBe(404);
    expect(await signIn(username!, PASSWORD, { session_id }, stranger)).toMatchObject({
      status: 400,
      body: { error_code: 'session_not_found' },
    });
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
      [
        'password, of a session of an earlier release',
        async (_: any, id: string) => {
          await database.query(`update sessions set password_at = null where user_id = '${id}'`);
          return shop.send('PUT', `/cis/v1/users/${id}/password`, { password: 'a new engine' });
        },
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

  it('has access tokens for the resource that was asked for, also when they are refreshed', async () => {
    const { username } = await withPassword();
    const resource = 'https://api.example.com/things';
    const first = expectTokens(await signIn(username!, PASSWORD, { resource }));
    const next = expectTokens(await refresh(first.refresh_token));
    for (const { access_token } of [first, next]) {
      expect(decodeJwt(access_token).aud).toBe(resource);
      expect((await userinfo(access_token)).status, 'a token for somebody else').toBe(401);
    }
  });

  it('does not go on when a user who was disabled is active again', async () => {
    const { username, user_id } = await withPassword();
    const tokens = expectTokens(await signIn(username!));
    await shop.update(user_id, { status: 'Disabled' });
    await shop.send('PUT', '/cis/v1/users/bulk', { updates: [{ user_id, status: 'Active' }] });
    expect((await userinfo(tokens.access_token)).status).toBe(401);
    expect((await refresh(tokens.refresh_token)).status).toBe(400);
    expectTokens(await signIn(username!));
  });

  it('ends with a new password, also of the millisecond in which the one before was set', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const { username, user_id } = await withPassword();
    const tokens = expectTokens(await signIn(username!));
    const path = `/cis/v1/users/${user_id}/password`;
    expect((await shop.send('PUT', path, { password: 'a new engine' })).status).toBe(200);
    expect((await refresh(tokens.refresh_token)).status).toBe(400);
    expect((await auth('session/authenticate', { session_id: tokens.session_id })).status).toBe(400);
  });

  it('is all that a user loses who is disabled', async () => {
    const { username, user_id } = await withPassword();
    expectTokens(await signIn(username!));
    const group = await tenant.send('POST', '/cis/v1/groups', { name: freshEmail() });
    await tenant.send('POST', `/cis/v1/groups/${group.body.result.group_id}/users`, { user_ids: [user_id] });
    const { identities, groupIds, last_auth } = await shop.get(user_id);
    expect(identities).toHaveLength(1);
    await shop.update(user_id, { status: 'Disabled' });
    expect(await shop.get(user_id)).toMatchObject({ status: 'Disabled', identities, groupIds, last_auth });
  });

  it('that ends while a sign-in joins it stays over', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { username } = await withPassword();
      const { session_id, access_token, refresh_token } = expectTokens(await signIn(username!));
      const [joined, ended] = await Promise.all([
        signIn(username!, PASSWORD, { session_id }),
        auth('session/logout', { session_id }),
      ]);
      expect([200, 400]).toContain(joined.status);
      expect(ended.status).toBe(204);
      expect((await userinfo(access_token)).status).toBe(401);
      expect((await refresh(refresh_token)).status).toBe(400);
    }
  });

  it('ends by a logout of its own, and others of the user go on', async () => {
    const { username } = await withPassword();
    const [here, elsewhere] = [expectTokens(await signIn(username!)), expectTokens(await signIn(username!))];
    const answer = await shop.send('POST', '/cis/v1/auth/logout', undefined, as(here.access_token));
    expect(answer).toMatchObject({ status: 200, body: { sessions_count: 1 } });
    expect((await userinfo(here.access_token)).status).toBe(401);
    expect((await refresh(here.refresh_token)).status).toBe(400);
    expect((await userinfo(elsewhere.access_token)).status).toBe(200);
    expectTokens(await refresh(elsewhere.refresh_token));
  });

  it('ends when the time is over that its client gives it', async () => {
    const app = await newApp();
    const client = `/cis/v1/applications/${app.appId}/clients/${app.clientId}`;
    await tenant.send('PUT', client, { session_expiration: 60 });
    const { username } = await withPassword();
    const tokens = expectTokens(await signIn(username!, PASSWORD, {}, app));
    const { session_id } = tokens;
    expect((await userinfo(tokens.access_token)).status).toBe(200);
    await database.query(`update sessions set expires_at = expires_at - 60000 where session_id = '${session_id}'`);
    expect((await userinfo(tokens.access_token)).status).toBe(401);
    expect((await refresh(tokens.refresh_token, app)).status).toBe(400);
    expect((await auth('session/authenticate', { session_id }, app)).status).toBe(400);
    expect((await signIn(username!, PASSWORD, { session_id }, app)).status).toBe(400);
  });

  it('that a new password has ended is joined by no sign-in, and stays over', async () => {
    const { username, user_id } = await withPassword();
    const { session_id, refresh_token } = expectTokens(await signIn(username!));
    const password = 'a better engine';
    await shop.send('PUT', `/cis/v1/users/${user_id}/password`, { password, force_replace: false });
    expect(await signIn(username!, password, { session_id })).toMatchObject({
      status: 400,
      body: { error_code: 'session_not_found' },
    });
    expect((await refresh(refresh_token)).status).toBe(400);
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
    expect((await me('GET', '/oidc/me')).body).toMatchObject({
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
    const guesses = [...Array.from({ length: 30 }, (_, n) => `wrong ${n}`), 'a better engine'];
    const tried = await Promise.all(guesses.map((guess) => change(guess, 'another engine')));
    const compared = tried.filter(({ body }) => body.error_code === 'auth_wrong_password');
    expect(compared.length).toBeLessThanOrEqual(5);
    expect(tried.at(-1)).toMatchObject({ status: 403, body: { error_code: 'auth_locked' } });
    await database.query('delete from limits');
    expect((await shop.send('GET', '/oidc/me', undefined, as(access_token))).status, 'this session goes on').toBe(200);
    expectTokens(await signIn(username, 'a better engine'));
  });
});

it('users are listed by their last sign-in, and those without one as if it were before all others', async () => {
  const users = await Promise.all([withPassword(), withPassword(), withPassword()]);
  const [first, second, never] = users.map(({ user_id }) => user_id);
  for (const { username } of users.slice(0, 2)) {
    expectTokens(await signIn(username!));
    // So that the next one is later.
    await delay(2);
  }
  const listed = async (order: string) => {
    const path = `/cis/v1/users?sort_field=last_auth&sort_order=${order}&page_limit=5000`;
    return ((await tenant.send('GET', path)).body.result as { user_id: string }[])
      .map(({ user_id }) => user_id)
      .filter((id) => [first, second, never].includes(id));
  };
  expect(await listed('asc')).toEqual([never, first, second]);
  expect(await listed('desc')).toEqual([second, first, never]);
});
