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

describe('fields that were added and left untouched', () => {
  it.each([1, 1.1])('overwrite nothing (version %d)', async (typeVersion) => {
    const user = await setting.newUser({
      name: { first_name: 'Ada' },
      address: { city: 'London' },
      custom_data: { a: 1 },
      custom_app_data: { b: 2 },
      delegated_access: { actor_id: (await setting.newUser({})).user_id, permissions: ['read'] },
    });
    const untouched = {
      name: { value: { title: '', first_name: '', middle_name: '', last_name: '' } },
      address: { value: { city: '', type: '' } },
      custom_data: '{}',
      custom_app_data: '{}',
      delegated_access: { value: { actor_id: '', permissions: [] } },
      credentials: { value: { password: '', force_replace: true } },
      secondary_emails: ['', undefined],
    };
    const { error, items } = await update(user.user_id, { fields: { ...untouched, language: 'en' } }, { typeVersion });
    expect(error).toBeUndefined();
    expect(items[0]!.json).toEqual({ ...user, language: 'en', updated_at: expect.any(Number) });
  });

  it('and groups whose expressions find nothing neither', async () => {
    const user = await setting.newUser({ name: { first_name: 'Ada' } });
    const fields = {
      name: { value: { first_name: '={{ $json.nothing }}', last_name: '={{ null }}' } },
      language: 'en',
    };
    expect((await update(user.user_id, { fields })).items[0]!.json).toMatchObject({ name: { first_name: 'Ada' } });
  });

  it('but null clears, and so does JSON that says null of a group', async () => {
    const user = await setting.newUser({
      name: { first_name: 'Ada' },
      language: 'sv',
      custom_data: { a: 1 },
      delegated_access: { actor_id: (await setting.newUser({})).user_id, permissions: ['read'] },
    });
    // Of a group n8n makes the same of such an expression as of one that was left untouched.
    const fields = { language: '={{ null }}', custom_data: '={{ null }}', name: '={{ null }}' };
    const { items } = await update(user.user_id, { fields });
    expect(items[0]!.json).toEqual({
      ...user,
      updated_at: expect.any(Number),
      language: undefined,
      custom_data: undefined,
    });
    const json = '{"name":null,"delegated_access":null}';
    const cleared = await update(user.user_id, { specifyFields: 'json', json });
    for (const name of Object.keys(JSON.parse(json) as object)) expect(cleared.items[0]!.json).not.toHaveProperty(name);
  });
});

describe('Empty Values', () => {
  const emptied = { language: '={{ "" }}', username: 'kept' };
  it.each([
    ['ignore', 'sv'],
    ['clear', undefined],
  ])('%s', async (emptyValues, language) => {
    const username = `kept-${emptyValues}`;
    const user = await setting.newUser({ language: 'sv' });
    const { items } = await update(user.user_id, { fields: { ...emptied, username }, options: { emptyValues } });
    expect(items[0]!.json).toEqual({ ...user, username, language, updated_at: expect.any(Number) });
  });

  it('send as is, as the first version does without being told', async () => {
    const user = await setting.newUser({ language: 'sv' });
    const asIs = await update(user.user_id, { fields: emptied, options: { emptyValues: 'sendAsIs' } });
    expect(asIs.error!.message).toMatch(/^language/);
    const first = await update(user.user_id, { fields: emptied }, { typeVersion: 1 });
    expect(first.error!.message).toMatch(/^language/);
  });

  it('nothing but empty fields leaves the user as it is, and says so', async () => {
    const user = await setting.newUser();
    const { items } = await update(user.user_id, { fields: { language: '' } });
    expect(items[0]!.json).toEqual({ ...user, unchanged: true });
    expect(writes()).toEqual([]);
  });
});

