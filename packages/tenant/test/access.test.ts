import { createRemoteJWKSet, decodeJwt, jwtVerify, SignJWT, generateKeyPair } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CREDENTIALS, getToken, makeClient, startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());
afterEach(() => void vi.useRealTimers());

async function askToken(body: Record<string, string> | string, headers: Record<string, string> = {}) {
  const answer = await fetch(`${tenant.url}/oidc/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof body === 'string' ? body : new URLSearchParams(body),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}

const { clientId: client_id, clientSecret: client_secret } = CREDENTIALS;
const grant_type = 'client_credentials';
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
});

describe('the token endpoint', () => {
  it('takes client credentials in the body, and answers as RFC 6749, 5.1 says', async () => {
    const { status, headers, body } = await askToken({ grant_type, client_id, client_secret });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3600,
      scope: expect.stringContaining('users:edit'),
    });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('takes them as HTTP Basic too', async () => {
    const { status } = await askToken({ grant_type }, basic(client_id, client_secret));
    expect(status).toBe(200);
  });

  it('signs a JWT with the documented claims, which the published keys verify', async () => {
    const { body } = await askToken({ grant_type, client_id, client_secret });
    const discovery = (await (await fetch(`${tenant.url}/.well-known/openid-configuration`)).json()) as {
      issuer: string;
      jwks_uri: string;
      token_endpoint: string;
    };
    expect(discovery.token_endpoint).toBe(`${tenant.url}/oidc/token`);
    const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
    const { payload } = await jwtVerify(body.access_token as string, keys, {
      issuer: discovery.issuer,
      audience: 'userid-api',
    });
    expect(payload).toMatchObject({
      sub: client_id,
      client_id,
      app_name: 'Management application',
      roles: ['management'],
    });
    expect(payload.exp! - payload.iat!).toBe(3600);
    for (const claim of ['jti', 'app_id', 'tid', 'scope']) expect(payload[claim]).toBeTypeOf('string');
  });

  it('publishes no private part of a key', async () => {
    const { keys } = (await (await fetch(`${tenant.url}/oidc/jwks`)).json()) as { keys: object[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
  });

  it('puts the resource into the audience', async () => {
    const resource = 'https://api.example.com/things';
    const { body } = await askToken({ grant_type, client_id, client_secret, resource });
    expect(decodeJwt(body.access_token as string).aud).toBe(resource);
    const answer = await fetch(`${tenant.url}/cis/v1/users/none`, {
      headers: { authorization: `Bearer ${String(body.access_token)}` },
    });
    expect(answer.status, 'a token for somebody else').toBe(401);
  });

  it.each([
    ['a wrong secret', { grant_type, client_id, client_secret: 'wrong' }, 401, 'invalid_client'],
    ['an unknown client', { grant_type, client_id: 'nobody', client_secret }, 401, 'invalid_client'],
    ['another grant', { grant_type: 'password', client_id, client_secret }, 400, 'unsupported_grant_type'],
    ['no grant', { client_id, client_secret }, 400, 'invalid_request'],
    ['no client ID', { grant_type, client_secret }, 400, 'invalid_request'],
    ['no secret', { grant_type, client_id }, 400, 'invalid_request'],
    ['a resource that is no URI', { grant_type, client_id, client_secret, resource: 'x' }, 400, 'invalid_target'],
    [
      'a parameter sent twice',
      `grant_type=${grant_type}&client_id=a&client_id=b&client_secret=c`,
      400,
      'invalid_request',
    ],
  ])('refuses %s', async (_what, request, status, error) => {
    const answer = await askToken(request);
    expect(answer).toMatchObject({ status, body: { error, error_description: expect.any(String) } });
    expect(JSON.stringify(answer.body)).not.toContain(client_secret);
    if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Basic/);
  });

  it('does the same work for a client that is not there as for one whose secret is wrong', async () => {
    const flood = (name: (place: number) => string) =>
      Promise.all(
        Array.from({ length: 40 }, (_, place) =>
          askToken({ grant_type, client_id: name(place), client_secret: `wrong-${place}` }),
        ),
      );
    for (const name of [() => client_id, (place: number) => `nobody-${place}`]) {
      const answers = await flood(name);
      const statuses = new Set(answers.map(({ status }) => status));
      // The work of comparing waits in a queue, and what does not fit is refused: without that work there is no queue.
      expect([...statuses].sort(), name(0)).toEqual([401, 429]);
      const words = answers.map(({ body }) => JSON.stringify(body));
      expect(new Set(words).size).toBe(2);
    }
  });

  it('refuses credentials sent both ways, and a body that is no form', async () => {
    const both = await askToken({ grant_type, client_id, client_secret }, basic(client_id, client_secret));
    expect(both).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    const json = await askToken('<x/>', { 'content-type': 'text/xml' });
    expect(json).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    const nul = await askToken({ grant_type }, basic('a\u0000b', 'x'));
    expect(nul).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    const large = await askToken({ grant_type, client_id, client_secret: 'x'.repeat(2 ** 20) });
    expect(large).toMatchObject({
      status: 400,
      body: { error: 'invalid_request', error_description: expect.stringContaining('16 kB') },
    });
  });
});

describe('a route of the Users API', () => {
  const get = async (authorization?: string) => {
    const answer = await fetch(`${tenant.url}/cis/v1/users/none`, { headers: authorization ? { authorization } : {} });
    return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body: await answer.json() };
  };

  it('wants a token', async () => {
    const { status, challenge, body } = await get();
    expect({ status, challenge }).toEqual({ status: 401, challenge: 'Bearer realm="tessera"' });
    expect(body).toEqual({ message: expect.stringContaining('access token is required'), error_code: 401 });
  });

  it('refuses a token that is none, is tampered with, or is signed by someone else', async () => {
    const token = await getToken(tenant.url);
    const [head, payload, signature] = token.split('.') as [string, string, string];
    const { privateKey } = await generateKeyPair('RS256');
    const forged = await new SignJWT(decodeJwt(token)).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    const other = Buffer.from(JSON.stringify({ ...decodeJwt(token), tid: 'other' })).toString('base64url');
    for (const bad of ['x', `${head}.${other}.${signature}`, forged, unsigned]) {
      const { status, challenge } = await get(`Bearer ${bad}`);
      expect(status).toBe(401);
      expect(challenge).toContain('error="invalid_token"');
    }
    expect((await get(`Bearer ${token}`)).status).toBe(404);
  });

  it('refuses a token that has expired, also one it has seen before', async () => {
    const client = await makeClient(tenant.url);
    const unseen = await getToken(tenant.url);
    expect((await client.send('GET', '/cis/v1/users/none')).status).toBe(404);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 });
    const seen = await client.send('GET', '/cis/v1/users/none');
    expect(seen).toMatchObject({ status: 401, body: { message: 'The access token has expired' } });
    expect((await get(`Bearer ${unseen}`)).status).toBe(401);
  });

  it('tells nothing of its routes without a token', async () => {
    const answer = await fetch(`${tenant.url}/cis/v1/nothing/here`);
    expect(answer.status).toBe(401);
    const known = await makeClient(tenant.url);
    expect((await known.send('GET', '/cis/v1/nothing/here')).status).toBe(404);
  });
});
