import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';
import { freshEmail, freshPhone } from '../../packages/tenant/test/testTenant.ts';
import { byId, itemsOf, locator, one, Setting } from './setting.ts';

/** What the items of a run are about is done in their order. */

const setting = new Setting();
const columns = (column: string) => ({ mappingMode: 'autoMapInputData', value: null, matchingColumns: [column] });

/** Two users, the second of whom wants the first one's secondary email. */
const withSecondary = (secondary: string) => [
  { email: freshEmail(), secondary_emails: [secondary] },
  { email: secondary },
];

it('a later item for a user is done later, however each goes', async () => {
  const email = freshEmail();
  const rows = [
    { email, language: 'en', status: 'Disabled' },
    { email, language: 'fr' },
  ];
  const parameters = { specifyFields: 'columns', columns: columns('email') };
  const output = await setting.output('createOrUpdateUser', parameters, rows);
  expect(output.map(({ language }) => language)).toEqual(['en', 'fr']);
  expect(output[1]).toMatchObject({ user_id: output[0]!.user_id, status: 'Disabled' });

  const user = await setting.newUser();
  const versions = await setting.output(
    'updateUser',
    {
      userId: byId(user.user_id),
      fields: { language: '={{ $json.language }}' },
      options: { whatChanged: '={{ $json.look }}' },
    },
    [
      { language: 'one', look: false },
      { language: 'two', look: true },
    ],
  );
  expect(versions.map(({ language }) => language)).toEqual(['one', 'two']);
  // In any order of those that go together and by themselves, and however the user is named.
  const { user_id: id, email: address } = user;
  const orders = [
    [
      { id, language: 'a' },
      { id, language: 'b', look: true },
      { id, language: 'c' },
    ],
    [
      { id, language: 'd', look: true },
      { id: address!.value, language: 'e' },
      { id, language: 'f', look: true },
      { id: address!.value, language: 'g', look: true },
    ],
  ];
  for (const order of orders) {
    const other = { id: (await setting.newUser()).user_id, language: 'x' };
    const input = [other, ...order].map((row) => ({ look: false, ...row }));
    setting.proxy.faults = (_line, place) => (place >= 0 && place % 2 === 0 ? { kind: 'slow', ms: 40 } : undefined);
    const shown = await setting.output(
      'updateUser',
      {
        userId: byId('={{ $json.id }}'),
        fields: { language: '={{ $json.language }}' },
        options: { whatChanged: '={{ $json.look }}' },
      },
      input,
    );
    expect(shown.map(({ language }) => language)).toEqual(input.map(({ language }) => language));
    expect((await setting.tenant.get(id)).language).toBe(order.at(-1)!.language);
  }
});

it('of two items that want one identifier, the first gets it, however slow it is', async () => {
  const slowFirst = () => {
    let first = true;
    setting.proxy.faults = (line) => {
      if (!first || !/^(?:POST|PUT)/.test(line)) return undefined;
      first = false;
      return { kind: 'slow', ms: 150 };
    };
  };
  const outcomes = async (operation: string, parameters: INodeParameters, rows: IDataObject[]) => {
    slowFirst();
    const { items } = await setting.run(operation, parameters, rows, 'continueRegularOutput');
    return items.map(({ json }) => (json.details as { status?: number } | undefined)?.status ?? 'done');
  };
  const options = { options: one };
  const [email, username, secondary] = [freshEmail(), freshEmail(), freshEmail()];
  const made = { specifyFields: 'json', json: '={{ $json.body }}', ...options };
  const bodies = [{ email, language: 'a' }, { username: freshEmail() }, { email: email.toUpperCase(), username }];
  const rows = bodies.map((body) => ({ body: JSON.stringify(body) }));
  expect(await outcomes('createUser', made, rows)).toEqual(['done', 'done', 409]);
  expect(await outcomes('createUsers', { users: JSON.stringify(withSecondary(secondary)), ...options }, [{}])).toEqual([
    'done',
    409,
  ]);

  const users = await setting.newUsers(2);
  const taken = freshEmail();
  expect(
    await outcomes(
      'updateUser',
      { userId: byId('={{ $json.id }}'), fields: { username: taken }, ...options },
      itemsOf(users),
    ),
  ).toEqual(['done', 409]);

  const external = freshEmail();
  const upserts = {
    matchAgainst: 'email',
    valueToMatch: '={{ $json.email }}',
    fields: { external_user_id: external },
  };
  expect(
    await outcomes('createOrUpdateUser', { ...upserts, ...options }, [
      { email: freshEmail() },
      { email: freshEmail() },
    ]),
  ).toEqual(['done', 409]);
  // Also of those that go together, when an item before is done again.
  const [first, third, x] = [freshEmail(), freshEmail(), freshEmail()];
  const together = { ...upserts, specifyFields: 'json', json: '={{ $json.body }}' };
  const body = JSON.stringify({ external_user_id: x });
  expect(
    await outcomes('createOrUpdateUser', together, [
      { email: first, body: '{"language":"en"}' },
      { email: first, body },
      { email: third, body },
    ]),
  ).toEqual(['done', 'done', 409]);
  const [second, wanted] = [await setting.newUser(), freshEmail()];
  expect(
    await outcomes('createOrUpdateUser', { ...upserts, fields: { external_user_id: wanted } }, [
      { email: second.email!.value },
      { email: freshEmail() },
    ]),
  ).toEqual(['done', 409]);
});