it('expressions have the values that n8n gives them', async () => {
  const user = await setting.newUser({ language: 'sv' });
  const input = [{ lang: null, n: 5, first: 'Ada' }];
  const run = async (fields: object) => {
    const parameters = { userId: byId(`={{ "${user.user_id}" }}`), fields, options: { emptyValues: 'sendAsIs' } };
    return setting.run('updateUser', parameters as never, input);
  };
  // With a blank beside it, it is text with nothing in it, and no null that clears.
  expect((await run({ language: '={{ $json.lang }} ' })).items[0]?.json.language).toBe(' ');
  const { items } = await run({
    language: '={{ "l" + ($json.n + 1) }}',
    username: '=u-{{ $json.n }}',
    name: { value: { first_name: '={{ $json.first.toUpperCase() }}', last_name: '={{ $json["first"] }}' } },
  });
  expect(items[0]?.json ?? {}).toMatchObject({
    name: { first_name: 'ADA', last_name: 'Ada' },
    username: 'u-5',
    language: 'l6',
  });
  expect((await run({ language: '={{ $json.first.trim }}', username: '={{ $json.first + 1 }}' })).error).toBeDefined();
});

describe('Specify Fields', () => {
  it('JSON sends what it says, exactly', async () => {
    const user = await setting.newUser();
    const json = '{ "language": "en", "custom_data": { "big": "12345678901234567890", "n": 1.5 } }';
    const { items } = await update(user.user_id, { specifyFields: 'json', json });
    expect(items[0]!.json).toMatchObject({ language: 'en', custom_data: { big: '12345678901234567890', n: 1.5 } });
    const lossy = await update(user.user_id, {
      specifyFields: 'json',
      json: '{"custom_data":{"id":7615917337495251231}}',
    });
    expect(lossy.error!.message).toBe(
      "'JSON' has the number 7615917337495251231, which would lose digits: put it in quotes",
    );
    const field = await update(user.user_id, { fields: { custom_data: '{"id":7615917337495251231}' } });
    expect(field.error!.message).toMatch(/^Custom Data \(custom_data\) has the number 7615917337495251231/);
    expect((await update(user.user_id, { specifyFields: 'json', json: '[1]' })).error!.message).toMatch(
      /must be an object/,
    );
    expect(await setting.tenant.get(user.user_id)).toEqual({ ...items[0]!.json });
  });

  it('Map Automatically turns rows into updates, and tells which columns it left out', async () => {
    const users = await setting.newUsers(3);
    const rows = users.map(({ user_id }, n) => ({
      user_id,
      language: `l${n}`,
      phone_number: Number(freshPhone().slice(1)),
      'address.city': `City ${n}`,
      'name.first_name': n === 0 ? null : `N${n}`,
      secondary_emails: `${freshEmail()}, ${freshEmail()}`,
      custom_data: `{"n":${n}}`,
      row: n,
    }));
    const typed = rows.map((row) => ({ ...row, phone_number: `+${row.phone_number}` }));
    const columns = { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['user_id'] };
    const { items, error, hints } = await setting.run('updateUser', { specifyFields: 'columns', columns }, typed);
    expect(error).toBeUndefined();
    for (const [n, { json }] of items.entries()) {
      expect(json).toMatchObject({
        user_id: users[n]!.user_id,
        language: `l${n}`,
        address: { city: `City ${n}` },
        secondary_emails: [expect.anything(), expect.anything()],
        custom_data: { n },
      });
      expect((json.name as object | undefined) !== undefined).toBe(n > 0);
    }
    expect(hints).toEqual(['3 updated', "Columns that are no attributes of a user were left out: 'row'"]);
    expect(setting.proxy.apiRequests).toEqual(['PUT /cis/v1/users/bulk']);
  });

  it('matches rows by an identifier, for updates and for Create or Update', async () => {
    const user = await setting.newUser();
    const rows = [
      { email: user.email!.value, language: 'en' },
      { email: freshEmail(), language: 'sv' },
    ];
    const columns = { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['email'] };
    const output = await setting.output('createOrUpdateUser', { specifyFields: 'columns', columns }, rows);
    expect(output).toMatchObject([
      { user_id: user.user_id, language: 'en' },
      { email: { value: rows[1]!.email }, language: 'sv' },
    ]);
    const [again] = await setting.output('updateUser', { specifyFields: 'columns', columns }, [
      { ...rows[1]!, language: 'fr' },
    ]);
    expect(again).toMatchObject({ user_id: output[1]!.user_id, language: 'fr' });
    const [created] = await setting.output('createUser', { specifyFields: 'columns', columns }, [
      { email: freshEmail(), language: 'de' },
    ]);
    expect(created).toMatchObject({ language: 'de' });
  });

  it('maps columns that are chosen one by one', async () => {
    const user = await setting.newUser();
    const columns = {
      mappingMode: 'defineBelow',
      value: { user_id: '={{ $json.id }}', language: '={{ $json.lang }}', 'address.city': 'Rome' },
      matchingColumns: ['user_id'],
    };
    const [output] = await setting.output('updateUser', { specifyFields: 'columns', columns }, [
      { id: user.user_id, lang: 'it' },
    ]);
    expect(output).toMatchObject({ user_id: user.user_id, language: 'it', address: { city: 'Rome' } });
  });

  it('reads truth in words, and nothing into an empty cell', async () => {
    const columns = { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['user_id'] };
    const set = async (force_replace: unknown) => {
      const user = await setting.newUser();
      const row = {
        user_id: user.user_id,
        'credentials.password': 'correct horse',
        'credentials.force_replace': force_replace,
      };
      const { items, error } = await setting.run('updateUser', { specifyFields: 'columns', columns }, [row as never]);
      return error?.message ?? (items[0]!.json.password_information as { temporary: boolean }).temporary;
    };
    expect(await set('')).toBe(true);
    expect(await set(null)).toBe(true);
    expect(await set('TRUE ')).toBe(true);
    expect(await set('no')).toBe(false);
    expect(await set('maybe')).toBe('The column "credentials.force_replace" must be true or false');
  });

  it('clears what can be cleared when told to, and leaves the rest', async () => {
    const user = await setting.newUser({ language: 'sv', secondary_emails: [freshEmail()] });
    const columns = { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['user_id'] };
    const row = { user_id: user.user_id, language: '', status: '', secondary_emails: '', 'credentials.password': '' };
    const parameters = { specifyFields: 'columns', columns, options: { emptyValues: 'clear' } };
    const [output] = await setting.output('updateUser', parameters, [row]);
    expect(output).not.toHaveProperty('language');
    expect(output).toMatchObject({ status: user.status, secondary_emails: user.secondary_emails });
  });

  it('offers every attribute as a column', async () => {
    const { getUpdateColumns, getCreateColumns, getUpsertColumns } = transmit.methods!.resourceMapping!;
    const columns = (await getUpdateColumns!.call({} as never)).fields.map(({ id }) => id);
    const fields = transmit.description.properties.find(({ name }) => name === 'fields')!.options as { name: string }[];
    expect([...new Set(columns.map((id) => id.split('.')[0]))].sort()).toEqual(
      ['user_id', ...fields.map(({ name }) => name)].sort(),
    );
    expect((await getCreateColumns!.call({} as never)).fields.map(({ id }) => id)).not.toContain('status');
    const { fields: upsert } = await getUpsertColumns!.call({} as never);
    expect(upsert.filter(({ canBeUsedToMatch }) => canBeUsedToMatch).map(({ id }) => id)).not.toContain('user_id');
    // What the editor matches on, when nothing is chosen.
    const matchingColumns = upsert.filter(({ defaultMatch }) => defaultMatch).map(({ id }) => id);
    const made = { mappingMode: 'autoMapInputData', value: null, matchingColumns };
    const [created] = await setting.output('createOrUpdateUser', { specifyFields: 'columns', columns: made }, [
      { email: freshEmail() },
    ]);
    expect(created).toHaveProperty('user_id');
  });
});

it('Clear Fields empties attributes, and not what is set as well', async () => {
  const user = await setting.newUser({ language: 'sv', name: { first_name: 'Ada' } });
  const { items } = await update(user.user_id, { clearFields: ['language', 'name'] });
  expect(items[0]!.json).not.toHaveProperty('language');
  expect(items[0]!.json).not.toHaveProperty('name');
  const both = await update(user.user_id, { clearFields: ['language'], fields: { language: 'en' } });
  expect(both.error!.message).toBe('"language" is both set and among \'Clear Fields\'');
});

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
