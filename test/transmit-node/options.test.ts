import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';
import { ApiUser } from '@tessera/contract';
import { freshEmail, freshPhone } from '../../packages/tenant/test/testTenant.ts';
import { transmit } from '../../playground/src/engine.ts';
import { byId, Setting } from './setting.ts';

const setting = new Setting();
const update = (userId: string, parameters: object, more: { typeVersion?: number } = {}) =>
  setting.run('updateUser', { userId: byId(userId), ...parameters }, [{}], 'stopWorkflow', more);
const writes = () => setting.proxy.apiRequests.filter((line) => !line.startsWith('GET'));

it('Allowed Fields bounds what is sent', async () => {
  const user = await setting.newUser();
  const options = { allowedFields: ['language'] };
  expect((await update(user.user_id, { fields: { language: 'en' }, options })).error).toBeUndefined();
  for (const parameters of [
    { fields: { status: 'Disabled' } },
    { specifyFields: 'json', json: '{"status":"Disabled"}' },
    { clearFields: ['username'] },
  ]) {
    const { error } = await update(user.user_id, { ...parameters, options });
    expect(error!.message).toMatch(/may not be sent: 'Allowed Fields' has only language$/);
  }
  for (const allowedFields of [[], '={{ $json.nothing }}', '', 'secondary_emails, status']) {
    const { error } = await update(user.user_id, { fields: { email: freshEmail() }, options: { allowedFields } });
    expect(error!.message).toMatch(/^"email" may not be sent/);
  }
  const odd = await update(user.user_id, { fields: { language: 'sv' }, options: { allowedFields: '={{ 7 }}' } });
  expect(odd.error!.message).toBe("'Allowed Fields' must be a list of names");
  expect(await setting.tenant.get(user.user_id)).toMatchObject({ status: user.status, language: 'en' });
  await setting.output('updateUser', {
    userId: byId(user.user_id),
    fields: { language: 'sv' },
    options: { allowedFields: '={{ "name, language" }}' },
  });
});

it('an option that cannot be told fails each item, and lets none pass', async () => {
  const users = await setting.newUsers(2);
  for (const [options, message] of [
    [{ onlyThisVersion: "={{ $('Gone').item.json.v }}" }, /^Referenced node/],
    [{ maxConcurrency: '={{ "ten" }}' }, /^'Max Concurrency' must be a whole number from 1 to 100$/],
    [{ maxRetries: 1000 }, /^'Max Retries' must be a whole number from 0 to 20$/],
    [{ dryRun: '={{ "yes" }}' }, /^'Dry Run' must be true or false$/],
    [{ skipIfNothingChanges: '={{ $json.nothing }}' }, /^'Skip If Nothing Changes' must be true or false$/],
    [{ output: '={{ "nope" }}' }, /^'Output' must be one of raw, selected, simplified, and not "nope"$/],
    [{ output: 'selected', outputFields: '={{ [1] }}' }, /^'Output Fields' must be a list of names$/],
    [{ ifNotFound: '={{ null }}' }, /^'If User Is Not Found' must be one of fail, empty, skip, and not null$/],
    [{ onlyThisVersion: '={{ null }}' }, /^'Only This Version' is missing$/],
  ] as const) {
    const { items, failed } = await setting.run(
      'updateUser',
      { userId: byId('={{ $json.id }}'), fields: { language: 'xx' }, options },
      users.map(({ user_id: id }) => ({ id })),
      'continueErrorOutput',
    );
    expect(items).toEqual([]);
    expect(failed.map(({ json }) => json.error)).toEqual([
      expect.stringMatching(message),
      expect.stringMatching(message),
    ]);
  }
  expect(setting.proxy.apiRequests).toEqual([]);
});

it('a choice may be told as text', async () => {
  const user = await setting.newUser();
  const options = { dryRun: '={{ "True" }}' };
  const { items } = await update(user.user_id, { fields: { language: 'en' }, options });
  expect(items[0]!.json).toMatchObject({ dry_run: true });
  expect(writes()).toEqual([]);
});

it('what is no choice leads nowhere', async () => {
  const [user, other] = [await setting.newUser(), await setting.newUser()];
  for (const [operation, more] of [
    ['removeSecondaryAddress', { addressKind: '={{ "../../manage/users" }}', address: other.user_id }],
    ['verifyAddress', { addressKind: '={{ "x" }}', address: 'y' }],
    ['createOrUpdateUser', { matchAgainst: 'email', valueToMatch: freshEmail(), behavior: '={{ null }}', fields: {} }],
  ] as const) {
    const { error } = await setting.run(operation, { userId: byId(user.user_id), ...more });
    expect(error!.message).toMatch(/must be one of/);
  }
  const rows = [{ attribute: 'custom_app_data', key: 'a pr or email pr or custom_app_data.a', operator: 'pr' }];
  const { error } = await setting.run('getManyUsers', { findBy: 'filters', filters: { rows } });
  expect(error!.message).toMatch(/^'Filters': the key of filter 1 is no name/);
  expect(setting.proxy.apiRequests).toEqual([]);
});

