import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshEmail, getToken, startTestTenant, type TestTenant } from './testTenant.ts';
import {
  browseTo,
  STAND_IN_CLIENT,
  startStandInProvider,
  type Account,
  type StandInProvider,
} from './standInProvider.ts';

const REDIRECT = 'https://shop.example.com/welcome';

async function makeShop(tenant: TestTenant) {
  const input = { app_name: freshEmail(), redirect_uris: [REDIRECT], allow_public_signup: true };
  const { body } = await tenant.send('POST', '/cis/v1/applications', input);
  return body.result as { app_id: string; client_id: string; client_secret: string };
}
const addProvider = (tenant: TestTenant, appId: string, provider: object) =>
  tenant.send('POST', `/cis/v1/applications/${appId}/identity-providers`, {
    name: 'partner',
    ...STAND_IN_CLIENT,
    ...provider,
  });
const startUrl = (tenant: TestTenant, clientId: string, name = 'partner') =>
  `${tenant.url}/cis/v1/auth/oidc/${name}?${new URLSearchParams({
    client_id: clientId,
    redirect_uri: REDIRECT,
    create_new_user: 'true',
  }).toString()}`;

describe('a request to a private address', () => {
  let tenant: TestTenant;
  let appId: string;
  let clientId: string;
  beforeAll(async () => {
    tenant = await startTestTenant({ privateAddresses: [] });
    ({ app_id: appId, client_id: clientId } = await makeShop(tenant));
  });
  afterAll(() => tenant.close());

  it.each([
    'http://127.0.0.1:8080',
    'http://localhost',
    'https://localhost',
    'https://sub.localhost',
    'https://127.1',
    'https://0x7f000001',
    'https://0.0.0.0',
    'https://10.0.0.1',
    'https://172.16.0.1',
    'https://192.168.1.1',
    'https://100.64.0.1',
    'https://169.254.169.254',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://[fd00::1]',
    'https://[fe80::1]',
    'https://[64:ff9b::7f00:1]',
    'https://[2002:7f00:1::]',
    'https://[::7f00:1]',
    'https://[100:0:0:1::1]',
  ])('is refused when a provider is set up: %s', async (issuer) => {
    const { status, body } = await addProvider(tenant, appId, { issuer });
    expect({ status, message: body.message[0] }).toEqual({
      status: 400,
      message: expect.stringMatching(/^issuer (?:is at a private address|must be an https URL)/),
    });
  });

  it.each([
    'https://id.example.com?a=b',
    'https://id.example.com#a',
    'https://user@id.example.com',
    'http://id.example.com',
    'ftp://id.example.com',
  ])('cannot be made for an issuer that is none: %s', async (issuer) => {
    const { status, body } = await addProvider(tenant, appId, { issuer });
    expect({ status, message: body.message[0] }).toEqual({
      status: 400,
      message: expect.stringMatching(/^issuer must be an https URL/),
    });
  });

  it('is refused when a name turns out to lead there, before anything is sent', async () => {
    let connections = 0;
    const listener = createServer(() => (connections += 1));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    // A name that only the resolver knows to be this machine.
    const issuer = `https://localhost.:${(listener.address() as AddressInfo).port}`;
    expect((await addProvider(tenant, appId, { issuer, name: 'named' })).status).toBe(201);
    const landed = await browseTo(startUrl(tenant, clientId, 'named'), REDIRECT);
    expect(landed.searchParams.get('error')).toBe('server_error');
    expect(connections).toBe(0);
    await new Promise((resolve) => listener.close(resolve));
  });

  it('is refused to the SMS gateway, too', async () => {
    const sms = await startTestTenant({ privateAddresses: [], delivery: { smsUrl: 'http://127.0.0.1:9/sms' } });
    const { user_id: identifier } = await sms.create({ phone_number: '+12125550123' });
    const asked = { channel: 'sms', identifier, identifier_type: 'user_id' };
    const { status, body } = await sms.send('POST', '/cis/v1/auth/otp/send', asked);
    expect({ status, code: body.error_code }).toEqual({ status: 400, code: 'external_provider_configuration_error' });
    await sms.close();
  });
});

