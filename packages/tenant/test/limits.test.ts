import { describe, expect, it } from 'vitest';
import { runTenant } from './tenantProcess.ts';
import { freshDatabase } from './freshDatabase.ts';
import { CREDENTIALS, freshEmail, startTestTenant, type TestTenant } from './testTenant.ts';

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

  it('are those of every way to sign in, and nothing is asked for that there is not', async () => {
    const own = await freshDatabase();
    const limits = { client: { count: 6, seconds: 60 }, source: { count: 3, seconds: 60 } };
    const at = await startTestTenant({ storage: { databaseUrl: own.url }, limits });
    const by = { identifier: 'nobody', identifier_type: 'user_id' };
    const redirect_uri = 'https://shop.example.com';
    const routes = [
      ['password/authenticate', { username: 'x', password: 'x' }],
      ['otp/send', { channel: 'direct', ...by }],
      ['otp/authenticate', { passcode: '000000', ...by }],
      ['link/email/send', { channel: 'direct', redirect_uri, ...by }],
      ['link/email/authenticate', { code: 'x' }],
      ['otp/email', { email: 'x@example.com', redirect_uri }],
      ['otp/email/validation', { email: 'x@example.com', passcode: '000000' }],
      ['otp/sms', { phone_number: '+12125550123', redirect_uri }],
      ['otp/sms/validation', { phone_number: '+12125550123', passcode: '000000' }],
      ['links/email', { email: 'x@example.com', redirect_uri }],
      ['session/authenticate', { session_id: 'x' }],
      ['password/login', { username: 'x', password: 'x', client_id: CREDENTIALS.clientId, redirect_uri }],
    ] as const;
    const forget = () => own.query('delete from limits');
    const [app] = (await at.send('GET', '/cis/v1/applications/list')).body.result as { app_id: string }[];
    await at.send('PUT', `/cis/v1/applications/${app!.app_id}`, { redirect_uris: [redirect_uri] });
    for (const [route, body] of routes) {
      await forget();
      const ask = async (more = {}) => (await at.send('POST', `/cis/v1/auth/${route}`, { ...body, ...more })).status;
      const statuses: number[] = [];
      for (let n = 0; n < 5; n += 1) statuses.push(await ask());
      expect(
        statuses.map((status) => status === 429),
        `${route}: ${statuses.join()}`,
      ).toEqual([...[false, false, false], ...[true, true]]);
      await forget();
      if (/authenticate|otp\/(?:email|sms)$|login/.test(route) && !route.startsWith('session')) {
        expect(await ask({ require_mfa: true }), route).toBe(400);
        expect(await ask({ org_id: 'x' }), route).toBe(400);
      }
    }
    await forget();
    const provider = `${at.url}/cis/v1/auth/oidc/partner?client_id=${CREDENTIALS.clientId}&redirect_uri=${redirect_uri}`;
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await fetch(provider, { redirect: 'manual' })).status);
    expect(statuses.slice(3)).toEqual([429, 429]);
    await at.close();
    await own.drop();
  });

  it('of one source keep out nobody else, and an IPv6 network is one source', async () => {
    const own = await freshDatabase();
    const limits = { client: { count: 6, seconds: 60 }, source: { count: 4, seconds: 60 } };
    const at = await startTestTenant({ storage: { databaseUrl: own.url }, limits });
    const ask = async (ip_address: string) => {
      const names = { username: freshEmail(), password: 'wrong' };
      const body = { ...names, client_attributes: { ip_address } };
      return (await at.send('POST', '/cis/v1/auth/password/authenticate', body)).status;
    };
    const flood = [
      '2001:db8::1',
      '2001:DB8:0:0::2',
      '2001:db8:0:0:ffff::',
      ' 2001:db8::3 ',
      '2001:db8::4',
      '2001:db8::5',
    ];
    const statuses: number[] = [];
    for (const address of [...flood, ...flood]) statuses.push(await ask(address));
    expect(statuses.filter((status) => status === 401)).toHaveLength(4);
    expect(await ask('2001:db8:0:1::1')).toBe(401);
    // What browsers ask does not count for the client itself.
    const login = () =>
      fetch(`${at.url}/cis/v1/auth/password/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          client_id: CREDENTIALS.clientId,
          username: 'x',
          password: 'x',
          redirect_uri: 'https://x.example.com',
        }),
      });
    await Promise.all(Array.from({ length: 10 }, login));
    expect(await ask('192.0.2.1')).toBe(401);
    await at.close();
    await own.drop();
  });

  it('take the source from X-Forwarded-For of proxies that are trusted, and of nobody else', async () => {
    for (const [trustedProxies, statuses] of [
      [
        ['10.0.0.0/8', '127.0.0.1'],
        [401, 401, 429, 401, 429],
      ],
      [[], [401, 401, 429, 429, 429]],
    ] as const) {
      const own = await freshDatabase();
      const limits = { source: { count: 2, seconds: 60 } };
      const at = await startTestTenant({
        storage: { databaseUrl: own.url },
        limits,
        trustedProxies: [...trustedProxies],
      });
      const ask = async (forwarded: string) => {
        const body = { username: freshEmail(), password: 'wrong' };
        const headers = { 'x-forwarded-for': forwarded };
        return (await at.send('POST', '/cis/v1/auth/password/authenticate', body, headers)).status;
      };
      const asked: number[] = [];
      // What somebody writes in front of what the proxies say changes nothing.
      for (const forwarded of ['192.0.2.1', '192.0.2.1, 10.1.2.3', '8.8.8.8, 192.0.2.1', '192.0.2.2', '192.0.2.1']) {
        asked.push(await ask(forwarded));
      }
      expect(asked).toEqual(statuses);
      await at.close();
      await own.drop();
    }
  });

  it('and servers that are set up wrongly are refused at the start, by their names', async () => {
    for (const [name, value] of [
      ['TESSERA_LIMIT_CLIENT', '0/60'],
      ['TESSERA_LIMIT_FAILURES', 'five'],
      ['TESSERA_SMTP_URL', 'mail.example.com'],
      ['TESSERA_SMS_URL', 'ftp://sms.example.com'],
      ['TESSERA_PASSWORD_DAYS', '0'],
      ['TESSERA_PUBLIC_URL', 'ftp://id.example.com'],
      ['TESSERA_TRUSTED_PROXIES', '10.0.0.0/33'],
      ['TESSERA_TRUSTED_PROXIES', 'proxy.example.com'],
      ['TESSERA_PRIVATE_ADDRESSES', '127.0.0.1/64'],
      ['TESSERA_TEMPORARY_PASSWORD_HOURS', 'soon'],
    ] as const) {
      const started = runTenant(['--port', '0'], { [name]: value });
      expect(await started.ended).toBe(1);
      expect(started.stderr()).toContain(`${name} must be`);
    }
  });
});
