import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Value } from 'typebox/value';
import { operations, type ApiUser } from '@tessera/contract';
import { freshEmail, freshPhone, startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());

const path = (...parts: string[]): string => `/cis/v1/${parts.map(encodeURIComponent).join('/')}`;
const missing = { status: 404, body: { message: expect.any(String), error_code: 404 } };

async function newUser(): Promise<ApiUser> {
  const email = freshEmail();
  return tenant.create({
    email,
    phone_number: freshPhone(),
    username: `name of ${email}`,
    external_user_id: `crm/${email}`,
    secondary_emails: [freshEmail(), freshEmail()],
    secondary_phone_numbers: [freshPhone(), freshPhone()],
  });
}

describe('a user is found', () => {
  it('by each of its identifiers', async () => {
    const user = await newUser();
    const found = { status: 200, body: { result: user } };
    const phone = user.phone_number!.value;
    expect(await tenant.send('GET', path('users', 'email', user.email!.value))).toMatchObject(found);
    expect(await tenant.send('GET', path('users', 'phone-number', phone))).toMatchObject(found);
    expect(await tenant.send('GET', path('users', 'phone', phone))).toMatchObject(found);
    expect(await tenant.send('GET', path('users', 'username', user.username!))).toMatchObject(found);
    expect(await tenant.send('GET', path('users', 'external-user-id', user.external_user_id!))).toMatchObject(found);
    const identifiers = [
      ['email', user.email!.value.toUpperCase()],
      ['email', user.secondary_emails[1]!.value],
      ['phoneNumber', phone],
      ['phoneNumber', user.secondary_phone_numbers[0]!.value],
      ['username', user.username!],
      ['externalUserId', user.external_user_id!],
    ] as const;
    for (const [identifier_name, identifier_value] of identifiers) {
      const query = new URLSearchParams({ identifier_name, identifier_value });
      expect(await tenant.send('GET', `/cis/v1/users/identifier?${query.toString()}`), identifier_name).toMatchObject(
        found,
      );
    }
  });

  it('by a primary address only where the route says so', async () => {
    const user = await newUser();
    const phone = user.secondary_phone_numbers[0]!.value;
    expect(await tenant.send('GET', path('users', 'email', user.secondary_emails[0]!.value))).toMatchObject(missing);
    expect(await tenant.send('GET', path('users', 'phone-number', phone))).toMatchObject(missing);
  });

  it.each([
    ['users/username/nobody', 404],
    ['users/external-user-id/nobody', 404],
    ['users/phone-number/%2B12125550000', 404],
    ['users/phone-number/12125550000', 400],
    ['users/identifier?identifier_name=username&identifier_value=nobody', 404],
    ['users/identifier?identifier_name=idpIdentifier&identifier_value=x', 404],
    ['users/identifier?identifier_name=shoeSize&identifier_value=42', 400],
    ['users/identifier?identifier_name=username', 400],
    ['users/identifier', 400],
  ])('or not: %s', async (route, status) => {
    expect(await tenant.send('GET', `/cis/v1/${route}`)).toMatchObject({ status, body: { error_code: status } });
  });
});

describe('secondary addresses', () => {
  it('are removed one by one, and free for others', async () => {
    const user = await newUser();
    const [first, second] = user.secondary_emails.map(({ value }) => value) as [string, string];
    const removed = await tenant.send('DELETE', path('users', user.user_id, 'emails', first.toUpperCase()));
    expect(removed).toMatchObject({ status: 204, body: undefined });
    const phone = user.secondary_phone_numbers[0]!.value;
    const header = { 'content-type': 'application/json' };
    const also = await tenant.send('DELETE', path('users', user.user_id, 'phone-numbers', phone), undefined, header);
    expect(also.status).toBe(204);
    const now = await tenant.get(user.user_id);
    expect(now.secondary_emails.map(({ value }) => value)).toEqual([second]);
    expect(now.secondary_phone_numbers).toEqual(user.secondary_phone_numbers.slice(1));
    expect((await tenant.create({ email: first })).email?.value).toBe(first);
  });

  it('a primary one, or one of nobody, is not', async () => {
    const user = await newUser();
    const remove = (id: string, email: string) => tenant.send('DELETE', path('users', id, 'emails', email));
    expect(await remove(user.user_id, user.email!.value)).toMatchObject(missing);
    expect(await remove(user.user_id, freshEmail())).toMatchObject(missing);
    expect(await remove('nobody', user.secondary_emails[0]!.value)).toMatchObject(missing);
    expect(await tenant.get(user.user_id)).toEqual(user);
  });
});

