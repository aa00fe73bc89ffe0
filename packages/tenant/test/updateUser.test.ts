import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Compile } from 'typebox/compile';
import { ApiUser, type CreateUserInput, type UpdateUserInput } from '@tessera/contract';
import { freshEmail, freshPhone, startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());

const apiUser = Compile(ApiUser);

async function updated(before: CreateUserInput, update: UpdateUserInput): Promise<ApiUser> {
  const { user_id } = await tenant.create({ email: freshEmail(), ...before });
  const { status, body } = await tenant.update(user_id, update);
  expect(status, JSON.stringify(body)).toBe(200);
  expect(await tenant.get(user_id), 'what is stored').toEqual(body.result);
  expect(apiUser.Check(body.result)).toBe(true);
  return body.result as ApiUser;
}

describe('Update User', () => {
  it('leaves the addresses before with nobody, in searches as in look-ups', async () => {
    const find = async (query: Record<string, string>) =>
      (await tenant.send('GET', `/cis/v1/users?${new URLSearchParams(query).toString()}`)).body.result.length as number;
    // Disabling a user goes another way through the store.
    for (const more of [{}, { status: 'Disabled' as const }]) {
      const [before, after] = [
        { email: freshEmail(), phone_number: freshPhone() },
        { email: freshEmail(), phone_number: freshPhone() },
      ];
      await updated(before, { ...after, ...more });
      for (const [{ email, phone_number }, count] of [
        [before, 0],
        [after, 1],
      ] as const) {
        expect(await find({ search: `email eq "${email}"` })).toBe(count);
        expect(await find({ search_prefix: email })).toBe(count);
        expect(await find({ search: `phone_number eq "${phone_number}"` })).toBe(count);
      }
      await tenant.create(before);
    }
  });

  it.each(['secondary_emails', 'secondary_phone_numbers'] as const)('takes 100 %s and no more', async (name) => {
    const fresh = name === 'secondary_emails' ? freshEmail : freshPhone;
    const some = (count: number) => ({ [name]: Array.from({ length: count }, fresh) });
    const { user_id } = await tenant.create({ email: freshEmail(), ...some(50) });
    expect((await tenant.update(user_id, some(50))).status).toBe(200);
    expect(await tenant.update(user_id, some(1))).toMatchObject({
      status: 400,
      body: { message: [`${name} must not exceed 100 on one profile`] },
    });
  });

  it('sets every attribute, and shows it', async () => {
    const [email, second, phone, third] = [freshEmail(), freshEmail(), freshPhone(), freshPhone()];
    const charles = await tenant.create({ email: freshEmail() });
    const user = await updated(
      {},
      {
        email,
        phone_number: phone,
        username: `ada-${email}`,
        secondary_emails: [second],
        secondary_phone_numbers: [third],
        birthday: '1815-12-10',
        address: {
          country: 'United Kingdom',
          state: 'England',
          city: 'London',
          street_address: "12 St James's Square",
          postal_code: 'SW1Y 4JH',
          type: 'Home',
        },
        name: { title: 'Countess', first_name: 'Ada', middle_name: 'King', last_name: 'Lovelace' },
        external_account_id: 'account-1',
        custom_app_data: { plan: 'gold' },
        picture: 'https://example.com/ada.png',
        language: 'en-GB',
        custom_data: { engines: ['difference', 'analytical'] },
        external_user_id: `crm-${email}`,
        delegated_access: { actor_id: charles.user_id, permissions: ['read'] },
        credentials: { password: 'correct horse battery', force_replace: false },
        status: 'Active',
      },
    );
    expect(user).toEqual({
      user_id: expect.any(String),
      email: { value: email, email_verified: false },
      secondary_emails: [{ value: second, email_verified: false }],
      phone_number: { value: phone, phone_number_verified: false },
      secondary_phone_numbers: [{ value: third, phone_number_verified: false }],
      username: `ada-${email}`,
      birthday: '1815-12-10',
      address: {
        country: 'United Kingdom',
        state: 'England',
        city: 'London',
        street_address: "12 St James's Square",
        postal_code: 'SW1Y 4JH',
        type: 'Home',
        updated_at: user.updated_at,
      },
      name: { title: 'Countess', first_name: 'Ada', middle_name: 'King', last_name: 'Lovelace' },
      external_account_id: 'account-1',
      custom_app_data: { plan: 'gold' },
      app_name: 'Management application',
      picture: 'https://example.com/ada.png',
      language: 'en-GB',
      custom_data: { engines: ['difference', 'analytical'] },
      external_user_id: `crm-${email}`,
      delegated_access: { actor_id: charles.user_id, permissions: ['read'] },
      password_information: { expired: false, temporary: false, updated_at: user.updated_at },
      status: 'Active',
      status_changed_at: new Date(user.updated_at).toISOString(),
      created_at: expect.any(Number),
      updated_at: expect.any(Number),
      identity_providers: [],
      identities: [],
      groupIds: [],
    });
    expect(user.updated_at).toBeGreaterThanOrEqual(user.created_at);
  });

  it('changes nothing that is not sent', async () => {
    const before = await tenant.create({
      email: freshEmail(),
      name: { first_name: 'Ada' },
      custom_data: { a: 1 },
      custom_app_data: { b: 2 },
      language: 'en',
    });
    const { body } = await tenant.update(before.user_id, { picture: 'https://example.com/a.png' });
    expect(body.result).toEqual({ ...before, picture: 'https://example.com/a.png', updated_at: expect.any(Number) });
  });

  it('replaces objects whole', async () => {
    const user = await updated(
      { name: { first_name: 'Ada', last_name: 'Byron' }, address: { city: 'London' }, custom_app_data: { a: 1 } },
      { name: { last_name: 'Lovelace' }, address: { country: 'UK' }, custom_app_data: { b: 2 } },
    );
    expect(user.name).toEqual({ last_name: 'Lovelace' });
    expect(user.address).toEqual({ country: 'UK', updated_at: user.updated_at });
    expect(user.custom_app_data).toEqual({ b: 2 });
  });

  it('merges custom_data one level deep', async () => {
    const user = await updated({ custom_data: { a: { x: 1 }, b: 2 } }, { custom_data: { a: { y: 1 }, c: null } });
    expect(user.custom_data).toEqual({ a: { y: 1 }, b: 2, c: null });
  });

  it('adds to the secondary emails and phone numbers, each once', async () => {
    const [one, two] = [freshEmail(), freshEmail()];
    const [three, four] = [freshPhone(), freshPhone()];
    const user = await updated(
      { secondary_emails: [one], secondary_phone_numbers: [three] },
      { secondary_emails: [two, one.toUpperCase(), two], secondary_phone_numbers: [four, three] },
    );
    expect(user.secondary_emails.map(({ value }) => value)).toEqual([one, two]);
    expect(user.secondary_phone_numbers.map(({ value }) => value)).toEqual([three, four]);
  });

  it('makes a secondary email the primary one when it is sent as such', async () => {
    const second = freshEmail();
    const user = await updated({ secondary_emails: [second] }, { email: second });
    expect(user.email?.value).toBe(second);
    expect(user.secondary_emails).toEqual([]);
  });

  it('clears optional attributes with null', async () => {
    const given: CreateUserInput = {
      phone_number: freshPhone(),
      username: freshEmail(),
      birthday: '2000-02-29',
      address: { city: 'Paris' },
      name: { first_name: 'A' },
      external_account_id: 'x',
      custom_app_data: { a: 1 },
      picture: 'http://example.com/',
      language: 'fr',
      custom_data: { a: 1 },
      external_user_id: freshEmail(),
      delegated_access: { actor_id: (await tenant.create({ email: freshEmail() })).user_id, permissions: [] },
    };
    const user = await updated(given, Object.fromEntries(Object.keys(given).map((key) => [key, null])));
    for (const attribute of Object.keys(given)) expect(user, attribute).not.toHaveProperty(attribute);
    expect(user.email).toBeDefined();
  });

  it.each([
    ['2001-02-03', '2001-02-03'],
    ['2001-02-03T00:00:00.000Z', '2001-02-03'],
    ['2001-02-03T23:30:00-05:00', '2001-02-03'],
  ])('takes the birthday %s as %s', async (sent, shown) => {
    expect((await updated({}, { birthday: sent })).birthday).toBe(shown);
  });

  it('stores emails in lower case, and finds the user by any spelling', async () => {
    const email = freshEmail();
    const { user_id } = await updated({}, { email: email.toUpperCase() });
    const { body } = await tenant.send('GET', `/cis/v1/users/email/${encodeURIComponent(email.toUpperCase())}`);
    expect(body.result).toMatchObject({ user_id, email: { value: email } });
  });

  it('dates the change of status only when the status changes', async () => {
    const user = await updated({}, { status: 'Active' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const again = (await tenant.update(user.user_id, { status: 'Active' })).body.result as ApiUser;
    expect(again.status_changed_at).toBe(user.status_changed_at);
    expect(again.updated_at).toBeGreaterThan(user.updated_at);
    const disabled = (await tenant.update(user.user_id, { status: 'Disabled' })).body.result as ApiUser;
    expect(Date.parse(disabled.status_changed_at!)).toBe(disabled.updated_at);
  });

  it('makes a password temporary unless told otherwise, and shows its record and never itself', async () => {
    const user = await updated({}, { credentials: { password: 'correct horse battery' } });
    expect(user.password_information).toEqual({ expired: false, temporary: true, updated_at: user.updated_at });
    expect(JSON.stringify(user)).not.toMatch(/correct horse|argon2/);
  });

  it('gives 404 for a user who is not there', async () => {
    for (const update of [{ language: 'en' }, { email: freshEmail() }]) {
      expect(await tenant.update('nobody', update)).toMatchObject({
        status: 404,
        body: { message: 'There is no such user', error_code: 404 },
      });
    }
  });
});

describe('identifiers', () => {
  const taken = (kind: string) => ({
    status: 409,
    body: { message: expect.stringContaining(kind), error_code: 409, ts_error_code: 'identifier_is_taken' },
  });

  it.each([
    ['email', () => freshEmail(), (value: string) => ({ email: value })],
    ['email', () => freshEmail(), (value: string) => ({ secondary_emails: [value] })],
    ['phone_number', () => freshPhone(), (value: string) => ({ phone_number: value })],
    ['phone_number', () => freshPhone(), (value: string) => ({ secondary_phone_numbers: [value] })],
    ['username', () => freshEmail(), (value: string) => ({ username: value })],
    ['external_user_id', () => freshEmail(), (value: string) => ({ external_user_id: value })],
  ])('are unique in the tenant: %s', async (kind, fresh, attribute) => {
    const value = fresh();
    await tenant.create({ email: freshEmail(), ...attribute(value) });
    const other = await tenant.create({ email: freshEmail() });
    const update = await tenant.update(other.user_id, { language: 'de', ...attribute(value) });
    expect(update).toMatchObject(taken(kind));
    expect(update.body.message).not.toContain(value);
    expect(await tenant.get(other.user_id)).toEqual(other);
    const create = await tenant.send('POST', '/cis/v1/users', { email: freshEmail(), ...attribute(value) });
    expect(create).toMatchObject(taken(kind));
  });

  it('are free again once given up', async () => {
    const email = freshEmail();
    const first = await tenant.create({ email });
    await tenant.update(first.user_id, { email: freshEmail() });
    const second = await tenant.create({ email });
    expect(second.email?.value).toBe(email);
  });
});

describe('Create User', () => {
  it('gives a pending user with an ID, associated with the calling application', async () => {
    const email = freshEmail();
    const user = await tenant.create({ email });
    expect(user).toMatchObject({ email: { value: email }, status: 'Pending', app_name: 'Management application' });
    expect(await tenant.get(user.user_id)).toEqual(user);
    expect(user.created_at).toBe(user.updated_at);
  });

  it('wants an identifier, and a username is one', async () => {
    expect((await tenant.create({ phone_number: freshPhone() })).email).toBeUndefined();
    expect((await tenant.create({ username: freshEmail(), credentials: { password: 'correct horse' } })).email).toBe(
      undefined,
    );
    expect(await tenant.send('POST', '/cis/v1/users', { language: 'en' })).toMatchObject({
      status: 400,
      body: { message: [expect.stringMatching(/^email, phone_number, username or .* is required/)], error_code: 400 },
    });
  });

  it('counts', async () => {
    const count = async () => (await tenant.send('GET', '/cis/v1/users/count')).body.result.user_count as number;
    const before = await count();
    await tenant.create({ email: freshEmail() });
    expect(await count()).toBe(before + 1);
    expect(await tenant.send('GET', '/cis/v1/users/count?colour=red')).toMatchObject({
      status: 400,
      body: { message: ['colour is not a known parameter'], error_code: 400 },
    });
  });

  it('does not find a user by a secondary email', async () => {
    const second = freshEmail();
    await tenant.create({ email: freshEmail(), secondary_emails: [second] });
    expect((await tenant.send('GET', `/cis/v1/users/email/${second}`)).status).toBe(404);
  });
});
