import { decodeJwt } from 'jose';
import * as openid from 'openid-client';
import { describe, expect, it } from 'vitest';
import { freshEmail, freshPhone } from './testTenant.ts';
import {
  PASSWORD,
  REDIRECT,
  auth,
  database,
  deliveries,
  newApp,
  shop,
  tenant,
  useSignIns,
  withPassword,
} from './signInSetup.ts';

useSignIns();

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
      const claims = { id_token: { new_user: null }, access_token: { new_user: null } };
      const asked = { ...named, redirect_uri: REDIRECT, claims };
      expect((await auth(`otp/${channel}`, asked)).status, 'nobody there').toBe(404);
      expect((await auth(`otp/${channel}`, { ...asked, create_new_user: true })).status).toBe(200);
      const entered = { ...named, passcode: deliveries.codeFor(address), nonce: 'n-0S6' };
      const { status, body } = await auth(`otp/${channel}/validation`, entered);
      expect(status, JSON.stringify(body)).toBe(200);
      const code = await codeAt(body.result as string);
      const wrong = await exchange(code, { redirect_uri: 'https://evil.example.com' });
      expect(wrong).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      const none = await exchange(code, { redirect_uri: '' });
      expect(none).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
      const { body: tokens } = await exchange(code);
      expect(decodeJwt(tokens.id_token as string)).toMatchObject({
        nonce: 'n-0S6',
        aud: shop.clientId,
        new_user: true,
      });
      expect(decodeJwt(tokens.access_token as string)).toMatchObject({ new_user: true });
      expect(await shop.get(decodeJwt(tokens.access_token as string).sub!)).toMatchObject({
        status: 'Active',
        [channel === 'email' ? 'email' : 'phone_number']: { value: address },
      });
      expect(await exchange(code), 'a second time').toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    },
  );

  it('ends with no token when the user is disabled before the exchange', async () => {
    const email = freshEmail();
    const { user_id } = await shop.create({ email });
    expect((await auth('otp/email', { email, redirect_uri: REDIRECT })).status).toBe(200);
    const { body } = await auth('otp/email/validation', { email, passcode: deliveries.codeFor(email) });
    const code = await codeAt(body.result as string);
    await shop.update(user_id, { status: 'Disabled' });
    expect(await exchange(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect((await auth('otp/email', { email, redirect_uri: REDIRECT })).status, 'and no message').toBe(403);
  });

  it('goes to redirect URIs of the client alone, and its code to the client alone', async () => {
    const email = freshEmail();
    await shop.create({ email });
    const sent = deliveries.emails.length;
    for (const route of ['otp/email', 'links/email']) {
      for (const redirect_uri of ['https://evil.example.com', `${REDIRECT}/more`]) {
        expect((await auth(route, { email, redirect_uri })).status, route).toBe(400);
      }
    }
    expect(deliveries.emails).toHaveLength(sent);
    expect((await auth('otp/email', { email, redirect_uri: REDIRECT })).status).toBe(200);
    const { body } = await auth('otp/email/validation', { email, passcode: deliveries.codeFor(email) });
    const code = await codeAt(body.result as string);
    const { clientId: client_id, clientSecret: client_secret } = await newApp();
    expect(await exchange(code, { client_id, client_secret })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
  });

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
    // Good for a quarter of an hour, and until another one takes its place.
    const codes: string[] = [];
    for (let n = 0; n < 2; n += 1) {
      expect((await auth('links/email', asked)).status).toBe(200);
      codes.push(deliveries.linkFor(email).searchParams.get('code')!);
    }
    await database.query(`update one_time_codes set expires_at = expires_at - ${14 * 60_000}`);
    expect((await exchange(codes[0]!)).status).toBe(400);
    expect((await exchange(codes[1]!)).status).toBe(200);
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
    const { body: late } = await login({ username });
    const code = await codeAt(late.result.url as string);
    await shop.send('PUT', `/cis/v1/users/${user_id}/password`, { password: 'a better engine', force_replace: false });
    expect(await exchange(code), 'with a password that was replaced').toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(await login({ username, password: 'wrong' })).toMatchObject({ status: 401 });
    expect((await login({ username, client_id: 'nobody' })).status).toBe(401);
    expect((await login({ username, redirect_uri: 'https://evil.example.com' })).status).toBe(400);
    const { clientId: client_id, appId } = await newApp();
    await tenant.send('PUT', `/cis/v1/applications/${appId}`, { enabled: false });
    const right = { username, password: 'a better engine' };
    expect((await login({ ...right, client_id })).status, 'at an application that is disabled').toBe(401);
    expect((await login(right)).status).toBe(200);
    await shop.update(user_id, { status: 'Disabled' });
    expect((await login(right)).status, 'who is disabled').toBe(403);
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
