import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApiUser, UpdateUserInput } from '@tessera/contract';
import { ENVIRONMENTS, UpdateUserInput as UpdateUserSchema } from '@tessera/contract';
import {
  CREDENTIALS,
  freshEmail,
  freshPhone,
  startTestTenant,
  type TestTenant,
} from '../../packages/tenant/test/testTenant.ts';
import { credentialType, OneCredential, transmit } from '../../playground/src/engine.ts';
import { runTransmit } from './runTransmit.ts';
import { FaultyProxy } from './faultyProxy.ts';

let tenant: TestTenant;
let proxy: FaultyProxy;
let credential: OneCredential;
beforeAll(async () => {
  tenant = await startTestTenant();
  proxy = await FaultyProxy.start(tenant.url);
});
afterAll(async () => {
  await proxy.close();
  await tenant.close();
});
beforeEach(() => {
  proxy.reset();
  credential = new OneCredential({
    environment: 'custom',
    baseUrl: `${proxy.url}/`,
    ...CREDENTIALS,
  });
});

const byId = (value: string) => ({ __rl: true, mode: 'id', value });
const tokenRequests = () => proxy.requests.filter((line) => line === 'POST /oidc/token').length;

async function newUser(): Promise<ApiUser> {
  return tenant.create({ email: freshEmail() });
}

