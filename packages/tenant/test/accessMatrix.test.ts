import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  importJWK,
  decodeJwt,
  decodeProtectedHeader,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  type JWK,
  type JWTPayload,
} from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations, type Operation } from '@tessera/contract';
import { freshDatabase, type FreshDatabase } from './freshDatabase.ts';
import { freshEmail, getToken, startTestTenant, type TestTenant } from './testTenant.ts';

const MAIN = path.resolve(import.meta.dirname, '../dist/main.js');

/** Who may do what: every operation of the contract, by every token that is not good for it. */

let database: FreshDatabase;
let tenant: TestTenant;
/** Tokens that no operation takes. */
const never: Record<string, string> = {};
/** Tokens that are good for some operations. */
const some = { ordinary: '', user: '' };

beforeAll(async () => {
  database = await freshDatabase();
  tenant = await startTestTenant({ storage: { databaseUrl: database.url } });
  const made = await tenant.send('POST', '/cis/v1/applications', { app_name: freshEmail(), redirect_uris: [] });
  const { app_id, client_id: clientId, client_secret: clientSecret } = made.body.result as Record<string, string>;
  some.ordinary = await getToken(tenant.url, { clientId: clientId!, clientSecret: clientSecret! });
  const { user_id } = await tenant.create({ email: freshEmail() });
  const named = { identifier: user_id, identifier_type: 'user_id' };
  const sent = await tenant.send('POST', '/cis/v1/auth/otp/send', { channel: 'direct', ...named });
  const signedIn = await tenant.send('POST', '/cis/v1/auth/otp/authenticate', { passcode: sent.body.code, ...named });
  some.user = signedIn.body.access_token as string;

  const claims = decodeJwt(tenant.token);
  const header = { alg: 'RS256', typ: 'JWT', kid: decodeProtectedHeader(tenant.token).kid! };
  const [{ jwk }] = (await database.query<{ jwk: JWK }>('select private_jwk as jwk from signing_keys')) as [any];
  const key = await importJWK(jwk, 'RS256');
  const publicKey = await importJWK({ kty: 'RSA', n: jwk.n, e: jwk.e }, 'RS256', { extractable: true });
  const sign = (payload: JWTPayload, by: any = key, head: object = {}) =>
    new SignJWT(payload).setProtectedHeader({ ...header, ...head }).sign(by);
  const now = Math.floor(Date.now() / 1000);
  const [, payload, signature] = tenant.token.split('.') as [string, string, string];
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  never.garbage = 'garbage';
  never['dots alone'] = '..';
  never.expired = await sign({ ...claims, exp: now - 1 });
  never['not yet valid'] = await sign({ ...claims, nbf: now + 600 });
  never['without an end'] = await sign({ ...claims, exp: undefined });
  never['wrong signature'] = await sign(claims, (await generateKeyPair('RS256')).privateKey);
  never['cut signature'] = tenant.token.slice(0, -4);
  never['changed claims'] = `${tenant.token.split('.')[0]}.${encoded({ ...claims, roles: [] })}.${signature}`;
  never['alg none'] = `${encoded({ ...header, alg: 'none' })}.${payload}.`;
  const spki = new TextEncoder().encode(await exportSPKI(publicKey));
  never['symmetric, by the public key'] = await sign(claims, spki, { alg: 'HS256' });
  never['an unknown key'] = await sign(claims, key, { kid: 'nothing' });
  never['for somebody else'] = await sign({ ...claims, aud: 'https://elsewhere.example.com' });
  never['an ID token'] = signedIn.body.id_token as string;
  never['a refresh token'] = signedIn.body.refresh_token as string;

  // Another tenant's key, for this tenant's client.
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'tenants', 'create', 'Second', '--json'], {
    env: { PATH: process.env.PATH, DATABASE_URL: database.url },
  });
  const [theirs] = JSON.parse(stdout) as [{ tenant_id: string; client_id: string; client_secret: string }];
  const credentials = { clientId: theirs.client_id, clientSecret: theirs.client_secret };
  const theirToken = await getToken(tenant.url, credentials);
  const rows = await database.query<{ jwk: any }>(
    `select private_jwk as jwk from signing_keys where tenant_id = '${theirs.tenant_id}'`,
  );
  const theirKey = await importJWK(rows[0]!.jwk, 'RS256');
  const theirKid = decodeProtectedHeader(theirToken).kid;
  never["another tenant's key"] = await sign(claims, theirKey, { kid: theirKid });
  never["another tenant's key and name"] = await sign({ ...claims, tid: theirs.tenant_id }, theirKey, {
    kid: theirKid,
  });
  never["this tenant's name on another's client"] = await sign({ ...decodeJwt(theirToken), tid: claims.tid });

  const gone = await tenant.send('POST', `/cis/v1/applications/${app_id}/clients`, { name: 'gone', redirect_uris: [] });
  const { client_id: goneId, client_secret: goneSecret } = gone.body as Record<string, string>;
  never["a deleted client's"] = await getToken(tenant.url, { clientId: goneId!, clientSecret: goneSecret! });
  expect((await tenant.send('DELETE', `/cis/v1/applications/${app_id}/clients/${goneId}`)).status).toBe(204);
});
afterAll(async () => {
  await tenant.close();
  await database.drop();
});

const secured = Object.values<Operation>(operations).filter((operation) => operation.secured);

describe.each(secured.map((operation) => [operation.operationId, operation] as const))('%s', (_id, operation) => {
  const { method, management, signedIn } = operation;
  const url = operation.path.replaceAll(/\{\w+\}/g, 'x');
  const ask = (authorization: string) => tenant.send(method, url, operation.body ? {} : undefined, { authorization });

  it('takes no token that is none of this tenant’s, or not good any more', async () => {
    const statuses: Record<string, number> = { 'no token': (await ask('')).status };
    for (const [name, token] of Object.entries(never)) statuses[name] = (await ask(`Bearer ${token}`)).status;
    statuses['another scheme'] = (await ask(`Basic ${tenant.token}`)).status;
    expect(statuses).toEqual(Object.fromEntries(Object.keys(statuses).map((name) => [name, 401])));
  });

  it(`takes ${signedIn ? "a user's token alone" : "a client's token alone"}`, async () => {
    const wrong = signedIn ? [tenant.token, some.ordinary] : [some.user];
    for (const token of wrong) expect((await ask(`Bearer ${token}`)).status).toBe(401);
  });

  if (management)
    it('takes a management application’s token alone', async () => {
      const answer = await ask(`Bearer ${some.ordinary}`);
      expect(answer.status).toBe(403);
      expect(answer.headers.get('x-error-code')).toBe('management_token_required');
    });
});
