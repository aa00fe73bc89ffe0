import { setTimeout as delay } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { freshDatabase } from '../freshDatabase.ts';
import { runTenant, serveOn } from '../tenantProcess.ts';
import { freshPhone, getToken, makeClient } from '../testTenant.ts';

describe('the first start', () => {
  it('makes a management application and an ordinary one, prints their credentials once, and they work', async () => {
    const { url: databaseUrl } = await freshDatabase();
    const unfixed = { TESSERA_CLIENT_ID: '', TESSERA_CLIENT_SECRET: '' };
    const first = serveOn(databaseUrl, unfixed);
    const url = await first.ready;
    const made = [...first.stdout().matchAll(/(\w+) application: .*\s+client ID +(\S+)\s+client secret +(\S+)/g)];
    const roles: unknown[] = [];
    for (const [, role, clientId, clientSecret] of made) {
      const token = await getToken(url, { clientId: clientId!, clientSecret: clientSecret! });
      roles.push([role, decodeJwt(token).roles]);
    }
    expect(roles).toEqual([
      ['Management', ['management']],
      ['Default', []],
    ]);
    const [, , clientId, clientSecret] = made[0]!;
    expect(first.stderr()).not.toContain(clientSecret);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);

    const second = serveOn(databaseUrl, unfixed);
    const again = await second.ready;
    expect(second.stdout()).not.toContain('client secret');
    expect(await getToken(again, { clientId: clientId!, clientSecret: clientSecret! })).toMatch(/^ey/);
  });

  it('takes credentials that are fixed, prints no secret, and takes another secret later', async () => {
    const { url: databaseUrl } = await freshDatabase();
    const first = serveOn(databaseUrl);
    await makeClient(await first.ready);
    expect(first.stdout() + first.stderr()).not.toContain('test-secret');
    first.child.kill('SIGTERM');
    await first.ended;
    const second = serveOn(databaseUrl, { TESSERA_CLIENT_SECRET: 'another-secret' });
    const url = await second.ready;
    expect(await getToken(url, { clientId: 'test-client', clientSecret: 'another-secret' })).toMatch(/^ey/);
    expect(await getToken(url)).toBeUndefined();
  });

  it.each<[NodeJS.ProcessEnv, RegExp]>([
    [{ TESSERA_CLIENT_SECRET: '' }, /TESSERA_CLIENT_ID and TESSERA_CLIENT_SECRET go together/],
    [{ DATABASE_URL: 'mysql://x' }, /DATABASE_URL must begin with postgres/],
    [{ DATABASE_URL: 'postgres://127.0.0.1:1/x' }, /The database does not answer/],
    [{ TESSERA_LOG_LEVEL: 'loud' }, /TESSERA_LOG_LEVEL must be one of/],
    [{ TESSERA_SMS_TOKEN: 'a-token' }, /TESSERA_SMS_TOKEN goes with TESSERA_SMS_URL, which is not set/],
    [{ TESSERA_MAIL_FROM: 'Shop <no-reply@example.com>' }, /TESSERA_MAIL_FROM goes with TESSERA_SMTP_URL/],
  ])('is refused in words when the configuration is wrong: %o', async (env, reason) => {
    const tenant = runTenant(['--port', '0'], env);
    expect(await tenant.ended).toBe(1);
    expect(tenant.stderr()).toMatch(reason);
    expect(tenant.stderr()).not.toMatch(/at .*\.ts:/);
  });

  it('tells of variables that are called like settings and are none', async () => {
    const { url: databaseUrl } = await freshDatabase();
    const tenant = serveOn(databaseUrl, { TESSERA_CONECTIONS: '8' });
    await tenant.ready;
    expect(tenant.stderr() + tenant.stdout()).toContain('TESSERA_CONECTIONS is no setting of the tenant');
    expect(tenant.stderr() + tenant.stdout()).not.toContain('TESSERA_CLIENT_ID');
  });

  it('of two tenants at once on one database makes one tenant', async () => {
    const { url: databaseUrl } = await freshDatabase();
    const tenants = [serveOn(databaseUrl), serveOn(databaseUrl)];
    const [one, other] = await Promise.all(tenants.map(async ({ ready }) => makeClient(await ready)));
    const created = await one!.create({ phone_number: freshPhone() });
    expect(await other!.get(created.user_id)).toEqual(created);
  });

  it('that waits for another one’s migrations can be stopped', async () => {
    const database = await freshDatabase();
    const holder = new pg.Client(database.url);
    await holder.connect();
    // The migrator's own (kysely's PostgresAdapter).
    await holder.query('begin; select pg_advisory_xact_lock(3853314791062309107)');
    const started = serveOn(database.url);
    while ((await database.query("select from pg_locks where locktype = 'advisory' and not granted")).length === 0)
      await delay(50);
    await started.printed(/it waits for a lock/);
    started.child.kill('SIGTERM');
    expect(await started.ended).toBe(0);
    await holder.end();
    await database.drop();
  });
});
