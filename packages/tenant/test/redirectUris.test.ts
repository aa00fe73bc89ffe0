import { expect, it } from 'vitest';
import { newApp, PASSWORD, tenant, useSignIns, withPassword } from './signInSetup.ts';
import { freshEmail } from './testTenant.ts';

useSignIns();

const register = (redirect_uris: string[]) =>
  tenant.send('POST', '/cis/v1/applications', { app_name: freshEmail(), redirect_uris });

it.each([
  'https://shop.example.com/welcome',
  'https://shop.example.com',
  'https://shop.example.com:8443/a?b=c&d=%20',
  'http://localhost:3000/callback',
  'http://127.0.0.1/callback',
  'http://[::1]:8080/callback',
  'com.example.app:/signed-in',
  'com.example.app://signed-in/here',
])('a client may register %s', async (uri) => {
  expect((await register([uri])).status).toBe(201);
});

it.each([
  'javascript:alert(1)',
  'JavaScript:alert(1)//https://shop.example.com',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'blob:https://shop.example.com/1',
  'myapp:/callback',
  'http://shop.example.com/welcome',
  'http://127.0.0.1.example.com',
  'http://localhost.example.com',
  'https://user@shop.example.com',
  'https://user:pass@shop.example.com',
  'https://@shop.example.com',
  'https://shop.example.com/welcome#fragment',
  'https://shop.example.com/#',
  'https:shop.example.com',
  'https:///shop.example.com',
  'https://shop.example.com\\@evil.example.com',
  'https://shop.example.com/a b',
  'https://shop.example.com/\u00e9',
  'https://shop.example.com/<',
  'http://0177.0.0.1/',
  'http://loc%61lhost/',
  'https://%65vil.example.com/',
  'https://1/',
  'https://*.example.com/',
  '/welcome',
  '//shop.example.com',
  '',
])('no client may register %s', async (uri) => {
  const { status, body } = await register([uri]);
  expect(status).toBe(400);
  expect(String(body.message)).toContain('redirect_uris[0] must be an https URI');
});

/** Signs in with a password in the browser. @returns where the browser ends */
async function signIn(redirectUri: string, registered: string): Promise<string | undefined> {
  const client = await newApp({ redirect_uris: [registered] });
  const { username } = await withPassword();
  const { body } = await client.send('POST', '/cis/v1/auth/password/login', {
    username,
    password: PASSWORD,
    client_id: client.clientId,
    redirect_uri: redirectUri,
  });
  if (!body.result) return undefined;
  const answer = await fetch(body.result.url as string, { redirect: 'manual' });
  return answer.headers.get('location') ?? undefined;
}

it.each([
  ['https://shop.example.com/welcome?b=%7e&a=1+2&&c', '&'],
  ['https://shop.example.com?', ''],
  ['https://SHOP.example.com/%7Ea', '?'],
  ['com.example.app:/signed-in', '?'],
])('a redirect URI is kept byte for byte: %s', async (uri, separator) => {
  const location = await signIn(uri, uri);
  expect(location?.startsWith(`${uri}${separator}code=`), location).toBe(true);
});

it('the port may differ on the machine of the user, and nothing else may', async () => {
  const registered = 'http://127.0.0.1:3000/callback?a=b';
  expect(await signIn('http://127.0.0.1:51234/callback?a=b', registered)).toMatch(
    /^http:\/\/127\.0\.0\.1:51234\/callback/,
  );
  expect(await signIn('http://127.0.0.1/callback?a=b', registered)).toBeDefined();
  expect(await signIn('http://[::1]:9/', 'http://[::1]/')).toBeDefined();
  for (const other of [
    'http://localhost:3000/callback?a=b',
    'http://127.0.0.1:3000/callback',
    'http://127.0.0.1:3000/callback/?a=b',
    'http://127.0.0.1:3000@evil.example.com/callback?a=b',
    'https://127.0.0.1:3000/callback?a=b',
  ]) {
    expect(await signIn(other, registered), other).toBeUndefined();
  }
  expect(await signIn('https://shop.example.com:8443/', 'https://shop.example.com/')).toBeUndefined();
});