it('an item gets what an earlier one gives up, however slow that is', async () => {
  const names = Array.from({ length: 4 }, () => freshEmail());
  // The earlier, the slower.
  const slow = (ids: unknown[]) => {
    setting.proxy.faults = (line) => {
      const place = ids.findIndex((id) => line.startsWith(`PUT`) && line.endsWith(`/${String(id)}`));
      return place < 0 ? undefined : { kind: 'slow', ms: 200 - 80 * place };
    };
  };
  const users = await Promise.all(names.slice(0, 3).map((username) => setting.newUser({ username })));
  slow(users.map(({ user_id }) => user_id));
  const moves = (wanted: (string | undefined)[]) =>
    users.map(({ user_id: id, email }, n) => ({ id, email: email!.value, name: wanted[n] }));
  const fields = { username: '={{ $json.name }}' };
  const first = [names[3], names[0], names[1]];
  const updated = await setting.output(
    'updateUser',
    { userId: byId('={{ $json.id }}'), fields, options: one },
    moves(first),
  );
  expect(updated.map(({ username }) => username)).toEqual(first);
  const second = [names[2], names[3], names[0]];
  const upserts = { matchAgainst: 'email', valueToMatch: '={{ $json.email }}', fields, options: one };
  const upserted = await setting.output('createOrUpdateUser', upserts, moves(second));
  expect(upserted.map(({ username }) => username)).toEqual(second);

  const made = [{ name: names[0] }, { name: names[1] }];
  const groups = await setting.output('createGroup', { groupName: '={{ $json.name }}' }, made, 'group');
  slow(groups.map(({ group_id }) => group_id));
  const third = [names[2], names[0]];
  const renamed = await setting.output(
    'updateGroup',
    { groupId: byId('={{ $json.id }}'), groupFields: { name: '={{ $json.name }}' } },
    groups.map(({ group_id: id }, n) => ({ id, name: third[n] })),
    'group',
  );
  expect(renamed.map(({ name }) => name)).toEqual(third);
});

it('rows of one user are done in order however the user is written', async () => {
  const name = `zoe${Date.now()}`;
  const home = freshEmail();
  const phone_number = freshPhone();
  const user = await setting.newUser({ username: `${name}\u00e9`, phone_number, secondary_emails: [home] });
  const email = user.email!.value;
  const pairs = [
    ['username', `${name.toUpperCase()}E\u0301`, `${name}\u00e9`],
    ['email', email.toUpperCase(), email],
    ['any_address', email, phone_number],
    ['any_address', home, email],
    ['id', user.user_id, email],
  ] as const;
  for (const [mode, ...names] of pairs) {
    let slow = true;
    setting.proxy.faults = (line) => {
      if (!slow || !/\/users\/[^/]+$/.test(line) || !line.startsWith('PUT')) return undefined;
      slow = false;
      return { kind: 'slow', ms: 150 };
    };
    await setting.output(
      'updateUser',
      { userId: locator(mode, '={{ $json.name }}'), fields: { language: '={{ $json.language }}' }, options: one },
      names.map((name, n) => ({ name, language: ['first', 'last'][n] })),
    );
    expect((await setting.tenant.get(user.user_id)).language, mode).toBe('last');
  }
});

