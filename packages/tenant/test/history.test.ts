import fc from 'fast-check';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { ApiUser, HistoryEntry } from '@tessera/contract';
import { freshDatabase } from './freshDatabase.ts';
import { ATTRIBUTES, updateOf } from './randomUpdates.ts';
import { freshEmail, makeClient, startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());
afterEach(() => void vi.useRealTimers());

async function history(userId: string, query = ''): Promise<HistoryEntry[]> {
  const { status, body } = await tenant.send('GET', `/cis/v1/users/${userId}/history${query}`);
  expect(status).toBe(200);
  return body.result as HistoryEntry[];
}

/** Builds a profile from its changes, from the first one on. */
function replayed(entries: HistoryEntry[]): Record<string, unknown> {
  const profile: Record<string, unknown> = {};
  for (const { changes } of [...entries].reverse()) {
    for (const { attribute, before, after } of changes) {
      profile[attribute] = applied(attribute, profile[attribute], before, after);
      if (profile[attribute] === undefined) delete profile[attribute];
    }
  }
  return profile;
}

/** What a change makes of an attribute: custom data and lists are told by what differs. */
function applied(attribute: string, stored: unknown, before: unknown, after: unknown): unknown {
  if (Array.isArray(stored) && Array.isArray(before) && Array.isArray(after)) {
    const gone = before.map((entry) => JSON.stringify(entry));
    const kept = stored.filter((entry) => !gone.includes(JSON.stringify(entry)));
    expect(kept.length, `${attribute} before`).toBe(stored.length - before.length);
    return [...kept, ...(after as unknown[])];
  }
  if (/^custom_/.test(attribute) && stored && before && after) {
    expect(stored, `${attribute} before`).toMatchObject(before);
    const kept = Object.entries(stored).filter(([key]) => !Object.hasOwn(before, key));
    return { ...Object.fromEntries(kept), ...after };
  }
  expect(stored, `${attribute} before`).toEqual(before);
  return after;
}

/** The part of a user that history tells. */
function told({ password_information: password, ...user }: ApiUser): Record<string, unknown> {
  const { user_id: _i, created_at: _c, updated_at: _u, status_changed_at: _s, app_name: _a, ...rest } = user;
  const { identities: _d, identity_providers: _p, ...profile } = rest;
  return {
    ...profile,
    ...(password && { credentials: { temporary: password.temporary, updated_at: password.updated_at } }),
  };
}

/** A user without secondary addresses is shown with empty lists, and history need not tell of them. */
const withLists = (profile: Record<string, unknown>) =>
  // In one order, for history tells which entries came and went, and not where they stand.
  Object.fromEntries(
    Object.entries({ secondary_emails: [], secondary_phone_numbers: [], ...profile }).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map((entry) => JSON.stringify(entry)).sort() : value,
    ]),
  );

it('tells each change: when, by which client, what was before and after', async () => {
  const user = await tenant.create({ email: freshEmail(), language: 'en' });
  await tenant.update(user.user_id, { language: 'fr', custom_data: { a: 1 }, status: 'Active' });
  await tenant.update(user.user_id, { language: null, credentials: { password: 'correct horse' } });
  const now = await tenant.get(user.user_id);
  const [third, second, first] = await history(user.user_id);
  expect(first).toMatchObject({ version: 1, changed_at: user.created_at, client_id: 'test-client' });
  expect(first!.changes).toContainEqual({ attribute: 'email', after: user.email });
  expect(second!.version).toBe(2);
  expect(second!.changes).toHaveLength(3);
  expect(second!.changes).toEqual(
    expect.arrayContaining([
      { attribute: 'language', before: 'en', after: 'fr' },
      { attribute: 'custom_data', after: { a: 1 } },
      { attribute: 'status', before: 'Pending', after: 'Active' },
    ]),
  );
  expect(third).toMatchObject({ version: 3, changed_at: now.updated_at });
  expect(third!.changes).toEqual(
    expect.arrayContaining([
      { attribute: 'language', before: 'fr' },
      { attribute: 'credentials', after: { temporary: true, updated_at: now.password_information!.updated_at } },
    ]),
  );
  expect(JSON.stringify([first, second, third])).not.toMatch(/argon2|correct horse/);
});

