import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiUser, BulkItem } from '@tessera/contract';
import { freshEmail, freshPhone, startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());

const createMany = (users: unknown[]) => tenant.send('POST', '/cis/v1/users/bulk', { users });
const updateMany = (updates: unknown[]) => tenant.send('PUT', '/cis/v1/users/bulk', { updates });

describe('Create Users', () => {
  it('creates those that can be, in order, and says why the others cannot', async () => {
    const taken = (await tenant.create({ email: freshEmail(), secondary_emails: [freshEmail()] })).secondary_emails[0]!
      .value;
    const [one, two, three] = [freshEmail(), freshEmail(), freshEmail()];
    const phone = freshPhone();
    const { status, body } = await createMany([
      { email: one, name: { first_name: 'Ada' }, credentials: { password: 'correct horse' } },
      { email: taken, phone_number: phone },
      { email: 'nobody', nickname: 'x' },
      null,
      { language: 'en' },
      { email: two, secondary_emails: [three] },
      { email: three },
      { phone_number: phone, custom_app_data: { a: 1 } },
    ]);
    expect(status).toBe(200);
    const items = body.result.items as BulkItem[];
    expect(body.result).toMatchObject({ succeeded: 3, failed: 5 });
    expect(
      items.map(({ user, error }) => error?.error_code ?? user?.email?.value ?? user?.phone_number?.value),
    ).toEqual([one, 409, 400, 400, 400, two, 409, phone]);
    expect(items[1]!.error).toEqual({
      message: ['email is taken: Another user has this email'],
      error_code: 409,
      ts_error_code: 'identifier_is_taken',
    });
    expect(items[2]!.error!.message).toHaveLength(2);
    expect(items[3]!.error!.message).toEqual(['the item must be an object']);
    for (const { user } of items) if (user) expect(await tenant.get(user.user_id)).toEqual(user);
  });

  it('takes a thousand, and leaves each findable by its identifiers', async () => {
    const users = Array.from({ length: 1000 }, () => ({ email: freshEmail() }));
    const { body } = await createMany(users);
    expect(body.result).toMatchObject({ succeeded: 1000, failed: 0 });
    const last = await tenant.send('GET', `/cis/v1/users/email/${users[999]!.email}`);
    expect(last.body.result).toEqual(body.result.items[999].user);
  });

  it('of requests that race for the same users, one gets each', async () => {
    const users = Array.from({ length: 50 }, () => ({ email: freshEmail() }));
    const answers = await Promise.all([users, [...users].reverse(), users].map(createMany));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.reduce((sum, { body }) => sum + (body.result.succeeded as number), 0)).toBe(50);
  });
});

describe('Update Users', () => {
  it('updates those that can be, in order, and says why the others cannot', async () => {
    const [one, two] = await Promise.all([
      tenant.create({ email: freshEmail() }),
      tenant.create({ email: freshEmail() }),
    ]);
    const { status, body } = await updateMany([
      { user_id: one.user_id, language: 'en', custom_data: { a: 1 } },
      { user_id: 'nobody', language: 'en' },
      { user_id: two.user_id, email: one.email!.value },
      { language: 'en' },
      { user_id: one.user_id, custom_data: { a: 2, b: 1 } },
      { user_id: two.user_id },
      { user_id: two.user_id, status: 'Active', secondary_phone_numbers: [freshPhone()] },
      'x',
    ]);
    expect(status).toBe(200);
    expect(body.result).toMatchObject({ succeeded: 3, failed: 5 });
    const items = body.result.items as BulkItem[];
    expect(items.map(({ error }) => error?.error_code)).toEqual([
      undefined,
      404,
      409,
      400,
      undefined,
      400,
      undefined,
      400,
    ]);
    expect(items[0]!.user).toMatchObject({ language: 'en', custom_data: { a: 1 } });
    expect(items[4]!.user).toMatchObject({ language: 'en', custom_data: { a: 2, b: 1 } });
    expect(await tenant.get(one.user_id)).toEqual(items[4]!.user);
    expect(await tenant.get(two.user_id)).toEqual(items[6]!.user);
  });

  it('gives an identifier to the first of the items that want it, however many its user has before', async () => {
    for (const name of ['external_user_id', 'username', 'email', 'secondary_emails'] as const) {
      const [one, two, wanted] = [
        await tenant.create({ email: freshEmail() }),
        await tenant.create({ email: freshEmail() }),
        freshEmail(),
      ];
      const { body } = await updateMany([
        ...['en', 'fr', 'de'].map((language) => ({ user_id: one.user_id, language })),
        { user_id: one.user_id, [name]: name === 'secondary_emails' ? [wanted] : wanted },
        { user_id: two.user_id, [name === 'secondary_emails' ? 'email' : name]: wanted.replace('user', 'USER') },
      ]);
      const last = name === 'external_user_id' ? undefined : 409;
      const items = body.result.items as BulkItem[];
      expect(items.map(({ error }) => error?.error_code)).toEqual([...Array<undefined>(4), last]);
    }
  });

  it('makes many updates of one user in their order', async () => {
    const user = await tenant.create({ email: freshEmail() });
    const updates = Array.from({ length: 200 }, (_, n) => ({
      user_id: user.user_id,
      custom_data: { n, [`k${n % 10}`]: n },
    }));
    const { body } = await updateMany(updates);
    expect(body.result.succeeded).toBe(200);
    expect((await tenant.get(user.user_id)).custom_data).toMatchObject({ n: 199, k0: 190, k9: 199 });
  });
});

