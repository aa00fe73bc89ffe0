import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiUser } from '@tessera/contract';
import { freshDatabase } from './freshDatabase.ts';
import { freshEmail, freshPhone, startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());

it('50 clients update different attributes of one user at once, and none is lost', async () => {
  const { user_id } = await tenant.create({ email: freshEmail() });
  const emails = Array.from({ length: 15 }, freshEmail);
  const phones = Array.from({ length: 15 }, freshPhone);
  const plain = {
    language: 'en',
    picture: 'https://example.com/a.png',
    birthday: '2000-01-01',
    name: { first_name: 'Ada' },
    address: { city: 'London' },
    status: 'Active',
    external_account_id: 'a',
    custom_app_data: { a: 1 },
    username: freshEmail(),
    external_user_id: freshEmail(),
  };
  const updates = [
    ...Object.entries(plain).map(([name, value]) => ({ [name]: value })),
    ...emails.map((email) => ({ secondary_emails: [email] })),
    ...phones.map((phone) => ({ secondary_phone_numbers: [phone] })),
    ...Array.from({ length: 10 }, (_, n) => ({ custom_data: { [`key${n}`]: n } })),
  ];
  expect(updates).toHaveLength(50);
  const answers = await Promise.all(updates.map((update) => tenant.update(user_id, update)));
  expect(answers.map(({ status }) => status)).toEqual(updates.map(() => 200));

  const user = await tenant.get(user_id);
  expect(user).toMatchObject(plain);
  expect(user.secondary_emails.map(({ value }) => value).sort()).toEqual([...emails].sort());
  expect(user.secondary_phone_numbers.map(({ value }) => value).sort()).toEqual([...phones].sort());
  expect(user.custom_data).toEqual(Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`key${n}`, n])));
});

