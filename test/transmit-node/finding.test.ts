import { describe, expect, it } from 'vitest';
import type { ApiUser } from '@tessera/contract';
import { freshEmail, freshPhone } from '../../packages/tenant/test/testTenant.ts';
import { transmit } from '../../playground/src/engine.ts';
import { byId, locator, Setting } from './setting.ts';

/** How users are found: by what names one, by filters, and in the lists of the editor. */

const setting = new Setting();

describe('a user is found', () => {
  it.each([
    ['id', ({ user_id }: ApiUser) => user_id],
    ['list', ({ user_id }: ApiUser) => user_id],
    ['email', ({ email }: ApiUser) => email!.value],
    ['phone_number', ({ phone_number }: ApiUser) => phone_number!.value],
    ['username', ({ username }: ApiUser) => username!],
    ['external_user_id', ({ external_user_id }: ApiUser) => external_user_id!],
  ])('by %s', async (mode, value) => {
    const n = `${Date.now()}${Math.random()}`;
    const user = await setting.newUser({
      phone_number: freshPhone(),
      username: `u ${n}`,
      external_user_id: `crm/${n}?`,
    });
    expect(await setting.output('getUser', { userId: locator(mode, value(user)) })).toEqual([user]);
    const [updated] = await setting.output('updateUser', {
      userId: locator(mode, value(user)),
      fields: { language: 'sv' },
    });
    expect(updated).toMatchObject({ user_id: user.user_id, language: 'sv' });
  });

  it.each([true, false])('by the external ID as it is written (many at once: %s)', async (manyAtOnce) => {
    const ids = [`Crm-${Date.now()}`, `crm-${Date.now()}`];
    for (const external_user_id of ids) await setting.newUser({ external_user_id });
    const updated = await setting.output(
      'updateUser',
      {
        userId: locator('external_user_id', '={{ $json.id }}'),
        fields: { language: '={{ $json.id }}' },
        options: { manyAtOnce },
      },
      ids.map((id) => ({ id })),
    );
    expect(updated.map(({ external_user_id, language }) => [external_user_id, language])).toEqual(
      ids.map((id) => [id, id]),
    );
  });

  it('by one request for each distinct user of a run', async () => {
    const users = await setting.newUsers(2);
    const input = [0, 1, 0, 1, 0].map((place) => ({ email: users[place]!.email!.value }));
    await setting.output(
      'updateUser',
      {
        userId: locator('email', '={{ $json.email }}'),
        fields: { language: '={{ "l" + $itemIndex }}' },
        options: { manyAtOnce: false },
      },
      input,
    );
    expect(setting.proxy.apiRequests.filter((line) => line.startsWith('GET'))).toHaveLength(2);
  });

  it.each(['.', '..', '%2e', '%2E.', 'bulk', 'count', '\u0007', 'x'.repeat(600), ''])(
    'by no ID that leads elsewhere: %j',
    async (value) => {
      const { error } = await setting.run('getUser', { userId: byId(`={{ ${JSON.stringify(value)} }}`) });
      expect(error!.message).toMatch(/^'User' is/);
      expect(setting.proxy.apiRequests).toEqual([]);
    },
  );
});

it('Get User asks once for each user, and gives each item its own', async () => {
  const [a, b] = await setting.newUsers(2);
  const input = [a!, b!, a!].map(({ user_id }) => ({ id: user_id }));
  const { items } = await setting.run('getUser', { userId: byId('={{ $json.id }}') }, input);
  expect(items.map(({ json, pairedItem }) => [json.user_id, pairedItem])).toEqual(
    input.map(({ id }, item) => [id, { item }]),
  );
  expect(setting.proxy.apiRequests).toHaveLength(2);
});