it.each([
  ['POST', {}],
  ['POST', { users: [] }],
  ['POST', { users: {} }],
  ['POST', { users: Array(1001).fill({}) }],
  ['PUT', { updates: [], extra: 1 }],
])('a malformed %s is refused whole', async (method, body) => {
  const answer = await tenant.send(method, '/cis/v1/users/bulk', body);
  expect(answer).toMatchObject({ status: 400, body: { message: expect.any(Array), error_code: 400 } });
});

describe('If-Match', () => {
  const update = (id: string, tag: string, body: unknown) =>
    tenant.send('PUT', `/cis/v1/users/${id}`, body, { 'if-match': tag });

  it('changes the version that was read, and no other', async () => {
    const { user_id } = await tenant.create({ email: freshEmail() });
    const tag = (await tenant.send('GET', `/cis/v1/users/${user_id}`)).headers.get('etag')!;
    for (const body of [{ language: 'en' }, { email: freshEmail() }]) {
      const read = (await tenant.send('GET', `/cis/v1/users/${user_id}`)).headers.get('etag')!;
      const answer = await update(user_id, read, body);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('etag')).not.toBe(read);
    }
    const before = await tenant.get(user_id);
    for (const body of [{ language: 'fr' }, { email: freshEmail() }, { custom_data: { a: 1 } }]) {
      for (const stale of [tag, 'W/"3"', '"x"', '"1", "2"']) {
        expect(await update(user_id, stale, body)).toMatchObject({ status: 412, body: { error_code: 412 } });
      }
    }
    expect(await tenant.get(user_id)).toEqual(before);
    expect((await update(user_id, `"1", "${3}"`, { language: 'de' })).status).toBe(200);
    expect((await update(user_id, '*', { language: 'it' })).status).toBe(200);
    expect((await update('nobody', '"1"', { language: 'it' })).status).toBe(404);
  });

  it('of clients that read the same version, one wins', async () => {
    const { user_id } = await tenant.create({ email: freshEmail() });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => update(user_id, '"1"', { custom_data: { n } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(412)]);
    const winner = answers.find(({ status }) => status === 200)!.body.result as ApiUser;
    expect(await tenant.get(user_id)).toEqual(winner);
  });
});

it('says of each ID that is none why it is none', async () => {
  const ids = ['', 'x'.repeat(300), 'a\u0001b', 7, null, undefined];
  const { status, body } = await updateMany([null, ...ids.map((user_id) => ({ user_id, language: 'en' }))]);
  expect(status).toBe(200);
  const errors = (body.result.items as { error: { error_code: number; message: string[] } }[]).map(
    ({ error }) => error,
  );
  for (const { error_code, message } of errors) {
    expect(error_code).toBe(400);
    expect(message[0]).toMatch(/^user_id is/);
  }
});

it('creates none of those that it refuses, and of rivals for an identifier the first', async () => {
  const count = async () => (await tenant.send('GET', '/cis/v1/users/count')).body.result.user_count as number;
  const before = await count();
  const [a, b, c, e] = [freshEmail(), freshEmail(), freshEmail(), freshEmail()];
  const twice = await createMany([{ email: e }, { email: e }]);
  expect(twice.body.result).toMatchObject({
    succeeded: 1,
    failed: 1,
    items: [{ user: {} }, { error: { error_code: 409 } }],
  });
  expect(await count()).toBe(before + 1);
  const chain = await createMany([
    { email: a, secondary_emails: [b] },
    { email: b, secondary_emails: [c] },
    { email: c },
  ]);
  expect((chain.body.result.items as { error?: object }[]).map(({ error }) => error === undefined)).toEqual([
    true,
    false,
    true,
  ]);
});

