import { describe, expect, it } from 'vitest';
import type { ApiUser } from '@tessera/contract';
import { freshEmail, freshPhone } from '../../packages/tenant/test/testTenant.ts';
import { transmit } from '../../playground/src/engine.ts';
import { byId, locator, Setting } from './setting.ts';

const setting = new Setting();
const gone = async (user: ApiUser) =>
  (await setting.tenant.send('GET', `/cis/v1/users/${user.user_id}`)).status === 404;

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

describe('Create User', () => {
  it('creates one with every attribute', async () => {
    const fields = {
      email: freshEmail(),
      phone_number: freshPhone(),
      username: `new-${Date.now()}`,
      secondary_emails: [freshEmail()],
      birthday: '1990-01-31T00:00:00',
      address: { value: { city: 'London' } },
      name: { value: { first_name: 'Ada', title: '' } },
      custom_data: '{"a":1}',
      custom_app_data: '{"b":2}',
      language: 'en',
      external_user_id: `ext-${Date.now()}`,
      credentials: { value: { password: 'correct horse', force_replace: false } },
    };
    const [user] = await setting.output('createUser', { fields });
    expect(user).toEqual(await setting.tenant.get(user!.user_id as string));
    expect(user).toMatchObject({
      email: { value: fields.email },
      name: { first_name: 'Ada' },
      custom_data: { a: 1 },
      password_information: { temporary: false },
    });
    expect(JSON.stringify(user)).not.toContain('correct horse');
  });

  it('wants something of the user', async () => {
    expect((await setting.run('createUser', { fields: {} })).error!.message).toMatch(/^'Fields': add an email/);
  });
});

it('Create Users gives an item a user, and each fails alone', async () => {
  const taken = await setting.newUser();
  const users = [{ email: freshEmail() }, { email: taken.email!.value }, { email: freshEmail(), language: 'en' }];
  const { items, error } = await setting.run(
    'createUsers',
    { users: JSON.stringify(users) },
    [{ row: 7 }],
    'continueRegularOutput',
  );
  expect(error).toBeUndefined();
  expect(items.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 0 }, { item: 0 }]);
  expect(items[0]!.json).toMatchObject({ email: { value: users[0]!.email } });
  expect(items[1]!.json).toMatchObject({ row: 7, details: { status: 409, code: 'identifier_is_taken' } });
  expect(items[2]!.json).toMatchObject({ language: 'en' });
  expect(setting.proxy.apiRequests).toEqual(['POST /cis/v1/users/bulk']);
  expect(items[1]!.json.details).toMatchObject({ subject: { place: 2, email: taken.email!.value } });
  const stopped = await setting.run('createUsers', { users: JSON.stringify([{ email: freshEmail() }, users[1]]) });
  expect(stopped.error!.message).toContain(`[item 0 of {"place":2,"email":"${taken.email!.value}"}; others done: 1`);
  const odd = JSON.stringify([7, { email: freshEmail() }]);
  const alone = await setting.run('createUsers', { users: odd }, [{}], 'continueRegularOutput');
  expect(alone.items.map(({ json }) => json)).toMatchObject([
    { error: "'Users' must be an array of objects: number 1 is none", details: { subject: { place: 1 } } },
    { user_id: expect.any(String) },
  ]);
  const { error: none } = await setting.run('createUsers', { users: '{"email":"x"}' });
  expect(none!.message).toBe("'Users' must be an array of users");
});