it('what the API shows of a user may be sent as it is', async () => {
  const user = await setting.newUser({
    phone_number: freshPhone(),
    secondary_emails: [freshEmail()],
    address: { city: 'London' },
    name: { first_name: 'Ada' },
  });
  const columns = { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['user_id'] };
  const { items, hints, error } = await setting.run('updateUser', { specifyFields: 'columns', columns }, [
    { ...user, language: 'en' },
  ]);
  expect(error).toBeUndefined();
  expect(items[0]!.json).toMatchObject({ email: user.email, name: user.name, language: 'en' });
  expect(hints.join()).toContain("'address.updated_at'");
  for (const column of ['email', 'phone_number', 'user_id']) {
    const [again] = await setting.output(
      column === 'user_id' ? 'updateUser' : 'createOrUpdateUser',
      { specifyFields: 'columns', columns: { ...columns, matchingColumns: [column] } },
      [{ ...user, language: column }],
    );
    expect(again).toMatchObject({ user_id: user.user_id, language: column });
  }
  const copy = { ...user, email: { value: freshEmail() }, phone_number: { value: freshPhone() }, secondary_emails: [] };
  const created = await setting.output('createUser', { specifyFields: 'columns', columns }, [copy]);
  expect(created).toMatchObject([{ email: { value: copy.email.value }, name: user.name }]);
  const [coded] = await setting.output('updateUser', { specifyFields: 'columns', columns }, [
    { user_id: user.user_id, 'address.postal_code': 10115, email: { value: null } },
  ]);
  expect(coded).toMatchObject({ address: { postal_code: '10115' }, email: user.email });
  const number = Date.now();
  const [numbered] = await setting.output(
    'updateUser',
    { userId: byId(user.user_id), fields: { external_user_id: '={{ $json.number }}' } },
    [{ number }],
  );
  expect(numbered).toMatchObject({ external_user_id: String(number) });
});

it('a user may be named by email where an ID is asked for', async () => {
  const user = await setting.newUser();
  for (const mode of ['id', 'list']) {
    const userId = { __rl: true, mode, value: user.email!.value };
    expect(await setting.output('getUser', { userId })).toEqual([user]);
  }
});

it('a row must have the column that names its user', async () => {
  const columns = { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['user_id'] };
  const { error } = await setting.run('updateUser', { specifyFields: 'columns', columns }, [{ language: 'en' }]);
  expect(error!.message).toBe('The column "user_id", which names the user, is empty');
});

it('Only This Version leaves a user alone who has changed', async () => {
  const user = await setting.newUser();
  const [{ version }] = (await setting.output('getUser', {
    userId: byId(user.user_id),
    options: { version: true },
  })) as [{ version: string }];
  const options = { onlyThisVersion: version };
  expect((await update(user.user_id, { fields: { language: 'en' }, options })).error).toBeUndefined();
  // Its number alone will do.
  const bare = { onlyThisVersion: '={{ 2 }}' };
  expect((await update(user.user_id, { fields: { language: 'en' }, options: bare })).error).toBeUndefined();
  const stale = await update(user.user_id, { fields: { language: 'sv' }, options });
  expect(stale.error).toMatchObject({ httpCode: '412' });
  const parameters = { userId: byId(user.user_id), fields: { language: 'sv' }, options };
  const { items } = await setting.run('updateUser', parameters, [{}, {}], 'continueRegularOutput');
  expect(items.map(({ json }) => (json.details as { status: number }).status)).toEqual([412, 412]);
  expect((await setting.tenant.get(user.user_id)).language).toBe('en');
});

it('Skip If Nothing Changes sends nothing, and says so', async () => {
  const user = await setting.newUser({
    language: 'en',
    custom_data: { a: 1, b: { c: [1] } },
    secondary_emails: [freshEmail()],
    birthday: '1990-01-31',
    address: { city: 'London' },
  });
  const same = {
    email: user.email!.value.toUpperCase(),
    language: 'en',
    custom_data: '{"b":{"c":[1]}}',
    secondary_emails: [user.secondary_emails[0]!.value],
    birthday: '1990-01-31T10:00:00',
    address: { value: { city: 'London' } },
  };
  const options = { skipIfNothingChanges: true };
  const { items } = await update(user.user_id, { fields: same, options });
  expect(items[0]!.json).toEqual({ ...user, unchanged: true });
  expect(writes()).toEqual([]);
  const changed = await update(user.user_id, { fields: { ...same, language: 'sv' }, options });
  expect(changed.items[0]!.json).toMatchObject({ language: 'sv' });
  expect(changed.items[0]!.json).not.toHaveProperty('unchanged');
});