it('replayed from the first entry gives today’s profile', async () => {
  const free = ATTRIBUTES.filter((name) => !/email|phone|username|external_user_id/.test(name));
  const updates = fc.array(
    updateOf(free).filter((update) => Object.keys(update).length > 0),
    { minLength: 1, maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(updates, fc.boolean(), async (inputs, asGroup) => {
      const { user_id } = await tenant.create({ email: freshEmail(), secondary_emails: [freshEmail()] });
      for (const [n, input] of inputs.entries()) {
        // Some with identifiers, some with many others.
        if (n % 3 === 1) await tenant.update(user_id, { ...input, secondary_emails: [freshEmail()] });
        else if (n % 3 === 2) await tenant.send('PUT', '/cis/v1/users/bulk', { updates: [{ user_id, ...input }] });
        else await tenant.update(user_id, input);
      }
      const email = (await tenant.get(user_id)).secondary_emails[0]!.value;
      if (asGroup) {
        await tenant.send('POST', `/cis/v1/users/${user_id}/emails/${email}/verify`, { change_to_primary: true });
        const group = await tenant.send('POST', '/cis/v1/groups', { name: freshEmail() });
        await tenant.send('POST', `/cis/v1/groups/${group.body.result.group_id}/users`, { user_ids: [user_id] });
      }
      const entries = await history(user_id);
      expect(entries.map(({ version }) => version)).toEqual(entries.map((_entry, n) => entries.length - n));
      expect(withLists(replayed(entries))).toEqual(withLists(told(await tenant.get(user_id))));
    }),
    { numRuns: 60 },
  );
});

it('loses no change when many are made at once', async () => {
  const { user_id } = await tenant.create({ email: freshEmail() });
  const updates = Array.from({ length: 40 }, (_, n) =>
    n % 4 ? { custom_data: { [`k${n}`]: n } } : { secondary_emails: [freshEmail()] },
  );
  await Promise.all(updates.map((update) => tenant.update(user_id, update)));
  const entries = await history(user_id, '?page_limit=1000');
  expect(entries).toHaveLength(41);
  expect(withLists(replayed(entries))).toEqual(withLists(told(await tenant.get(user_id))));
});

it('comes in pages, is kept of users made many at once, and goes with the user', async () => {
  const { body } = await tenant.send('POST', '/cis/v1/users/bulk', { users: [{ email: freshEmail() }] });
  const { user_id } = body.result.items[0].user as ApiUser;
  for (const language of ['a', 'b', 'c', 'd']) await tenant.update(user_id, { language });
  const page = await tenant.send('GET', `/cis/v1/users/${user_id}/history?page_offset=1&page_limit=2`);
  expect(page.body).toMatchObject({ total_count: 5, page_info: { has_next_page: true, has_previous_page: true } });
  expect((page.body.result as HistoryEntry[]).map(({ version }) => version)).toEqual([4, 3]);
  await tenant.send('DELETE', `/cis/v1/manage/users/${user_id}`);
  expect((await tenant.send('GET', `/cis/v1/users/${user_id}/history`)).status).toBe(404);
  const { body: deleted } = await tenant.send('GET', '/cis/v1/manage/deleted-users');
  expect(deleted.result).toEqual([{ user_id, deleted_at: expect.any(Number), client_id: 'test-client' }]);
});

it('tells only what differs, also of changes of identifiers', async () => {
  const user = await tenant.create({
    email: freshEmail(),
    secondary_emails: [freshEmail()],
    custom_data: { a: 1 },
    custom_app_data: { x: 1, y: 2 },
  });
  const added = freshEmail();
  const change = { secondary_emails: [added], custom_data: { b: 3 }, custom_app_data: { x: 1, y: 3 } };
  await tenant.update(user.user_id, change);
  const [{ changes }] = (await history(user.user_id, '?page_limit=1')) as [HistoryEntry];
  const told = Object.fromEntries(changes.map(({ attribute, before, after }) => [attribute, { before, after }]));
  expect(told.secondary_emails).toEqual({ before: [], after: [expect.objectContaining({ value: added })] });
  expect(told.custom_data!.after).toEqual({ b: 3 });
  // It is replaced whole.
  expect(told.custom_app_data).toEqual({ before: { x: 1, y: 2 }, after: { x: 1, y: 3 } });
});

it('an update that changes nothing is told as such', async () => {
  const user = await tenant.create({ email: freshEmail(), language: 'en' });
  await tenant.update(user.user_id, { language: 'en' });
  const [{ version, changes }] = (await history(user.user_id, '?page_limit=1')) as [HistoryEntry];
  expect({ version, changes }).toEqual({ version: 2, changes: [] });
});

it('is kept for as many days as the tenant is told, and no longer', async () => {
  const database = await freshDatabase();
  // So that an hour passes when it is told to.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const own = await startTestTenant({ storage: { databaseUrl: database.url }, historyDays: 30, instances: 1 });
  const [user, old, young] = [
    await own.create({ email: freshEmail() }),
    await own.create({ email: freshEmail() }),
    await own.create({ email: freshEmail() }),
  ];
  for (const { user_id } of [old, young]) await own.send('DELETE', `/cis/v1/manage/users/${user_id}`);
  const daysAgo = (days: number): number => Date.now() - days * 24 * 60 * 60 * 1000;
  await database.query('update deleted_users set deleted_at = $1 where user_id = $2', [daysAgo(31), old.user_id]);
  await database.query('update deleted_users set deleted_at = $1 where user_id = $2', [daysAgo(29), young.user_id]);
  // More than are taken away at once.
  await database.query(
    `insert into user_history (tenant_id, user_id, version, changed_at, client_id, before, after)
     select tenant_id, user_id, 1 + n, case when n <= 2001 then $1::bigint else $2::bigint end, client_id, before, after
     from user_history, generate_series(1, 2003) n`,
    [daysAgo(31), daysAgo(29)],
  );
  const kept = async () => (await own.send('GET', `/cis/v1/users/${user.user_id}/history`)).body.total_count as number;
  const deleted = async () => (await own.send('GET', '/cis/v1/manage/deleted-users')).body.result as unknown[];
  expect(await kept()).toBe(2004);
  vi.advanceTimersByTime(60 * 60 * 1000);
  vi.useRealTimers();
  while ((await deleted()).length > 1) await delay(20);
  expect(await deleted()).toMatchObject([{ user_id: young.user_id }]);
  expect(await kept()).toBe(3);
  await own.close();
  await database.drop();
});

it('tells who deleted whom, and who changed whom, of what several clients ask at once', async () => {
  const { body } = await tenant.send('POST', '/cis/v1/applications', { app_name: freshEmail(), role: 'management' });
  const { client_id, client_secret } = body.result as Record<'client_id' | 'client_secret', string>;
  const clients = [tenant, await makeClient(tenant.url, { clientId: client_id, clientSecret: client_secret })];
  const ids = ['test-client', client_id];
  const users = await Promise.all(
    Array.from({ length: 40 }, (_, n) => clients[n % 2]!.create({ email: freshEmail() })),
  );
  await Promise.all(users.map(({ user_id }, n) => clients[n % 2]!.update(user_id, { language: 'en' })));
  for (const [n, { user_id }] of users.entries()) {
    expect((await history(user_id)).map((entry) => entry.client_id)).toEqual([ids[n % 2], ids[n % 2]]);
  }
  await Promise.all(users.map(({ user_id }, n) => clients[n % 2]!.send('DELETE', `/cis/v1/manage/users/${user_id}`)));
  const deleted = await tenant.send('GET', '/cis/v1/manage/deleted-users?page_limit=1000');
  const by = new Map(
    (deleted.body.result as { user_id: string; client_id: string }[]).map((one) => [one.user_id, one]),
  );
  for (const [n, { user_id }] of users.entries()) expect(by.get(user_id)!.client_id).toBe(ids[n % 2]);
});