describe('Update User, in n8n’s engine', () => {
  const email = freshEmail();
  const cases: [keyof UpdateUserInput, unknown, unknown, unknown?][] = [
    ['email', email, { value: email, email_verified: false }],
    ['phone_number', freshPhone(), { value: expect.stringMatching(/^\+1212/), phone_number_verified: false }],
    ['username', 'ada', 'ada'],
    ['secondary_emails', [freshEmail(), freshEmail()], [expect.any(Object), expect.any(Object)]],
    ['secondary_phone_numbers', [freshPhone()], [expect.any(Object)]],
    ['birthday', '1990-01-31T00:00:00', '1990-01-31'],
    [
      'address',
      {
        value: {
          city: 'London',
          country: '',
          state: '',
          street_address: '1 High St',
          postal_code: '',
          type: 'Work',
        },
      },
      { city: 'London', street_address: '1 High St', type: 'Work', updated_at: expect.any(Number) },
    ],
    [
      'name',
      { value: { title: '', first_name: 'Ada', middle_name: '', last_name: 'Lovelace' } },
      { first_name: 'Ada', last_name: 'Lovelace' },
    ],
    ['external_account_id', 'account', 'account'],
    ['custom_app_data', '{"plan":"gold"}', { plan: 'gold' }],
    ['picture', 'https://example.com/a.png', 'https://example.com/a.png'],
    ['language', 'en', 'en'],
    ['custom_data', '{"a":[1,{"b":null}]}', { a: [1, { b: null }] }],
    ['external_user_id', 'crm-1', 'crm-1'],
    [
      'delegated_access',
      { value: { actor_id: '={{ $json.boss }}', permissions: ['read', 'write'] } },
      { permissions: ['read', 'write'] },
    ],
    [
      'credentials',
      { value: { password: 'correct horse', force_replace: false } },
      { expired: false, temporary: false, updated_at: expect.any(Number) },
      'password_information',
    ],
    ['status', 'Disabled', 'Disabled'],
  ];

  it.each(cases)('sends %s, and gives it back', async (field, value, shown, as = field) => {
    const user = await newUser();
    const { user_id: boss } = await newUser();
    const parameters = { userId: byId(user.user_id), fields: { [field]: value } as never };
    const { items, error } = await runTransmit(credential, parameters, [{ boss }]);
    expect(error).toBeUndefined();
    expect(items).toHaveLength(1);
    expect(items[0]!.json).toMatchObject({ user_id: user.user_id, [as as string]: shown });
    expect(items[0]!.json).toEqual(await tenant.get(user.user_id));
    expect(items[0]!.pairedItem).toEqual({ item: 0 });
  });

  it('has every attribute of the contract in "Add Field", and each was tried above', () => {
    const attributes = Object.keys(UpdateUserSchema.properties).sort();
    const fields = transmit.description.properties.find(({ name }) => name === 'fields')!;
    expect((fields.options as { name: string }[]).map(({ name }) => name).sort()).toEqual(attributes);
    expect(cases.map(([field]) => field).sort()).toEqual(attributes);
    for (const { description } of fields.options as { description?: string }[])
      expect(description).toMatch(/\(API: \w+\)$/);
  });

  it('resolves expressions everywhere, also inside JSON, for each item its own', async () => {
    const users = [await newUser(), await newUser(), await newUser()];
    const input = users.map(({ user_id }, n) => ({
      id: user_id,
      city: `City ${n}`,
      tags: ['a', n],
      quoted: `"${n}"`,
    }));
    const { items, error } = await runTransmit(
      credential,
      {
        userId: byId('={{ $json.id }}'),
        fields: {
          address: { value: { city: '={{ $json.city }}' } },
          custom_data: '={ "n": {{ $itemIndex }}, "tags": {{ JSON.stringify($json.tags) }} }',
          custom_app_data: '={{ ({ quoted: $json.quoted }) }}',
          secondary_emails: ['={{ "second-" + $json.id + "@example.com" }}', ''],
          birthday: '={{ DateTime.fromISO("2001-02-03") }}',
          language: '={{ null }}',
        },
      },
      input,
    );
    expect(error).toBeUndefined();
    expect(items.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
    for (const [n, { json }] of items.entries()) {
      expect(json).toMatchObject({
        user_id: users[n]!.user_id,
        address: { city: `City ${n}` },
        custom_data: { n, tags: ['a', n] },
        custom_app_data: { quoted: `"${n}"` },
        secondary_emails: [{ value: `second-${users[n]!.user_id}@example.com` }],
        birthday: '2001-02-03',
      });
    }
  });

  it('asks for one token for many items', async () => {
    const user = await newUser();
    const input = Array.from({ length: 20 }, (_, n) => ({ n }));
    const { items } = await runTransmit(
      credential,
      {
        userId: byId(user.user_id),
        fields: { language: '={{ "l" + $json.n }}' },
        options: { manyAtOnce: false },
      },
      input,
    );
    expect(items).toHaveLength(20);
    expect(tokenRequests()).toBe(1);
    expect(proxy.requests).toHaveLength(21);
    // Of one user, in the order of the items.
    expect(items.map(({ json }) => json.language)).toEqual(input.map(({ n }) => `l${n}`));
    expect((await tenant.get(user.user_id)).language).toBe('l19');
  });

  it('asks for one token when executions start together, and keeps it for later ones', async () => {
    const users = await Promise.all(Array.from({ length: 5 }, newUser));
    const update = ({ user_id }: ApiUser) =>
      runTransmit(credential, { userId: byId(user_id), fields: { language: 'en' } });
    await Promise.all(users.map(update));
    expect(tokenRequests()).toBe(1);
    await update(users[0]!);
    expect(tokenRequests()).toBe(1);
  });

  it('does the items of a workflow of the first version one after another', async () => {
    const [one, two] = [await newUser(), await newUser()];
    const email = one.email!.value;
    const input = [
      { id: one.user_id, email: freshEmail() },
      { id: two.user_id, email },
    ];
    // The second takes what the first gives up.
    const { items, error } = await runTransmit(
      credential,
      { userId: byId('={{ $json.id }}'), fields: { email: '={{ $json.email }}' } },
      input,
      'stopWorkflow',
      { typeVersion: 1 },
    );
    expect(error).toBeUndefined();
    expect(items.map(({ json }) => (json.email as { value: string }).value)).toEqual(input.map((item) => item.email));
    expect(proxy.atOnce).toBe(1);
  });

  it('renews a token that is refused, and goes on', async () => {
    const user = await newUser();
    // Another name, for which nobody has a token yet.
    credential.data.baseUrl = proxy.url.replace('127.0.0.1', 'localhost');
    credential.data.accessToken = 'expired';
    const { items, error } = await runTransmit(
      credential,
      { userId: byId(user.user_id), fields: { language: '={{ "l" + $json.n }}' }, options: { manyAtOnce: false } },
      Array.from({ length: 20 }, (_, n) => ({ n })),
    );
    expect(error).toBeUndefined();
    expect(items).toHaveLength(20);
    expect(tokenRequests()).toBe(1);
  });
});

describe('what goes wrong', () => {
  const bad = { email: 'nobody', picture: 'x' };

  it('stops the workflow with what the tenant said, naming the item', async () => {
    const user = await newUser();
    const { items, error } = await runTransmit(credential, {
      userId: byId(user.user_id),
      fields: bad,
    });
    expect(items).toEqual([]);
    expect(error).toMatchObject({
      name: 'NodeApiError',
      httpCode: '400',
      context: { itemIndex: 0 },
    });
    expect(error!.message).toBe('email must be an email address (and 1 more)');
    expect(error!.description).toMatch(
      /picture must be an http or https URL\nThe tenant answered with HTTP status 400/,
    );
    expect(await tenant.get(user.user_id)).toEqual(user);
  });

  it.each<[string, (user: ApiUser) => Promise<object> | object, RegExp, string]>([
    [
      'an unknown user',
      () => ({ userId: byId('nobody'), fields: { language: 'en' } }),
      /^There is no such user$/,
      'NodeApiError',
    ],
    [
      'a taken email',
      async (user) => ({
        userId: byId(user.user_id),
        fields: { email: (await newUser()).email!.value },
      }),
      /^email is taken/,
      'NodeApiError',
    ],
    [
      'no ID',
      () => ({ userId: byId('={{ " " }}'), fields: { language: 'en' } }),
      /^'User' is missing$/,
      'NodeOperationError',
    ],
    [
      'no field',
      (user) => ({ userId: byId(user.user_id), fields: {} }),
      /add at least one field/,
      'NodeOperationError',
    ],
    [
      'broken JSON',
      (user) => ({ userId: byId(user.user_id), fields: { custom_data: '{"a":' } }),
      /^Custom Data \(custom_data\) is not valid JSON/,
      'NodeOperationError',
    ],
    [
      'an ID like a path',
      () => ({ userId: byId('../users/count?x='), fields: { language: 'en' } }),
      /^There is no such user$/,
      'NodeApiError',
    ],
  ])('%s', async (_what, parameters, message, name) => {
    const user = await newUser();
    const { error } = await runTransmit(credential, (await parameters(user)) as never);
    expect(error).toMatchObject({ name, message: expect.stringMatching(message) });
    expect(await tenant.get(user.user_id)).toEqual(user);
  });

  it('Continue On Fail goes on with the other items', async () => {
    const users = [await newUser(), await newUser()];
    const input = [{ id: users[0]!.user_id }, { id: 'nobody' }, { id: users[1]!.user_id }];
    const parameters = { userId: byId('={{ $json.id }}'), fields: { language: 'en' } };
    const { items, error, hints } = await runTransmit(credential, parameters, input, 'continueRegularOutput');
    expect(error).toBeUndefined();
    expect(items.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
    expect(items[1]!.json).toEqual({
      id: 'nobody',
      error: 'There is no such user',
      message: 'There is no such user',
      details: expect.objectContaining({ status: 404, retryable: false }),
    });
    expect(items[2]!.json).toMatchObject({ user_id: users[1]!.user_id, language: 'en' });
    expect(hints).toEqual(['2 updated, 1 refused']);
    // Workflows of the first version keep their output.
    const before = await runTransmit(credential, parameters, input, 'continueRegularOutput', { typeVersion: 1 });
    expect(before.items[1]!.json).toEqual({ error: 'There is no such user' });
  });

  it('the error output gets just the items that failed, with what they brought', async () => {
    const user = await newUser();
    const input = [
      { id: 'nobody', row: 1 },
      { id: user.user_id, row: 2 },
    ];
    const parameters = { userId: byId('={{ $json.id }}'), fields: { language: 'en' } };
    const { items, failed } = await runTransmit(credential, parameters, input, 'continueErrorOutput');
    expect(items.map(({ json }) => json.user_id)).toEqual([user.user_id]);
    expect(failed.map(({ json }) => json)).toEqual([
      {
        id: 'nobody',
        row: 1,
        error: 'There is no such user',
        message: 'There is no such user',
        details: expect.objectContaining({ status: 404 }),
      },
    ]);
  });

  it.each([
    ['a wrong secret', { clientSecret: 'wrong' }, /^The client ID or the client secret is wrong/],
    [
      'nobody at the URL',
      { baseUrl: 'http://127.0.0.1:1' },
      /^Nothing answers at http:\/\/127\.0\.0\.1:1: the connection was refused/,
    ],
    ['no URL', { baseUrl: 'localhost' }, /must begin with http/],
  ])('%s', async (_what, wrong, message) => {
    Object.assign(credential.data, wrong);
    const { error } = await runTransmit(credential, {
      userId: byId('x'),
      fields: { language: 'en' },
    });
    expect(error!.message).toMatch(message);
    expect(JSON.stringify(error)).not.toContain(CREDENTIALS.clientSecret);
  });
});

describe('the credential', () => {
  it('offers the environments of the contract, and a URL of one’s own', () => {
    const { options } = credentialType.properties.find(({ name }) => name === 'environment')!;
    expect((options as { value: string }[]).map(({ value }) => value)).toEqual([
      ...Object.values(ENVIRONMENTS),
      'custom',
    ]);
  });

  it('masks its secrets', () => {
    const masked = credentialType.properties.filter(({ typeOptions }) => typeOptions?.password).map(({ name }) => name);
    expect(masked).toEqual(['clientSecret', 'accessToken']);
  });
});