describe('what a provider says', () => {
  let tenant: TestTenant;
  let provider: StandInProvider;
  let shop: Awaited<ReturnType<typeof makeShop>>;
  beforeAll(async () => {
    tenant = await startTestTenant();
    provider = await startStandInProvider();
    shop = await makeShop(tenant);
    expect((await addProvider(tenant, shop.app_id, { issuer: provider.issuer })).status).toBe(201);
  });
  afterAll(async () => {
    await tenant.close();
    await provider.close();
  });
  const signIn = async (account: Omit<Account, 'sub'>, name = 'partner'): Promise<string> => {
    provider.account = { sub: freshEmail(), ...account };
    const landed = await browseTo(startUrl(tenant, shop.client_id, name), REDIRECT);
    return landed.searchParams.get('error') ?? 'in';
  };

  it('counts from one source: an email of one and a verification of the other are no verified email', async () => {
    const email = freshEmail();
    expect(await signIn({ idToken: { email }, userInfo: { email, email_verified: true } })).toBe('access_denied');
    expect(await signIn({ idToken: { email_verified: true }, userInfo: { email } })).toBe('access_denied');
    expect(await signIn({ userInfo: { email, email_verified: true } })).toBe('in');
  });

  it('may say as text that the email is verified', async () => {
    expect(await signIn({ idToken: { email: freshEmail(), email_verified: 'true' } })).toBe('in');
    for (const email_verified of ['false', 'yes', 1, null]) {
      expect(await signIn({ idToken: { email: freshEmail(), email_verified } })).toBe('access_denied');
    }
  });

  it('is believed without that claim when an administrator trusts it', async () => {
    const trusted = { issuer: provider.issuer, name: 'trusted', email_trusted: true };
    const token = await getToken(tenant.url, { clientId: shop.client_id, clientSecret: shop.client_secret });
    const path = `/cis/v1/applications/${shop.app_id}/identity-providers`;
    const asShop = { authorization: `Bearer ${token}` };
    const body = { ...STAND_IN_CLIENT, ...trusted };
    expect((await tenant.send('POST', path, body, asShop)).status, 'the application itself').toBe(403);
    expect((await tenant.send('POST', path, body)).body).toMatchObject({ email_trusted: true });
    expect(await signIn({ idToken: { email: freshEmail() } }, 'trusted')).toBe('in');
    expect(await signIn({ idToken: { email: freshEmail(), email_verified: false } }, 'trusted')).toBe('access_denied');
    expect(await signIn({ idToken: { email: freshEmail() } })).toBe('access_denied');
  });

  it('is not trusted against its own word, nor where anybody can be an administrator', async () => {
    const email = freshEmail();
    const account = { idToken: { email_verified: false }, userInfo: { email } };
    expect(await signIn(account, 'trusted')).toBe('access_denied');
    const shared = { issuer: 'https://login.microsoftonline.com/common/v2.0', name: 'entra', email_trusted: true };
    expect((await addProvider(tenant, shop.app_id, shared)).status).toBe(400);
  });

  it.each(['', 'x'.repeat(256), 'a\u0000b'])('names the user by a subject that is one: %j', async (sub) => {
    provider.account = { sub, idToken: { email: freshEmail(), email_verified: true } };
    const landed = await browseTo(startUrl(tenant, shop.client_id), REDIRECT);
    expect(landed.searchParams.get('error')).toBe('server_error');
  });

  it('is not read when it is compressed, though nobody asked for that', async () => {
    provider.compressed = true;
    await addProvider(tenant, shop.app_id, { issuer: provider.issuer, name: 'bomb', client_secret: 'a third one' });
    expect(await signIn({ idToken: { email: freshEmail(), email_verified: true } }, 'bomb')).toBe('server_error');
    provider.compressed = false;
  });

  it('is looked up once for many sign-ins, and is not read beyond bounds', async () => {
    const path = '/.well-known/openid-configuration';
    expect(provider.requests.get(path)).toBeLessThanOrEqual(2);
    provider.padding = ' '.repeat(1024 * 1024);
    await addProvider(tenant, shop.app_id, { issuer: provider.issuer, name: 'large', client_secret: 'another one' });
    expect(await signIn({ idToken: { email: freshEmail(), email_verified: true } }, 'large')).toBe('server_error');
    provider.padding = '';
  });
});