describe('an address is verified', () => {
  const verify = (user: ApiUser, kind: 'emails' | 'phone-numbers', value: string, body: unknown = {}) =>
    tenant.send('POST', path('users', user.user_id, kind, value, 'verify'), body);

  it('where it is', async () => {
    const user = await newUser();
    const before = Date.now();
    const spelling = user.email!.value.toUpperCase();
    expect(await verify(user, 'emails', spelling)).toMatchObject({ status: 202, body: undefined });
    expect((await verify(user, 'phone-numbers', user.secondary_phone_numbers[1]!.value)).status).toBe(202);
    const now = await tenant.get(user.user_id);
    expect(now.email).toEqual({ value: user.email!.value, email_verified: true, verified_at: expect.any(String) });
    expect(Date.parse(now.email!.verified_at!)).toBeGreaterThanOrEqual(before);
    expect(now.secondary_phone_numbers.map((phone) => phone.phone_number_verified)).toEqual([false, true]);
    expect(now.secondary_emails).toEqual(user.secondary_emails);
  });

  it('and becomes the primary one, swapped with the one before', async () => {
    const user = await newUser();
    const [first, second] = user.secondary_emails;
    expect((await verify(user, 'emails', first!.value, { change_to_primary: true })).status).toBe(202);
    const now = await tenant.get(user.user_id);
    expect(now.email).toMatchObject({ value: first!.value, email_verified: true });
    expect(now.secondary_emails).toEqual([user.email, second]);
    expect((await tenant.send('GET', path('users', 'email', first!.value))).status).toBe(200);
  });

  it('keeps its verification through an update that makes it primary', async () => {
    const user = await newUser();
    const [first] = user.secondary_emails;
    await verify(user, 'emails', first!.value);
    const { body } = await tenant.update(user.user_id, { email: first!.value });
    expect(body.result.email).toMatchObject({ value: first!.value, email_verified: true });
  });

  it('or refused', async () => {
    const user = await newUser();
    expect(await verify(user, 'emails', freshEmail())).toMatchObject(missing);
    expect(await verify({ ...user, user_id: 'nobody' }, 'emails', user.email!.value)).toMatchObject(missing);
    const wrong = await verify(user, 'emails', user.email!.value, { change_to_primary: 'yes' });
    expect(wrong).toMatchObject({ status: 400, body: { message: ['change_to_primary must be true or false'] } });
    expect(await tenant.get(user.user_id)).toEqual(user);
  });
});

describe('a user is removed', () => {
  it('from the calling application, with its data', async () => {
    const user = await tenant.create({ email: freshEmail(), custom_app_data: { a: 1 }, custom_data: { b: 2 } });
    expect((await tenant.send('DELETE', path('users', user.user_id, 'apps'))).status).toBe(204);
    const now = await tenant.get(user.user_id);
    expect(now).not.toHaveProperty('app_name');
    expect(now).not.toHaveProperty('custom_app_data');
    expect(now.custom_data).toEqual({ b: 2 });
    expect(await tenant.send('DELETE', path('users', user.user_id, 'apps'))).toMatchObject(missing);
  });

  it('for good, and its identifiers are free', async () => {
    const user = await newUser();
    expect((await tenant.send('DELETE', path('manage', 'users', user.user_id))).status).toBe(204);
    expect(await tenant.send('GET', path('users', user.user_id))).toMatchObject(missing);
    expect(await tenant.send('DELETE', path('manage', 'users', user.user_id))).toMatchObject(missing);
    const { email, username } = await tenant.create({ email: user.email!.value, username: user.username });
    expect({ email: email?.value, username }).toEqual({ email: user.email!.value, username: user.username });
  });
});

describe('a password', () => {
  const send = (method: string, userId: string, body: unknown) =>
    tenant.send(method, path('users', userId, 'password'), body);

  it('is set once by POST, then by PUT', async () => {
    const user = await tenant.create({ email: freshEmail() });
    const early = await send('PUT', user.user_id, { password: 'correct horse' });
    expect(early).toMatchObject({ status: 409, body: { error_code: 'auth_password_already_configured' } });
    const set = await send('POST', user.user_id, { password: 'correct horse', username: `pw ${user.email!.value}` });
    expect(set).toMatchObject({ status: 201, body: { result: { message: 'Password registered' } } });
    const now = await tenant.get(user.user_id);
    expect(now).toMatchObject({ username: `pw ${user.email!.value}`, password_information: { temporary: true } });
    expect((await send('POST', user.user_id, { password: 'correct horse' })).status).toBe(409);
    expect((await send('PUT', user.user_id, { password: 'battery staple', force_replace: false })).status).toBe(200);
    expect((await tenant.get(user.user_id)).password_information?.temporary).toBe(false);
  });

  it('is refused by the codes of the vendor', async () => {
    const user = await tenant.create({ phone_number: freshPhone() });
    const codes = [
      await send('POST', user.user_id, { password: 'short', username: freshEmail() }),
      await send('POST', user.user_id, { password: 'without a name to sign in with' }),
      await send('POST', user.user_id, {}),
      await send('POST', 'nobody', { password: 'correct horse' }),
    ].map(({ status, body }) => [status, body.error_code as string]);
    expect(codes).toEqual([
      [400, 'auth_password_weak'],
      [400, 'system_invalid_input'],
      [400, 'system_invalid_input'],
      [404, 'user_not_found'],
    ]);
    const any = { password: 'short', username: freshEmail(), enforce_complexity: false };
    expect((await send('POST', user.user_id, any)).status).toBe(201);
  });
});

