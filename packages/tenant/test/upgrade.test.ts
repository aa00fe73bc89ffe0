import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { freshDatabase } from './freshDatabase.ts';
import { freshEmail, startTestTenant } from './testTenant.ts';

const RELEASES = path.resolve(import.meta.dirname, 'releases');

// Databases as earlier releases left them: made by that release, filled through its API, and dumped.
it.each(['0.1.0', 'before-0.1.0'])(
  'a database of release %s is brought up to date, and keeps what it has',
  async (release) => {
    const database = await freshDatabase();
    await database.query(await readFile(path.join(RELEASES, `${release}.sql`), 'utf8'));
    const tenant = await startTestTenant({ storage: { databaseUrl: database.url } });
    const { body } = await tenant.send('GET', '/cis/v1/users/email/ada@example.com');
    expect(body.result).toMatchObject({
      email: { value: 'ada@example.com' },
      phone_number: { value: '+12125550101' },
      custom_data: { plan: 'gold' },
      custom_app_data: { seat: 4 },
    });
    expect((await tenant.send('GET', '/cis/v1/users?sort_field=email')).body.total_count).toBe(2);
    expect((await tenant.update(body.result.user_id, { email: freshEmail(), language: 'en' })).status).toBe(200);
    expect((await tenant.send('POST', '/cis/v1/groups', { name: 'Navy' })).status).toBe(201);
    expect((await tenant.send('GET', `/cis/v1/users/${body.result.user_id}/history`)).status).toBe(200);
    await tenant.close();
    await database.drop();
  },
);
