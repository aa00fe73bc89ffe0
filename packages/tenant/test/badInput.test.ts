import { afterAll, beforeAll, expect, it, describe } from 'vitest';
import type { ApiUser } from '@tessera/contract';
import { freshEmail, startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
let user: ApiUser;
beforeAll(async () => {
  tenant = await startTestTenant();
  user = await tenant.create({
    email: freshEmail(),
    name: { first_name: 'Ada' },
    custom_data: { big: 'x'.repeat(60_000) },
  });
});
afterAll(() => tenant.close());

/** Nested arrays, as JSON text. */
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('an update is refused, with the property and the reason, and changes nothing', () => {
  it.each<[string, unknown, RegExp]>([
    ['a number for an email', { email: 1 }, /^email must be a string or null$/],
    ['an invalid email', { email: 'ada@' }, /^email must be an email address$/],
    ['an email with two dots together', { email: 'ada..l@example.com' }, /^email must be an email address$/],
    ['an over-long name before the @', { email: `${'a'.repeat(65)}@example.com` }, /^email must be an email address$/],
    ['an email without a dot', { email: 'ada@localhost' }, /^email must be/],
    ['a phone that is not E.164', { phone_number: '0123' }, /^phone_number must be a phone number in E\.164/],
    ['a phone that is too short for its country', { phone_number: '+1212555' }, /^phone_number must be a phone number/],
    ['a phone with a national prefix', { phone_number: '+4402079016644' }, /^phone_number must be a phone number/],
    ['a phone with spaces', { phone_number: '+1 212 555 0123' }, /^phone_number /],
    [
      'one bad secondary email',
      { secondary_emails: ['a@example.com', 'b'] },
      /^secondary_emails\[1\] must be an email/,
    ],
    ['no list', { secondary_emails: 'a@example.com' }, /^secondary_emails must be a list$/],
    [
      'an over-long name',
      { name: { first_name: 'x'.repeat(31) } },
      /^name\.first_name must have at most 30 characters$/,
    ],
    ['an over-long street', { address: { street_address: 'x'.repeat(151) } }, /^address\.street_address .* 150/],
    ['an unknown property', { nickname: 'Ada' }, /^nickname is not a known property$/],
    ['an unknown property inside', { name: { nick: 'Ada' } }, /^name\.nick is not a known property$/],
    ['an unknown type of address', { address: { type: 'Moon' } }, /^address\.type must be one of Home, Work, Other$/],
    ['an unknown status', { status: 'Asleep' }, /^status must be one of Active, Disabled, Pending$/],
    ['a status of null', { status: null }, /^status must be/],
    ['a picture that is no URL', { picture: 'ada.png' }, /^picture must be an http or https URL$/],
    ['a script for a picture', { picture: 'javascript:alert(1)' }, /^picture /],
    ['a birthday in no known format', { birthday: '10/12/1815' }, /^birthday must be a date/],
    ['a birthday that never was', { birthday: '2001-02-29' }, /^birthday /],
    ['custom data that is a list', { custom_data: [] }, /^custom_data must be an object or null$/],
    ['custom data that is text', { custom_app_data: '{}' }, /^custom_app_data must be an object or null$/],
    ['custom data that is too large', { custom_data: { a: 'x'.repeat(65_536) } }, /^custom_data must be at most 64 KB/],
    [
      'custom data that grows too large',
      { custom_data: { more: 'x'.repeat(10_000) } },
      /^custom_data .* stored already$/,
    ],
    ['custom data with NUL', { custom_data: { a: '\u0000' } }, /^custom_data must not contain NUL/],
    ['half a character', '{"custom_data":{"a":"\\ud800"}}', /^custom_data must not contain .*broken Unicode/],
    ['a number beyond all bounds', '{"custom_data":{"a":1e999}}', /^custom_data must not contain numbers/],
    ['custom data nested too deep', `{"custom_data":{"a":${nested(64)}}}`, /^custom_data must not nest/],
    ['custom data nested far too deep', `{"custom_data":{"a":${nested(30_000)}}}`, /^custom_data\S* must not nest/],
    ['control characters', { language: 'a\u0007' }, /^language must not contain control characters/],
    ['empty text', { external_account_id: '' }, /^external_account_id must not be empty$/],
    ['a short password', { credentials: { password: 'short' } }, /^credentials\.password must have at least 8/],
    ['no password', { credentials: {} }, /^credentials\.password is required$/],
    ['no actor', { delegated_access: { permissions: [] } }, /^delegated_access\.actor_id is required$/],
    ['no identifier left', { email: null }, /^email, phone_number, username or external_user_id is required/],
    ['an empty update', {}, /^the body must set at least one property$/],
    ['a list for a body', '[]', /^the body must be an object$/],
    ['null for a body', 'null', /^the body must be an object$/],
    ['broken JSON', '{"email":', /not valid JSON/],
    ['prototype pollution', '{"__proto__":{"a":1}}', /^__proto__ is not allowed as a name$/],
  ])('%s', async (_what, update, reason) => {
    const { status, headers, body } = await tenant.update(user.user_id, update);
    expect({ status, type: headers.get('content-type') }).toEqual({ status: 400, type: expect.stringMatching(/json/) });
    expect(body).toEqual({ message: [expect.stringMatching(reason)], error_code: 400 });
    expect(await tenant.get(user.user_id)).toEqual(user);
  });

  it('but what is just within the bounds is taken', async () => {
    const { user_id } = await tenant.create({ email: freshEmail() });
    const local = freshEmail().split('@')[0]!.padEnd(64, 'x');
    const deep = JSON.parse(nested(63)) as unknown;
    for (const update of [
      { email: `${local}@example.com` },
      { name: { first_name: 'x'.repeat(30) } },
      { custom_data: { a: deep } },
      { custom_data: null },
      // 64 KB as JSON, with the braces, the name and the quotes.
      { custom_data: { a: 'x'.repeat(65_536 - '{"a":""}'.length) } },
    ]) {
      expect((await tenant.update(user_id, update)).status, Object.keys(update)[0]).toBe(200);
    }
  });

  it('names every fault at once', async () => {
    const { body } = await tenant.update(user.user_id, { email: 'x', picture: 'x', nickname: 'x' });
    expect(body.message).toHaveLength(3);
  });

  it('repeats no value that was sent', async () => {
    const { body } = await tenant.update(user.user_id, { credentials: { password: 'hunter2' }, email: 'hunter2' });
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  it('413 for a body over 1 MB', async () => {
    const { status, body } = await tenant.update(user.user_id, { language: 'x'.repeat(1_100_000) });
    expect({ status, body }).toEqual({
      status: 413,
      body: { message: expect.stringContaining('1 MB'), error_code: 413 },
    });
  });

  it('400 for an empty body, 415 for another media type', async () => {
    const path = `/cis/v1/users/${user.user_id}`;
    expect(await tenant.send('PUT', path, '')).toMatchObject({ status: 400, body: { error_code: 400 } });
    expect(await tenant.send('PUT', path, '<a/>', { 'content-type': 'text/xml' })).toMatchObject({ status: 415 });
  });
});

describe('a request that cannot be read is refused', () => {
  it('431 for a URL beyond all bounds', async () => {
    const { status, body } = await tenant.send('GET', `/cis/v1/users/${'x'.repeat(70_000)}`);
    expect({ status, body }).toEqual({
      status: 431,
      body: { message: expect.stringContaining('64 KB'), error_code: 431 },
    });
  });
});

describe('a path is refused', () => {
  it.each([
    ['an over-long ID', `/cis/v1/users/${'x'.repeat(300)}`, 400],
    ['a NUL in the ID', '/cis/v1/users/a%00b', 400],
    ['a broken escape', '/cis/v1/users/%zz', 400],
    ['an address that is none', '/cis/v1/users/email/nobody', 400],
    ['an unknown user', '/cis/v1/users/nobody', 404],
    ['an unknown email', '/cis/v1/users/email/nobody@example.com', 404],
    ['an unknown route', '/cis/v2/users', 404],
  ])('%s', async (_what, path, status) => {
    const answer = await tenant.send('GET', path);
    expect(answer).toMatchObject({ status, body: { error_code: status } });
  });
});