it('lets one item of an update take what another one frees, and gives the first of two what both want', async () => {
  const [a, b, c] = await Promise.all(
    [0, 1, 2].map(() => tenant.create({ email: freshEmail(), username: freshEmail() })),
  );
  const freed = a!.email!.value;
  const swapped = await tenant.send('PUT', '/cis/v1/users/bulk', {
    updates: [
      { user_id: a!.user_id, email: null },
      { user_id: b!.user_id, email: freed },
    ],
  });
  expect(swapped.body.result).toMatchObject({ succeeded: 2, failed: 0 });
  expect((await tenant.get(b!.user_id)).email!.value).toBe(freed);
  for (let round = 0; round < 10; round += 1) {
    const email = freshEmail();
    const delegated_access = { actor_id: c!.user_id, permissions: ['read'] };
    const made = await createMany([{ email, delegated_access }, { email }, { email: freshEmail(), delegated_access }]);
    const items = made.body.result.items as { user?: object }[];
    expect(items.map(({ user }) => user !== undefined)).toEqual([true, false, true]);
  }
});

it('lets two users swap what they have in three steps', async () => {
  const [x, y, other] = [freshEmail(), freshEmail(), freshEmail()];
  const one = await tenant.create({ username: x });
  const two = await tenant.create({ username: y });
  const { body } = await updateMany([
    { user_id: one.user_id, username: other },
    { user_id: two.user_id, username: x },
    { user_id: one.user_id, username: y },
  ]);
  expect((body.result.items as BulkItem[]).map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
  expect([(await tenant.get(one.user_id)).username, (await tenant.get(two.user_id)).username]).toEqual([y, x]);
});

it('of the updates of one user, none that failed is made after a later one', async () => {
  const [one, two] = [await tenant.create({ email: freshEmail() }), await tenant.create({ email: freshEmail() })];
  const [freed, last] = [one.email!.value, freshEmail()];
  const { body } = await updateMany([
    { user_id: two.user_id, email: freed },
    { user_id: two.user_id, email: last },
    { user_id: one.user_id, email: freshEmail() },
  ]);
  expect((body.result.items as BulkItem[]).map(({ error }) => error?.error_code)).toEqual([409, undefined, undefined]);
  expect((await tenant.get(two.user_id)).email!.value).toBe(last);
});

it('gives what two want to the first, also when the second has an actor', async () => {
  const actor = await tenant.create({ email: freshEmail() });
  const delegated_access = { actor_id: actor.user_id, permissions: [] };
  for (let round = 0; round < 10; round += 1) {
    const email = freshEmail();
    const { body } = await createMany([{ email }, { email, delegated_access }]);
    expect((body.result.items as BulkItem[]).map(({ error }) => error?.error_code)).toEqual([undefined, 409]);
  }
});

it('sets no password again that the user had a short while ago', async () => {
  const credentials = { password: 'correct horse' };
  const { user_id } = await tenant.create({ email: freshEmail(), credentials });
  const { body } = await updateMany([{ user_id, credentials }]);
  expect(body.result.items[0].error).toMatchObject({
    error_code: 400,
    message: [expect.stringMatching(/must not be one of the five/)],
  });
});

it('a page of large users ends early, and the next one goes on', async () => {
  const own = await startTestTenant();
  const custom_data = { text: 'x'.repeat(65_000) };
  const custom_app_data = custom_data;
  for (let round = 0; round < 5; round += 1) {
    const users = Array.from({ length: 55 }, () => ({ email: freshEmail(), custom_data, custom_app_data }));
    expect((await own.send('POST', '/cis/v1/users/bulk', { users })).body.result.succeeded).toBe(55);
  }
  const page = async (page_offset: number) => {
    const { headers, body } = await own.send('GET', `/cis/v1/users?page_limit=5000&page_offset=${page_offset}`);
    // Those that every answer has, though it went out in pieces.
    expect(headers.get('x-request-id')).toEqual(expect.any(String));
    return body as { result: ApiUser[]; page_info: { has_next_page: boolean } };
  };
  const first = await page(0);
  expect(first).toMatchObject({ total_count: 275, page_info: { has_next_page: true } });
  const rest = await page(first.result.length);
  expect(rest.page_info.has_next_page).toBe(false);
  const ids = [...first.result, ...rest.result].map(({ user_id }) => user_id);
  expect(new Set(ids).size).toBe(275);
  await own.close();
});