it('a username that is taken is told by the password route as by every other', async () => {
  const username = `taken-${Date.now()}`;
  await tenant.create({ email: freshEmail(), username });
  const user = await tenant.create({ email: freshEmail() });
  const path = `/cis/v1/users/${user.user_id}/password`;
  const { status, body } = await tenant.send('POST', path, { password: 'correct horse', username });
  expect(status).toBe(409);
  expect(Value.Check(operations.addPasswordCredential.responses[409].schema, body)).toBe(true);
  expect(await tenant.get(user.user_id)).toEqual(user);
});

describe('If-Match', () => {
  /** A user at version 12, with a secondary email that may be removed and verified. */
  const atTwelve = async () => {
    const user = await tenant.create({ email: freshEmail(), secondary_emails: [freshEmail()] });
    for (let version = 2; version <= 12; version += 1) await tenant.update(user.user_id, { language: `l${version}` });
    return { user, path: `/cis/v1/users/${user.user_id}`, email: user.secondary_emails[0]!.value };
  };

  it.each(['"7"', '"12"x', 'W/"12"', '"1"', '"120"'])(
    '%s refuses every change of a user at version 12',
    async (tag) => {
      const { user, path, email } = await atTwelve();
      const before = await tenant.get(user.user_id);
      for (const [method, route, body] of [
        ['PUT', path, { language: 'en' }],
        ['PUT', path, { username: `u${Date.now()}` }],
        ['DELETE', `${path}/emails/${email}`],
        ['POST', `${path}/emails/${email}/verify`, {}],
        ['DELETE', `${path}/apps`],
        ['POST', `${path}/password`, { password: 'correct horse' }],
        ['PUT', `${path}/password`, { password: 'correct horse' }],
        ['PUT', path, { status: 'Disabled' }],
        ['DELETE', `/cis/v1/manage/users/${user.user_id}`],
      ] as const) {
        const answer = await tenant.send(method, route, body, { 'if-match': tag });
        expect([method, route, answer.status]).toEqual([method, route, 412]);
      }
      expect(await tenant.get(user.user_id)).toEqual(before);
    },
  );

  it.each(['"12"', '"11" , "12"', '*'])('%s lets a change through', async (tag) => {
    const { path, email } = await atTwelve();
    expect((await tenant.send('DELETE', `${path}/emails/${email}`, undefined, { 'if-match': tag })).status).toBe(204);
  });

  it('is nothing to a read', async () => {
    const { path } = await atTwelve();
    expect((await tenant.send('GET', path, undefined, { 'if-match': '"1"' })).status).toBe(200);
  });
});

describe('verifying an address', () => {
  it('leaves it secondary unless asked, and makes phone numbers primary as well', async () => {
    const user = await tenant.create({
      email: freshEmail(),
      secondary_emails: [freshEmail()],
      phone_number: freshPhone(),
      secondary_phone_numbers: [freshPhone()],
    });
    const path = `/cis/v1/users/${user.user_id}`;
    await tenant.send('POST', `${path}/emails/${user.secondary_emails[0]!.value}/verify`, {});
    const phone = user.secondary_phone_numbers[0]!.value;
    await tenant.send('POST', `${path}/phone-numbers/${phone}/verify`, { change_to_primary: true });
    expect(await tenant.get(user.user_id)).toMatchObject({
      email: user.email,
      secondary_emails: [{ email_verified: true }],
      phone_number: { value: phone, phone_number_verified: true },
      secondary_phone_numbers: [{ value: user.phone_number!.value }],
    });
  });

  it('makes the first primary email of a user who had none', async () => {
    const user = await tenant.create({ phone_number: freshPhone(), secondary_emails: [freshEmail()] });
    const email = user.secondary_emails[0]!.value;
    const path = `/cis/v1/users/${user.user_id}/emails/${email}/verify`;
    expect((await tenant.send('POST', path, { change_to_primary: true })).status).toBe(202);
    expect(await tenant.get(user.user_id)).toMatchObject({ email: { value: email }, secondary_emails: [] });
  });
});

it('a status that is sent and is the same has not changed, beside whatever else changes', async () => {
  const user = await tenant.create({ email: freshEmail() });
  await tenant.update(user.user_id, { status: 'Disabled' });
  const before = await tenant.get(user.user_id);
  await tenant.update(user.user_id, { status: 'Disabled', username: `same-${Date.now()}` });
  expect((await tenant.get(user.user_id)).status_changed_at).toBe(before.status_changed_at);
});

it('takes a slash at the end of a path, and a body of null where there is none', async () => {
  expect((await tenant.send('GET', '/cis/v1/users/')).status).toBe(200);
  const user = await tenant.create({ email: freshEmail() });
  expect((await tenant.send('DELETE', `/cis/v1/users/${user.user_id}/apps`, 'null')).status).toBe(204);
});
