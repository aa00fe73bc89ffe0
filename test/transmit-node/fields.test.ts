import { describe, expect, it } from 'vitest';
import { freshEmail, freshPhone } from '../../packages/tenant/test/testTenant.ts';
import { transmit } from '../../playground/src/engine.ts';
import { byId, Setting } from './setting.ts';

/** What is sent of the fields, columns or JSON of an item. */

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
    expect(lossy.error!.message).toBe("The number at 'custom_data.id' in 'JSON' would lose digits: put it in quotes");
    const field = await update(user.user_id, { fields: { custom_data: '{"id":7615917337495251231}' } });
    expect(field.error!.message).toMatch(/^The number at 'id' in Custom Data \(custom_data\) would lose digits/);
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
