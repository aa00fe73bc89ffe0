import { describe, expect, it } from 'vitest';
import type { ApiUser } from '@tessera/contract';
import { freshEmail, freshPhone } from '../../packages/tenant/test/testTenant.ts';
import { byId, locator, Setting } from './setting.ts';

const setting = new Setting();
const gone = async (user: ApiUser) =>
  (await setting.tenant.send('GET', `/cis/v1/users/${user.user_id}`)).status === 404;

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