it('of users who race for one email exactly one wins, and the others are unchanged', async () => {
  for (let round = 0; round < 10; round += 1) {
    const email = freshEmail();
    const users = await Promise.all(Array.from({ length: 4 }, () => tenant.create({ email: freshEmail() })));
    const answers = await Promise.all(
      users.map(({ user_id }, n) =>
        tenant.update(user_id, n % 2 ? { email, language: 'en' } : { secondary_emails: [email], language: 'en' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    for (const [n, user] of users.entries()) {
      if (answers[n]?.status === 409) expect(await tenant.get(user.user_id)).toEqual(user);
    }
  }
});

it('users who swap identifiers in opposite orders do not block each other for good', async () => {
  const [a, b] = [freshEmail(), freshEmail()];
  const users = await Promise.all([freshEmail(), freshEmail()].map((email) => tenant.create({ email })));
  for (let round = 0; round < 20; round += 1) {
    const answers = await Promise.all([
      tenant.update(users[0]!.user_id, { secondary_emails: [a, b] }),
      tenant.update(users[1]!.user_id, { secondary_emails: [b, a] }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  }
});

it('creates racing for one email make one user', async () => {
  const email = freshEmail();
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => tenant.send('POST', '/cis/v1/users', { email, language: 'en' })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
  const created = answers.find(({ status }) => status === 201)!.body.result as ApiUser;
  expect((await tenant.send('GET', `/cis/v1/users/email/${email}`)).body.result).toEqual(created);
});

it('whoever is made an actor while it is deleted acts for nobody afterwards', async () => {
  const database = await freshDatabase();
  const own = await startTestTenant({ storage: { databaseUrl: database.url } });
  const [actor, user] = [await own.create({ email: freshEmail() }), await own.create({ email: freshEmail() })];
  // What another instance does that is slow at this moment.
  const linking = database.query(
    `begin;
    select from users where user_id = '${actor.user_id}' for key share;
    select pg_sleep(0.08);
    update users set version = 2, profile = profile || '{"delegated_access":{"actor_id":"${actor.user_id}"}}'
      where user_id = '${user.user_id}' and exists (select 1 from users where user_id = '${actor.user_id}');
    insert into delegations select tenant_id, user_id, '${actor.user_id}' from users
      where user_id = '${user.user_id}' and version = 2;
    commit`,
  );
  const sleeping = "select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  while ((await database.query(sleeping)).length === 0) await delay(5);
  expect((await own.send('DELETE', `/cis/v1/manage/users/${actor.user_id}`)).status).toBeLessThan(300);
  await linking;
  expect((await own.get(user.user_id)).delegated_access).toBeUndefined();
  await own.close();
  await database.drop();
});

it('whatever is changed while its user is deleted, nothing of a deleted user stays', async () => {
  const database = await freshDatabase();
  const storage = { databaseUrl: database.url };
  // Of two instances, neither knows what the other has under way.
  const one = await startTestTenant({ storage, instances: 1 });
  const other = await startTestTenant({ storage, instances: 1, publicUrl: one.url });
  const group = await one.send('POST', '/cis/v1/groups', { name: 'Crew' });
  const members = `/cis/v1/groups/${group.body.result.group_id}/users`;
  for (let round = 0; round < 10; round += 1) {
    const users = await Promise.all(Array.from({ length: 20 }, () => one.create({ email: freshEmail() })));
    const all = users.flatMap(({ user_id }, n) => [
      one.update(user_id, { email: freshEmail() }),
      one.update(user_id, { language: `l${round}` }),
      n % 5 === 0
        ? one.send('POST', members, { user_ids: [user_id] })
        : one.update(user_id, { username: freshEmail() }),
      other.send('DELETE', `/cis/v1/manage/users/${user_id}`),
    ]);
    for (const { status } of await Promise.all(all)) expect(status).toBeLessThan(500);
  }
  for (const table of ['identifiers', 'user_history', 'group_members', 'delegations']) {
    const left = await database.query(`select user_id from ${table} where user_id not in (select user_id from users)`);
    expect(left, table).toEqual([]);
  }
  expect(await database.query('select user_id from users')).toEqual([]);
  await other.close();
  await one.close();
  await database.drop();
});

it('a name finds nobody who has it no more', async () => {
  const user = await tenant.create({ email: freshEmail(), username: freshEmail() });
  const [name, other] = [freshEmail(), freshEmail()];
  let over = false;
  const renaming = (async () => {
    for (let n = 0; n < 150; n += 1) await tenant.update(user.user_id, { username: n % 2 ? name : other });
    over = true;
  })();
  let reads = 0;
  const reading = Array.from({ length: 4 }, async () => {
    while (!over) {
      const { status, body } = await tenant.send('GET', `/cis/v1/users/username/${name}`);
      reads += 1;
      if (status === 200) expect(body.result.username).toBe(name);
      else expect(status).toBe(404);
    }
  });
  await Promise.all([renaming, ...reading]);
  expect(reads).toBeGreaterThan(20);
});

it('a version that was read is compared again when the user has waited for another change', async () => {
  const database = await freshDatabase();
  const own = await startTestTenant({ storage: { databaseUrl: database.url } });
  const user = await own.create({ email: freshEmail(), secondary_emails: [freshEmail()] });
  const path = `/cis/v1/users/${user.user_id}`;
  const secondary = user.secondary_emails[0]!.value;
  // What another instance does that is slow at this moment.
  const changing = database.query(
    `begin;
    update users set version = 2, profile = profile || '{"language":"en"}' where user_id = '${user.user_id}';
    select pg_sleep(0.5);
    commit`,
  );
  const sleeping = "select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  while ((await database.query(sleeping)).length === 0) await delay(5);
  const answers = await Promise.all([
    own.send('POST', `${path}/emails/${user.email!.value}/verify`, {}, { 'if-match': '"1"' }),
    own.send('DELETE', `${path}/emails/${secondary}`, undefined, { 'if-match': '"1"' }),
    own.send('PUT', path, { status: 'Disabled' }, { 'if-match': '"1"' }),
    own.send('DELETE', `${path}/apps`, undefined, { 'if-match': '"1"' }),
  ]);
  await changing;
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 412));
  expect(await own.get(user.user_id)).toEqual({ ...user, language: 'en' });
  await own.close();
  await database.drop();
});