describe.each([true, false])('a name that moves from user to user (many at once: %s)', (manyAtOnce) => {
  const options = { manyAtOnce };
  const text = (rows: object[]) => rows.map(({ match, ...body }: any) => ({ match, body: JSON.stringify(body) }));
  const json = { specifyFields: 'json', json: '={{ $json.body }}', options };

  it.each(['email', 'any_address'])('leads to whoever has it by then (%s)', async (mode) => {
    const [a, b, c] = [freshEmail(), freshEmail(), freshEmail()];
    const [one, two] = [await setting.tenant.create({ email: a }), await setting.tenant.create({ email: b })];
    const rows = [
      { match: a, language: 'xx' },
      { match: a, email: c },
      { match: b, email: a },
      { match: a, language: 'zz' },
      { match: c, language: 'yy' },
    ];
    const output = await setting.output(
      'updateUser',
      { userId: locator(mode, '={{ $json.match }}'), ...json },
      text(rows),
    );
    expect(output.map(({ user_id }) => user_id)).toEqual([one, one, two, two, one].map(({ user_id }) => user_id));
    expect((await setting.tenant.get(one.user_id)).language).toBe('yy');
    expect((await setting.tenant.get(two.user_id)).language).toBe('zz');
  });

  it('leads to nobody when its user has given it up: an upsert creates one', async () => {
    const [a, c] = [freshEmail(), freshEmail()];
    const one = await setting.tenant.create({ email: a });
    const rows = text([
      { match: a, email: c },
      { match: a, language: 'zz' },
    ]);
    const upserts = { matchAgainst: 'email', valueToMatch: '={{ $json.match }}', ...json };
    const output = await setting.output('createOrUpdateUser', upserts, rows);
    expect(output[0]!.user_id).toBe(one.user_id);
    expect(output[1]!.user_id).not.toBe(one.user_id);
    expect((await setting.tenant.get(one.user_id)).language).toBeUndefined();
  });

  it('is given up by one item for another, also when one of them goes by itself', async () => {
    const [x, y, z] = [freshEmail(), freshEmail(), freshEmail()];
    const users = [await setting.newUser({ username: x }), await setting.newUser({ username: y })];
    const [one, two] = users.map(({ user_id }) => user_id);
    const swap = { userId: byId('={{ $json.match }}'), ...json };
    // With a password, and so by itself; then in three steps; then looked at first.
    const first = [
      { match: one, username: z, credentials: { password: 'correct horse' } },
      { match: two, username: x },
    ];
    expect((await setting.output('updateUser', swap, text(first))).map(({ username }) => username)).toEqual([z, x]);
    const steps = [
      { match: one, username: y },
      { match: two, username: z },
      { match: one, username: x },
    ];
    expect((await setting.output('updateUser', swap, text(steps))).map(({ username }) => username)).toEqual([y, z, x]);
    const looked = { ...swap, options: { ...options, whatChanged: '={{ $itemIndex === 1 }}' } };
    const last = [
      { match: one, username: y },
      { match: two, username: x },
      { match: one, language: 'en' },
    ];
    expect((await setting.output('updateUser', looked, text(last))).map(({ username }) => username)).toEqual([y, x, y]);
  });
});

it('of two groups that want one name, the first gets it', async () => {
  const name = `G ${Date.now()}`;
  let slow = true;
  setting.proxy.faults = () => (slow ? ((slow = false), { kind: 'slow', ms: 150 }) : undefined);
  const rows = [{ description: 'first' }, { description: 'second' }];
  const parameters = { groupName: name, groupFields: { description: '={{ $json.description }}' } };
  const { items } = await setting.run('createGroup', parameters, rows, 'continueRegularOutput', {
    resource: 'group',
  });
  expect(items.map(({ json }) => (json.details as { status: number } | undefined)?.status ?? json.description)).toEqual(
    ['first', 409],
  );
});