describe('Create or Update User', () => {
  const upsert = (email: string, more: object = {}) => ({
    matchAgainst: 'email',
    valueToMatch: email,
    fields: { language: 'en', status: 'Disabled' },
    ...more,
  });

  it('creates a user who is not there, and updates one who is', async () => {
    const email = freshEmail();
    const [created] = await setting.output('createOrUpdateUser', upsert(email));
    expect(created).toMatchObject({ email: { value: email }, language: 'en', status: 'Disabled' });
    const [updated] = await setting.output('createOrUpdateUser', upsert(email, { fields: { language: 'sv' } }));
    expect(updated).toMatchObject({ user_id: created!.user_id, language: 'sv', status: 'Disabled' });
  });

  it.each([false, true])(
    'makes one user of items with one key, and of runs at once (many at once: %s)',
    async (manyAtOnce) => {
      const emails = [freshEmail(), freshEmail(), freshEmail()];
      const input = Array.from({ length: 12 }, (_, n) => ({ email: emails[n % 3]!, n }));
      const parameters = upsert('={{ $json.email }}', {
        fields: { language: '={{ "l" + $json.n }}' },
        options: { manyAtOnce },
      });
      const runs = await Promise.all([1, 2].map(() => setting.output('createOrUpdateUser', parameters, input)));
      for (const email of emails) {
        const ids = runs.flat().filter((user) => (user.email as { value: string }).value === email);
        expect(ids).toHaveLength(8);
        expect(new Set(ids.map(({ user_id }) => user_id)).size).toBe(1);
      }
      for (const run of runs) expect(run.map(({ language }) => language)).toEqual(input.map(({ n }) => `l${n}`));
    },
  );

  it('does only what its behavior allows', async () => {
    const user = await setting.newUser();
    const { error: there } = await setting.run(
      'createOrUpdateUser',
      upsert(user.email!.value, { behavior: 'createOnly' }),
    );
    expect(there!.message).toBe('There is a user with this email already');
    const { error: absent } = await setting.run('createOrUpdateUser', upsert(freshEmail(), { behavior: 'updateOnly' }));
    expect(absent!.message).toBe('There is no user with this email');
    expect(await setting.tenant.get(user.user_id)).toEqual(user);
    const email = freshEmail();
    await setting.output('createOrUpdateUser', upsert(email, { behavior: 'createOnly' }));
    await setting.output('createOrUpdateUser', upsert(email, { behavior: 'updateOnly' }));
  });

  it('tells of another identifier that is taken', async () => {
    const other = await setting.newUser({ username: `other-${Date.now()}` });
    const { error } = await setting.run(
      'createOrUpdateUser',
      upsert(freshEmail(), { fields: { username: other.username } }),
    );
    expect(error!.message).toMatch(/^username is taken/);
  });
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

it('Create or Update User creates nobody with another identifier than the one to match', async () => {
  const [wanted, other] = [freshEmail(), freshEmail()];
  for (const manyAtOnce of [true, false]) {
    const { items } = await setting.run(
      'createOrUpdateUser',
      { matchAgainst: 'email', valueToMatch: wanted, fields: { email: other }, options: { manyAtOnce } },
      [{}, {}],
      'continueRegularOutput',
    );
    expect(items.map(({ json }) => json.error)).toEqual(
      Array(2).fill(expect.stringMatching(/^There is no user with this email, and a new one cannot have it and/)),
    );
  }
  for (const email of [wanted, other]) {
    expect((await setting.tenant.send('GET', `/cis/v1/users/email/${email}`)).status).toBe(404);
  }
});

describe('what is done to a user', () => {
  it('Delete User', async () => {
    const user = await setting.newUser();
    expect(await setting.output('deleteUser', { userId: locator('email', user.email!.value) })).toEqual([
      { deleted: true, user_id: user.user_id },
    ]);
    expect(await gone(user)).toBe(true);
  });

  it('Remove User From App', async () => {
    const user = await setting.newUser({ custom_app_data: { a: 1 } });
    expect(await setting.output('removeUserFromApp', { userId: byId(user.user_id) })).toEqual([
      { removed: true, user_id: user.user_id },
    ]);
    expect((await setting.tenant.get(user.user_id)).custom_app_data).toBeUndefined();
  });

  it('Set Password, the first one and the next', async () => {
    const user = await setting.newUser();
    for (const password of ['correct horse', 'battery staple']) {
      const shown = await setting.output('setPassword', { userId: byId(user.user_id), password, forceReplace: false });
      expect(shown).toEqual([{ password_set: true, user_id: user.user_id }]);
      expect((await setting.tenant.get(user.user_id)).password_information).toMatchObject({ temporary: false });
    }
    const { error } = await setting.run('setPassword', { userId: byId(user.user_id), password: 'short' });
    expect(error!.message).toMatch(/at least 8 characters/);
  });

  it.each(['POST', 'PUT'])('Set Password, also when the answer to %s is lost', async (method) => {
    const user = await setting.newUser(
      method === 'PUT' ? { credentials: { password: 'battery staple', force_replace: false } } : {},
    );
    let lost = false;
    setting.proxy.faults = (line) => {
      if (lost || !line.startsWith(method)) return undefined;
      lost = true;
      return { kind: 'reset', after: true };
    };
    const parameters = { userId: byId(user.user_id), password: 'correct horse', forceReplace: false };
    expect(await setting.output('setPassword', parameters)).toEqual([{ password_set: true, user_id: user.user_id }]);
    // Not one that was there before, though the tenant refuses it in the same words.
    lost = false;
    setting.proxy.faults = (line) => {
      if (lost || !line.startsWith('PUT')) return undefined;
      lost = true;
      return { kind: 'reset' };
    };
    const earlier = await setting.run('setPassword', { ...parameters, password: 'battery staple' });
    expect(earlier.error === undefined).toBe(method === 'POST');
    lost = true;
    const again = await setting.run('setPassword', parameters);
    expect(again.error!.message, 'of a password that was there before, it is told').toMatch(/must not be one of/);
  });

  it('Set Password, with a username and of any strength for a user who had none', async () => {
    const user = await setting.newUser();
    const username = `first-${Date.now()}`;
    const options = { username, enforceComplexity: false };
    const parameters = { userId: byId(user.user_id), password: 'short', options };
    await setting.output('setPassword', parameters);
    expect(await setting.tenant.get(user.user_id)).toMatchObject({ username });
    const { error } = await setting.run('setPassword', { ...parameters, password: 'another engine' });
    expect(error!.message).toMatch(/has a password already/);
    const other = await setting.newUser();
    const taken = await setting.run('setPassword', { ...parameters, userId: byId(other.user_id) });
    expect(taken.error).toMatchObject({ httpCode: '409', message: expect.stringContaining('username') });
  });

  it('finds the user by a secondary address, too', async () => {
    const [email, phone] = [freshEmail(), freshPhone()];
    const user = await setting.newUser({ secondary_emails: [email], secondary_phone_numbers: [phone] });
    for (const address of [email.toUpperCase(), phone, user.email!.value]) {
      const userId = locator('any_address', address);
      expect(await setting.output('getUser', { userId })).toEqual([await setting.tenant.get(user.user_id)]);
      const [updated] = await setting.output('updateUser', { userId, fields: { language: 'en' } });
      expect(updated).toMatchObject({ user_id: user.user_id, language: 'en' });
    }
    const { error } = await setting.run('getUser', { userId: locator('any_address', 'nobody@example.com') });
    expect(error).toMatchObject({ httpCode: '404' });
  });

  it('Get User Groups', async () => {
    const user = await setting.newUser();
    const { body } = await setting.tenant.send('POST', '/cis/v1/groups', { name: `Of one ${Date.now()}` });
    const { group_id } = body.result as { group_id: string };
    await setting.tenant.send('POST', `/cis/v1/groups/${group_id}/users`, { user_ids: [user.user_id] });
    const userId = locator('email', user.email!.value);
    expect(await setting.output('getUserGroups', { userId })).toEqual([body.result]);
  });

  it('Verify Email or Phone, and make it the primary one', async () => {
    const phone = freshPhone();
    const user = await setting.newUser({ secondary_emails: [freshEmail()], phone_number: phone });
    const address = user.secondary_emails[0]!.value;
    const verify = (more: object) => setting.output('verifyAddress', { userId: byId(user.user_id), ...more });
    expect(await verify({ address, changeToPrimary: true })).toEqual([
      { verified: true, user_id: user.user_id, email: address },
    ]);
    expect(await verify({ addressKind: 'phone-numbers', address: phone })).toEqual([
      { verified: true, user_id: user.user_id, phone_number: phone },
    ]);
    expect(await setting.tenant.get(user.user_id)).toMatchObject({
      email: { value: address, email_verified: true },
      phone_number: { phone_number_verified: true },
    });
  });

  it('Remove Secondary Email or Phone', async () => {
    const user = await setting.newUser({ secondary_emails: [freshEmail()], secondary_phone_numbers: [freshPhone()] });
    const remove = (more: object) => setting.output('removeSecondaryAddress', { userId: byId(user.user_id), ...more });
    await remove({ address: user.secondary_emails[0]!.value });
    await remove({ addressKind: 'phone-numbers', address: user.secondary_phone_numbers[0]!.value });
    const now = await setting.tenant.get(user.user_id);
    expect([now.secondary_emails, now.secondary_phone_numbers]).toEqual([[], []]);
  });

  it('Get User History', async () => {
    const user = await setting.newUser();
    for (const language of ['en', 'sv', 'fr']) await setting.tenant.update(user.user_id, { language });
    const history = await setting.output('getUserHistory', { userId: byId(user.user_id), limit: 2 });
    expect(history.map(({ version }) => version)).toEqual([4, 3]);
    const all = await setting.output('getUserHistory', { userId: byId(user.user_id), returnAll: true });
    expect(all.map(({ version }) => version)).toEqual([4, 3, 2, 1]);
  });
});

describe('groups', () => {
  const output = (operation: string, parameters: object = {}) =>
    setting.output(operation, parameters as never, [{}], 'group');

  it('are created, changed, listed and deleted, with their members', async () => {
    const [group] = await output('createGroup', {
      groupName: `Navy ${Date.now()}`,
      groupFields: { description: 'On ships', custom_data: '{"n":1}' },
    });
    const groupId = byId(group!.group_id as string);
    expect(group).toMatchObject({ description: 'On ships', custom_data: { n: 1 } });
    const [changed] = await output('updateGroup', {
      groupId,
      groupFields: { description: 'On any ship', custom_data: '{}' },
    });
    expect(changed).toMatchObject({ description: 'On any ship', custom_data: { n: 1 } });
    expect(await output('getGroup', { groupId })).toEqual([changed]);
    const [numbered] = await output('updateGroup', {
      groupId,
      groupFields: { description: '={{ 77 }}', custom_data: '={{ ({ value: 5 }) }}' },
    });
    expect(numbered).toMatchObject({ description: '77', custom_data: { value: 5 } });
    await output('updateGroup', { groupId, groupFields: { description: 'On any ship', custom_data: '{"n":1}' } });
    const [cleared] = await output('updateGroup', { groupId, clearGroupFields: ['description', 'custom_data'] });
    expect(Object.keys(cleared!)).not.toEqual(expect.arrayContaining(['description']));
    expect(cleared).not.toHaveProperty('custom_data');
    expect(await output('getGroup', { groupId })).toEqual([cleared]);
    expect((await output('getManyGroups', { returnAll: true })).map(({ group_id }) => group_id)).toContain(
      group!.group_id,
    );

    const user = await setting.newUser();
    const named = { groupId, userId: locator('email', user.email!.value) };
    for (let time = 0; time < 2; time += 1) {
      expect(await output('addUserToGroup', named)).toEqual([
        { added: true, group_id: group!.group_id, user_id: user.user_id },
      ]);
    }
    expect((await output('getGroupMembers', { groupId })).map(({ user_id }) => user_id)).toEqual([user.user_id]);
    expect(await output('removeUserFromGroup', named)).toEqual([
      { removed: true, group_id: group!.group_id, user_id: user.user_id },
    ]);
    expect(await output('getGroupMembers', { groupId })).toEqual([]);
    expect(await output('deleteGroup', { groupId })).toEqual([{ deleted: true, group_id: group!.group_id }]);
    const { error } = await setting.run('getGroup', { groupId }, [{}], 'stopWorkflow', { resource: 'group' });
    expect(error).toMatchObject({ httpCode: '404' });
  });
});

it('groups of an API without pages are read once', async () => {
  const groups = [1, 2, 3].map((n) => ({ group_id: `g${n}`, name: `G${n}` }));
  setting.proxy.faults = (line) =>
    line.includes('/groups') ? { kind: 'answer', status: 200, ...json({ result: groups }) } : undefined;
  for (const parameters of [{ limit: 50 }, { returnAll: true }]) {
    expect(await setting.output('getManyGroups', parameters, [{}], 'group')).toEqual(groups);
  }
  expect(await setting.output('getManyGroups', { limit: 2 }, [{}], 'group')).toEqual(groups.slice(0, 2));
  expect(setting.proxy.apiRequests.length).toBeLessThan(6);
  // And to the end where it has pages, and does not tell of them.
  setting.proxy.faults = (line) => {
    const offset = Number(/page_offset=(\d+)/.exec(line)?.[1]);
    const page = groups.slice(offset, offset + 2);
    return line.includes('/groups') ? { kind: 'answer', status: 200, ...json({ result: page }) } : undefined;
  };
  expect(await setting.output('getManyGroups', { returnAll: true }, [{}], 'group')).toEqual(groups);
});

const json = (body: object) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
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