describe('Get Many Users and Count Users', () => {
  it('find by filters, all or any of them, and by an expression', async () => {
    const mark = `mark-${Date.now()}`;
    const users = [];
    for (const plan of ['gold', 'silver', 'lead']) {
      users.push(await setting.newUser({ external_account_id: mark, custom_app_data: { plan } }));
    }
    const ids = users.map(({ user_id }) => user_id);
    const rows = [
      { attribute: 'external_account_id', operator: 'eq', value: mark },
      { attribute: 'custom_app_data', key: 'plan', operator: 'sw', value: 'g' },
    ];
    const find = async (parameters: object) =>
      (await setting.output('getManyUsers', { findBy: 'filters', ...parameters })).map(({ user_id }) => user_id);
    expect(await find({ filters: { rows } })).toEqual([ids[0]]);
    expect(await find({ filters: { rows }, mustMatch: 'or' })).toEqual(ids);
    expect(
      await find({ filters: { rows: rows.slice(0, 1) }, sort: { value: { field: 'created_at', order: 'desc' } } }),
    ).toEqual([...ids].reverse());
    expect(await find({ filters: { rows: rows.slice(0, 1) }, limit: 2 })).toEqual(ids.slice(0, 2));
    const search = `external_account_id eq "${mark}" and not (custom_app_data.plan eq "lead")`;
    expect(await find({ findBy: 'search', search })).toEqual(ids.slice(0, 2));
    expect(await setting.output('countUsers', { findBy: 'search', search })).toEqual([{ user_count: 2 }]);
    const { error } = await setting.run('getManyUsers', {
      filters: { rows: [{ attribute: 'custom_app_data', operator: 'eq', value: 1 }] },
    });
    expect(error!.message).toBe("'Filters': the key of filter 1 is missing");
  });

  it('Return All gives each user once while others come and go, also those of one millisecond', async () => {
    const mark = `page-${Date.now()}`;
    const body = { users: Array.from({ length: 1000 }, () => ({ email: freshEmail(), external_account_id: mark })) };
    const made = await setting.tenant.send('POST', '/cis/v1/users/bulk', body);
    const ids = (made.body.result.items as { user: ApiUser }[]).map(({ user }) => user.user_id);
    const passing = await setting.newUser({ external_account_id: mark });
    await setting.tenant.send('POST', '/cis/v1/users/bulk', {
      users: body.users.map(() => ({ email: freshEmail(), external_account_id: mark })),
    });
    let pages = 0;
    setting.proxy.faults = (line) => {
      // One of the first page goes while the second is read, and another comes.
      if (line.startsWith('GET /cis/v1/users?') && (pages += 1) === 2) {
        void setting.tenant.send('DELETE', `/cis/v1/manage/users/${ids[0]}`);
        void setting.newUser({ external_account_id: mark });
        return { kind: 'slow', ms: 200 };
      }
      return undefined;
    };
    const search = `external_account_id eq "${mark}"`;
    const found = await setting.output('getManyUsers', { findBy: 'search', search, returnAll: true });
    const foundIds = found.map(({ user_id }) => user_id as string);
    expect(new Set(foundIds).size).toBe(foundIds.length);
    expect(foundIds.length).toBeGreaterThanOrEqual(2001);
    for (const id of [...ids.slice(1), passing.user_id]) expect(foundIds).toContain(id);
    expect(pages).toBeGreaterThan(3);
  });

  it('find nobody by a search that says nothing, and no number of users that is none', async () => {
    for (const search of ['', ' ']) {
      const { error } = await setting.run('getManyUsers', {
        findBy: 'search',
        search: `={{ ${JSON.stringify(search)} }}`,
      });
      expect(error!.message).toMatch(/^'Search' is missing/);
    }
    const { error: none } = await setting.run('getManyUsers', { findBy: 'search', search: '={{ $json.nothing }}' });
    expect(none!.message).toMatch(/^'Search' is missing/);
    for (const value of ['', ' ', '={{ $json.nothing }}']) {
      const rows = [{ attribute: 'status', operator: 'ne', value }];
      const filtered = await setting.run('getManyUsers', { findBy: 'filters', filters: { rows } });
      expect(filtered.error!.message).toBe("'Filters': the value of filter 1 is missing");
    }
    const { error } = await setting.run('getManyUsers', { findBy: 'all', limit: '={{ $json.nothing }}' });
    expect(error!.message).toBe("'Limit' must be a whole number, at least 1");
  });

  it('ask once for items that ask the same', async () => {
    const { items } = await setting.run('countUsers', { findBy: 'all' }, [{}, {}, {}]);
    // Each item has its own answer.
    expect(items.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
    expect(setting.proxy.apiRequests).toHaveLength(1);
  });
});

describe('the lists of the editor', () => {
  const context = () => ({
    getCredentials: () => Promise.resolve({ ...setting.credential.data }),
    getNode: () => ({ name: 'Transmit' }),
    helpers: {
      httpRequestWithAuthentication: async (_type: string, options: { url: string; method: string; qs: object }) => {
        const query = new URLSearchParams(options.qs as Record<string, string>).toString();
        const path = options.url.replace(setting.proxy.url, '');
        const { status, headers, body } = await setting.tenant.send(options.method, `${path}?${query}`);
        return { statusCode: status, headers: Object.fromEntries(headers), body };
      },
    },
  });

  it('find users by what is typed, page by page, as "name (email)"', async () => {
    const prefix = `list${Date.now()}`;
    for (let n = 0; n < 60; n += 1) {
      await setting.newUser({
        email: `${prefix}-${n}@example.com`,
        ...(n === 0 && { name: { first_name: 'Ada', last_name: 'Byron' } }),
      });
    }
    const { searchUsers } = transmit.methods!.listSearch!;
    const first = await searchUsers!.call(context() as never, prefix);
    expect(first.results).toHaveLength(50);
    expect(first.results[0]).toEqual({ name: `Ada Byron (${prefix}-0@example.com)`, value: expect.any(String) });
    const second = await searchUsers!.call(context() as never, prefix, first.paginationToken as string);
    expect(second.results).toHaveLength(10);
    expect(second.paginationToken).toBeUndefined();
  });

  it('find groups by what is typed', async () => {
    const name = `Fleet ${Date.now()}`;
    await setting.tenant.send('POST', '/cis/v1/groups', { name });
    const { searchGroups } = transmit.methods!.listSearch!;
    // More than a page of others comes first.
    for (let n = 0; n < 60; n += 1) {
      await setting.tenant.send('POST', '/cis/v1/groups', { name: `Other ${n} ${Date.now()}` });
    }
    const last = `Last ${Date.now()}`;
    await setting.tenant.send('POST', '/cis/v1/groups', { name: last });
    for (const wanted of [name, last]) {
      expect((await searchGroups!.call(context() as never, wanted.toLowerCase())).results).toEqual([
        { name: wanted, value: expect.any(String) },
      ]);
    }
    expect((await searchGroups!.call(context() as never, 'nothing of this name')).results).toEqual([]);
  });
});