it('What Changed tells the old and the new value of each attribute that differs', async () => {
  const user = await setting.newUser({ language: 'en', custom_data: { a: 1 } });
  const nothing = { specifyFields: 'json', json: '{}', options: { whatChanged: true } };
  expect((await update(user.user_id, nothing)).items[0]!.json).toMatchObject({ unchanged: true, what_changed: [] });
  const email = freshEmail();
  const fields = { language: 'sv', email, custom_data: '{"b":2}', status: user.status };
  const { items } = await update(user.user_id, { fields, options: { whatChanged: true } });
  // n8n puts the fields in the order of the menu.
  expect(items[0]!.json.what_changed).toEqual([
    { attribute: 'custom_data', old: { a: 1 }, new: { a: 1, b: 2 } },
    { attribute: 'email', old: user.email!.value, new: email },
    { attribute: 'language', old: 'en', new: 'sv' },
  ]);
});

it('Dry Run shows what would change, refuses what the tenant would, and writes nothing', async () => {
  const user = await setting.newUser({ language: 'en' });
  const options = { dryRun: true };
  const fields = { language: 'sv', credentials: { value: { password: 'correct horse' } } };
  const { items } = await update(user.user_id, { fields, options });
  expect(items[0]!.json).toEqual({
    ...user,
    dry_run: true,
    what_changed: [
      { attribute: 'credentials', old: null, new: 'a new password' },
      { attribute: 'language', old: 'en', new: 'sv' },
    ],
  });
  const bad = await update(user.user_id, {
    fields: { email: 'nobody', phone_number: '12', picture: 'x', birthday: 'never' },
    options,
  });
  expect(bad.error!.message).toBe('birthday must be a date (and 3 more)');
  const mistyped = await update(user.user_id, { specifyFields: 'json', json: '{"langauge":"sv"}', options });
  expect(mistyped.error!.message).toBe('langauge is no attribute of a user');
  expect(writes()).toEqual([]);
  expect(await setting.tenant.get(user.user_id)).toEqual(user);
});

describe('If User Is Not Found', () => {
  const user = 'nobody';
  it.each([
    ['skip', []],
    ['empty', [{}]],
  ])('%s', async (ifNotFound, output) => {
    for (const operation of ['updateUser', 'getUser', 'deleteUser']) {
      const parameters = { userId: byId(user), fields: { language: 'en' }, options: { ifNotFound } };
      expect(await setting.output(operation, parameters)).toEqual(output);
      const many = await setting.output('updateUser', parameters, [{}, {}]);
      expect(many).toEqual([...output, ...output]);
    }
  });
});

it('Output shows the whole user, ten fields, or those that were chosen, and the ID always', async () => {
  const user = await setting.newUser({ name: { first_name: 'Ada', last_name: 'Byron' } });
  const get = async (options: object) =>
    (await setting.output('getUser', { userId: byId(user.user_id), options: options as never }))[0];
  expect(await get({})).toEqual(user);
  const simplified = await get({ output: 'simplified' });
  expect(Object.keys(simplified!)).toHaveLength(10);
  expect(simplified).toMatchObject({
    user_id: user.user_id,
    email: user.email!.value,
    first_name: 'Ada',
    last_name: 'Byron',
  });
  expect(await get({ output: 'selected', outputFields: ['email', 'last_auth'] })).toEqual({
    user_id: user.user_id,
    email: user.email,
  });
  expect(await get({ output: 'selected', outputFields: '={{ "email, groupIds" }}' })).toEqual({
    user_id: user.user_id,
    email: user.email,
    groupIds: [],
  });
  const options = transmit.description.properties.flatMap((property) =>
    property.name === 'options' ? (property.options as INodeProperties[]) : [],
  );
  const offered = options.find(({ name }) => name === 'outputFields')!.options as INodePropertyOptions[];
  for (const { value } of offered) expect(Object.keys(ApiUser.properties)).toContain(value);
});

describe('the description', () => {
  const { properties } = transmit.description;

  it('shows every operation, and the parameters that belong to it alone', () => {
    const operations = properties
      .filter(({ name }) => name === 'operation')
      .flatMap(({ options }) => options as { value: string }[]);
    expect(operations.length).toBe(22);
    for (const { displayOptions, name } of properties) {
      if (name !== 'resource' && name !== 'operation') expect(displayOptions?.show?.operation, name).toHaveLength(1);
    }
    for (const { value } of operations) {
      expect(
        properties.some(({ displayOptions }) => displayOptions?.show?.operation?.includes(value)),
        value,
      ).toBe(true);
    }
  });

  it('has no password that shows', () => {
    const passwords = [
      ...JSON.stringify(properties).matchAll(/"name":"password","type":"string"(,"typeOptions":\{"password":true\})?/g),
    ];
    expect(passwords.length).toBeGreaterThan(0);
    for (const [, masked] of passwords) expect(masked).toBeDefined();
  });
});
